/** Sections `defaults`, `zone` and `forwarding`. */
import type { UciSection } from 'uci-parser';
import { matchWords } from './match.ts';
import { type Reader, readSection, type Warn } from './section.ts';
import {
  addLine,
  agreeOnFamily,
  type Defaults,
  type Policy,
  type State,
  type Zone,
  zoneRef,
} from './state.ts';
import { type Family, parseFamily, parseLimit, parseName, parseWord, quoted } from './values.ts';

const parsePolicy = parseWord<Policy>(['accept', 'reject', 'drop']);
const REJECT_CODES = [
  'tcp-reset',
  'port-unreachable',
  'admin-prohibited',
  'host-unreachable',
  'no-route',
] as const;
const parseNumber = (text: string): number | null => (/^\d+$/.test(text) ? Number(text) : null);

/** What holds without a section. */
export const DEFAULTS: Defaults = {
  input: 'drop',
  output: 'drop',
  forward: 'drop',
  dropInvalid: false,
  synFlood: undefined,
  tcpReject: 'tcp-reset',
  anyReject: 'port-unreachable',
  autoHelper: true,
  offload: false,
};

export function readDefaults(pkg: State['pkg'], warn: Warn): Defaults {
  const [section, ...more] = pkg.sections.filter(({ type }) => type === 'defaults');
  for (const extra of more) readSection(pkg, extra, warn).warn(': ignoring duplicate defaults section');
  if (section === undefined) return DEFAULTS;
  const reader = readSection(pkg, section, warn);
  const reject = (option: string, fallback: string): string =>
    reader.one(option, parseWord(REJECT_CODES)) ?? fallback;
  const old = reader.flag('syn_flood', false);
  const limit = reader.one('synflood_rate', parseLimit) ?? { rate: 25, unit: 'second' };
  const burst = reader.one('synflood_burst', parseNumber) ?? 50;
  const defaults: Defaults = {
    input: reader.one('input', parsePolicy) ?? 'drop',
    output: reader.one('output', parsePolicy) ?? 'drop',
    forward: reader.one('forward', parsePolicy) ?? 'drop',
    dropInvalid: reader.flag('drop_invalid', false),
    synFlood: reader.flag('synflood_protect', old) ? { limit, burst } : undefined,
    tcpReject: reject('tcp_reject_code', 'tcp-reset'),
    anyReject: reject('any_reject_code', 'port-unreachable'),
    autoHelper: reader.flag('auto_helper', true),
    offload: reader.flag('flow_offloading', false),
  };
  // Sysctl settings and the hardware's offload: not done here.
  reader.known('tcp_syncookies', 'tcp_ecn', 'tcp_window_scaling', 'accept_redirects', 'accept_source_route');
  reader.known('custom_chains', 'disable_ipv6', 'flow_offloading_hw', 'auto_includes');
  return reader.ends() ? defaults : DEFAULTS;
}

/** What conntrack can follow: name, protocol, port, family, module, words. */
export const HELPERS: readonly (readonly [string, string, number, Family, string, string])[] = [
  ['amanda', 'udp', 10080, 0, 'amanda', 'Amanda backup and archiving proto'],
  ['ftp', 'tcp', 21, 0, 'ftp', 'FTP passive connection tracking'],
  ['RAS', 'udp', 1719, 0, 'h323', 'RAS proto tracking'],
  ['Q.931', 'tcp', 1720, 0, 'h323', 'Q.931 proto tracking'],
  ['irc', 'tcp', 6667, 4, 'irc', 'IRC DCC connection tracking'],
  ['netbios-ns', 'udp', 137, 4, 'netbios_ns', 'NetBIOS name service broadcast tracking'],
  ['sane', 'tcp', 6566, 0, 'sane', 'SANE scanner connection tracking'],
  ['sip', 'udp', 5060, 0, 'sip', 'SIP VoIP connection tracking'],
  ['snmp', 'udp', 161, 4, 'snmp', 'SNMP monitoring connection tracking'],
  ['tftp', 'udp', 69, 0, 'tftp', 'TFTP connection tracking'],
];

export const helpersOf = (state: State): typeof HELPERS =>
  HELPERS.filter(([, , , , module]) => state.world.hasModule(`nf_conntrack_${module}`));

function addHelpers(state: State, zone: Zone): void {
  zone.needs.add('helper');
  for (const [name, proto, port, family, , words] of helpersOf(state)) {
    const match = matchWords({ family, proto: { name: proto } });
    const line = [...match, `${proto} dport ${port}`, `ct helper set "${name}"`, `comment "!fw4: ${words}"`];
    addLine(state, `helper_${zone.name}`, line.join(' '));
  }
}

function devicesOf(state: State, reader: Reader): Pick<Zone, 'networks' | 'devices' | 'subnets'> {
  const networks = reader.many('network', (text) => text);
  const found = networks.flatMap((name) => state.world.networks.get(name) ?? []);
  return {
    networks,
    devices: [...found.flatMap(({ device }) => device ?? []), ...reader.many('device', (text) => text)],
    subnets: found.flatMap(({ addresses }) => addresses),
  };
}

export function addZone(state: State, section: UciSection): void {
  const { defaults } = state;
  const reader = readSection(state.pkg, section, state.warn);
  const policy = (option: 'input' | 'output' | 'forward'): Policy =>
    reader.one(option, parsePolicy) ?? defaults[option];
  const [input, output, forward] = [policy('input'), policy('output'), policy('forward')];
  const masq4 = reader.flag('masq', false);
  const masq6 = reader.flag('masq6', false);
  const autoHelper = reader.flag('auto_helper', true);
  const zone: Zone = {
    name: reader.required('name', parseName) ?? '',
    family: reader.one('family', parseFamily) ?? 0,
    ...{ input, output, forward, masq4, masq6 },
    allowInvalid: reader.flag('masq_allow_invalid', false),
    mtuFix: reader.flag('mtu_fix', false),
    counter: reader.flag('counter', true),
    ...devicesOf(state, reader),
    from: new Set([input]),
    to: new Set([output, forward]),
    needs: new Set(masq4 || masq6 ? ['snat'] : []),
  };
  reader.known('custom_chains', 'log', 'log_limit');
  if (!reader.ends()) return;
  if (autoHelper && defaults.autoHelper && !masq4 && !masq6) addHelpers(state, zone);
  state.zones.push(zone);
}

export function addForwarding(state: State, section: UciSection): void {
  const reader = readSection(state.pkg, section, state.warn);
  const title = reader.one('name', (text) => text);
  const own = reader.one('family', parseFamily);
  const src = reader.required('src', zoneRef(state));
  const dest = reader.required('dest', zoneRef(state));
  if (!reader.ends() || src === undefined || dest === undefined) return;
  const from = src === '*' ? undefined : src;
  const to = dest === '*' ? undefined : dest;
  const family = agreeOnFamily(own, [
    [from?.family, 'source zone'],
    [to?.family, 'destination zone'],
  ]);
  if (typeof family === 'string') {
    reader.warn(`${family}, skipping`);
    return;
  }
  const only = family === 4 ? 'IPv4 ' : family === 6 ? 'IPv6 ' : '';
  const name = title ?? `Accept ${from?.name ?? 'any'} to ${to?.name ?? 'any'} ${only}forwarding`;
  const line = [
    ...matchWords({ family: family ?? 0, proto: { name: undefined } }),
    to === undefined ? 'accept' : `jump accept_to_${to.name}`,
    `comment ${quoted(`!fw4: ${name}`)}`,
  ];
  addLine(state, from === undefined ? 'forward' : `forward_${from.name}`, line.join(' '));
  to?.to.add('accept');
}
