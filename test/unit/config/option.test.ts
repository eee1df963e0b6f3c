import { describe, expect, it } from 'vitest';
import { decodeSection, decodeValue, type OptionSpec, quoted } from '../../../src/core/config/option.ts';
import type { ConfigProblem } from '../../../src/core/config/uci.ts';
import { section } from './sections.ts';

const text = '';

describe('decodeValue', () => {
  it.each<[Partial<OptionSpec> & Pick<OptionSpec, 'type'>, string, unknown]>([
    [{ type: 'boolean' }, 'yes', true],
    [{ type: 'boolean' }, 'disabled', false],
    [{ type: 'boolean' }, 'TRUE', null],
    [{ type: 'boolean' }, '2', null],
    [{ type: 'integer', min: 1, max: 9 }, '9', 9],
    [{ type: 'integer', min: 1, max: 9 }, '0', null],
    [{ type: 'integer' }, '-7', -7],
    [{ type: 'integer' }, '0x10', null],
    [{ type: 'integer' }, '1e3', null],
    [{ type: 'integer' }, ' 1', null],
    [{ type: 'integer' }, '1.0', null],
    [{ type: 'integer' }, '9'.repeat(16), null],
    [{ type: 'integer', step: 10 }, '25', null],
    [{ type: 'decimal' }, '0.1', 0.1],
    [{ type: 'decimal' }, '.5', 0.5],
    [{ type: 'decimal' }, '1.', 1],
    [{ type: 'decimal' }, '.', null],
    [{ type: 'enum', oneOf: ['a', 'b'] }, 'b', 'b'],
    [{ type: 'enum', oneOf: ['a', 'b'] }, 'ab', null],
    [{ type: 'name' }, 'wan_6.x-1', 'wan_6.x-1'],
    [{ type: 'name' }, '', null],
    [{ type: 'name', maxLength: 3 }, 'abcd', null],
    [{ type: 'name' }, 'a b', null],
    [{ type: 'string', maxLength: 3 }, 'a b', 'a b'],
    [{ type: 'string', maxLength: 3 }, 'abcd', null],
    [{ type: 'ip-address' }, '10.0.0.1', '10.0.0.1'],
    [{ type: 'ip-address' }, '10.0.0.01', null],
    [{ type: 'ip-address' }, '2001:DB8:0:0::1', '2001:db8::1'],
    [{ type: 'ip-address' }, '10.0.0.1/8', null],
    [{ type: 'ip-prefix' }, '10.0.0.1/8', '10.0.0.1/8'],
    [{ type: 'ip-prefix' }, 'fd00::1/129', null],
    [{ type: 'ip-prefix' }, '10.0.0.1/', null],
  ])('%j of %j is %j', (spec, value, expected) => {
    expect(decodeValue(value, { text, ...spec })).toEqual(expected);
  });
});

describe('decodeSection', () => {
  const decode = (options: Record<string, string | readonly string[]>, nameUnknown = true) => {
    const problems: ConfigProblem[] = [];
    const table = {
      kept: { type: 'integer', min: 1, default: '5', text },
      free: { type: 'string', text },
      many: { type: 'ip-address', list: true, text },
      must: { type: 'name', required: true, text },
      old: { type: 'boolean', deprecated: 'use kept.', text },
    } as const;
    const report = (problem: ConfigProblem) => problems.push(problem);
    const context = { where: 'p.s', report, nameUnknown };
    return { value: decodeSection(table, section('t', 's', options), context), problems };
  };

  it('gives defaults, nulls and lists', () => {
    expect(decode({ must: 'x' })).toEqual({
      value: { kept: 5, free: null, many: [], must: 'x', old: null },
      problems: [],
    });
    expect(decode({ must: 'x', many: '10.0.0.1' }).value?.many).toEqual(['10.0.0.1']);
  });

  it('keeps the good items of a list and names the bad ones', () => {
    const { value, problems } = decode({ must: 'x', many: ['10.0.0.1', 'no', '10.0.0.2'] });
    expect(value?.many).toEqual(['10.0.0.1', '10.0.0.2']);
    expect(problems).toMatchObject([
      { severity: 'warning', where: 'p.s.many', text: expect.stringContaining("'no'") },
    ]);
  });

  it('uses the default for a bad value and says so', () => {
    const { value, problems } = decode({ must: 'x', kept: '0' });
    expect(value?.kept).toBe(5);
    expect(problems[0]?.text).toBe("Is '0', but must be a whole number of at least 1; 5 is used.");
  });

  it('leaves a section out whose required option is missing or bad', () => {
    expect(decode({}).value).toBeNull();
    expect(decode({ must: 'a b' }).value).toBeNull();
    expect(decode({ must: ['', ''] }).value).toBeNull();
  });

  it('names deprecated and unknown options, the latter only of our own packages', () => {
    expect(decode({ must: 'x', old: '1', odd: '1' }).problems.map(({ where }) => where)).toEqual([
      'p.s.old',
      'p.s.odd',
    ]);
    expect(decode({ must: 'x', odd: '1' }, false).problems).toEqual([]);
  });
});

describe('quoted', () => {
  it('cuts and cleans what goes into a message', () => {
    expect(quoted('a\nb\x7f')).toBe("'a?b?'");
    expect(quoted('x'.repeat(50))).toBe(`'${'x'.repeat(40)}…'`);
  });
});
