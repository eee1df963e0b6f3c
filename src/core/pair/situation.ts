/** From UCI and netifd to what the compilers need: devices, zones, which networks are WANs, the router's own addresses. */

import { parseIpPrefix } from '../../lib/ip.ts';
import type { RouterConfig } from '../config/hagw.ts';
import { own, readDevices, staticAddresses, texts } from '../config/network.ts';
import { optionText, sectionAddress, type UciSection } from '../config/uci.ts';
import { digest } from '../plan/digest.ts';
import { parsePrefix } from '../policy/prefixes.ts';
import { type Leg, type OwnAddress, type PairInput, PREFIX, type Situation, type Unicast } from './types.ts';

/** Point to point: there is nobody to send an advert to, and no ARP. */
const POINT_TO_POINT = /^(ppp|pppoe|pppoa|pptp|l2tp|wireguard|3g|ncm|qmi|mbim|6in4|6to4|6rd|dslite|gre|vti)/;
/** The kernel's names, less what means something in keepalived.conf, in a ruleset or to the shell. */
const DEVICE = /^[A-Za-z0-9_.@-]{1,15}$/;
/** keepalived and the notify lines take longer ones, but ifconfig-like tools, logs and pages do not. */
const LONGEST_ID = 32;

/** `hagw_` and the text as UCI takes a name; what had to be changed or is too long ends in a digest. */
export function idOf(text: string): string {
  const plain = text.replace(/[^A-Za-z0-9_]/g, '_');
  if (plain === text && PREFIX.length + text.length <= LONGEST_ID) return PREFIX + text;
  return `${PREFIX}${plain.slice(0, LONGEST_ID - PREFIX.length - 9)}_${digest(text).slice(0, 8)}`;
}

/** The zone that an interface is in, by its network or by its device. */
export function zoneOf(firewall: readonly UciSection[], name: string, device: string): string | null {
  const zone = firewall.find(
    (section) =>
      section.type === 'zone' &&
      !isOurs(section) &&
      optionText(section, 'enabled') !== '0' &&
      (texts(section, 'network').includes(name) || texts(section, 'device').includes(device)),
  );
  return zone === undefined ? null : optionText(zone, 'name');
}

/** Interfaces that lead out: those of mwan3, those with a gateway or an address from outside, and what shares a device with one. */
export function wanDevices(
  input: Pick<PairInput, 'packages'>,
  devices: Readonly<Record<string, string>>,
): readonly string[] {
  const named = (input.packages.mwan3 ?? []).flatMap(({ type, name }) =>
    type === 'interface' && name !== null ? [name] : [],
  );
  const leading = (input.packages.network ?? []).flatMap((section) => {
    if (section.type !== 'interface' || section.name === null) return [];
    const proto = optionText(section, 'proto') ?? 'static';
    const hasGateway = texts(section, 'gateway').length + texts(section, 'ip6gw').length > 0;
    return hasGateway || !['static', 'none', 'wireguard'].includes(proto) ? [section.name] : [];
  });
  return [...named, ...leading].flatMap((name) => own(devices, name) ?? []);
}

/** What stands in UCI and what netifd has, each once, without virtual addresses and those that go with a WAN to the partner. */
function ownAddresses(input: PairInput): readonly OwnAddress[] {
  const virtual = input.config.addresses.map(({ address }) => parseIpPrefix(address)?.text);
  const floating = input.config.wans.map((wan) => wan.interface);
  const found: OwnAddress[] = [
    ...staticAddresses(input.packages.network ?? []).map((item) => ({ ...item, fixed: true })),
    ...(input.interfaces ?? []).flatMap(({ name, addresses }) =>
      addresses.map(({ family, address, prefixLength }) => ({
        interface: name,
        family,
        address,
        prefixLength,
        fixed: false,
      })),
    ),
  ];
  const all = new Map<string, OwnAddress>();
  for (const item of found)
    if (!all.has(item.address) && !virtual.includes(item.address) && !floating.includes(item.interface))
      all.set(item.address, item);
  return [...all.values()];
}

/** Whether an address is in the network of another one. */
export function isWithin(
  address: string,
  network: { readonly address: string; readonly prefixLength: number },
): boolean {
  const one = parsePrefix(`${address}/${network.prefixLength}`);
  const other = parsePrefix(`${network.address}/${network.prefixLength}`);
  return one !== null && other !== null && JSON.stringify(one) === JSON.stringify(other);
}

/**
 * Both routers must come to the same answer, so it follows from /etc/config/hagw alone. `undefined`: it is asked for and cannot be.
 */
function unicastOf(
  input: PairInput,
  legs: readonly Leg[],
  report: Situation['report'],
): Unicast | null | undefined {
  const { config, self, partner } = input;
  const leg = legs.find((item) => !item.isWan && item.family === 'ipv4');
  if (config.vrrpTransport === 'multicast' || legs.length === 0) return null;
  const network = parseIpPrefix(leg?.address ?? '');
  const endOf = (router: RouterConfig): string | undefined =>
    network === null
      ? undefined
      : router.ownAddresses.find((text) =>
          isWithin(text, { address: network.text, prefixLength: network.prefixLength }),
        );
  const [own, peer] = [endOf(self), endOf(partner)];
  if (leg !== undefined && own !== undefined && peer !== undefined) return { own, peer, leg };
  if (config.vrrpTransport === 'auto') return null;
  const without = own === undefined ? self : partner;
  const text = `Has none in the network of the first virtual address inside${leg === undefined ? '' : ` (${leg.address})`}, which vrrp_transport unicast needs.`;
  report({ severity: 'error', where: `${without.where}.own_address`, text });
  return undefined;
}

/** null if a device is not known: then nothing can be written. */
export function situationOf(input: PairInput, report: Situation['report']): Situation | null {
  const { config, packages, interfaces } = input;
  const network = packages.network ?? [];
  const devices: Record<string, string> = { ...readDevices(network) };
  for (const { name, l3Device, device } of interfaces ?? []) {
    const known = l3Device ?? device;
    if (own(devices, name) === undefined && known !== null) devices[name] = known;
  }
  const wans = wanDevices(input, devices);
  let complete = true;
  const deviceOf = (name: string, where: string): string | null => {
    const device = own(devices, name) ?? null;
    const proto =
      optionText(network.find((item) => item.type === 'interface' && item.name === name) ?? NONE, 'proto') ??
      '';
    const wrong =
      device === null
        ? `Is '${name}', an interface whose device neither /etc/config/network nor netifd tells.`
        : !DEVICE.test(device)
          ? `Is '${name}' on the device '${device}', a name that keepalived cannot take.`
          : POINT_TO_POINT.test(proto) && where !== ''
            ? `Is '${name}', which is point to point (${proto}): VRRP needs a network that both routers are on.`
            : null;
    if (wrong === null) return device;
    complete = false;
    report({ severity: 'error', where, text: wrong });
    return null;
  };
  const zone = (name: string, device: string): string | null => zoneOf(packages.firewall ?? [], name, device);
  // Names of our sections that are about no address.
  const taken = new Set(['pair', 'ready', 'globals', 'sync', 'peer', 'icmp', 'conntrackd'].map(idOf));
  const legs = config.addresses.flatMap((item): Leg[] => {
    const device = deviceOf(item.interface, `${item.where}.interface`);
    if (device === null) return [];
    let id = idOf(item.name);
    if (taken.has(id)) id = idOf(`${item.name}-${item.interface}-${item.family}-${item.vrid}`);
    taken.add(id);
    return [{ ...item, id, device, isWan: wans.includes(device), zone: zone(item.interface, device) }];
  });
  for (const [index, leg] of legs.entries()) {
    const twin = legs
      .slice(0, index)
      .find((other) => other.device === leg.device && other.family === leg.family && other.vrid === leg.vrid);
    if (twin === undefined) continue;
    complete = false;
    const text = `Is ${leg.vrid}, as in ${twin.where}, and both are on device ${leg.device}; they need different VRIDs.`;
    report({ severity: 'error', where: `${leg.where}.vrid`, text });
  }
  const syncDevice = deviceOf(config.syncInterface, 'hagw.globals.sync_interface');
  const unicast = unicastOf(input, legs, report);
  const ownList = ownAddresses(input);
  if (unicast && !ownList.some(({ address }) => address === unicast.own)) {
    complete = false;
    const text = `Has ${unicast.own}, which is none of this router's addresses; adverts would come from there.`;
    report({ severity: 'error', where: `${input.self.where}.own_address`, text });
  }
  if (syncDevice === null || unicast === undefined || !complete) return null;
  return {
    ...input,
    legs: [...legs.filter(({ isWan }) => !isWan), ...legs.filter(({ isWan }) => isWan)],
    lan: unicast?.leg ?? legs.find(({ isWan }) => !isWan) ?? null,
    unicast,
    own: ownList,
    syncDevice,
    syncZone: zone(config.syncInterface, syncDevice),
    report,
  };
}

const NONE: UciSection = { type: '', name: null, options: [] };

/** A section of the user's in a message. */
export function placeOf(packageName: string, sections: readonly UciSection[], section: UciSection): string {
  return sectionAddress(packageName, sections, section, optionText(section, 'name'));
}

/** Whether a section is one of ours. */
export function isOurs({ name }: { readonly name: string | null }): boolean {
  return name?.startsWith(PREFIX) === true;
}
