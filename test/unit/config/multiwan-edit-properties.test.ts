import fc from 'fast-check';
import { applyDelta, parseDelta, parsePackage, printDelta, printPackage, type UciPackage } from 'uci-parser';
import { describe, expect, it } from 'vitest';
import { decodeMultiWan } from '../../../src/core/config/multiwan.ts';
import { planEdit, refuses, type SectionEdit, viewPackage } from '../../../src/core/config/multiwan-edit.ts';
import { MULTI_WAN } from '../../../src/core/config/multiwan-tables.ts';
import { plainSections } from '../../../src/core/config/parse.ts';

/** Any run of edits, sound and odd, on any staged package: what is staged stays sound, and is what libuci reads back. */
const MWAN3 = `
config interface 'wan'
	option enabled '1'
config interface 'wanb'
	option enabled '1'
config member 'm1'
	option interface 'wan'
config policy 'p1'
	list use_member 'm1'
config rule 'r1'
	option use_policy 'p1'
config rule
	option use_policy 'default'
`;
const NAMES = [
  'wan',
  'wanb',
  'wanc',
  'm1',
  'm2',
  'p1',
  'p2',
  'r1',
  'globals',
  '@rule[0]',
  '@rule[1]',
  '',
  '__proto__',
];
const value = fc.oneof(
  fc.constantFrom<unknown>(
    'wan',
    'wanb',
    'm1',
    'm2',
    'p1',
    'default',
    '1',
    '5',
    '0x3F00',
    'tcp',
    '443',
    '',
    null,
  ),
  fc.constantFrom<unknown>('192.0.2.1', '10.0.0.0/8', 'ipv6', "it's", 'a\nb', true, 3, -1, 0.5, Number.NaN, {
    a: 1,
  }),
  fc.array(fc.constantFrom('m1', 'm2', '192.0.2.1', '192.0.2.2', 'x', ''), { maxLength: 3 }),
);
const OPTIONS = [
  ...Object.values(MULTI_WAN).flatMap(({ options }) => Object.keys(options)),
  'odd',
  'a.b',
  '__proto__',
];
const options = fc
  .array(fc.tuple(fc.constantFrom(...OPTIONS), value), { maxLength: 3 })
  .map((pairs) => Object.fromEntries(pairs));
const before = fc.constantFrom(null, null, '', ...NAMES);
const edit: fc.Arbitrary<SectionEdit> = fc.oneof(
  fc.record({
    kind: fc.constant('set' as const),
    name: fc.constantFrom(...NAMES),
    type: fc.constant(''),
    options,
    before,
  }),
  fc.record({
    kind: fc.constant('add' as const),
    name: fc.option(fc.constantFrom(...NAMES)),
    type: fc.constantFrom(...Object.keys(MULTI_WAN), 'zone', '__proto__'),
    options,
    before,
  }),
  fc.record({ kind: fc.constant('delete' as const), name: fc.constantFrom(...NAMES) }),
);

const load = (text: string): UciPackage => {
  const parsed = parsePackage('mwan3', text);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
};
const none = (): readonly [] => [];
const isSound = (pkg: UciPackage): boolean => decodeMultiWan(plainSections(pkg)).value !== null;
const bare = (pkg: UciPackage) => pkg.sections.map(({ type, options: own }) => [type, [...own]]);

describe('any run of edits', () => {
  it('keeps the file one that is taken over, and says of each refusal where and why', () => {
    fc.assert(
      fc.property(fc.array(edit, { maxLength: 8 }), (edits) => {
        let pkg = load(MWAN3);
        let delta = '';
        for (const one of edits) {
          const plan = planEdit(pkg, one, none);
          const isRefused = plan.problems.some(refuses);
          if (isRefused) {
            expect(plan.changes).toEqual([]);
            for (const { where, text } of plan.problems)
              expect(`${where}: ${text}`).toMatch(/^mwan3\.[^\n]*: [A-Z][^\n]*\.$/);
          }
          const { package: next, applied } = applyDelta(pkg, plan.changes);
          // Every change fits, so none is lost without a word.
          expect(applied).toBe(plan.changes.length);
          pkg = next;
          delta += printDelta('mwan3', plan.changes);
          expect(isSound(pkg)).toBe(true);
        }
        // What lies in the delta file is what was meant, and so is the file after a commit.
        const read = parseDelta('mwan3', delta);
        expect(read.invalid).toEqual([]);
        const again = applyDelta(load(MWAN3), read.changes).package;
        expect(bare(again)).toEqual(bare(pkg));
        expect(bare(load(printPackage(again)))).toEqual(bare(pkg));
        const view = viewPackage(load(MWAN3), pkg, none);
        expect(view.sections).toHaveLength(pkg.sections.length);
        for (const { problems } of view.sections)
          expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
      }),
      { numRuns: 400, seed: 20261121 },
    );
  }, 60_000);

  it('an edit that was made and is made again changes nothing', () => {
    fc.assert(
      fc.property(edit, (one) => {
        const first = planEdit(load(MWAN3), one, none);
        // Another section may bear `@rule[1]` afterwards.
        const isByPosition = one.kind === 'delete' || `${one.name}${one.before}`.includes('@');
        if (one.kind !== 'set' || isByPosition || first.changes.length === 0) return;
        const again = planEdit(applyDelta(load(MWAN3), first.changes).package, one, none);
        expect(again.changes).toEqual([]);
      }),
      { numRuns: 500, seed: 20261121 },
    );
  });
});
