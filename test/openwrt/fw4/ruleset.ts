/**
 * UCI `firewall` as firewall4's table `inet fw4`, written after the recordings in test/captures/fw4 and held against them.
 *
 * Simpler than firewall4: zones by network and device, without `subnet`, `!` and `+`; addresses without ranges and non-contiguous masks; no
 * logging, times, DSCP or helpers per zone; redirects to DNAT alone; no includes but /etc/nftables.d, no rules from services over ubus, no sysctl settings.
 */
import type { UciPackage } from 'uci-parser';
import { matchWords } from './match.ts';
import { addNat, addRedirect } from './nat.ts';
import { addRule, addSet } from './rules.ts';
import type { Warn } from './section.ts';
import type { Policy, State, World, Zone } from './state.ts';
import { familyName, setText, subnetText } from './values.ts';
import { addForwarding, addZone, helpersOf, readDefaults } from './zones.ts';

const VERDICTS: readonly Policy[] = ['accept', 'reject', 'drop'];

/** Sections of each type in file order; the types in firewall4's order. */
export function readFirewall(pkg: UciPackage, world: World, warn: Warn): State {
  const defaults = readDefaults(pkg, warn);
  const state: State = { pkg, world, warn, defaults, zones: [], sets: [], chains: new Map() };
  const readers = {
    ipset: addSet,
    zone: addZone,
    rule: addRule,
    forwarding: addForwarding,
    redirect: addRedirect,
    nat: addNat,
  };
  for (const [wanted, read] of Object.entries(readers)) {
    for (const section of pkg.sections) if (section.type === wanted) read(state, section);
  }
  return state;
}

const indent = (lines: readonly string[], tabs = '\t\t'): string[] => lines.map((one) => `${tabs}${one}`);
const title = (words: string): string[] => ['\t#', `\t# ${words}`, '\t#', ''];
const chain = (name: string, lines: readonly string[]): string[] => [
  `\tchain ${name} {`,
  ...indent(lines),
  '\t}',
  '',
];

/** `iifname …` of a zone; undefined if it has no device. */
function zoneMatch(zone: Zone, egress: boolean): string[] | undefined {
  if (zone.devices.length === 0) return undefined;
  const family = zone.family === 0 ? [] : [`meta nfproto ipv${zone.family}`];
  return [...family, `${egress ? 'oifname' : 'iifname'} ${setText(zone.devices)}`];
}

const comment = (words: string): string => `comment "!fw4: ${words}"`;

function jump(zone: Zone, direction: string, what = 'traffic'): string[] {
  const match = zoneMatch(zone, direction === 'output' || direction === 'srcnat');
  if (match === undefined) return [];
  const words = `Handle ${zone.name} ${familyName(zone.family)} ${direction} ${what}`;
  return [[...match, `jump ${direction}_${zone.name}`, comment(words)].join(' ')];
}

function verdictChain(state: State, zone: Zone, verdict: Policy, egress: boolean): string[] {
  const match = zoneMatch(zone, egress);
  const lines: string[] = [];
  const counter = zone.counter ? ['counter'] : [];
  if (match !== undefined) {
    const hasNat = zone.masq4 || zone.masq6;
    // With drop_invalid the base chains have dropped it already.
    const leaks = hasNat && !zone.allowInvalid && !state.defaults.dropInvalid;
    if (egress && verdict === 'accept' && leaks) {
      const family = zone.masq4 === zone.masq6 ? [] : [`meta nfproto ipv${zone.masq4 ? 4 : 6}`];
      const devices = `oifname ${setText(zone.devices)}`;
      lines.push(
        [...family, devices, 'ct state invalid', ...counter, 'drop', comment('Prevent NAT leakage')].join(
          ' ',
        ),
      );
    }
    const action = verdict === 'reject' ? 'jump handle_reject' : verdict;
    const words = comment(`${verdict} ${zone.name} ${familyName(zone.family)} traffic`);
    lines.push([...match, ...counter, action, words].join(' '));
  }
  return chain(`${verdict}_${egress ? 'to' : 'from'}_${zone.name}`, lines);
}

function zoneChains(state: State, zone: Zone): string[] {
  const rules = (name: string): readonly string[] => state.chains.get(`${name}_${zone.name}`) ?? [];
  const dnat = (words: string): string[] =>
    zone.needs.has('dnat') ? [`ct status dnat accept ${comment(`Accept port ${words}`)}`] : [];
  const { name } = zone;
  return [
    ...chain(`input_${name}`, [
      ...rules('input'),
      ...dnat('redirections'),
      `jump ${zone.input}_from_${name}`,
    ]),
    ...chain(`output_${name}`, [...rules('output'), `jump ${zone.output}_to_${name}`]),
    ...chain(`forward_${name}`, [
      ...rules('forward'),
      ...dnat('forwards'),
      `jump ${zone.forward}_to_${name}`,
    ]),
    ...(zone.needs.has('helper') ? chain(`helper_${name}`, rules('helper')) : []),
    ...VERDICTS.flatMap((verdict) => [
      ...(zone.from.has(verdict) ? verdictChain(state, zone, verdict, false) : []),
      ...(zone.to.has(verdict) ? verdictChain(state, zone, verdict, true) : []),
    ]),
  ];
}

const base = (type: string, hook: string, priority: string, policy: Policy = 'accept'): string =>
  `type ${type} hook ${hook} priority ${priority}; policy ${policy === 'reject' ? 'drop' : policy};`;

function filterChains(state: State): string[] {
  const { defaults, zones } = state;
  const known = (words: string): string =>
    `ct state vmap { established : accept, related : accept${defaults.dropInvalid ? ', invalid : drop' : ''} } ${comment(words)}`;
  const rules = (name: string): readonly string[] => state.chains.get(name) ?? [];
  const rejects = (policy: Policy): string[] => (policy === 'reject' ? ['jump handle_reject'] : []);
  const jumps = (direction: string): string[] => zones.flatMap((zone) => jump(zone, direction));
  const { synFlood } = defaults;
  const syn = 'tcp flags & (fin | syn | rst | ack) == syn jump syn_flood';
  const reject = (code: string): string =>
    `reject with ${code === 'tcp-reset' ? 'tcp reset' : `icmpx type ${code}`}`;
  const helped = zones.filter(({ needs }) => needs.has('helper'));
  return [
    ...['\tchain input {', `\t\t${base('filter', 'input', 'filter', defaults.input)}`, ''],
    ...[`\t\tiif "lo" accept ${comment('Accept traffic from loopback')}`, ''],
    ...indent([
      known('Handle inbound flows'),
      ...(synFlood === undefined ? [] : [`${syn} ${comment('Rate limit TCP syn packets')}`]),
      ...[...rules('input'), ...jumps('input'), ...rejects(defaults.input)],
    ]),
    ...['\t}', '', '\tchain forward {', `\t\t${base('filter', 'forward', 'filter', defaults.forward)}`, ''],
    ...indent([
      ...(offloadDevices(state).length > 0 ? ['meta l4proto { tcp, udp } flow offload @ft;'] : []),
      known('Handle forwarded flows'),
      ...[...rules('forward'), ...jumps('forward'), ...rejects(defaults.forward)],
    ]),
    ...['\t}', '', '\tchain output {', `\t\t${base('filter', 'output', 'filter', defaults.output)}`, ''],
    ...[`\t\toif "lo" accept ${comment('Accept traffic towards loopback')}`, ''],
    ...indent([
      known('Handle outbound flows'),
      ...[...rules('output'), ...jumps('output'), ...rejects(defaults.output)],
    ]),
    ...['\t}', ''],
    ...chain('prerouting', [
      base('filter', 'prerouting', 'filter'),
      ...helped.flatMap((zone) => jump(zone, 'helper', 'assignment')),
    ]),
    ...chain('handle_reject', [
      `meta l4proto tcp ${reject(defaults.tcpReject)} ${comment('Reject TCP traffic')}`,
      `${reject(defaults.anyReject)} ${comment('Reject any other traffic')}`,
    ]),
    ...(synFlood === undefined
      ? []
      : chain('syn_flood', [
          `limit rate ${synFlood.limit.rate}/${synFlood.limit.unit} burst ${synFlood.burst} packets return ${comment('Accept SYN packets below rate-limit')}`,
          `drop ${comment('Drop excess packets')}`,
        ])),
    ...zones.flatMap((zone) => zoneChains(state, zone)),
    '',
  ];
}

function natChains(state: State): string[] {
  const { zones, chains } = state;
  const masquerade = (zone: Zone, family: 4 | 6): string[] =>
    (family === 4 ? zone.masq4 : zone.masq6)
      ? [
          [
            ...matchWords({ family, proto: { name: undefined } }),
            'masquerade',
            comment(`Masquerade ${familyName(family)} ${zone.name} traffic`),
          ].join(' '),
        ]
      : [];
  const need = (what: 'dnat' | 'snat'): Zone[] => zones.filter(({ needs }) => needs.has(what));
  return [
    ...chain('dstnat', [
      base('nat', 'prerouting', 'dstnat'),
      ...need('dnat').flatMap((zone) => jump(zone, 'dstnat')),
    ]),
    ...chain('srcnat', [
      base('nat', 'postrouting', 'srcnat'),
      ...(chains.get('srcnat') ?? []),
      ...need('snat').flatMap((zone) => jump(zone, 'srcnat')),
    ]),
    ...zones.flatMap((zone) => [
      ...(zone.needs.has('dnat')
        ? chain(`dstnat_${zone.name}`, chains.get(`dstnat_${zone.name}`) ?? [])
        : []),
      ...(zone.needs.has('snat')
        ? chain(`srcnat_${zone.name}`, [
            ...(chains.get(`srcnat_${zone.name}`) ?? []),
            ...masquerade(zone, 4),
            ...masquerade(zone, 6),
          ])
        : []),
    ]),
    '',
  ];
}

function rawChains(state: State): string[] {
  const zones = state.zones.filter(({ needs }) => needs.has('notrack'));
  return [
    ...chain('raw_prerouting', [
      base('filter', 'prerouting', 'raw'),
      ...zones.flatMap((zone) => jump(zone, 'notrack')),
    ]),
    ...chain('raw_output', [base('filter', 'output', 'raw')]),
    ...zones.flatMap(({ name }) => chain(`notrack_${name}`, state.chains.get(`notrack_${name}`) ?? [])),
    '',
  ];
}

function mangleChains(state: State): string[] {
  const clamp = (egress: boolean): string[] =>
    state.zones.flatMap((zone) => {
      const match = zone.mtuFix ? zoneMatch(zone, egress) : undefined;
      const words = `Zone ${zone.name} ${familyName(zone.family)} ${egress ? 'egress' : 'ingress'} MTU fixing`;
      const action = 'tcp flags syn / syn,fin,rst tcp option maxseg size set rt mtu';
      return match === undefined ? [] : [[...match, action, comment(words)].join(' ')];
    });
  const lines = ['prerouting', 'postrouting', 'input', 'output', 'forward'].flatMap((hook) =>
    chain(`mangle_${hook}`, [
      base(hook === 'output' ? 'route' : 'filter', hook, 'mangle'),
      ...(state.chains.get(`mangle_${hook}`) ?? []),
      ...(hook === 'postrouting' ? clamp(true) : hook === 'forward' ? clamp(false) : []),
    ]),
  );
  return lines.slice(0, -1);
}

function offloadDevices(state: State): string[] {
  if (!state.defaults.offload) return [];
  const devices = new Set(state.zones.flatMap(({ devices: all }) => all));
  return [...devices].filter((device) => state.world.hasDevice(device)).sort();
}

/** The whole text, as `fw4 print` gives it. */
export function rulesetText(state: State): string {
  const offload = offloadDevices(state);
  const helpers = helpersOf(state);
  const define = (zone: Zone): string[] => {
    const name = zone.name.replace(/^\d/, '_$&');
    return [
      `\tdefine ${name}_devices = ${setText(zone.devices, true)}`,
      `\tdefine ${name}_subnets = ${setText(zone.subnets.map(subnetText), true)}`,
      '',
    ];
  };
  return [
    ...['table inet fw4', 'flush table inet fw4', '', 'table inet fw4 {'],
    ...(offload.length === 0
      ? []
      : [
          ...[...title('Flowtable'), '\tflowtable ft {', '\t\thook ingress priority 0;'],
          ...[`\t\tdevices = ${setText(offload, true)};`, '\t\tcounter;', '\t}', '', ''],
        ]),
    ...(helpers.length === 0 ? [] : title('CT helper definitions')),
    ...helpers.flatMap(([name, proto]) => [
      ...[`\tct helper ${name} {`, `\t\ttype "${name}" protocol ${proto};`, '\t}', ''],
    ]),
    ...(helpers.length === 0 ? [] : ['']),
    ...(state.sets.length === 0 ? [] : title('Set definitions')),
    ...state.sets.flatMap(({ name, lines }) => [`\tset ${name} {`, ...indent(lines), '\t}', '']),
    ...(state.sets.length === 0 ? [] : ['']),
    ...title('Defines'),
    ...state.zones.flatMap(define),
    '',
    ...title('User includes'),
    ...['\tinclude "/etc/nftables.d/*.nft"', '', ''],
    ...title('Filter rules'),
    ...filterChains(state),
    ...title('NAT rules'),
    ...natChains(state),
    ...title('Raw rules (notrack)'),
    ...rawChains(state),
    ...title('Mangle rules'),
    ...mangleChains(state),
    ...['}', ''],
  ].join('\n');
}
