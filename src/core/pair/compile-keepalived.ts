/**
 * Sections of UCI keepalived that both generations of its init script (docs/keepalived.md) turn into what is meant:
 * - addresses without a device: they are the instance's device's, and there is no label that could be too long;
 * - a `vrrp_script` and a `track_script` section of one name, which each generation reads in its own way, without a weight, which a
 *   sync group would ignore;
 * - flags only where they are on, since set to 0 they are on as well;
 * - version 3 throughout, or adverts below a second would be rounded.
 * WANs do not track their own link: a modem that fails for both routers would put both into fault. That a router has lost a WAN
 * is the business of `ready`, which knows of the partner. Nor do several networks inside, for the same reason.
 */
import { optionText } from '../config/uci.ts';
import { isOurs, isWithin, placeOf } from './situation.ts';
import type { Leg, Situation, WantedSection } from './types.ts';
import { boolWord } from './words.ts';

/** The name of the sync group, for the handover script. */
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

/** Our own address and the partner's on a leg's network, for adverts by unicast. */
function endsOf(situation: Situation, leg: Leg): { readonly own: string; readonly peer: string } | null {
  const own = situation.own.find(
    (item) => item.interface === leg.interface && item.family === leg.family && item.address !== '',
  );
  if (own === undefined) {
    const text = `Is '${leg.interface}', where this router has no ${leg.family === 'ipv4' ? 'IPv4' : 'IPv6'} address of its own to send adverts from (vrrp_transport unicast).`;
    situation.report({ severity: 'error', where: `${leg.where}.interface`, text });
    return null;
  }
  const peer = situation.partner.ownAddresses.find((address) => isWithin(address, own));
  if (peer !== undefined) return { own: own.address, peer };
  const text = `Has no address in the network of ${own.address}/${own.prefixLength} ('${leg.interface}'), where vrrp_transport unicast sends adverts.`;
  situation.report({ severity: 'error', where: `${situation.partner.where}.own_address`, text });
  return null;
}

function legSections(situation: Situation, leg: Leg, tracksLink: boolean): WantedSection[] {
  const { config, self } = situation;
  const { id } = leg;
  const isGlobal6 = leg.family === 'ipv6' && !leg.address.startsWith('fe80:');
  const ends = config.vrrpTransport === 'unicast' ? endsOf(situation, leg) : null;
  const address = (name: string, text: string): WantedSection => ({
    type: 'ipaddress',
    name: `${name}__ip`,
    options: { name, address: text },
  });
  const addresses = [
    // VRRPv3 over IPv6 wants a link-local address first (RFC 9568, 5.2.9).
    ...(isGlobal6 ? [address(`${id}__local`, `${linkLocalOf(leg.vrid)}/64`)] : []),
    address(id, leg.address),
  ];
  const instance: WantedSection = {
    type: 'vrrp_instance',
    name: id,
    options: {
      name: id,
      state: 'BACKUP',
      interface: leg.device,
      ...(ends === null ? {} : { unicast_src_ip: ends.own }),
      virtual_router_id: String(leg.vrid),
      version: '3',
      priority: String(self.priority),
      advert_int: String(config.advertIntervalMs / 1000),
      garp_master_refresh: GARP_REFRESH,
      ...(config.preempt ? { preempt_delay: String(config.preemptDelayS) } : { nopreempt: '1' }),
      ...(tracksLink ? {} : { dont_track_primary: '1' }),
      virtual_ipaddress: addresses.map(({ options }) => String(options['name'])),
      track_script: [READY],
      ...(ends === null ? {} : { unicast_peer: [id] }),
    },
  };
  const peer: WantedSection[] =
    ends === null ? [] : [{ type: 'peer', name: `${id}__peer`, options: { name: id, address: ends.peer } }];
  return [...addresses, ...peer, instance];
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
  const { legs, self } = situation;
  reportUsers(situation);
  if (legs.length === 0) return [];
  const users = (situation.packages.keepalived ?? []).filter((section) => !isOurs(section));
  const inside = new Set(legs.filter(({ isWan }) => !isWan).map(({ device }) => device));
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
    { type: 'vrrp_sync_group', name: GROUP, options: { name: GROUP, group: legs.map(({ id }) => id) } },
    ...legs.flatMap((leg) => legSections(situation, leg, !leg.isWan && inside.size === 1)),
  ];
}
