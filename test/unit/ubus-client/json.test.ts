/** JSON on the command line: what json-c takes, and what libubox prints. */
import { describe, expect, it } from 'vitest';
import { formatDouble, formatString, formatTable } from '../../../src/ubus-client/cli/json-format.ts';
import { parseJsonTable } from '../../../src/ubus-client/cli/json-parse.ts';
import { parseOptions } from '../../../src/ubus-client/cli/options.ts';

const value = (text: string) => {
  const table = parseJsonTable(`{"v":${text}}`);
  const { type, value: found } = table?.[0] ?? { type: 'none', value: undefined };
  return [type, found];
};

describe('parsing', () => {
  it.each([
    ['0', 'int32', 0],
    ['-0', 'int32', 0],
    ['2147483647', 'int32', 2147483647],
    ['2147483648', 'int64', BigInt('2147483648')],
    ['-2147483649', 'int64', BigInt('-2147483649')],
    ['9223372036854775807', 'int64', BigInt('9223372036854775807')],
    ['9223372036854775808', 'int64', BigInt('9223372036854775807')],
    ['-99999999999999999999999', 'int64', BigInt('-9223372036854775808')],
    ['0000000000000000000000007', 'int32', 7],
    ['1.0', 'double', 1],
    ['1e3', 'double', 1000],
    ['-1.5E-3', 'double', -0.0015],
    ['NaN', 'double', Number.NaN],
    ['-Infinity', 'double', Number.NEGATIVE_INFINITY],
    ['true', 'int8', 1],
    ['False', 'int8', 0],
    ['null', 'unspec', null],
    ['"\\u00e4\\/\\""', 'string', 'ä/"'],
    ["'it\"s'", 'string', 'it"s'],
    ['"\\ud83d\\ude00"', 'string', '😀'],
    ['"\\ud83dx"', 'string', '\ufffdx'],
    ['"a\\u0000b"', 'string', 'a'],
    ['[1,]', 'array', [{ name: '', type: 'int32', value: 1 }]],
    ['/* why */ 5 // so', 'none', undefined],
    ['/* why */ 5', 'int32', 5],
  ])('%s is %s %s', (text, type, expected) => {
    expect(value(text)).toEqual([type, expected]);
  });

  it.each([
    '',
    ' ',
    '[1]',
    '"x"',
    '5',
    'null',
    '{',
    '{"a"',
    '{"a":',
    '{"a":1',
    '{"a":1,',
    '{a:1}',
    '{"a" 1}',
    '{"a":1 "b":2}',
    '{"a":[1}',
    '{"a":"x}',
    '{"a":"\\x"}',
    '{"a":"\\u12"}',
    '{"a":+1}',
    '{"a":tru}',
    '{"a":.5}',
  ])('%s is refused', (text) => {
    expect(parseJsonTable(text)).toBeUndefined();
  });

  it('a name that comes twice keeps its place and gets the last value', () => {
    expect(parseJsonTable('{"a":1,"b":2,"a":3}')).toEqual([
      { name: 'a', type: 'int32', value: 3 },
      { name: 'b', type: 'int32', value: 2 },
    ]);
  });

  it('31 levels pass, 32 do not, and any number of them does no harm', () => {
    const nested = (levels: number) => `${'{"a":'.repeat(levels - 1)}{}${'}'.repeat(levels - 1)}`;
    expect(parseJsonTable(nested(31))).toBeDefined();
    expect(parseJsonTable(nested(32))).toBeUndefined();
    expect(parseJsonTable('{"a":'.repeat(100_000))).toBeUndefined();
    expect(parseJsonTable('['.repeat(100_000))).toBeUndefined();
  });
});

describe('printing', () => {
  it.each([
    [0, '0.000000'],
    [-0, '-0.000000'],
    [0.5, '0.500000'],
    [-2.25, '-2.250000'],
    [2.718281999, '2.718282'],
    [1e-300, '0.000000'],
    [999.9999999, '1000.000000'],
    // Exactly half a unit of the last decimal: C rounds to the even digit.
    [0.0078125, '0.007812'],
    [0.0234375, '0.023438'],
    [-5.0078125, '-5.007812'],
    [1e21, '1000000000000000000000.000000'],
    [1.5e22, '15000000000000000000000.000000'],
    [Number.NaN, 'nan'],
    [Number.NEGATIVE_INFINITY, '-inf'],
  ])('%s is %s', (number, text) => {
    expect(formatDouble(number)).toBe(text);
  });

  it('escapes what JSON must, and nothing else', () => {
    expect(formatString('a"\\/\b\f\n\r\t\u0001\u007fä😀')).toBe(
      '"a\\"\\\\/\\b\\u000c\\n\\r\\t\\u0001\u007fä😀"',
    );
  });

  it('keeps names that come twice, and the order', () => {
    const entries = [
      { name: '2', type: 'int32', value: 1 },
      { name: '1', type: 'int32', value: 2 },
      { name: '2', type: 'array', value: [] },
    ] as const;
    expect(formatTable(entries, { compact: true })).toBe('{"2":1,"1":2,"2":[]}');
    expect(formatTable(entries, { compact: false })).toBe('{\n\t"2": 1,\n\t"1": 2,\n\t"2": [\n\t\t\n\t]\n}');
  });
});

describe('options', () => {
  it('end at the first word that is none', () => {
    expect(parseOptions(['-vS', '-t5', '-s', '/x', 'call', '-v', 'm'])).toMatchObject({
      verbose: true,
      simple: true,
      timeoutMs: 5000,
      hasTimeout: true,
      socketPath: '/x',
      command: 'call',
      rest: ['-v', 'm'],
    });
    expect(parseOptions(['--', '-v'])).toMatchObject({ verbose: false, command: '-v' });
    expect(parseOptions([])).toMatchObject({ command: undefined, timeoutMs: 30_000, hasTimeout: false });
    expect(parseOptions(['-t', '0', 'list'])).toMatchObject({ timeoutMs: Number.POSITIVE_INFINITY });
  });

  it.each([[['-x', 'list']], [['-t']], [['-vs']]])('%s is wrong use', (args) => {
    expect(parseOptions(args)).toBeUndefined();
  });
});
