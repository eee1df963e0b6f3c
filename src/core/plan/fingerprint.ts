/**
 * What our table looked like after we had written it, object by object, and what is different from it now. Which elements count is
 * the desired table's word: sets that others fill may hold anything.
 */
import type { NftTable } from '../nft/objects.ts';
import { difference, same } from '../nft/update.ts';
import type { TableFacts } from './decode-nft.ts';
import type { Finding } from './steps.ts';
import { shown } from './words.ts';

/** By object (`chain main`, `set connected4`): what it is, and what it holds. */
export type Fingerprint = Readonly<Record<string, { readonly definition: string; readonly content: string }>>;

export function fingerprint(facts: TableFacts, table: NftTable): Fingerprint {
  const held = new Set(table.sets.filter(({ elements }) => elements !== null).map(({ name }) => name));
  return Object.fromEntries([
    ...facts.chains.map(
      ({ name, definition, rules }) => [`chain ${name}`, { definition, content: rules }] as const,
    ),
    ...facts.sets.map(
      ({ name, definition, elements }) =>
        [`set ${name}`, { definition, content: held.has(name) ? elements : '' }] as const,
    ),
    ...facts.others.map(({ kind, name }) => [`${kind} ${name}`, { definition: '', content: '' }] as const),
  ]);
}

export interface Difference {
  readonly findings: readonly Finding[];
  /** An object's definition differs, or there is something that a replacing transaction would not remove. */
  readonly mustRecreate: boolean;
}

/** What somebody changed between two fingerprints. */
export function compareFingerprints(before: Fingerprint, now: Fingerprint): Difference {
  const findings: Finding[] = [];
  let mustRecreate = false;
  const say = (code: Finding['code'], name: string, what: string): void => {
    const object = name.startsWith('chain ') ? 'chain' : name.startsWith('set ') ? 'set' : 'table';
    findings.push({ code, object, text: `Somebody ${what} '${shown(name)}' of table inet hagw.` });
  };
  for (const [name, was] of Object.entries(before)) {
    const is = now[name];
    if (is === undefined) say('missing', name, 'removed');
    else if (is.definition !== was.definition) {
      say('changed', name, 'made anew as something else');
      mustRecreate = true;
    } else if (is.content !== was.content) say('changed', name, 'changed what is in');
  }
  const known = new Set(Object.keys(before));
  for (const name of Object.keys(now)) {
    if (known.has(name)) continue;
    say('extra', name, 'added');
    if (!/^(chain|set) /.test(name)) mustRecreate = true;
  }
  return { findings, mustRecreate };
}

const LABEL = '!hagw: ';

/**
 * Whether the kernel's table has the objects of the desired one: names, the rules' comments in their order, the number of elements
 * that we keep. Not what the rules say: nft has taken them as we wrote them. Gives the names of objects that differ.
 */
export function verifyTable(table: NftTable, facts: TableFacts): readonly string[] {
  const chains = new Map(facts.chains.map((chain) => [chain.name, chain]));
  const sets = new Map(facts.sets.map((set) => [set.name, set]));
  const isChain = ({ name, rules }: NftTable['chains'][number]): boolean => {
    const wanted = rules.map(({ comment }) => LABEL + comment);
    return JSON.stringify(chains.get(name)?.comments) === JSON.stringify(wanted);
  };
  const isSet = ({ name, elements }: NftTable['sets'][number]): boolean =>
    sets.has(name) && (elements === null || elements.length === sets.get(name)?.size);
  const ours = new Set(objectNames(table));
  return [
    ...table.chains.filter((chain) => !isChain(chain)).map(({ name }) => `chain ${name}`),
    ...table.sets.filter((set) => !isSet(set)).map(({ name }) => `set ${name}`),
    ...Object.keys(fingerprint(facts, table)).filter((name) => !ours.has(name)),
  ];
}

/** All objects of a table, as a fingerprint names them. */
export function objectNames({ chains, sets }: NftTable): readonly string[] {
  return [...chains.map(({ name }) => `chain ${name}`), ...sets.map(({ name }) => `set ${name}`)];
}

/** Objects that an update from one table to the other writes. */
export function writtenObjects(before: NftTable, after: NftTable): readonly string[] {
  const [chains, sets] = [difference(before.chains, after.chains), difference(before.sets, after.sets)];
  return [
    ...chains.added,
    ...chains.kept.flatMap((pair) => (same(pair.before.rules, pair.after.rules) ? [] : [pair.after])),
  ]
    .map(({ name }) => `chain ${name}`)
    .concat(
      [
        ...sets.added,
        ...sets.kept.flatMap((pair) => (same(pair.before.elements, pair.after.elements) ? [] : [pair.after])),
      ].map(({ name }) => `set ${name}`),
    );
}

/**
 * The fingerprint that the kernel must show after an update that was not read back: the old one's for what was not
 * written, and what is there now for what was, as far as it has the desired shape.
 */
export function expectedFingerprint(
  before: Fingerprint,
  written: readonly string[],
  table: NftTable,
  facts: TableFacts,
): Fingerprint {
  const now = fingerprint(facts, table);
  const wrong = new Set(verifyTable(table, facts));
  return Object.fromEntries(
    objectNames(table).map((name): readonly [string, Fingerprint[string]] => {
      const was = written.includes(name) ? undefined : before[name];
      const is = now[name] ?? { definition: '', content: '' };
      if (was !== undefined) return [name, was];
      return [name, wrong.has(name) ? { definition: is.definition, content: 'not as written' } : is];
    }),
  );
}
