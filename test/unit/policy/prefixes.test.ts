import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addressBytes,
  matchesPattern,
  parsePattern,
  parsePrefix,
  prefixText,
  withoutCovered,
} from '../../../src/core/policy/prefixes.ts';
import { inPrefix } from '../../packets/support/tracer.ts';

const text = (input: string): string | null => {
  const prefix = parsePrefix(input);
  return prefix === null ? null : prefixText(prefix);
};

describe('prefixes', () => {
  it.each([
    ['192.168.1.77/24', '192.168.1.0/24'],
    ['10.0.0.1', '10.0.0.1'],
    ['10.0.0.1/32', '10.0.0.1'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['2001:DB8:0:1::5/64', '2001:db8:0:1::/64'],
    ['::/0', '::/0'],
    ['fe80::1', 'fe80::1'],
    ['::ffff:192.0.2.1', '::ffff:c000:201'],
  ])('reads %s', (input, wanted) => {
    expect(text(input)).toBe(wanted);
  });

  it.each(['default', '', '10.0.0.1/33', '10.0.0/8', '2001:db8::/129', '10.0.0.1/-1', '10.0.0.1/ 8', 'x/8'])(
    'refuses %j',
    (input) => {
      expect(text(input)).toBeNull();
    },
  );

  it('reads masks that are prefixes, and those that are not', () => {
    expect(parsePattern({ address: '10.1.2.3', mask: '255.255.0.0' })).toMatchObject({
      kind: 'prefix',
      prefix: { bytes: [10, 1, 0, 0], length: 16 },
    });
    expect(parsePattern({ address: '10.1.2.3', mask: '0.0.0.1' })).toEqual({
      kind: 'odd',
      value: '0.0.0.1',
      mask: '0.0.0.1',
    });
    expect(parsePattern({ address: '10.1.2.3', mask: 32 })).toMatchObject({ prefix: { length: 32 } });
    for (const mask of [33, -1, 1.5, 'x', '255.0', 'ffff::'])
      expect(parsePattern({ address: '10.1.2.3', mask })).toBeNull();
    expect(parsePattern({ address: '2001:db8::', mask: '255.0.0.0' })).toBeNull();
  });

  const four = fc.tuple(
    fc.constantFrom('10.0.0', '10.0.1', '192.168.1'),
    fc.nat(255),
    fc.integer({ min: 0, max: 32 }),
  );
  const prefix = four.map(([start, end, length]) => `${start}.${end}/${length}`);

  it('drops what another prefix contains and nothing else', () => {
    fc.assert(
      fc.property(fc.array(prefix, { maxLength: 12 }), fc.tuple(four), (prefixes, [[start, end]]) => {
        const kept = withoutCovered(prefixes.flatMap((item) => parsePrefix(item) ?? [])).map(prefixText);
        const address = `${start}.${end}`;
        expect(kept.some((item) => inPrefix(address, item))).toBe(
          prefixes.some((item) => inPrefix(address, item)),
        );
        for (const [index, one] of kept.entries())
          for (const other of kept.slice(index + 1))
            expect(inPrefix(other.split('/')[0] ?? '', one)).toBe(false);
      }),
    );
  });

  it('matches as a naive reading does', () => {
    fc.assert(
      fc.property(prefix, four, (pattern, [start, end]) => {
        const [address = '', mask] = pattern.split('/');
        const parsed = parsePattern({ address, mask: Number(mask) });
        expect(parsed !== null && matchesPattern(parsed, `${start}.${end}`)).toBe(
          inPrefix(`${start}.${end}`, pattern),
        );
      }),
    );
    const odd = parsePattern({ address: '0.0.0.1', mask: '0.0.0.1' });
    expect(odd !== null && matchesPattern(odd, '192.168.1.101')).toBe(true);
    expect(odd !== null && matchesPattern(odd, '192.168.1.100')).toBe(false);
    expect(odd !== null && matchesPattern(odd, '::1')).toBe(false);
    expect(addressBytes('x')).toBeNull();
  });
});
