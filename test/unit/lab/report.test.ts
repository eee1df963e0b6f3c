import { describe, expect, it } from 'vitest';
import type { Status } from '../../../src/api/status.ts';
import { compactJson, gapLines, routerLine, seconds, styleFor } from '../../lab/report.ts';

const plain = styleFor(false, undefined);

describe('the report', () => {
  it('has colours on a terminal only, and never against the wish', () => {
    expect(plain.bold('x')).toBe('x');
    expect(styleFor(true, undefined).bold('x')).not.toBe('x');
    expect(styleFor(true, '1').bold('x')).toBe('x');
  });

  it('shows milliseconds of short times', () => {
    expect([284.4, 9999, 61_234].map(seconds)).toEqual(['0.284 s', '9.999 s', '61.2 s']);
  });

  it('tells who holds the addresses', () => {
    const router = { role: 'active', since: Date.UTC(2026, 0, 2, 3, 4, 5, 6) };
    const instance = (address: string, device: string, set: boolean | null): object => ({
      virtual_addresses: [{ address, device, set }],
    });
    const status = {
      router,
      vrrp: { instances: [instance('192.0.2.1/24', 'lan', true), instance('192.0.2.9/24', 'wan', null)] },
    } as unknown as Status;
    expect(routerLine('gw-a', status, plain)).toBe(
      '  gw-a  active  since 03:04:05.006   192.0.2.1/24 on lan',
    );
    expect(routerLine('gw-a', null, plain)).toBe('  gw-a  no power');
  });

  it('keeps short JSON on one line, and all of it the same value', () => {
    const value = { one: 1, list: [{ a: 'x'.repeat(30) }, { b: null }], text: 'y'.repeat(40), none: [] };
    const text = compactJson(value, 60);
    expect(JSON.parse(text)).toEqual(value);
    expect(text.split('\n')[1]).toBe('  "one": 1,');
    expect(compactJson({ a: [1, 2] })).toBe('{ "a": [ 1, 2 ] }');
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('gives the gap of each stream, or says that there was no answer', () => {
    const report = {
      target: '192.0.2.1',
      intervalMs: 10,
      sent: 50,
      answered: 22,
      silences: [],
      seenAs: [],
    } as const;
    const lines = gapLines(
      new Map([
        ['ping', { ...report, kind: 'ping', longest: { from: 0, ms: 263.4 } }],
        ['udp', { ...report, kind: 'udp', answered: 0, longest: null }],
      ]),
      plain,
    );
    expect(lines).toEqual([
      '  ping               0.263 s   28 of 50 lost, one every 10 ms',
      '  existing UDP flow  no answers   50 of 50 lost, one every 10 ms',
    ]);
  });
});
