/** vrrp_instance and vrrp_sync_group of a keepalived.conf, as the two generations of OpenWrt's init script write them. */
import { flags, notifyLine, settings, topBlock } from './lines.ts';
import {
  boolOf,
  named,
  ofType,
  type ScriptGeneration,
  syncGroupOf,
  textOf,
  type UciSection,
  wordsOf,
} from './uci.ts';

const INSTANCE_SETTINGS = [
  'state',
  'interface',
  'mcast_src_ip',
  'unicast_src_ip',
  'virtual_router_id',
  'version',
  'priority',
  'advert_int',
  'preempt_delay',
  'debug',
  'lvs_sync_daemon_interface',
  'garp_master_delay',
  'garp_master_refresh',
  'garp_master_repeat',
  'garp_master_refresh_repeat',
];
export const INSTANCE_FLAGS = [
  'vmac_xmit_base',
  'native_ipv6',
  'accept',
  'dont_track_primary',
  'smtp_alert',
  'nopreempt',
  'use_vmac',
  'no_accept',
];

/** All that a list's entries are turned into; an entry that names nothing gives no line. */
type EntryLines = (entry: string) => readonly string[];

/** The block of a vrrp_instance; none without a name. */
export function renderInstance(
  sections: readonly UciSection[],
  section: UciSection,
  generation: ScriptGeneration,
): readonly string[] {
  const name = textOf(section, 'name');
  if (name === '') return [];
  const list = (option: string, lines: EntryLines) =>
    listBlock(option, wordsOf(section, option), lines, textOf(section, option) !== '', generation);
  return topBlock(`vrrp_instance ${name}`, [
    ...authentication(section),
    ...settings(section, '\t', INSTANCE_SETTINGS),
    ...flags(section, '\t', INSTANCE_FLAGS),
    ...['notify_backup', 'notify_master', 'notify_fault', 'notify_stop'].map((event) =>
      notifyLine(event, 'INSTANCE', name, '\t'),
    ),
    ...list('virtual_ipaddress', (entry) => addressLines(sections, entry)),
    ...list('virtual_ipaddress_excluded', (entry) => addressLines(sections, entry)),
    ...list('virtual_routes', (entry) => routeLines(sections, entry)),
    ...list('track_script', (entry) => trackScriptLines(sections, entry, generation)),
    ...list('track_interface', (entry) => trackInterfaceLines(sections, entry)),
    ...list('track_bfd', (entry) => trackBfdLines(sections, entry)),
    ...list('unicast_peer', (entry) => peerLines(sections, entry, generation)),
  ]);
}

/** The block of a vrrp_sync_group; none without a name or without a member that is an instance. */
export function renderSyncGroup(
  sections: readonly UciSection[],
  section: UciSection,
  generation: ScriptGeneration,
): readonly string[] {
  const group = syncGroupOf(sections, section);
  if (group === undefined) return [];
  const tracked =
    generation === 'present'
      ? listBlock(
          'track_script',
          wordsOf(section, 'track_script'),
          (entry) => trackScriptLines(sections, entry, generation),
          textOf(section, 'track_script') !== '',
          generation,
        )
      : [];
  return topBlock(`vrrp_sync_group ${group.name}`, [
    '\tgroup {',
    ...group.members.map((member) => `\t\t${member}`),
    '\t}',
    ...flags(section, '\t', ['smtp_alert', 'global_tracking']),
    ...tracked,
    ...['notify_backup', 'notify_master', 'notify_fault', 'notify'].map((event) =>
      notifyLine(event, 'GROUP', group.name, '\t'),
    ),
  ]);
}

function authentication(section: UciSection): readonly string[] {
  const type = textOf(section, 'auth_type');
  const password = textOf(section, 'auth_pass');
  if (type === '' || password === '') return [];
  return ['\tauthentication {', `\t\tauth_type ${type}`, `\t\tauth_pass ${password}`, '\t}'];
}

/** The block of a list inside an instance; `set` although every entry is dropped leaves an empty block. */
function listBlock(
  option: string,
  entries: readonly string[],
  lines: EntryLines,
  set: boolean,
  generation: ScriptGeneration,
): readonly string[] {
  if (!set) return [];
  const body = entries.flatMap((entry) => lines(entry).map((line) => `\t\t${line}`));
  return [`\t${option} {`, ...body, '\t}', ...(generation === 'present' ? [''] : [])];
}

/** `ADDRESS [dev D label D:SUFFIX [scope S]]`: without a device, scope and label are dropped. */
export function addressLines(sections: readonly UciSection[], entry: string): readonly string[] {
  return named(sections, 'ipaddress', entry).flatMap((section) => {
    const address = textOf(section, 'address');
    const device = textOf(section, 'device');
    const scope = textOf(section, 'scope');
    if (address === '') return [];
    if (device === '') return [address];
    const label = `${device}:${textOf(section, 'label_suffix') || 'vip'}`;
    return [`${address} dev ${device} label ${label}${scope === '' ? '' : ` scope ${scope}`}`];
  });
}

/** A route; its scope is never written, and one without device and src_addr is left out. */
export function routeLines(sections: readonly UciSection[], entry: string): readonly string[] {
  return named(sections, 'route', entry).flatMap((section) => {
    const address = textOf(section, 'address');
    const source = textOf(section, 'src_addr');
    const device = textOf(section, 'device');
    const gateway = textOf(section, 'gateway');
    const table = textOf(section, 'table');
    if (address === '') return [];
    if (boolOf(section, 'blackhole', false)) return [`blackhole ${address}`];
    if (source === '' && device === '') return [];
    const target = source === '' ? address : `src ${source} ${address}`;
    const via = gateway === '' ? '' : ` via ${gateway}`;
    return [`${target}${via} dev ${device}${table === '' ? '' : ` table ${table}`}`];
  });
}

/**
 * 24.10: the `track_script` sections of that name. Present: **every** named vrrp_script, whatever the entry says. The
 * blank after a weight without direction is the script's.
 */
function trackScriptLines(
  sections: readonly UciSection[],
  entry: string,
  generation: ScriptGeneration,
): readonly string[] {
  const present = generation === 'present';
  const tracked = present ? ofType(sections, 'vrrp_script') : named(sections, 'track_script', entry);
  return tracked.flatMap((section) => {
    const script = textOf(section, present ? 'name' : 'value');
    const weight = textOf(section, 'weight');
    const direction = textOf(section, 'direction');
    const known = direction === 'reverse' || direction === 'noreverse' ? direction : '';
    if (script === '') return [];
    return [weight === '' ? script : `${script} weight ${weight} ${known}`];
  });
}

function trackInterfaceLines(sections: readonly UciSection[], entry: string): readonly string[] {
  return named(sections, 'track_interface', entry).flatMap((section) => {
    const device = textOf(section, 'value');
    return device === '' ? [] : [`${device}${weightOf(section)}`];
  });
}

/** The weight is the bfd_instance's; `track_bfd` sections are not read. */
function trackBfdLines(sections: readonly UciSection[], entry: string): readonly string[] {
  return named(sections, 'bfd_instance', entry).map((section) => `${entry}${weightOf(section)}`);
}

function weightOf(section: UciSection): string {
  const weight = textOf(section, 'weight');
  return weight === '' ? '' : ` weight ${weight}`;
}

function peerLines(
  sections: readonly UciSection[],
  entry: string,
  generation: ScriptGeneration,
): readonly string[] {
  return named(sections, 'peer', entry).flatMap((section) => {
    const address = textOf(section, 'address');
    if (address === '') return [];
    const limits = generation === 'present' ? ['min_ttl', 'max_ttl'] : [];
    return [
      address +
        limits
          .filter((option) => textOf(section, option) !== '')
          .map((option) => ` ${option} ${textOf(section, option)}`)
          .join(''),
    ];
  });
}
