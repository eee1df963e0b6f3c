import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeConntrackd } from '../../../src/core/conntrackd/decode.ts';
import { decodeDump } from '../../../src/core/keepalived/decode.ts';
import { decodeLeases } from '../../../src/core/lease/decode.ts';
import { decodeMwan3Status } from '../../../src/core/mwan3/decode.ts';
import type { Value } from '../../../src/core/neighbours/value.ts';
import { decodeDevices, decodeInterfaces } from '../../../src/core/netifd/decode.ts';

/**
 * Replies that no program of ours wrote: each decoder gives facts or one whole sentence, and never throws. fast-check prints
 * the seed of a failure.
 */

const captures = join(import.meta.dirname, '../../captures');
const json = (name: string): Value => JSON.parse(readFileSync(join(captures, name), 'utf8'));

const DUMP = (json('netifd/02-dump.json') as { result: Value }).result;
const DEVICES = (json('netifd/05-device-status.json') as { result: Value }).result;
const MWAN3 = json('mwan3/01-balanced-3-2/all-up/ubus-mwan3-status.json');
const KEEPALIVED = json('keepalived/run/json-master.json');

const scalar: fc.Arbitrary<Value> = fc.oneof(
  fc.constantFrom<Value>(
    null,
    true,
    false,
    '',
    '0',
    -1,
    0,
    1e308,
    4294967296,
    [],
    {},
    2n ** 63n,
    -(2n ** 63n),
  ),
  fc.string(),
  fc.double({ noNaN: true }),
  fc.jsonValue() as fc.Arbitrary<Value>,
);

/** Paths to every value in a reply. */
function pathsIn(value: Value, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([name, item]) => pathsIn(item as Value, [...path, name]))];
}

/** The reply with one value replaced, or taken out if `by` is undefined. */
function replaced(
  value: Value,
  [name, ...rest]: readonly string[],
  by: Value | undefined,
): Value | undefined {
  if (name === undefined) return by;
  const item = replaced((value as Record<string, Value>)[name] ?? null, rest, by);
  if (Array.isArray(value)) {
    const items = value as readonly Value[];
    return items.flatMap((before, index) =>
      String(index) !== name ? [before] : item === undefined ? [] : [item],
    );
  }
  const { [name]: _, ...others } = value as Record<string, Value>;
  return item === undefined ? others : { ...others, [name]: item };
}

const SENTENCE = /^[A-Za-z`].*\.$/s;

function survives(
  decode: (value: Value) => { ok: boolean; error?: { message: string } },
  reply: Value,
  whole = true,
) {
  fc.assert(
    fc.property(fc.constantFrom(...pathsIn(reply)), fc.option(scalar, { nil: undefined }), (path, by) => {
      const altered = replaced(reply, path, by);
      const decoded = decode(altered === undefined ? null : altered);
      if (!decoded.ok && whole) expect(decoded.error?.message).toMatch(SENTENCE);
    }),
    { numRuns: 1500 },
  );
  fc.assert(
    fc.property(scalar, (value) => {
      const decoded = decode(value);
      if (!decoded.ok && whole) expect(decoded.error?.message).toMatch(SENTENCE);
    }),
    { numRuns: 500 },
  );
}

describe('one value of a recorded reply replaced by another', () => {
  it('of netifd: interfaces', () => survives(decodeInterfaces, DUMP));
  it('of netifd: devices', () => survives(decodeDevices, DEVICES));
  it('of mwan3', () => survives(decodeMwan3Status, MWAN3));
  it('of keepalived', () =>
    survives(
      (value) =>
        decodeDump(JSON.stringify(value, (_, item) => (typeof item === 'bigint' ? Number(item) : item))),
      KEEPALIVED,
      false,
    ));
});

describe('text with bytes changed, added or taken away', () => {
  const edits = fc.array(fc.tuple(fc.nat(), fc.nat(30), fc.string({ maxLength: 10, unit: 'binary' })), {
    minLength: 1,
    maxLength: 4,
  });
  const edited = (text: string, list: readonly (readonly [number, number, string])[]) =>
    list.reduce((now, [at, count, by]) => {
      const from = at % (now.length + 1);
      return now.slice(0, from) + by + now.slice(from + count);
    }, text);
  const run = readFileSync(join(captures, 'conntrackd/run.txt'), 'utf8');
  const printed = (command: string) => (run.split(`$ ${command}\n`).pop() ?? '').split('[exit ')[0] ?? '';

  it("keepalived's dump", () => {
    const text = JSON.stringify(KEEPALIVED);
    fc.assert(
      fc.property(edits, (list) => {
        const decoded = decodeDump(edited(text, list));
        expect(decoded.ok || decoded.error.message.length > 0).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('conntrackd', () => {
    fc.assert(
      fc.property(edits, fc.constantFrom('statistics', 'network', 'link'), (list, part) => {
        const output = {
          statistics: printed('conntrackd -s'),
          network: printed('conntrackd -s network'),
          link: printed('conntrackd -s link'),
        };
        output[part] = edited(output[part], list);
        const decoded = decodeConntrackd(output);
        if (!decoded.ok) expect(decoded.error.message).toMatch(SENTENCE);
        else expect(Number.isFinite(decoded.value.internal.active)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('the lease file: never more leases than lines, each damaged line named', () => {
    const text = [
      '1795000000 02:00:00:00:01:02 192.168.1.213 * ff:11:22:33:44',
      'duid 00:01:00:01:32:93:c3:29',
      '1795000000 T3856415920 fd00:1::109 * 00:01:00:01',
      '',
    ].join('\n');
    fc.assert(
      fc.property(edits, (list) => {
        const altered = edited(text, list);
        const facts = decodeLeases('/tmp/dhcp.leases', altered);
        const lines = altered.split('\n').filter((line) => line !== '').length;
        const duids = altered.split('\n').filter((line) => line.startsWith('duid ')).length;
        const found = facts.ipv4.length + facts.ipv6.length + facts.damaged.length;
        expect(found).toBeLessThanOrEqual(lines);
        expect(found + duids).toBeGreaterThanOrEqual(lines);
        for (const { message } of facts.damaged) expect(message).toMatch(SENTENCE);
      }),
      { numRuns: 1000 },
    );
  });
});
