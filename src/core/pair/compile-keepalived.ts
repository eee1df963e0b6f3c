/**
 * Sections of UCI keepalived that both generations of its init script (docs/keepalived.md) turn into what is meant:
 * - addresses without the option `device`, from which the scripts would make a label that may be too long; what follows an
 *   address stands in the option `address`, which they pass on as it is;
 * - a `vrrp_script` and a `track_script` section of one name, which each generation reads in its own way, without a weight, with
 *   which it would not count in a sync group;
 * - flags only where they are on, since set to 0 they are on as well;
 * - version 3 throughout, or adverts below a second would be rounded.
 * Only the LAN's link counts, that of the first virtual address inside: a modem or a switch that fails for both routers would put
 * both into fault. That a router has lost a WAN is the business of `ready`, which knows of the partner.
 */
import { optionText } from '../config/uci.ts';
import { isOurs, placeOf } from './situation.ts';
import type { Leg, Situation, Unicast, WantedSection } from './types.ts';
import { boolWord } from './words.ts';

/** The name of the only instance, or of the sync group. */
export const GROUP = 'hagw_pair';
const READY = 'hagw_ready';
/** No symbolic link is in this path: keepalived would not run it, and then track nothing. */
const READY_PATH = '/usr/lib/hagw/ready';
/** Some providers' routers ask for an address once and then believe what they heard, but for hours only. Seconds. */
const GARP_REFRESH = '60';

/** RFC 9568, 7.3: the virtual router's MAC for IPv6 is 00-00-5E-00-02-VRID; this is the link-local address by EUI-64 of it. */
export function linkLocalOf(vrid: number): string {
  return `fe80::200:5eff:fe00:2${vrid.toString(16).padStart(2, '0')}`;
}

const isGlobal6 = ({ family, address }: Leg): boolean => family === 'ipv6' && !address.startsWith('fe80:');
const named = (type: string, name: string, suffix: string, option: string, value: string): WantedSection => ({
  type,
  name: `${name}__${suffix}`,
  options: { name, [option]: value },
});

/** What all instances share. */
function common({ config, self }: Situation, name: string, vrid: number): Readonly<Record<string, string>> {
  return {
    name,
    state: 'BACKUP',
    virtual_router_id: String(vrid),
    version: '3',
    priority: String(self.priority),
    advert_int: String(config.advertIntervalMs / 1000),
    garp_master_refresh: GARP_REFRESH,
    ...(config.preempt ? { preempt_delay: String(config.preemptDelayS) } : { nopreempt: '1' }),
  };
}

/**
 * One instance for all addresses, without an interface. `dont_track_primary` would crash keepalived 2.3.3 here. It would track the
 * device of each address; `no_track` leaves the LAN's alone.
 */
function oneInstance(situation: Situation, { own, peer, leg: lan }: Unicast): WantedSection[] {
  const { legs } = situation;
  const names = (family: 'ipv4' | 'ipv6'): readonly string[] =>
    [lan, ...legs.filter((leg) => leg !== lan)].filter((leg) => leg.family === family).map(({ id }) => id);
  return [
    ...legs.map(({ id, address, device }) =>
      named(
        'ipaddress',
        id,
        'ip',
        'address',
        `${address} dev ${device}${device === lan.device ? '' : ' no_track'}`,
      ),
    ),
    named('peer', 'hagw_peer', 'peer', 'address', peer),
    named('track_interface', 'hagw_lan_link', 'link', 'value', lan.device),
    {
      type: 'vrrp_instance',
      name: GROUP,
      options: {
        ...common(situation, GROUP, lan.vrid),
        unicast_src_ip: own,
        virtual_ipaddress: names('ipv4'),
        virtual_ipaddress_excluded: names('ipv6'),
        track_script: [READY],
        track_interface: ['hagw_lan_link'],
        unicast_peer: ['hagw_peer'],
      },
    },
  ];
}

/** An instance for each address, which is that of its interface. */
function instanceOf(situation: Situation, leg: Leg): WantedSection[] {
  const { id, device, vrid } = leg;
  const addresses = [
    // VRRPv3 over IPv6 wants a link-local address first (RFC 9568, 5.2.9).
    ...(isGlobal6(leg)
      ? [named('ipaddress', `${id}__local`, 'ip', 'address', `${linkLocalOf(vrid)}/64`)]
      : []),
    named('ipaddress', id, 'ip', 'address', leg.address),
  ];
  const source = situation.own.find((item) => item.interface === leg.interface && item.family === 'ipv4');
  const apart =
    device === situation.lan?.device
      ? {}
      : {
          dont_track_primary: '1',
          // Without it the loss of that address is a fault, too: netifd takes it away with the carrier.
          ...(source === undefined || leg.family === 'ipv6' ? {} : { mcast_src_ip: source.address }),
        };
  return [
    ...addresses,
    {
      type: 'vrrp_instance',
      name: id,
      options: {
        ...common(situation, id, vrid),
        interface: device,
        ...apart,
        virtual_ipaddress: addresses.map(({ options }) => String(options['name'])),
        track_script: [READY],
      },
    },
  ];
}

/** What of the user's own sections keeps ours from working. */
function reportUsers(situation: Situation): void {
  const sections = situation.packages.keepalived ?? [];
  const report = (
    severity: 'error' | 'warning',
    section: (typeof sections)[number],
    option: string,
    text: string,
  ) => situation.report({ severity, where: `${placeOf('keepalived', sections, section)}${option}`, text });
  for (const section of sections.filter((item) => !isOurs(item))) {
    const globals = section.name === 'globals';
    if (globals && optionText(section, 'alt_config_file') !== null)
      report(
        'error',
        section,
        '.alt_config_file',
        'Makes keepalived leave out all of UCI: remove it, or set hagw.globals.manage_pair to 0.',
      );
    if (globals && boolWord(optionText(section, 'enabled')) === false)
      report(
        'warning',
        section,
        '.enabled',
        'Keeps keepalived from starting. `uci delete keepalived.globals.enabled; uci commit keepalived; /etc/init.d/keepalived start`',
      );
    const name = optionText(section, 'name');
    if (section.type === 'vrrp_script' && name !== null)
      report(
        'warning',
        section,
        '',
        `Is tracked by every instance that tracks a script, under the init script of 2026: if '${name}' fails, this router gives up all virtual addresses.`,
      );
    if (section.type !== 'vrrp_instance') continue;
    const [device, vrid] = [optionText(section, 'interface'), optionText(section, 'virtual_router_id')];
    const twin = situation.legs.find((leg) => leg.device === device && String(leg.vrid) === vrid);
    if (twin !== undefined)
      report(
        'error',
        section,
        '.virtual_router_id',
        `Is ${vrid} on ${device}, as ${twin.where}, which hagw writes by itself: remove this section, or set hagw.globals.manage_pair to 0.`,
      );
  }
}

export function compileKeepalived(situation: Situation): readonly WantedSection[] {
  const { legs, self, unicast } = situation;
  reportUsers(situation);
  if (legs.length === 0) return [];
  const users = (situation.packages.keepalived ?? []).filter((section) => !isOurs(section));
  return [
    // Without any section of that type there is no script security, and no call when keepalived starts or ends.
    ...(users.some(({ type }) => type === 'globals')
      ? []
      : [{ type: 'globals', name: 'hagw_globals', options: { router_id: self.name } }]),
    {
      type: 'vrrp_script',
      name: READY,
      options: { name: READY, script: READY_PATH, interval: '1', fall: '1', rise: '1' },
    },
    { type: 'track_script', name: `${READY}__track`, options: { name: READY, value: READY } },
    ...(unicast !== null
      ? oneInstance(situation, unicast)
      : [
          { type: 'vrrp_sync_group', name: GROUP, options: { name: GROUP, group: legs.map(({ id }) => id) } },
          ...legs.flatMap((leg) => instanceOf(situation, leg)),
        ]),
  ];
}
