/** Values of /etc/config/firewall as text: reading them as fw4 does, null for what it refuses, and writing them for nft. */
import { parseIpAddress } from '../../../src/lib/ip.ts';

/** 0 = both. */
export type Family = 0 | 4 | 6;

/** What may begin with `!`. */
export interface Matched<T> {
  readonly invert: boolean;
  readonly value: T;
}

export interface Subnet {
  readonly family: 4 | 6;
  readonly address: bigint;
  readonly bits: number;
}

export interface Protocol {
  /** undefined = any. */
  readonly name: string | undefined;
}

export interface Port {
  readonly min: number;
  readonly max: number;
}

export interface Mark {
  readonly mark: number;
  readonly mask: number;
}

export interface Limit {
  readonly rate: number;
  readonly unit: string;
}

export interface IcmpType {
  readonly family: Family;
  /** `8`, or `4 . 0` with a code. */
  readonly type4: string;
  readonly type6: string;
  readonly hasCode: boolean;
}

export function parseMatched<T>(text: string, parse: (text: string) => T | null): Matched<T> | null {
  const invert = /^[ \t]*!/.test(text);
  const rest = text.replace(/^[ \t]*!/, '').trim();
  const value = rest === '' ? null : parse(rest);
  return value === null ? null : { invert, value };
}

/** The first choice that the word is the beginning of, in any case. */
export const parseWord =
  <T extends string>(choices: readonly T[]) =>
  (text: string): T | null =>
    choices.find((choice) => choice.startsWith(text.toLowerCase())) ?? null;

export function parseFlag(text: string): boolean | null {
  const word = text.toLowerCase();
  if (['1', 'on', 'true', 'yes', 'enabled'].includes(word)) return true;
  return ['0', 'off', 'false', 'no', 'disabled'].includes(word) ? false : null;
}

export function parseFamily(text: string): Family | null {
  if (['any', 'all', '*'].includes(text)) return 0;
  if (text === 'inet' || text.includes('4')) return 4;
  return text.includes('6') ? 6 : null;
}

const NAMED_PROTOCOLS: Readonly<Record<string, string>> = {
  1: 'icmp',
  58: 'ipv6-icmp',
  icmpv6: 'ipv6-icmp',
  6: 'tcp',
  17: 'udp',
};

/** A name that nobody knows is passed on, and nft refuses the whole ruleset for it (recording 09). */
export function parseProtocols(text: string): readonly Protocol[] | null {
  const word = text.trim().toLowerCase();
  if (word === '') return null;
  if (['all', 'any', '*'].includes(word)) return [{ name: undefined }];
  if (word === 'tcpudp') return [{ name: 'tcp' }, { name: 'udp' }];
  return [{ name: NAMED_PROTOCOLS[word] ?? word }];
}

export function parsePort(text: string): Port | null {
  const match = /^(\d{1,5})(?:[-:](\d{1,5}))?$/.exec(text);
  if (match === null) return null;
  const min = Number(match[1]);
  const max = Number(match[2] ?? match[1]);
  return min <= max && max <= 65535 ? { min, max } : null;
}

export function parseMark(text: string): Mark | null {
  const match = /^(0x[0-9a-f]+|\d+)(?:\/(0x[0-9a-f]+|\d+))?$/i.exec(text);
  if (match === null) return null;
  const [mark, mask] = [Number(match[1]), Number(match[2] ?? 0xffffffff)];
  return mark <= 0xffffffff && mask <= 0xffffffff ? { mark, mask } : null;
}

export function parseLimit(text: string): Limit | null {
  const match = /^(\d+)(?:\/([a-z]+))?$/.exec(text);
  const unit = parseWord(['second', 'minute', 'hour', 'day'])(match?.[2] ?? 'second');
  return match === null || unit === null ? null : { rate: Number(match[1]), unit };
}

export function parseMac(text: string): string | null {
  return /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(text) ? text.toLowerCase() : null;
}

export const parseName = (text: string): string | null =>
  /^[a-zA-Z_.][a-zA-Z0-9/_.-]*$/.test(text) ? text : null;

/** Types of ICMP and ICMPv6 by name, with a code where the name means one; those of OpenWrt's default rules and their kin. */
const ICMP: Readonly<Record<string, readonly [string | null, string | null]>> = {
  'echo-reply': ['0', '129'],
  'echo-request': ['8', '128'],
  'destination-unreachable': ['3', '1'],
  'packet-too-big': [null, '2'],
  'time-exceeded': ['11', '3'],
  'bad-header': [null, '4 . 0'],
  'unknown-header-type': [null, '4 . 1'],
  'router-solicitation': ['10', '133'],
  'router-advertisement': ['9', '134'],
  'neighbour-solicitation': [null, '135'],
  'neighbour-advertisement': [null, '136'],
};

export function parseIcmpType(text: string): IcmpType | null {
  const named = Object.hasOwn(ICMP, text) ? ICMP[text] : undefined;
  const number = /^(\d{1,3})(?:\/(\d{1,3}))?$/.exec(text);
  const plain =
    number === null ? null : [number[1], number[2]].filter((part) => part !== undefined).join(' . ');
  const [type4, type6] = named ?? [plain, plain];
  if (type4 === null && type6 === null) return null;
  const family = type4 === null ? 6 : type6 === null ? 4 : 0;
  return { family, type4: type4 ?? '', type6: type6 ?? '', hasCode: `${type4}${type6}`.includes('.') };
}

/** An address as a number of 32 or 128 bits. */
function numberOf(text: string, family: 4 | 6): bigint {
  if (family === 4) return text.split('.').reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  const [left = '', right] = text.split('::');
  const head = left === '' ? [] : left.split(':');
  const tail = right === undefined || right === '' ? [] : right.split(':');
  const zeros = new Array<string>(8 - head.length - tail.length).fill('0');
  return [...head, ...zeros, ...tail].reduce((sum, group) => sum * 65536n + BigInt(`0x${group}`), 0n);
}

function textOf(address: bigint, family: 4 | 6): string {
  const size = family === 4 ? 8n : 16n;
  const parts = Array.from({ length: family === 4 ? 4 : 8 }, (_, at) => {
    const shift = size * BigInt((family === 4 ? 3 : 7) - at);
    return Number((address >> shift) & ((1n << size) - 1n));
  });
  if (family === 4) return parts.join('.');
  return parseIpAddress(parts.map((part) => part.toString(16)).join(':'))?.text ?? '';
}

/** Without the bits after the prefix. */
export function networkOf({ family, address, bits }: Subnet): bigint {
  const rest = BigInt((family === 4 ? 32 : 128) - bits);
  return (address >> rest) << rest;
}

/** `ADDRESS`, `ADDRESS/BITS` or `ADDRESS/NETMASK`. Ranges and non-contiguous masks are not read. */
export function parseSubnet(text: string): Subnet | null {
  const [host = '', length, more] = text.split('/');
  const parsed = parseIpAddress(host);
  if (parsed === null || more !== undefined) return null;
  const family = parsed.family === 'ipv4' ? 4 : 6;
  const width = family === 4 ? 32 : 128;
  const address = numberOf(parsed.text, family);
  if (length === undefined) return { family, address, bits: width };
  const mask = parseIpAddress(length);
  if (mask !== null && mask.family === parsed.family) {
    const ones = numberOf(mask.text, family).toString(2).padStart(width, '0');
    return /^1*0*$/.test(ones) ? { family, address, bits: ones.replaceAll('0', '').length } : null;
  }
  const bits = /^\d{1,3}$/.test(length) ? Number(length) : width + 1;
  return bits <= width ? { family, address, bits } : null;
}

/** An address as nft gets it: host bits cleared, no length for a whole address. */
export function subnetText(subnet: Subnet): string {
  const text = textOf(networkOf(subnet), subnet.family);
  return subnet.bits === (subnet.family === 4 ? 32 : 128) ? text : `${text}/${subnet.bits}`;
}

export const hostOf = ({ family, address }: Subnet): Subnet => ({
  family,
  address,
  bits: family === 4 ? 32 : 128,
});

export const hostText = (subnet: Subnet): string => subnetText(hostOf(subnet));

export const portText = ({ min, max }: Port): string => (min === max ? String(min) : `${min}-${max}`);

export const hex = (value: number): string => `0x${(value >>> 0).toString(16)}`;

/** nft's double quotes hold no double quote. */
export const quoted = (text: string): string => `"${text.replaceAll('"', "'")}"`;

const PLAIN = /^[0-9A-Fa-f:./-]+( \. [0-9A-Fa-f:./-]+)*$/;

/** One value, or a set of them; names in quotes, numbers and addresses plain. */
export function setText(values: readonly string[], always = false): string {
  const texts = [...new Set(values)].map((value) => (PLAIN.test(value) ? value : quoted(value)));
  return texts.length === 1 && !always ? (texts[0] ?? '') : `{ ${texts.join(', ')} }`;
}

export const familyName = (family: Family): string =>
  family === 0 ? 'IPv4/IPv6' : family === 4 ? 'IPv4' : 'IPv6';
