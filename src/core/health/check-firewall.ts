/** UCI firewall as fw4 reads it: translation that would not survive a change of routers, and mistakes that fw4 does not tell. */
import { texts } from '../config/network.ts';
import { optionText, type UciSection } from '../config/uci.ts';
import { isOurs } from '../pair/situation.ts';
import { boolWord } from '../pair/words.ts';
import { protocolNumber } from '../policy/protocols.ts';
import { type Add, place, type Setup, type SetupCheck, type SetupLeg } from './setup.ts';

const NARROWS = ['src_ip', 'dest_ip', 'src_port', 'dest_port', 'mark', 'limit', 'ipset'];
const is = (section: UciSection, option: string): boolean => boolWord(optionText(section, option)) === true;
const isOn = (section: UciSection): boolean => boolWord(optionText(section, 'enabled')) !== false;
const target = (section: UciSection): string => (optionText(section, 'target') ?? 'MASQUERADE').toUpperCase();
const takesAll = (section: UciSection): boolean =>
  NARROWS.every((option) => optionText(section, option) === null) &&
  ['all', 'any', '*'].includes(optionText(section, 'proto') ?? 'all');

/** Whether a `nat` section is about what leaves by that WAN. */
function covers(section: UciSection, leg: SetupLeg): boolean {
  const zone = optionText(section, 'src') ?? '*';
  const device = optionText(section, 'device');
  return (
    (zone === '*' || (leg.zone !== null && zone === optionText(leg.zone, 'name'))) &&
    (device === null || device === leg.device)
  );
}

/** Only without managed sections: with them hagw writes it, or says what of the user's is in the way. */
function translations({ legs, config }: Setup, all: readonly UciSection[], add: Add): void {
  if (config.managePair) return;
  const nats = all.filter((item) => item.type === 'nat' && isOn(item) && target(item) === 'SNAT');
  const virtual = legs.map(({ host }) => host);
  for (const leg of legs) {
    if (!leg.isWan || leg.family !== 'ipv4' || !leg.snat) continue;
    const mine = nats.filter((item) => covers(item, leg));
    for (const item of mine) {
      const to = optionText(item, 'snat_ip') ?? '';
      if (takesAll(item) && /^[\d.]+$/.test(to) && !virtual.includes(to))
        add(
          'snat-not-virtual',
          place('firewall', all, item, 'snat_ip'),
          `Is ${to}, which is no virtual address: what leaves by ${leg.device} ends with this router.`,
        );
    }
    if (mine.some((item) => virtual.includes(optionText(item, 'snat_ip') ?? ''))) continue;
    if (leg.zone !== null && is(leg.zone, 'masq'))
      add(
        'snat-missing',
        place('firewall', all, leg.zone, 'masq'),
        `Gives what leaves by ${leg.device} this router's own address, not ${leg.host}: all those connections end when the routers change roles.`,
      );
  }
}

function order(all: readonly UciSection[], add: Add): void {
  const nats = all.filter((item) => item.type === 'nat' && isOn(item) && !isOurs(item));
  for (const [index, item] of nats.entries()) {
    if (target(item) !== 'ACCEPT') continue;
    const before = nats.slice(0, index).find((other) => {
      const same = (option: string): boolean => optionText(other, option) === optionText(item, option);
      return (
        target(other) !== 'ACCEPT' &&
        takesAll(other) &&
        same('src') &&
        (optionText(other, 'device') === null || same('device'))
      );
    });
    if (before !== undefined)
      add(
        'nat-order',
        place('firewall', all, item),
        `Stands behind ${place('firewall', all, before)}, which takes everything: it never matches.`,
      );
  }
}

function zones({ packages, interfaces }: Setup, all: readonly UciSection[], add: Add): void {
  if (packages.network === null) return;
  const known = [...packages.network.map(({ name }) => name), ...(interfaces ?? []).map(({ name }) => name)];
  for (const zone of all) {
    if (zone.type !== 'zone' || !isOn(zone)) continue;
    const networks = texts(zone, 'network');
    const others = ['device', 'subnet', 'masq_src', 'extra', 'extra_src'].some(
      (option) => optionText(zone, option) !== null,
    );
    if (!others && !networks.some((name) => known.includes(name)))
      add(
        'zone-empty',
        place('firewall', all, zone, 'network'),
        `The zone '${optionText(zone, 'name') ?? ''}' has no network that exists${networks.length === 0 ? '' : ` (${networks.join(', ')})`}: its rules match nothing.`,
      );
  }
}

export const firewallTraps: SetupCheck = (setup, add) => {
  const all = setup.packages.firewall;
  if (all === null) return;
  const defaults = all.find(({ type }) => type === 'defaults');
  translations(setup, all, add);
  order(all, add);
  zones(setup, all, add);
  const names = all.flatMap((item) => (item.type === 'zone' ? (optionText(item, 'name') ?? []) : []));
  for (const section of all) {
    if (!isOn(section)) continue;
    const leftOut = (option: string, what: string): void =>
      add(
        'firewall-left-out',
        place('firewall', all, section, option),
        `${what}: fw4 leaves the section out.`,
      );
    if (['rule', 'redirect', 'nat', 'forwarding'].includes(section.type))
      for (const option of ['src', 'dest']) {
        const zone = optionText(section, option) ?? '*';
        if (zone !== '*' && !names.includes(zone)) leftOut(option, `Is '${zone}', which is no zone`);
      }
    if (section.type === 'nat' && target(section) === 'SNAT') {
      const to = optionText(section, 'snat_ip');
      const family = optionText(section, 'family') ?? 'any';
      if (to === null) leftOut('snat_ip', 'Is missing');
      else if (family !== 'any' && (family === 'ipv6') !== to.includes(':'))
        leftOut('snat_ip', `Is ${to}, but the family is ${family}`);
    }
    if (['rule', 'redirect', 'nat'].includes(section.type))
      for (const word of texts(section, 'proto')) {
        const name = word.replace(/^!/, '').toLowerCase();
        const isKnown =
          ['all', 'any', '*', 'tcpudp'].includes(name) ||
          protocolNumber(name) !== null ||
          setup.live?.protocols?.includes(name) === true;
        if (!isKnown)
          add(
            'firewall-protocol',
            place('firewall', all, section, 'proto'),
            `Is '${name}', a protocol that nobody knows: nft refuses the whole firewall.`,
          );
      }
    if (
      section.type === 'ipset' &&
      texts(section, 'match').some((word) => /^((src|dest)_)?ip$/.test(word)) &&
      texts(section, 'entry').some((word) => word.includes('/'))
    )
      add(
        'ipset-prefix',
        place('firewall', all, section, 'match'),
        "Is for single addresses: of an entry with '/' only the first address counts.",
      );
  }
  for (const leg of setup.legs.filter(({ isWan }) => isWan)) {
    const [section, option] = leg.zone === null ? [defaults, 'input'] : [leg.zone, 'input'];
    const policy =
      (leg.zone === null ? null : optionText(leg.zone, option)) ?? (defaults && optionText(defaults, option));
    if (section !== undefined && policy?.toUpperCase() === 'ACCEPT')
      add(
        'wan-input-accept',
        place('firewall', all, section, option),
        `Is ACCEPT for '${leg.interface}': the router answers a connection that it does not know yet with a reset, which ends it, and is open to the Internet.`,
      );
  }
  const wans = new Set(setup.wans);
  if (defaults !== undefined && setup.config.engine !== 'none' && wans.size > 1)
    for (const option of ['flow_offloading', 'flow_offloading_hw'])
      if (is(defaults, option))
        add(
          'flow-offloading',
          place('firewall', all, defaults, option),
          'Packets of a flow that is offloaded see no marks: it stays on its WAN when that one fails, and the partner does not hear of it.',
        );
};
