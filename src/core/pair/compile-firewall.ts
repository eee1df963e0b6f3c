/**
 * Sections of UCI firewall as fw4 reads them. Protocols by number where the name is not certain: an unknown name would keep the
 * whole ruleset from loading. Sections `nat` of a zone stand before its masquerading and count in the file's order, so what leaves
 * with the router's own address is settled before the virtual address is given to all the rest.
 */
import { optionText } from '../config/uci.ts';
import { isOurs, placeOf } from './situation.ts';
import type { Leg, OwnAddress, Situation, WantedSection } from './types.ts';
import { boolWord } from './words.ts';

const VRRP = '112';
/** Where adverts go by multicast (RFC 9568, 5.1). */
const GROUPS = { ipv4: '224.0.0.18', ipv6: 'ff02::12' };
const SSH = '22';
/** Our zone for a sync interface that is in none. fw4 takes zone names of up to 11 characters. */
export const SYNC_ZONE = 'hagw_sync';

function rule(name: string, text: string, options: WantedSection['options']): WantedSection {
  return { type: 'rule', name, options: { name: `hagw: ${text}`, ...options, target: 'ACCEPT' } };
}

/**
 * Adverts of the partner. From any zone: fw4 starts before the networks, knows no device of a zone then, and a rule by zone would
 * refuse them until it has been loaded again.
 */
function advertRules({ legs, unicast, report }: Situation): WantedSection[] {
  for (const leg of legs) {
    if (leg.zone !== null) continue;
    const text = `Is '${leg.interface}', which is in no firewall zone: what comes from there gets the default policy, which mostly refuses it. Put the network into a zone.`;
    report({ severity: 'warning', where: `${leg.where}.interface`, text });
  }
  const advert = (name: string, family: 'ipv4' | 'ipv6', match: WantedSection['options']): WantedSection =>
    rule(name, 'adverts of the partner', { src: '*', proto: VRRP, family, ...match });
  if (unicast !== null) return [advert('hagw_vrrp', 'ipv4', { src_ip: unicast.peer })];
  return (['ipv4', 'ipv6'] as const).flatMap((family) =>
    legs.some((leg) => leg.family === family)
      ? [advert(family === 'ipv4' ? 'hagw_vrrp' : 'hagw_vrrp6', family, { dest_ip: GROUPS[family] })]
      : [],
  );
}

/** The sync interface: conntrackd, and the partner's ssh; in a zone of ours if it has none. */
function syncSections(situation: Situation): WantedSection[] {
  const { config, partner, syncZone } = situation;
  const family = partner.syncAddress.includes(':') ? 'ipv6' : 'ipv4';
  const from = { src: syncZone ?? SYNC_ZONE, family, src_ip: partner.syncAddress };
  const zone: WantedSection[] =
    syncZone !== null
      ? []
      : [
          {
            type: 'zone',
            name: SYNC_ZONE,
            options: {
              name: SYNC_ZONE,
              network: [config.syncInterface],
              input: 'REJECT',
              output: 'ACCEPT',
              forward: 'REJECT',
            },
          },
          // From anybody: neighbour discovery has link-local sources.
          rule('hagw_icmp', 'ICMP on the sync link', {
            src: SYNC_ZONE,
            proto: family === 'ipv6' ? 'ipv6-icmp' : 'icmp',
            family,
          }),
        ];
  return [
    ...zone,
    rule('hagw_conntrackd', 'connection states of the partner', {
      ...from,
      proto: 'udp',
      dest_port: String(config.conntrackdPort),
    }),
    rule('hagw_peer', 'the partner', { ...from, proto: 'tcp', dest_port: SSH }),
  ];
}

function zoneSection(situation: Situation, zone: string | null) {
  return (situation.packages.firewall ?? []).find(
    (section) => section.type === 'zone' && zone !== null && optionText(section, 'name') === zone,
  );
}

/** Which virtual address connections get: one of each WAN device and family. IPv6 only where the zone translates at all. */
export function translated(situation: Situation): readonly Leg[] {
  const wanted = situation.legs.filter((leg) => {
    if (!leg.isWan || !leg.snat || leg.address.startsWith('fe80:')) return false;
    const zone = zoneSection(situation, leg.zone);
    return leg.family === 'ipv4' || (zone !== undefined && boolWord(optionText(zone, 'masq6')) === true);
  });
  return wanted.filter(
    (leg, index) =>
      !wanted.slice(0, index).some((other) => other.device === leg.device && other.family === leg.family),
  );
}

/** A section of the user's that takes all that leaves by the device, and stands before ours. */
function reportUsersNat(situation: Situation, leg: Leg): void {
  const sections = situation.packages.firewall ?? [];
  for (const section of sections) {
    if (section.type !== 'nat' || isOurs(section) || optionText(section, 'enabled') === '0') continue;
    const [zone, device] = [optionText(section, 'src'), optionText(section, 'device')];
    if ((zone !== null && zone !== '*' && zone !== leg.zone) || (device !== null && device !== leg.device))
      continue;
    const narrows = ['src_ip', 'dest_ip', 'src_port', 'dest_port', 'mark', 'limit'];
    if (narrows.some((option) => optionText(section, option) !== null)) continue;
    if ((optionText(section, 'proto') ?? 'all') !== 'all') continue;
    if (optionText(section, 'snat_ip') === leg.address.split('/')[0]) continue;
    const text = `Takes everything that leaves by ${leg.device} before hagw can translate it to ${leg.address}: those connections end when the routers change roles. Remove the section.`;
    situation.report({ severity: 'warning', where: placeOf('firewall', sections, section), text });
  }
}

/**
 * An address that a WAN had when its section was written. While the WAN is down nobody knows a leased one, and the firewall is not to be
 * replaced at each loss and return.
 */
function remembered({ packages, own }: Situation, leg: Leg): readonly OwnAddress[] {
  if (own.some((item) => item.interface === leg.interface && item.family === leg.family)) return [];
  const section = packages.firewall?.find(({ name }) => name === `hagw_own_${leg.id.slice('hagw_'.length)}`);
  const address = section === undefined ? null : optionText(section, 'src_ip');
  if (section === undefined || address === null || optionText(section, 'target') !== 'ACCEPT') return [];
  const prefixLength = leg.family === 'ipv4' ? 32 : 128;
  return [{ interface: leg.interface, family: leg.family, address, prefixLength, fixed: false }];
}

/** What leaves by a WAN: the router's own with an address of its own, all else with the virtual one. */
function natSections(situation: Situation): WantedSection[] {
  const { legs, config } = situation;
  const legsOut = translated(situation);
  const own = [...situation.own, ...legsOut.flatMap((leg) => remembered(situation, leg))].filter(
    (item) => item.interface !== config.syncInterface && legs.some((leg) => leg.interface === item.interface),
  );
  const deviceOf = (name: string): string | undefined => legs.find((leg) => leg.interface === name)?.device;
  const owns: WantedSection[] = [];
  const translations: WantedSection[] = [];
  for (const leg of legsOut) {
    reportUsersNat(situation, leg);
    const name = leg.id.slice('hagw_'.length);
    const common = {
      ...(leg.zone === null ? {} : { src: leg.zone }),
      device: leg.device,
      family: leg.family,
      proto: 'all',
    };
    const ofFamily = own.filter(({ family }) => family === leg.family);
    const isHere = (item: (typeof own)[number]): boolean => deviceOf(item.interface) === leg.device;
    // An address of another network that leaves here, since a rule moved the router's own traffic, is to come back here.
    const ordered = [...ofFamily.filter(isHere), ...ofFamily.filter((item) => !isHere(item))];
    for (const [index, item] of ordered.entries())
      owns.push({
        type: 'nat',
        name: `hagw_own_${name}${index === 0 ? '' : `__${index + 1}`}`,
        options: {
          name: 'hagw: own traffic of the router',
          ...common,
          src_ip: item.address,
          target: isHere(item) ? 'ACCEPT' : 'MASQUERADE',
        },
      });
    translations.push({
      type: 'nat',
      name: `hagw_snat_${name}`,
      options: {
        name: `hagw: to the virtual address of ${leg.interface}`,
        ...common,
        target: 'SNAT',
        snat_ip: leg.address.split('/')[0] ?? '',
      },
    });
  }
  return [...owns, ...translations];
}

export function compileFirewall(situation: Situation): readonly WantedSection[] {
  if (situation.legs.length === 0) return [];
  if (situation.packages.firewall === null) {
    const text =
      'There is no such file: adverts, connection states and translated addresses are left to the firewall that is there.';
    situation.report({ severity: 'warning', where: 'firewall', text });
    return [];
  }
  return [...syncSections(situation), ...advertRules(situation), ...natSections(situation)];
}
