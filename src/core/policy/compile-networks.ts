/**
 * Sets of destinations that the policies leave alone, from the routing table: connected (everything that main knows, for IPv4
 * also what local knows) and custom (what the tables of `rt_table_lookup` know). `dynamic` belongs to the administrator.
 */
import { plain } from '../nft/names.ts';
import type { NftSet } from '../nft/objects.ts';
import type { CompileInput, Family } from './model.ts';
import { type Prefix, parsePrefix, prefixText, withoutCovered } from './prefixes.ts';
import { digit } from './wans.ts';

export const TABLE_MAIN = 254;
export const TABLE_LOCAL = 255;
const TABLE_DEFAULT = 253;

export type NetworkKind = 'custom' | 'connected' | 'dynamic';

/** In mwan3's order; what they do is the same, so the order matters to a reader only. */
export const NETWORKS: readonly NetworkKind[] = ['custom', 'connected', 'dynamic'];

export function networkSet(kind: NetworkKind, family: Family): string {
  return `${kind}${digit(family)}`;
}

/** Numbers of the tables of `rt_table_lookup`; unknown names go to `unknown`. */
export function customTables(input: CompileInput): {
  readonly numbers: readonly number[];
  readonly unknown: readonly string[];
} {
  const known: Readonly<Record<string, number>> = {
    ...input.tableNumbers,
    main: TABLE_MAIN,
    local: TABLE_LOCAL,
    default: TABLE_DEFAULT,
  };
  const numbers: number[] = [];
  const unknown: string[] = [];
  for (const name of input.config.customTables) {
    const number = /^\d+$/.test(name)
      ? Number(name)
      : Object.keys(known).includes(name)
        ? known[name]
        : undefined;
    if (number === undefined) unknown.push(name);
    else numbers.push(number);
  }
  return { numbers: [...new Set(numbers)], unknown };
}

function prefixesOf(input: CompileInput, family: Family, tables: readonly number[]): readonly Prefix[] {
  return input.routes.flatMap((route) => {
    if (route.family !== family || !tables.includes(route.table)) return [];
    const prefix = parsePrefix(route.destination);
    // A default route, in whatever spelling, is no network.
    return prefix === null || prefix.family !== family || prefix.length === 0 ? [] : [prefix];
  });
}

/** Multicast and what lies above it: mwan3 adds it to the connected networks. */
const MULTICAST = parsePrefix('224.0.0.0/3');

/** The three sets of a family. */
export function compileNetworks(input: CompileInput, family: Family): readonly NftSet[] {
  const elements: Record<NetworkKind, readonly Prefix[] | null> = {
    custom: prefixesOf(input, family, customTables(input).numbers),
    connected: [
      ...prefixesOf(input, family, family === 'ipv4' ? [TABLE_MAIN, TABLE_LOCAL] : [TABLE_MAIN]),
      ...(family === 'ipv4' && MULTICAST !== null ? [MULTICAST] : []),
    ],
    dynamic: null,
  };
  const comments: Record<NetworkKind, string> = {
    custom: 'destinations in the tables of rt_table_lookup',
    connected: 'destinations that table main knows',
    dynamic: 'destinations that the administrator adds',
  };
  return NETWORKS.map((kind): NftSet => {
    const held = elements[kind];
    return {
      name: networkSet(kind, family),
      type: family === 'ipv4' ? 'ipv4_addr' : 'ipv6_addr',
      flags: ['interval'],
      // Only where others add elements: what we add does not overlap.
      autoMerge: held === null,
      elements: held === null ? null : withoutCovered(held).map(prefixText),
      comment: plain(comments[kind]),
    };
  });
}
