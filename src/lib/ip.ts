/**
 * IP addresses as text: reading, one canonical spelling, comparing. IPv4 in the four-part decimal form only (no
 * leading zeros: RFC 6943, 3.1.1), IPv6 by RFC 4291, 2.2, written by RFC 5952. No zone ids, no host names.
 */
export type IpFamily = 'ipv4' | 'ipv6';

export interface IpAddress {
  readonly family: IpFamily;
  /** Canonical spelling. */
  readonly text: string;
}

export interface IpPrefix extends IpAddress {
  /** 0–32 or 0–128. */
  readonly prefixLength: number;
}

/** The four bytes of a dotted address, or null. */
function ipv4Bytes(text: string): readonly number[] | null {
  const parts = text.split('.');
  if (parts.length !== 4) return null;
  const bytes = parts.map((part) => (/^(0|[1-9]\d{0,2})$/.test(part) ? Number(part) : 256));
  return bytes.every((byte) => byte <= 255) ? bytes : null;
}

/** The groups of one side of `::`; null if one is no group. */
function groups(text: string): readonly number[] | null {
  if (text === '') return [];
  const result: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    if (part.includes('.') && index === parts.length - 1) {
      const bytes = ipv4Bytes(part);
      if (bytes === null) return null;
      const [a = 0, b = 0, c = 0, d = 0] = bytes;
      result.push(a * 256 + b, c * 256 + d);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      result.push(Number.parseInt(part, 16));
    } else {
      return null;
    }
  }
  return result;
}

function ipv6Groups(text: string): readonly number[] | null {
  const sides = text.split('::');
  if (sides.length > 2) return null;
  const [left = '', right] = sides;
  if (right !== undefined && left.includes('.')) return null;
  const head = groups(left);
  if (head === null) return null;
  if (right === undefined) return head.length === 8 ? head : null;
  const tail = groups(right);
  if (tail === null || head.length + tail.length > 7) return null;
  return [...head, ...new Array<number>(8 - head.length - tail.length).fill(0), ...tail];
}

/** RFC 5952, 4: lower case, no leading zeros, the first longest run of two or more zero groups as `::`. */
function ipv6Text(all: readonly number[]): string {
  let start = -1;
  let length = 1;
  for (let from = 0; from < all.length; from += 1) {
    let to = from;
    while (to < all.length && all[to] === 0) to += 1;
    if (to - from > length) {
      start = from;
      length = to - from;
    }
  }
  const hex = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(':');
  return start < 0 ? hex(all) : `${hex(all.slice(0, start))}::${hex(all.slice(start + length))}`;
}

/** An address without prefix length; null if the text is none. */
export function parseIpAddress(text: string): IpAddress | null {
  const bytes = ipv4Bytes(text);
  if (bytes !== null) return { family: 'ipv4', text: bytes.join('.') };
  const all = text.includes(':') ? ipv6Groups(text) : null;
  return all === null ? null : { family: 'ipv6', text: ipv6Text(all) };
}

/** `ADDRESS/LENGTH`, the length being required; host bits are kept. null if the text is none. */
export function parseIpPrefix(text: string): IpPrefix | null {
  const [, address = '', digits = ''] = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text) ?? [];
  const parsed = parseIpAddress(address);
  const prefixLength = Number(digits);
  if (parsed === null || digits === '' || prefixLength > (parsed.family === 'ipv4' ? 32 : 128)) return null;
  return { ...parsed, prefixLength };
}
