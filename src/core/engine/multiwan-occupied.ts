/**
 * Routing tables that are not ours to write: those that UCI network and `rt_table_lookup` name, and those in which the kernel shows
 * routes, or rules that lead there, of somebody else. What the engine once had in force is its own from then on.
 */
import { checkLinks } from '../config/multiwan.ts';
import { checkTables, type OccupiedTable } from '../config/network-tables.ts';
import type { ConfigProblem } from '../config/uci.ts';
import type { KernelRule } from '../plan/decode-rules.ts';
import { tablesOfRules, wanOfRule } from '../plan/ours.ts';
import { MOST_WANS } from '../policy/marks.ts';
import type { Family, MultiWanConfig } from '../policy/model.ts';
import type { MultiWanState } from './multiwan-types.ts';

export const placeOf = (family: Family, table: number): string => `${family} ${table}`;

/** Tables of the WANs that are switched on. */
export function tablesOf(config: MultiWanConfig): readonly string[] {
  return config.wans.filter(({ enabled }) => enabled).map(({ family, number }) => placeOf(family, number));
}

/** Tables that an earlier run of ours, or mwan3, left: rules of our shape lead to them. */
export function leftTables(rules: readonly KernelRule[]): readonly string[] {
  return tablesOfRules(rules).map(({ family, table }) => placeOf(family, table));
}

/** Tables that rules of others lead to, with the rule. */
export function foreignTables(rules: readonly KernelRule[]): readonly OccupiedTable[] {
  return rules.flatMap(({ family, rule, text }) => {
    const table = Number(/\btable (\d+)/.exec(text)?.[1] ?? 0);
    const isOurs = rule !== null && wanOfRule(rule) !== null;
    return isOurs || table < 1 || table > MOST_WANS
      ? []
      : [{ family, table, what: `the ip rule '${text}' looks` }];
  });
}

/** Why a configuration cannot be taken: its tables are somebody else's. */
export function occupiedBy(state: MultiWanState, config: MultiWanConfig): readonly ConfigProblem[] {
  const { owned, routes, ruleTables, situation, tableNumbers } = state;
  const seen = new Set(owned);
  const found: OccupiedTable[] = [];
  for (const one of [
    ...ruleTables,
    ...(routes ?? [])
      .filter(({ table }) => table <= MOST_WANS)
      .map(({ family, table, words }) => ({
        family,
        table,
        what: `there is the route '${words.join(' ')}' of somebody else`,
      })),
  ]) {
    const place = placeOf(one.family, one.table);
    if (seen.has(place)) continue;
    // One sentence for each table will do.
    seen.add(place);
    found.push(one);
  }
  return checkTables(config, situation.tableUses, tableNumbers, found);
}

/** What the router knows to be wrong with a configuration that is not in force yet. */
export function liveProblems(state: MultiWanState, config: MultiWanConfig): readonly ConfigProblem[] {
  const { devices, tableUses } = state.situation;
  const links = config.wans.map(({ name, family }) => ({
    name,
    device: devices[`${name}_${family === 'ipv4' ? 4 : 6}`] ?? devices[name] ?? null,
    state: 'unknown' as const,
  }));
  // While another engine runs, what is in the tables is its own.
  const tables =
    state.phase === 'running'
      ? occupiedBy(state, config)
      : checkTables(config, tableUses, state.tableNumbers);
  return [...checkLinks(config, links), ...tables];
}
