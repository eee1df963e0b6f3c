/**
 * `nft -j list table` to what we compare: which objects the table has, and for each of them a digest of what it is. Left out: handles,
 * counters, the order in which the kernel keeps unordered things, and the elements of sets that others or rules fill.
 */
import type { Result } from '../../lib/result.ts';
import { Fields, Unexpected, type Value } from '../neighbours/value.ts';
import { digest } from './digest.ts';
import { decodeJson } from './json.ts';

export interface ChainFacts {
  readonly name: string;
  /** What it is: hook, priority, comment. */
  readonly definition: string;
  /** Comments of its rules in order, null for a rule without one. */
  readonly comments: readonly (string | null)[];
  /** Digest of its rules. */
  readonly rules: string;
}

export interface SetFacts {
  readonly name: string;
  readonly definition: string;
  /** Digest of its elements, sorted, without their timeouts. */
  readonly elements: string;
  readonly size: number;
}

export interface TableFacts {
  readonly chains: readonly ChainFacts[];
  readonly sets: readonly SetFacts[];
  /** Kinds and names of what none of our tables has: maps, counters, flowtables … */
  readonly others: readonly { readonly kind: string; readonly name: string }[];
}

const LEFT_OUT = ['handle', 'family', 'table', 'index'];

/** The value with sorted keys, sorted anonymous sets, and without what changes by itself. */
function canonical(value: Value): Value {
  if (Array.isArray(value)) return (value as readonly Value[]).map(canonical);
  if (value === null || typeof value !== 'object') return value;
  const table = value as Readonly<Record<string, Value>>;
  const entries = Object.keys(table)
    .sort()
    .map((name): readonly [string, Value] => {
      const item = table[name] ?? null;
      // A counter's numbers run; its place in the rule stays.
      if (name === 'counter' && item !== null && typeof item === 'object') return [name, null];
      if (name === 'set' && Array.isArray(item))
        return [name, sorted((item as readonly Value[]).map(canonical))];
      return [name, canonical(item)];
    });
  return Object.fromEntries(entries);
}

function sorted(items: readonly Value[]): readonly Value[] {
  return items
    .map((item) => ({ item, text: JSON.stringify(item) }))
    .sort((a, b) => (a.text < b.text ? -1 : 1))
    .map(({ item }) => item);
}

/** An element without its timeout and counters. */
function bareElement(value: Value): Value {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  const inner = (value as Readonly<Record<string, Value>>)['elem'];
  if (inner === null || inner === undefined || typeof inner !== 'object' || Array.isArray(inner))
    return value;
  return (inner as Readonly<Record<string, Value>>)['val'] ?? value;
}

function without(value: Value, names: readonly string[]): Value {
  const table = value as Readonly<Record<string, Value>>;
  return Object.fromEntries(Object.entries(table).filter(([name]) => !names.includes(name)));
}

const text = (value: Value): string => JSON.stringify(canonical(value));

/** The facts, or what is wrong with the text. Throws nothing. */
export function decodeTable(output: string): Result<TableFacts, string> {
  return decodeJson(output, 'nft -j list table', {}, (value) => {
    const chains = new Map<string, { definition: string; comments: (string | null)[]; rules: string[] }>();
    const sets: SetFacts[] = [];
    const others: { kind: string; name: string }[] = [];
    for (const item of new Fields(value, '').tables('nftables')) {
      const [kind = ''] = item.names();
      if (kind === 'metainfo' || kind === 'table') continue;
      const fields = item.table(kind);
      const raw = (itemOf(value, item.place(kind)) ?? {}) as Value;
      if (kind === 'rule') {
        const chain = chains.get(fields.text('chain'));
        if (chain === undefined) throw new Unexpected(`${fields.place('chain')} is no chain of the table`);
        chain.comments.push(fields.textOr('comment', null));
        chain.rules.push(text(without(raw, [...LEFT_OUT, 'chain'])));
      } else if (kind === 'chain') {
        const definition = text(without(raw, [...LEFT_OUT, 'name']));
        chains.set(fields.text('name'), { definition, comments: [], rules: [] });
      } else if (kind === 'set') {
        const elements = fields.items('elem').map((element) => text(bareElement(element)));
        sets.push({
          name: fields.text('name'),
          definition: setDefinition(raw),
          elements: digest(elements.sort().join('\n')),
          size: elements.length,
        });
      } else {
        others.push({ kind, name: fields.textOr('name', '') });
      }
    }
    return {
      chains: [...chains].map(([name, { definition, comments, rules }]) => ({
        name,
        definition,
        comments,
        rules: digest(rules.join('\n')),
      })),
      sets,
      others,
    };
  });
}

/** Flags come in an order of nft's own. */
function setDefinition(raw: Value): string {
  const { flags, ...rest } = without(raw, [...LEFT_OUT, 'name', 'elem']) as Readonly<Record<string, Value>>;
  return text({ ...rest, flags: Array.isArray(flags) ? sorted(flags as readonly Value[]) : (flags ?? []) });
}

/** The untyped object behind a place `nftables[3].rule`. */
function itemOf(value: Value, where: string): Value | undefined {
  const [, index = '', kind = ''] = /^nftables\[(\d+)\]\.(.+)$/.exec(where) ?? [];
  const list = (value as Readonly<Record<string, Value>>)['nftables'] as readonly Value[];
  return (list[Number(index)] as Readonly<Record<string, Value>> | undefined)?.[kind];
}
