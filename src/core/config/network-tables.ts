/**
 * Routing tables that the user has: a WAN's number is its table, which the engine fills with its own routes. A user's table of that number would
 * be overwritten, so such a configuration is refused.
 */
import type { Family, MultiWanConfig } from '../policy/model.ts';
import { quoted } from './option.ts';
import { type ConfigProblem, optionText, sectionAddress, type UciSection } from './uci.ts';

export interface TableUse {
  /** Number, or a name of /etc/iproute2/rt_tables. */
  readonly table: string;
  /** null = both. */
  readonly family: Family | null;
  /** Section and option. */
  readonly where: string;
}

/** Options of /etc/config/network that name a routing table: section type, option, family. */
const OPTIONS = [
  ['interface', 'ip4table', 'ipv4'],
  ['interface', 'ip6table', 'ipv6'],
  ['route', 'table', 'ipv4'],
  ['route6', 'table', 'ipv6'],
  ['rule', 'lookup', 'ipv4'],
  ['rule6', 'lookup', 'ipv6'],
] as const;

/** @param sections of /etc/config/network. */
export function tableUses(sections: readonly UciSection[]): readonly TableUse[] {
  return sections.flatMap((section) =>
    OPTIONS.flatMap(([type, option, family]) => {
      const table = section.type === type ? optionText(section, option) : null;
      const where = `${sectionAddress('network', sections, section)}.${option}`;
      return table === null ? [] : [{ table, family, where }];
    }),
  );
}

/** Tables of the kernel that are in use by others; `what` is there, after "in which". */
export interface OccupiedTable {
  readonly table: number;
  readonly family: Family;
  readonly what: string;
}

/**
 * WANs whose table is somebody else's. Errors, as those of the file.
 *
 * @param numbers of named tables.
 */
export function checkTables(
  config: MultiWanConfig,
  uses: readonly TableUse[],
  numbers: Readonly<Record<string, number>>,
  occupied: readonly OccupiedTable[] = [],
): readonly ConfigProblem[] {
  const numberOf = (table: string): number | undefined =>
    /^\d+$/.test(table) ? Number(table) : Object.keys(numbers).includes(table) ? numbers[table] : undefined;
  const all: readonly TableUse[] = [
    ...uses,
    ...config.customTables.map((table) => ({
      table,
      family: null,
      where: 'mwan3.globals.rt_table_lookup',
    })),
  ];
  const problem = (where: string, text: string): ConfigProblem => ({ severity: 'error', where, text });
  return config.wans
    .filter(({ enabled }) => enabled)
    .flatMap(({ name, number, family }) => [
      ...all
        .filter((use) => numberOf(use.table) === number && (use.family ?? family) === family)
        .map(({ table, where }) =>
          problem(
            where,
            `Is ${quoted(table)}, but the routing table ${number} is that of ${name}, the ${number}. interface section: give what is here another one.`,
          ),
        ),
      ...occupied
        .filter((use) => use.table === number && use.family === family)
        .map(({ what }) =>
          problem(
            `mwan3.${name}`,
            `Is the ${number}. interface section, so its routing table is ${number}, in which ${what}: it would be overwritten.`,
          ),
        ),
    ]);
}
