import fc from 'fast-check';
import { parsePackage } from 'uci-parser';
import { describe, expect, it } from 'vitest';
import { compilePair } from '../../../src/core/pair/compile.ts';
import { planPair } from '../../../src/core/pair/plan.ts';
import {
  CONNTRACKD_FILE,
  HANDOVER_FILE,
  TABLE_FILE,
  type Wanted,
  type WantedSection,
} from '../../../src/core/pair/types.ts';
import { inputOf, SETUPS, type Setup } from './setups.ts';
import { actualOf, afterChanges, writtenFor } from './written.ts';

const wantedOf = (setup: Setup): Wanted => {
  const { wanted, problems } = compilePair(inputOf(setup));
  if (wanted === null) throw new Error(JSON.stringify(problems));
  return wanted;
};
const NOTHING: Wanted = { sections: { keepalived: [], firewall: [], dhcp: [] }, files: {} };
const EMPTY = { packages: [], files: [], services: [], problems: [] };

describe('planPair', () => {
  it.each(Object.entries<Setup>(SETUPS))(
    '%s: what is written is what was wanted, and nothing is left to do',
    (_name, setup) => {
      const { actual } = writtenFor(setup);
      // What follows from the files may follow from ours, too: a zone, a pool.
      const uci = {
        ...setup.uci,
        ...Object.fromEntries(Object.entries(actual.packages).map(([name, text]) => [name, text ?? ''])),
      };
      expect(planPair(wantedOf({ ...setup, uci }), actual)).toEqual(EMPTY);
    },
  );

  it.each(Object.entries<Setup>(SETUPS))(
    '%s: all of it goes again and leaves the files as they were',
    (_name, setup) => {
      const before = actualOf(setup.uci);
      const { actual, files } = writtenFor(setup);
      const gone = { ...NOTHING, files: Object.fromEntries(Object.keys(files).map((path) => [path, null])) };
      const after = afterChanges(actual, planPair({ ...gone, files: { ...gone.files } }, actual));
      for (const name of ['firewall', 'dhcp'] as const)
        expect(after.packages[name]?.trimEnd()).toBe(before.packages[name]?.trimEnd());
      expect(after.packages.keepalived?.trim()).toBe('');
      for (const path of [CONNTRACKD_FILE, TABLE_FILE, HANDOVER_FILE]) expect(after.files[path]).toBeNull();
    },
  );

  it("touches neither the user's sections nor a line of them, whatever both sides are", () => {
    const word = fc.constantFrom('a', 'b', "it's", 'x y', '1');
    const options = fc.dictionary(
      fc.constantFrom('name', 'src', 'proto', 'list_of'),
      fc.oneof(word, fc.array(word, { minLength: 1, maxLength: 3 })),
      { maxKeys: 3 },
    );
    const sections = (prefix: string) =>
      fc.uniqueArray(
        fc.record({
          type: fc.constantFrom('rule', 'nat', 'zone'),
          name: fc.constantFrom('a', 'b', 'c', 'd', 'e').map((text) => prefix + text),
          options,
        }),
        { selector: ({ name }) => name, maxLength: 5 },
      );
    const print = (all: readonly WantedSection[], comment: boolean): string =>
      all
        .map(({ type, name, options: values }) => {
          const lines = Object.entries(values).flatMap(([option, value]) =>
            [value]
              .flat()
              .map(
                (item) =>
                  `\t${typeof value === 'string' ? 'option' : 'list'} ${option} '${item.replace(/'/g, "'\\''")}'`,
              ),
          );
          return `${comment ? `# about ${name}\n` : ''}config ${type} '${name}'\n${lines.map((line) => `${line}\n`).join('')}\n`;
        })
        .join('');
    fc.assert(
      fc.property(
        sections('my_'),
        sections('hagw_'),
        sections('hagw_'),
        fc.boolean(),
        (users, old, wanted, mixed) => {
          const parts = [print(users, true), print(old, false)];
          const text = (mixed ? parts.reverse() : parts).join('');
          const actual = { packages: { keepalived: null, dhcp: null, firewall: text }, files: {} };
          const all: Wanted = { ...NOTHING, sections: { ...NOTHING.sections, firewall: wanted } };
          const changes = planPair(all, actual);
          expect(changes.problems).toEqual([]);
          const after = afterChanges(actual, changes).packages.firewall ?? '';
          expect(planPair(all, { ...actual, packages: { ...actual.packages, firewall: after } })).toEqual(
            EMPTY,
          );
          const parsed = parsePackage('firewall', after);
          if (!parsed.ok) throw new Error(parsed.error.message);
          const ours = parsed.value.sections.filter(({ name }) => name.startsWith('hagw_'));
          expect(
            ours.map(({ type, name, options: values }) => ({
              type,
              name,
              options: Object.fromEntries(values),
            })),
          ).toEqual(wanted.map((section) => ({ ...section, options: { ...section.options } })));
          // Line by line, those about the user's sections come in the same order.
          const isOurs = new Set(print([...old, ...wanted], false).split('\n'));
          const lines = (whole: string) => whole.split('\n').filter((line) => line.includes('my_'));
          expect(lines(after)).toEqual(lines(text));
          for (const line of print(users, true).split('\n'))
            if (!isOurs.has(line)) expect(after).toContain(line);
        },
      ),
    );
  });

  it('names what changes, and only the services that it concerns', () => {
    const setup = SETUPS['two-wans'];
    const { actual } = writtenFor(setup);
    const hagw = setup.uci.hagw.replace("option vrid '22'", "option vrid '22'\n\toption snat '0'");
    const changes = planPair(wantedOf({ uci: { ...setup.uci, hagw } }), actual);
    expect(changes.services).toEqual(['firewall']);
    expect(
      changes.packages.flatMap(({ sections }) => sections.map(({ section, action }) => [section, action])),
    ).toEqual([
      ['hagw_own_wanb', 'remove'],
      ['hagw_own_wanb__2', 'remove'],
      ['hagw_own_wanb__3', 'remove'],
      ['hagw_snat_wanb', 'remove'],
    ]);
    expect(changes.files).toEqual([]);
  });

  it('puts right what somebody changed: an option, the order, the type', () => {
    const setup = SETUPS['two-wans'];
    const { actual } = writtenFor(setup);
    const firewall = actual.packages.firewall ?? '';
    const [, own = ''] = /(config nat 'hagw_own_wan'\n(?:\t.*\n)+)/.exec(firewall) ?? [];
    const broken = [
      firewall.replace("option proto '112'", "option proto 'vrrp'\n\toption extra 'x'"),
      `${firewall.replace(own, '')}\n${own}`,
      firewall.replace("config rule 'hagw_peer'", "config redirect 'hagw_peer'"),
    ];
    for (const text of broken) {
      const now = { ...actual, packages: { ...actual.packages, firewall: text } };
      const changes = planPair(wantedOf(setup), now);
      expect(changes.services).toEqual(['firewall']);
      const after = afterChanges(now, changes);
      expect(planPair(wantedOf(setup), after)).toEqual(EMPTY);
    }
  });

  it("refuses as a whole where a file is the user's or cannot be read", () => {
    const setup = SETUPS['two-wans'];
    const before = actualOf(setup.uci);
    const mine = { ...before, files: { [CONNTRACKD_FILE]: 'Sync {\n}\n' } };
    expect(planPair(wantedOf(setup), mine)).toMatchObject({
      packages: [],
      files: [],
      problems: [{ severity: 'error', where: CONNTRACKD_FILE }],
    });
    const torn = { ...before, packages: { ...before.packages, firewall: "config rule 'x\n" } };
    expect(planPair(wantedOf(setup), torn)).toMatchObject({
      packages: [],
      files: [],
      problems: [{ where: 'firewall' }],
    });
  });
});
