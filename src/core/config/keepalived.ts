/**
 * /etc/config/keepalived as far as the status needs it: which VRRP instances there are and which sync group they are
 * in. keepalived's dump knows no groups. The rendering of the whole file is elsewhere (src/core/keepalived).
 */
import type { DecodedConfig } from './hagw.ts';
import { decodeSection, type OptionTable } from './option.ts';
import { type ConfigProblem, sectionAddress, type UciSection } from './uci.ts';

const INSTANCE = {
  name: { type: 'string', maxLength: 64, required: true, text: 'Name of the instance.' },
  interface: {
    type: 'name',
    text: 'Device, never a netifd name; an instance with unicast_src_ip needs none.',
  },
  virtual_router_id: { type: 'integer', min: 1, max: 255, required: true, text: 'VRID.' },
  priority: { type: 'integer', min: 1, max: 255, default: '100', text: 'VRRP priority.' },
  version: { type: 'integer', min: 2, max: 3, text: 'VRRP version.' },
  advert_int: {
    type: 'decimal',
    unit: 's',
    min: 0.01,
    max: 255,
    default: '1',
    text: 'Advertisement_Interval.',
  },
} as const satisfies OptionTable;

const GROUP = {
  name: { type: 'string', maxLength: 64, required: true, text: 'Name of the group.' },
  group: { type: 'string', list: true, text: 'Instances that change state together.' },
} as const satisfies OptionTable;

const GLOBALS = {
  alt_config_file: { type: 'string', text: 'Another configuration file, used instead of UCI.' },
} as const satisfies OptionTable;

export interface KeepalivedInstance {
  readonly name: string;
  /** null: the instance has none, and its addresses name theirs. */
  readonly device: string | null;
  readonly vrid: number;
  readonly priority: number;
  readonly version: number | null;
  readonly advertIntervalMs: number;
  /** Address of the section, for messages. */
  readonly where: string;
}

export interface KeepalivedGroup {
  readonly name: string;
  readonly members: readonly string[];
}

export interface KeepalivedConfig {
  readonly instances: readonly KeepalivedInstance[];
  readonly groups: readonly KeepalivedGroup[];
  readonly altConfigFile: string | null;
}

/** Decodes /etc/config/keepalived; `value` is never null, problems are all warnings. */
export function decodeKeepalived(
  sections: readonly UciSection[],
): DecodedConfig<KeepalivedConfig> & { readonly value: KeepalivedConfig } {
  const problems: ConfigProblem[] = [];
  const decodeAll = <const T extends OptionTable>(type: string, table: T) =>
    sections
      .filter((section) => section.type === type)
      .flatMap((section) => {
        const where = sectionAddress('keepalived', sections, section);
        const report = (problem: ConfigProblem): void => {
          problems.push({ ...problem, severity: 'warning' });
        };
        const values = decodeSection(table, section, { where, report, nameUnknown: false });
        return values === null ? [] : [{ where, values }];
      });

  const instances = decodeAll('vrrp_instance', INSTANCE).map(
    ({ where, values }): KeepalivedInstance => ({
      name: values.name,
      device: values.interface,
      vrid: values.virtual_router_id,
      priority: values.priority,
      version: values.version,
      advertIntervalMs: Math.round(values.advert_int * 1000),
      where,
    }),
  );
  const groups = decodeAll('vrrp_sync_group', GROUP).map(({ where, values }): KeepalivedGroup => {
    for (const member of values.group) {
      if (instances.some(({ name }) => name === member)) continue;
      problems.push({
        severity: 'warning',
        where: `${where}.group`,
        text: `Names '${member}', which is no vrrp_instance.`,
      });
    }
    return { name: values.name, members: values.group };
  });
  const altConfigFile =
    decodeAll('globals', GLOBALS)
      .map(({ values }) => values.alt_config_file)
      .find((file) => file !== null) ?? null;
  return { value: { instances, groups, altConfigFile }, problems };
}
