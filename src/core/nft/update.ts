/**
 * Transactions for `nft -f -`: the texts that bring the kernel from one table to another. Each is whole or nothing
 * (nft(8), "Files"), so that no packet sees a state in between. Elements that others put into sets (dnsmasq, the
 * administrator, rules that remember sources) survive all of them but `renderRecreate` and `renderRemove`.
 */
import type { NftSet, NftTable } from './objects.ts';
import { assertTable, chainBlock, elementLines, renderTable, setBlock, tableBlock } from './render.ts';
import { nameText } from './render-rule.ts';

/** Names of what the kernel's table has now, from `nft -j list table`. */
export interface ExistingNames {
  readonly sets: readonly string[];
  readonly chains: readonly string[];
}

/** Above this many changed elements a set is emptied and filled; below, elements go one by one. */
const MOST_SINGLE_ELEMENTS = 64;

/** Whether two parts are equal; at once if they are one object, as in a switch all but a few are. */
export const same = (a: unknown, b: unknown): boolean => a === b || JSON.stringify(a) === JSON.stringify(b);

function address(table: NftTable, name?: string): string {
  const tableName = `${table.family} ${nameText(table.name)}`;
  return name === undefined ? tableName : `${tableName} ${nameText(name)}`;
}

/** Makes the table anew: all elements are lost. For a table of which the kernel has an incompatible one. */
export function renderRecreate(table: NftTable): string {
  return `${renderRemove(table)}${renderTable(table)}`;
}

/** Removes the table, whether it is there or not. */
export function renderRemove(table: NftTable): string {
  return `table ${address(table)} {}\ndelete table ${address(table)}\n`;
}

/**
 * Puts the table in the place of whatever is there. What `existing` names and the table has not is deleted; without it
 * such chains would be left, empty.
 */
export function renderReplace(table: NftTable, existing: ExistingNames = { sets: [], chains: [] }): string {
  assertTable(table);
  const chains = new Set(table.chains.map(({ name }) => name));
  const sets = new Set(table.sets.map(({ name }) => name));
  const held = table.sets.filter(({ elements }) => elements !== null);
  return [
    tableBlock(table, [
      ...table.sets.map((set) => setBlock(set, false)),
      ...table.chains.map((chain) => chainBlock(chain, 'definition')),
    ]),
    `flush table ${address(table)}\n`,
    ...existing.chains
      .filter((name) => !chains.has(name))
      .map((name) => `delete chain ${address(table, name)}\n`),
    ...existing.sets.filter((name) => !sets.has(name)).map((name) => `delete set ${address(table, name)}\n`),
    ...held.map(({ name }) => `flush set ${address(table, name)}\n`),
    tableBlock(table, [
      ...held.map((set) => setBlock(set, true)),
      ...table.chains.map((chain) => chainBlock(chain, 'rules')),
    ]),
  ].join('');
}

/** What a set is, apart from what it holds. */
const setKind = ({ type, flags, autoMerge }: NftSet) => ({ type, flags, autoMerge });

export interface Difference<T> {
  readonly added: readonly T[];
  readonly removed: readonly T[];
  /** In both, but not as the same object. */
  readonly kept: readonly { readonly before: T; readonly after: T }[];
}

/** What two lists of named objects differ in. In a switch all but a few are the same object in the same place. */
export function difference<T extends { readonly name: string }>(
  before: readonly T[],
  after: readonly T[],
): Difference<T> {
  if (before.length === after.length && before.every((item, at) => item.name === after[at]?.name)) {
    const kept = before.flatMap((item, at) => {
      const now = after[at];
      return now === undefined || now === item ? [] : [{ before: item, after: now }];
    });
    return { added: [], removed: [], kept };
  }
  const old = new Map(before.map((item) => [item.name, item]));
  const names = new Set(after.map(({ name }) => name));
  return {
    added: after.filter(({ name }) => !old.has(name)),
    removed: before.filter(({ name }) => !names.has(name)),
    kept: after.flatMap((item) => {
      const previous = old.get(item.name);
      return previous === undefined || previous === item ? [] : [{ before: previous, after: item }];
    }),
  };
}

function setChange(table: NftTable, before: NftSet, after: NftSet): string {
  const [old, wanted] = [before.elements ?? [], after.elements ?? []];
  const gone = old.filter((element) => !wanted.includes(element));
  const fresh = wanted.filter((element) => !old.includes(element));
  const name = address(table, after.name);
  const change = (verb: string, elements: readonly string[]): string =>
    elements.length === 0 ? '' : `${verb} element ${name} { ${elementLines(elements, '\t')} }\n`;
  if (gone.length + fresh.length > MOST_SINGLE_ELEMENTS) return `flush set ${name}\n${change('add', wanted)}`;
  return `${change('delete', gone)}${change('add', fresh)}`;
}

/**
 * The smallest transaction from one table to another; empty when they are the same. Chains that differ are emptied and
 * filled, held elements added and removed, `flushSets` emptied; new objects come first, old ones go last. Where an
 * object's definition itself differs, which no two of our tables do, the table is made anew.
 */
export function renderUpdate(before: NftTable, after: NftTable, flushSets: readonly string[] = []): string {
  const sets = difference(before.sets, after.sets);
  const chains = difference(before.chains, after.chains);
  if (
    before.name !== after.name ||
    sets.kept.some((pair) => !same(setKind(pair.before), setKind(pair.after))) ||
    chains.kept.some((pair) => !same(pair.before.base, pair.after.base))
  )
    return `${renderRemove(before)}${renderRecreate(after)}`;
  const changed = chains.kept
    .filter((pair) => !same(pair.before.rules, pair.after.rules))
    .map(({ after: chain }) => chain);
  // What has not changed was checked when it was made.
  assertTable(after, [...chains.added, ...changed]);
  const toFlush = [...changed, ...chains.removed];
  return [
    // First all names, so that the rules below can refer to any of them.
    tableBlock(after, [
      ...sets.added.map((set) => setBlock(set, true)),
      ...chains.added.map((chain) => chainBlock(chain, 'definition')),
    ]),
    ...toFlush.map(({ name }) => `flush chain ${address(after, name)}\n`),
    ...sets.kept.map((pair) => setChange(after, pair.before, pair.after)),
    ...flushSets.map((name) => `flush set ${address(after, name)}\n`),
    tableBlock(
      after,
      [...chains.added, ...changed]
        .filter(({ rules }) => rules.length > 0)
        .map((chain) => chainBlock(chain, 'rules')),
    ),
    ...chains.removed.map(({ name }) => `delete chain ${address(after, name)}\n`),
    ...sets.removed.map(({ name }) => `delete set ${address(after, name)}\n`),
  ].join('');
}
