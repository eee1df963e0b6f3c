/** The router's other configuration, as far as the pair depends on it: networks, DHCP, the kernel's settings, conntrackd. */
import { ADVERT_INTERVALS } from '../config/hagw.ts';
import { texts } from '../config/network.ts';
import { optionText, type UciSection } from '../config/uci.ts';
import type { State } from '../engine/state.ts';
import { poolsOf } from '../pair/compile-dhcp.ts';
import { isWithin } from '../pair/situation.ts';
import { boolWord } from '../pair/words.ts';
import type { Finding } from './catalogue.ts';
import { firewallTraps } from './check-firewall.ts';
import { keepalivedTraps } from './check-keepalived.ts';
import { place, runSetup, type SetupCheck } from './setup.ts';

/** Devices of one cable: VLANs of it, too. */
const cable = (device: string): string => device.split('.')[0] ?? '';

const networkTraps: SetupCheck = ({ config, legs, packages, interfaces, addressesOf, deviceOf }, add) => {
  const sync = deviceOf(config.syncInterface);
  const shared = legs.find(({ device }) => device !== null && sync !== null && cable(device) === cable(sync));
  if (shared !== undefined)
    add(
      'sync-shared',
      'hagw.globals.sync_interface',
      `Is on ${sync}, as '${shared.interface}' (${shared.device}): one cable takes adverts and connection states along, and who listens there reads all connections.`,
    );
  if (config.advertIntervalMs < ADVERT_INTERVALS[config.advertProfile])
    add(
      'advert-too-fast',
      'hagw.globals.advert_interval_ms',
      `Is ${config.advertIntervalMs} ms, less than the ${ADVERT_INTERVALS[config.advertProfile]} ms of the profile '${config.advertProfile}': a late advert makes both routers active.`,
    );
  for (const leg of legs) {
    const nets = addressesOf(leg.interface).filter(({ family }) => family === leg.family);
    if (nets.length > 0 && !leg.host.startsWith('fe80:') && !nets.some((net) => isWithin(leg.host, net)))
      add(
        'address-outside',
        `${leg.where}.address`,
        `Is ${leg.host}, in no network of '${leg.interface}' (${nets.map(({ address, prefixLength }) => `${address}/${prefixLength}`).join(', ')}): hosts there do not reach it.`,
      );
    if (!leg.isWan || leg.family !== 'ipv4' || packages.network === null) continue;
    const section = packages.network.find(({ type, name }) => type === 'interface' && name === leg.interface);
    const live = interfaces?.find(({ name }) => name === leg.interface);
    const hasWay =
      section === undefined ||
      !['static', 'none'].includes(optionText(section, 'proto') ?? 'static') ||
      optionText(section, 'gateway') !== null ||
      (live !== undefined &&
        (live.defaultGateway4 !== null || live.routes.some(({ prefixLength }) => prefixLength === 0))) ||
      packages.network.some(
        (route) => route.type === 'route' && optionText(route, 'interface') === leg.interface,
      ) ||
      (packages.keepalived ?? []).some(
        (item) =>
          item.type === 'vrrp_instance' &&
          optionText(item, 'interface') === leg.device &&
          optionText(item, 'virtual_routes') !== null,
      );
    if (!hasWay)
      add(
        'wan-no-route',
        `network.${leg.interface}.gateway`,
        `Is not set, and no vrrp_instance on ${leg.device} has virtual_routes: nothing leaves by '${leg.interface}'.`,
      );
  }
};

/** With managed sections the compiler says it, with the command. */
const dhcpTraps: SetupCheck = ({ config, legs, packages, live }, add) => {
  const all = packages.dhcp ?? [];
  if (live?.unheard === true)
    add(
      'dhcp-handler',
      'dhcp',
      'There is a handler of DHCP events, but dnsmasq was started before it was there and does not call it.',
    );
  const odhcpd = all.find(({ type }) => type === 'odhcpd');
  if (config.managePair || (odhcpd !== undefined && boolWord(optionText(odhcpd, 'maindhcp')) === true))
    return;
  for (const leg of legs) {
    if (leg.isWan || !leg.dhcp || leg.family !== 'ipv4') continue;
    for (const pool of poolsOf(all, leg.interface)) {
      if (boolWord(optionText(pool, 'force')) !== true)
        add(
          'dhcp-force',
          place('dhcp', all, pool, 'force'),
          'Is not set: dnsmasq looks for other DHCP servers when it starts, and each router may keep the other from serving.',
        );
      const said = texts(pool, 'dhcp_option').map((item) =>
        item.replace(/^option:router/, '3').replace(/^option:dns-server/, '6'),
      );
      const wrong = ['3', '6'].filter(
        (code) => !said.some((item) => item.startsWith(`${code},`) && item.split(',').includes(leg.host)),
      );
      if (wrong.length > 0)
        add(
          'dhcp-option',
          place('dhcp', all, pool, 'dhcp_option'),
          `Does not give ${leg.host} as option ${wrong.join(' and ')}: clients get this router's own address, which is gone when it is.`,
        );
    }
  }
};

const kernelTraps: SetupCheck = ({ config, live }, add) => {
  if (live === null || config.addresses.length === 0) return;
  if (live.liberal === false)
    add(
      'tcp-liberal',
      'net.netfilter.nf_conntrack_tcp_be_liberal',
      'Is 0: connections whose packets went by the other router for a while are taken for invalid and die silently.',
    );
  if (live.loose === true && !config.managePair)
    add(
      'tcp-loose',
      'net.netfilter.nf_conntrack_tcp_loose',
      'Is 1: a packet of a connection that is not committed yet makes a state of its own, perhaps with another translation.',
    );
};

const conntrackdTraps: SetupCheck = ({ config, live, interfaces }, add) => {
  if (live === null || live.conntrackd === null) return;
  if (live.protocols === null)
    add(
      'protocols-missing',
      '/etc/protocols',
      'Is missing: the protocol filter of conntrackd drops everything without a word.',
    );
  const text = live.conntrackd.replace(/#.*/g, '');
  if (live.purges && /\bDisableExternalCache\s+(on|yes)\b/i.test(text))
    add(
      'conntrackd-wipes',
      'conntrackd',
      'Has DisableExternalCache, and a script runs `conntrackd -t`: that wipes the connections out of the kernel.',
    );
  if (config.managePair || interfaces === null) return;
  const mine = interfaces.flatMap(({ addresses }) => addresses.map(({ address }) => address));
  // Addresses of filters are anybody's.
  const links = [...text.matchAll(/\b(?:UDP|TCP|Multicast)\b[^{}]*\{([^}]*)\}/gi)].map(
    ([, body = '']) => body,
  );
  for (const [, address = ''] of links
    .join('\n')
    .matchAll(/\bIPv[46]_(?:address|interface)\s+([0-9a-fA-F.:]+)/g))
    if (!/^(22[4-9]|23\d|ff..:)/i.test(address) && !mine.includes(address))
      add(
        'conntrackd-address',
        'conntrackd',
        `Its configuration names ${address}, which is no address of this router (yet): it ends at once.`,
      );
};

/** Marks are the position of a WAN in the file, spread over the mask. */
function markOrder(sections: readonly UciSection[]): string {
  const globals = sections.find(({ type }) => type === 'globals');
  const mask = (globals && optionText(globals, 'mmx_mask')) ?? '0x3F00';
  const names = sections.filter(({ type }) => type === 'interface').map(({ name }) => name ?? '?');
  return `${names.join(', ')} with mask 0x${Number(mask).toString(16)}`;
}

const markTraps: SetupCheck = ({ packages, partnerMwan3 }, add) => {
  if (packages.mwan3 === null || partnerMwan3 === null) return;
  const [here, there] = [markOrder(packages.mwan3), markOrder(partnerMwan3)];
  if (here !== there)
    add(
      'wans-differ',
      'mwan3',
      `Has ${here}, the partner ${there}: the mark of a connection means another WAN there.`,
    );
};

const CHECKS: readonly SetupCheck[] = [
  networkTraps,
  keepalivedTraps,
  firewallTraps,
  dhcpTraps,
  kernelTraps,
  conntrackdTraps,
  markTraps,
];

export function findSetup(state: State): readonly Finding[] {
  return runSetup(state, CHECKS);
}
