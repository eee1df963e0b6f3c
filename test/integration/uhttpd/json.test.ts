import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJson, printJson } from '../../openwrt/common/values.ts';

/** JSON as the web server's ubus part reads and writes it: types of numbers kept, junk behind the value passed over. */

describe('parseJson', () => {
  it.each([
    ['5', { type: 'int32', value: 5 }],
    ['-2147483648', { type: 'int32', value: -2_147_483_648 }],
    ['2147483648', { type: 'int64', value: 2_147_483_648n }],
    ['9007199254740993', { type: 'int64', value: 9_007_199_254_740_993n }],
    ['99999999999999999999', { type: 'int64', value: 9_223_372_036_854_775_807n }],
    ['1.0', { type: 'double', value: 1 }],
    ['1e3', { type: 'double', value: 1000 }],
    ['true', { type: 'int8', value: 1 }],
    ['null', { type: 'unspec', value: null }],
    ['"a\\u0041\\n"', { type: 'string', value: 'aA\n' }],
    ['"a\tb"', { type: 'string', value: 'a\tb' }],
    ['[] junk', { type: 'array', value: [] }],
    [' {"__proto__":1}', { type: 'table', value: [{ name: '__proto__', type: 'int32', value: 1 }] }],
  ] as const)('reads %s', (text, value) => {
    expect(parseJson(text)).toEqual(value);
  });

  it.each([
    '',
    ' ',
    '{',
    '{"a"',
    '{"a":',
    '{"a":1',
    '{"a":1,}',
    '[1',
    '[1,]',
    '1e999',
    '[,]',
    '"a',
    'nul',
    '-',
    '"\\x"',
    '['.repeat(40),
  ])('refuses %j', (text) => {
    expect(parseJson(text)).toBeNull();
  });

  it('reads and prints what JSON.stringify wrote, names in order', () => {
    // Left out: fractions, which are printed with six decimals; -0, which no integer type has, and integers beyond 64 bits, which are clamped.
    const isWhole = (text: string): boolean => !/-0|\d{19}|\d[.e]/.test(text);
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }).filter(isWhole), (text) => {
        const value = parseJson(text);
        expect(value).not.toBeNull();
        if (value !== null) expect(JSON.parse(printJson(value))).toEqual(JSON.parse(text));
      }),
      { numRuns: 300 },
    );
  });

  it('prints doubles with six decimals', () => {
    expect(printJson({ type: 'double', value: 1.5 })).toBe('1.500000');
  });

  it('ends on any text', () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 200, unit: fc.constantFrom(...'{}[]",:\\ 1-.etrufalsn') }),
        (text) => {
          const value = parseJson(text);
          if (value === null) return;
          const printed = printJson(value);
          const again = parseJson(printed);
          expect(again === null ? null : printJson(again)).toBe(printed);
        },
      ),
      { numRuns: 500 },
    );
  });
});
