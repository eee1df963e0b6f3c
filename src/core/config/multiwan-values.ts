/**
 * Values of /etc/config/mwan3 that no option table can read: masks, addresses with masks, ports. What iptables would take in
 * mwan3 is taken here, but names that must be looked up in the DNS.
 */
import { parseIpAddress } from '../../lib/ip.ts';
import { fail, ok, type Result } from '../../lib/result.ts';
import type { AddressMatch, Family, PortRange } from '../policy/model.ts';
import { parsePattern } from '../policy/prefixes.ts';
import { quoted } from './option.ts';

/** A mask of at most 32 bits, `0x3F00` or decimal; null if the text is none. */
export function parseMarkMask(text: string): number | null {
  if (!/^(0[xX][0-9a-fA-F]{1,8}|\d{1,10})$/.test(text)) return null;
  const value = Number(text);
  return value <= 0xffffffff ? value : null;
}

/** Number of bits that are set. */
export function bitsOf(mask: number): number {
  let count = 0;
  for (let bit = 0; bit < 32; bit += 1) count += (mask >>> bit) & 1;
  return count;
}

/** Ports by the names of /etc/services that rules use; others need their number. */
const SERVICES: Readonly<Record<string, number>> = {
  'ftp-data': 20,
  ftp: 21,
  ssh: 22,
  telnet: 23,
  smtp: 25,
  domain: 53,
  http: 80,
  www: 80,
  pop3: 110,
  ntp: 123,
  imap2: 143,
  imap: 143,
  snmp: 161,
  https: 443,
  submission: 587,
  imaps: 993,
  pop3s: 995,
  openvpn: 1194,
  sip: 5060,
  'sip-tls': 5061,
};

function parsePort(text: string): number | null {
  if (/^\d{1,5}$/.test(text)) return Number(text) <= 65535 ? Number(text) : null;
  return Object.keys(SERVICES).includes(text) ? (SERVICES[text] ?? null) : null;
}

/** A port or a range; a name may have a hyphen in it. */
function parseRange(text: string): PortRange | null {
  const single = parsePort(text);
  if (single !== null) return { first: single, last: single };
  const [, from = '', to = ''] = /^(\w+)[:-](\w+)$/.exec(text) ?? [];
  const [first, last] = [parsePort(from), parsePort(to)];
  return first === null || last === null || first > last ? null : { first, last };
}

/** What lies between commas and blanks. */
function items(texts: readonly string[]): readonly string[] {
  return texts.flatMap((text) => {
    const found = text.split(/[\s,]+/).filter((item) => item !== '');
    // Only separators: an item of its own that fits nothing, or a list of nothing would match everything.
    return found.length === 0 ? [text] : found;
  });
}

/** Port lists of a rule, or a clause that says which item is none ("Is …" is said by the caller). */
export function parsePorts(texts: readonly string[]): Result<readonly PortRange[], string> {
  const ranges: PortRange[] = [];
  for (const item of items(texts)) {
    const range = parseRange(item);
    if (range === null)
      return fail(`Names ${quoted(item)}, which is no port from 0 to 65535 and no range of them`);
    ranges.push(range);
  }
  return ok(ranges);
}

/** `10/8` and `192.168/16`, as iptables takes them, in full. */
function fillUp(address: string): string {
  if (!/^\d{1,3}(\.\d{1,3}){0,2}$/.test(address)) return address;
  return `${address}${'.0'.repeat(4 - address.split('.').length)}`;
}

function parseAddress(text: string): (AddressMatch & { readonly family: Family }) | null {
  const slash = text.indexOf('/');
  const parsed = parseIpAddress(slash < 0 ? text : fillUp(text.slice(0, slash)));
  if (parsed === null) return null;
  const { family, text: address } = parsed;
  const given = slash < 0 ? (family === 'ipv4' ? '32' : '128') : text.slice(slash + 1);
  const pattern = parsePattern({ address, mask: given });
  if (pattern === null) return null;
  return { family, address, mask: pattern.kind === 'odd' ? pattern.mask : pattern.prefix.length };
}

export interface Addresses {
  readonly matches: readonly AddressMatch[];
  /** Families that occur. */
  readonly families: readonly Family[];
}

/** Addresses of a rule, or a clause that says which item is none. */
export function parseAddresses(texts: readonly string[]): Result<Addresses, string> {
  const found: (AddressMatch & { readonly family: Family })[] = [];
  for (const item of items(texts)) {
    const match = parseAddress(item);
    if (match === null) return fail(`Names ${quoted(item)}, which is no address with a mask`);
    found.push(match);
  }
  const families = (['ipv4', 'ipv6'] as const).filter((family) =>
    found.some((item) => item.family === family),
  );
  return ok({ matches: found.map(({ address, mask }) => ({ address, mask })), families });
}
