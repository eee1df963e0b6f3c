import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseIpAddress, parseIpPrefix } from '../../../src/lib/ip.ts';

describe('parseIpAddress', () => {
  it.each([
    ['0.0.0.0', '0.0.0.0'],
    ['255.255.255.255', '255.255.255.255'],
    ['::', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
    ['::ffff:192.0.2.1', '::ffff:c000:201'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['0:0:0:0:0:0:0:0', '::'],
  ])('reads %s as %s (RFC 5952)', (text, canonical) => {
    expect(parseIpAddress(text)?.text).toBe(canonical);
  });

  it.each([
    '',
    '1',
    '1.2.3',
    '1.2.3.4.5',
    '01.2.3.4',
    '256.1.1.1',
    '1.2.3.-4',
    ' 1.2.3.4',
    '0x1.2.3.4',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7:8::',
    '12345::',
    'g::',
    'fe80::1%eth0',
    '1.2.3.4::',
    '::1.2.3',
    '[::1]',
  ])('refuses %j', (text) => {
    expect(parseIpAddress(text)).toBeNull();
  });

  it('gives a spelling that reads as itself', () => {
    const group = fc.integer({ min: 0, max: 0xffff }).map((value) => value.toString(16));
    const zero = fc.constant('0');
    const any = fc
      .array(fc.oneof(group, zero, zero), { minLength: 8, maxLength: 8 })
      .map((all) => all.join(':'));
    fc.assert(
      fc.property(any, (text) => {
        const parsed = parseIpAddress(text);
        expect(parsed).not.toBeNull();
        const canonical = parsed?.text ?? '';
        expect(parseIpAddress(canonical)?.text).toBe(canonical);
        // The WHATWG parser of Node as the twin.
        expect(`[${canonical}]`).toBe(new URL(`http://[${text}]`).hostname);
      }),
    );
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'0123456789abf:./%') }), (text) => {
        parseIpAddress(text);
        parseIpPrefix(text);
      }),
    );
  });
});

describe('parseIpPrefix', () => {
  it.each([
    ['192.168.1.1/24', { family: 'ipv4', text: '192.168.1.1', prefixLength: 24 }],
    ['fd00::1/64', { family: 'ipv6', text: 'fd00::1', prefixLength: 64 }],
    ['0.0.0.0/0', { family: 'ipv4', text: '0.0.0.0', prefixLength: 0 }],
    ['192.168.1.1', null],
    ['192.168.1.1/33', null],
    ['192.168.1.1/024', null],
    ['192.168.1.1/24/1', null],
    ['::/129', null],
    ['/24', null],
  ])('%s', (text, expected) => {
    expect(parseIpPrefix(text)).toEqual(expected);
  });
});
