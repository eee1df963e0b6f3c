/**
 * The kernel's numbers for routes and rules, as rtnetlink(7) and iproute2's built-in tables have them, and what may stand in a
 * line of `ip -batch`. `ip -N` prints numbers, whatever /etc/iproute2 says; other callers write names: both are read here.
 */
import type { KernelRoute } from '../policy/model.ts';

/** RTN_* of linux/rtnetlink.h. */
const TYPES: Readonly<Record<string, KernelRoute['type']>> = {
  '1': 'unicast',
  '2': 'local',
  '3': 'broadcast',
  '4': 'anycast',
  '5': 'multicast',
  '6': 'blackhole',
  '7': 'unreachable',
  '8': 'prohibit',
  '9': 'throw',
};

/** RT_SCOPE_*. */
const SCOPES: Readonly<Record<string, string>> = {
  '0': 'global',
  '200': 'site',
  '253': 'link',
  '254': 'host',
  '255': 'nowhere',
  universe: 'global',
};

/** RTPROT_*: those that iproute2 knows without its files. The rest stays a number. */
const PROTOCOLS: Readonly<Record<string, string>> = {
  '0': 'unspec',
  '1': 'redirect',
  '2': 'kernel',
  '3': 'boot',
  '4': 'static',
  '9': 'ra',
  '11': 'zebra',
  '12': 'bird',
  '16': 'dhcp',
};

const TABLES: Readonly<Record<string, number>> = { default: 253, main: 254, local: 255 };

const own = <T>(table: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.keys(table).includes(name) ? table[name] : undefined;

/** Type of a route by name or number; null = none that we know. */
export function routeType(text: string): KernelRoute['type'] | null {
  return own(TYPES, text) ?? Object.values(TYPES).find((name) => name === text) ?? null;
}

/** Scope by name; an unknown one stays as it is. */
export function scopeName(text: string): string {
  return own(SCOPES, text) ?? text;
}

/** Protocol by name where iproute2 always knows it, else as it is. */
export function protocolName(text: string): string {
  return own(PROTOCOLS, text) ?? text;
}

/** Number of a routing table; null = a name that only the router's files know. */
export function tableNumber(text: string): number | null {
  if (/^\d{1,10}$/.test(text)) return Number(text) <= 0xffffffff ? Number(text) : null;
  return own(TABLES, text) ?? null;
}

/**
 * Whether a word can stand in a line of `ip -batch`: its reader ends words at blanks, knows quotes, and cuts the line at any `#`.
 */
export function isBatchWord(word: string): boolean {
  return /^[\x21-\x7e]+$/.test(word) && !/["'\\#]/.test(word);
}

/** Text of others for a sentence: printable, at most 160 characters. */
export function shown(text: string): string {
  const clean = text.replace(/[^\x20-\x7e]/g, '?');
  return clean.length <= 160 ? clean : `${clean.slice(0, 157)}...`;
}
