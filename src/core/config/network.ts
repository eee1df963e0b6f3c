/** UCI `network` as far as others need it: the device of each interface, and the addresses that stand in the file. */
import { parseIpAddress } from '../../lib/ip.ts';
import { isDevice } from '../nft/names.ts';
import { parsePrefix } from '../policy/prefixes.ts';
import { optionText, optionValue, type UciSection } from './uci.ts';

/** Protocols whose interface has a device of its own, named after both (netifd's protocol handlers). */
const NAMED_PROTOCOLS = [
  'pppoe',
  'pppoa',
  'pptp',
  'l2tp',
  '3g',
  '6in4',
  '6to4',
  '6rd',
  'dslite',
  'map',
  'gre',
  'vti',
];

/** The words of an option or list. */
export function texts(section: UciSection, name: string): readonly string[] {
  const value = optionValue(section, name);
  if (value === null) return [];
  return (typeof value === 'string' ? value.split(/\s+/) : value).filter((text) => text !== '');
}

/** Interfaces that have a name and are not disabled. */
export function interfacesOf(
  sections: readonly UciSection[],
): readonly (UciSection & { readonly name: string })[] {
  return sections.flatMap((section) =>
    section.type === 'interface' && section.name !== null && optionText(section, 'disabled') !== '1'
      ? [{ ...section, name: section.name }]
      : [],
  );
}

/** The l3 device of each interface by its name; interfaces of which the file does not tell it are left out. */
export function readDevices(sections: readonly UciSection[]): Readonly<Record<string, string>> {
  const interfaces = interfacesOf(sections);
  const deviceOf = (name: string, depth: number): string | null => {
    const section = interfaces.find((item) => item.name === name);
    // An alias of an alias of … ends somewhere, or in itself.
    if (section === undefined || depth > 8) return null;
    const proto = optionText(section, 'proto') ?? '';
    if (NAMED_PROTOCOLS.includes(proto)) return `${proto}-${name}`;
    if (proto === 'wireguard') return name;
    // Before devices had sections of their own (OpenWrt 19.07).
    if (optionText(section, 'type') === 'bridge') return `br-${name}`;
    const [device = null] = [...texts(section, 'device'), ...texts(section, 'ifname')];
    return device?.startsWith('@') ? deviceOf(device.slice(1), depth + 1) : device;
  };
  return Object.fromEntries(
    interfaces.flatMap(({ name }) => {
      const device = deviceOf(name, 0);
      return device !== null && isDevice(device) ? [[name, device] as const] : [];
    }),
  );
}

/** An entry of a table whose names come from a file. */
export function own<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.keys(table).includes(name) ? table[name] : undefined;
}

/** Length of a dotted mask; null if its ones are not together. */
function maskLength(mask: string): number | null {
  const address = parseIpAddress(mask);
  if (address?.family !== 'ipv4') return null;
  const bits = address.text
    .split('.')
    .map((byte) => Number(byte).toString(2).padStart(8, '0'))
    .join('');
  return /^1*0*$/.test(bits) ? bits.replace(/0/g, '').length : null;
}

/** ADDRESS/LENGTH of an address that stands with its length or beside `netmask`; null if it is neither. */
export function withLength(text: string, netmask: string | null): string | null {
  if (parsePrefix(text) === null) return null;
  if (text.includes('/')) return text;
  const length = netmask === null ? null : maskLength(netmask);
  return length === null ? text : `${text}/${length}`;
}

export interface StaticAddress {
  readonly interface: string;
  /** Canonical, without length. */
  readonly address: string;
  readonly family: 'ipv4' | 'ipv6';
  readonly prefixLength: number;
}

/** The addresses that stand in the file; without a length they are a host's. */
export function staticAddresses(sections: readonly UciSection[]): readonly StaticAddress[] {
  return interfacesOf(sections).flatMap((section) => {
    const netmask = optionText(section, 'netmask');
    return [...texts(section, 'ipaddr'), ...texts(section, 'ip6addr')].flatMap((text): StaticAddress[] => {
      const [host = '', digits] = (withLength(text, netmask) ?? '').split('/');
      const parsed = parseIpAddress(host);
      if (parsed === null) return [];
      const prefixLength = digits === undefined ? (parsed.family === 'ipv4' ? 32 : 128) : Number(digits);
      return [{ interface: section.name, address: parsed.text, family: parsed.family, prefixLength }];
    });
  });
}
