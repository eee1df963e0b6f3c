import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeLeases } from '../../../src/core/lease/decode.ts';

const FILE = '/tmp/dhcp.leases';
const NOW = 1795000000;
const events = join(import.meta.dirname, '../../captures/dnsmasq/events');

/** Every lease file of the recordings, with the times made absolute again. */
const files = ['events.txt', 'events-more.txt'].flatMap((name) =>
  [...readFileSync(join(events, name), 'utf8').matchAll(/^lease file:\n((?: {2}.*\n)*)/gm)]
    .map((match) => (match[1] ?? '').replace(/^ {2}/gm, ''))
    .map((text) => text.replace(/^NOW\+(\d+)/gm, (_, seconds) => String(NOW + Number(seconds))))
    .map((text) => text.replace(/^NOW-(\d+)/gm, (_, seconds) => String(NOW - Number(seconds)))),
);

describe("dnsmasq's lease file", () => {
  it('finds the recordings', () => {
    expect(files.filter((text) => text !== '').length).toBeGreaterThan(15);
    expect(files.some((text) => text.includes('duid'))).toBe(true);
  });

  it.each(files.map((text, index) => [index, text] as const))('file %i: every line is a lease', (_, text) => {
    const facts = decodeLeases(FILE, text);
    const lines = text.split('\n').filter((line) => line !== '');
    expect(facts.damaged).toEqual([]);
    expect(facts.ipv4.length + facts.ipv6.length + (facts.serverDuid === null ? 0 : 1)).toBe(lines.length);
  });

  it('reads IPv4, the DUID and IPv6, none and infinite', () => {
    const text = [
      `${NOW} 02:00:00:00:01:02 192.168.1.213 * ff:11:22:33:44`,
      '0 02:00:00:00:00:ab 192.168.1.21 forever *',
      'duid 00:01:00:01:32:93:c3:29:de:c1:13:94:3d:21',
      `${NOW} 3856415920 fd00:1::109 * 00:01:00:01`,
      `${NOW} T4294967295 fd00:1::140 name *`,
      '',
    ].join('\n');
    expect(decodeLeases(FILE, text)).toEqual({
      file: FILE,
      ipv4: [
        {
          expiresS: NOW,
          mac: '02:00:00:00:01:02',
          address: '192.168.1.213',
          hostname: null,
          clientId: 'ff:11:22:33:44',
        },
        {
          expiresS: null,
          mac: '02:00:00:00:00:ab',
          address: '192.168.1.21',
          hostname: 'forever',
          clientId: null,
        },
      ],
      ipv6: [
        {
          expiresS: NOW,
          iaid: 3856415920,
          temporary: false,
          address: 'fd00:1::109',
          hostname: null,
          duid: '00:01:00:01',
        },
        {
          expiresS: NOW,
          iaid: 4294967295,
          temporary: true,
          address: 'fd00:1::140',
          hostname: 'name',
          duid: null,
        },
      ],
      serverDuid: '00:01:00:01:32:93:c3:29:de:c1:13:94:3d:21',
      damaged: [],
    });
  });

  it('reads hardware addresses that are not Ethernet', () => {
    expect(decodeLeases(FILE, `${NOW} 20-aa:bb 192.0.2.1 * *\n`).ipv4[0]?.mac).toBe('20-aa:bb');
  });

  it('is empty for an empty file', () => {
    expect(decodeLeases(FILE, '')).toEqual({ file: FILE, ipv4: [], ipv6: [], serverDuid: null, damaged: [] });
  });

  it.each([
    ['x', 'it has 1 words instead of 5'],
    ['a b c d e f', 'it has 6 words instead of 5'],
    ['soon 02:00:00:00:01:02 192.168.1.2 * *', 'its time of expiry is no number'],
    [`${'9'.repeat(16)} 02:00:00:00:01:02 192.168.1.2 * *`, 'its time of expiry is no number'],
    ['1 02:00:00:00:01:02 192.168.1.256 * *', 'its address is none'],
    ['1 02:00:00:00:01:0 192.168.1.2 * *', 'its hardware address is none'],
    ['1  192.168.1.2 * *', 'its hardware address is none'],
    ['1 02:00:00:00:01:02 192.168.1.2 a\u0000b *', 'its host name has characters that no name has'],
    ['1 02:00:00:00:01:02 192.168.1.2 \u001b[2J *', 'its host name has characters that no name has'],
    [`1 02:00:00:00:01:02 192.168.1.2 ${'a'.repeat(256)} *`, 'its host name has characters that no name has'],
    ['1 02:00:00:00:01:02 192.168.1.2 a zz', 'its client id is not hexadecimal'],
    ['1 4294967296 fd00::1 a *', 'its IAID is no 32-bit number'],
    ['1 02:00:00:00:01:02 fd00::1 a *', 'its IAID is no 32-bit number'],
    ['duid xyz', 'the DUID of the server is not hexadecimal'],
  ])('names the damaged line %j and goes on', (line, message) => {
    const good = `${NOW} 02:00:00:00:01:02 192.168.1.213 * *\n`;
    const facts = decodeLeases(FILE, `${good}${line}\n${good}`);
    expect(facts.ipv4).toHaveLength(2);
    expect(facts.damaged).toEqual([{ line: 2, message: `Line 2 of ${FILE} is no lease: ${message}.` }]);
  });

  it('does not take a line that is cut off for a lease', () => {
    const facts = decodeLeases(FILE, `${NOW} 02:00:00:00:01:02 192.168.1.213 lap`);
    expect(facts.ipv4).toEqual([]);
    expect(facts.damaged).toEqual([
      { line: 1, message: `Line 1 of ${FILE} is no lease: it has no line end: the file is cut off there.` },
    ]);
  });

  it('lists a hundred damaged lines and no more', () => {
    expect(decodeLeases(FILE, 'rubbish\n'.repeat(5000)).damaged).toHaveLength(100);
  });
});
