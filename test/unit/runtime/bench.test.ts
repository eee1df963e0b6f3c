import { describe, expect, it } from 'vitest';
import { chooseGroups, measure } from '../../bench/bench.ts';
import type { BenchContext, BenchGroup } from '../../bench/group.ts';
import { rowOf, tableOf } from '../../bench/rows.ts';

const context: BenchContext = {
  root: '/nowhere',
  say: () => undefined,
  lab: () => Promise.reject(new Error('no lab')),
};
const good: BenchGroup = {
  names: ['a', 'b'],
  run: async () => [rowOf('a', 'ms', [1]), rowOf('b', 'ms', [2])],
};
const bad: BenchGroup = {
  names: ['c'],
  run: async ({ lab }) => {
    await lab();
    return [];
  },
};
const silent: BenchGroup = { names: ['d'], run: async () => [] };

describe('bench', () => {
  it('gives median, range and whether the goal is met', () => {
    expect(rowOf('x', 'ms', [9, 1, 5, 3], 4)).toEqual({
      name: 'x',
      unit: 'ms',
      median: 4,
      min: 1,
      max: 9,
      runs: 4,
      goal: 4,
      met: true,
    });
    expect(rowOf('x', 'ms', [5], 4).met).toBe(false);
    expect(rowOf('x', 'ms', [5]).met).toBeNull();
    expect(() => rowOf('x', 'ms', [])).toThrow('Nothing was measured for x.');
  });

  it('prints a missed goal so that it is seen', () => {
    const lines = tableOf([rowOf('x', 'ms', [1234.5], 1000)]).split('\n');
    expect(lines).toEqual([
      'name  unit  median   min   max  runs     goal  met',
      'x     ms      1235  1235  1235     1  <= 1000  NO',
    ]);
  });

  it('runs the groups of the named rows and refuses a name that none has', () => {
    expect(chooseGroups([], [good, bad])).toEqual([good, bad]);
    expect(chooseGroups(['b'], [good, bad])).toEqual([good]);
    expect(() => chooseGroups(['z'], [good, bad])).toThrow('There is no measurement z; there are a, b, c.');
  });

  it('tells what failed or was left out, and keeps the rest', async () => {
    const { rows, failures } = await measure([good, bad, silent], [], context);
    expect(rows.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(failures).toEqual(['c: no lab', 'd: not measured.']);
    const some = await measure([good], ['b'], context);
    expect(some.rows.map(({ name }) => name)).toEqual(['b']);
  });
});
