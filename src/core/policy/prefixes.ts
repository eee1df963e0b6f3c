/**
 * Address arithmetic for rules and sets: prefixes and masks as bytes. Reads what lib/ip.ts accepts (RFC 4291, RFC 5952;
 * IPv4 in four decimal parts), plus dotted masks. Writes canonical text.
 */
import { parseIpAddress } from '../../lib/ip.ts';
import type { AddressMatch, Family } from './model.ts';

export interface Prefix {
  readonly family: Family;
  readonly bytes: readonly number[];
  readonly length: number;
}

/** The bytes of an address (4 or 16), with its family; null if the text is none. */
export function addressBytes(
  text: string,
): { readonly family: Family; readonly bytes: readonly number[] } | null {
  const parsed = parseIpAddress(text);
  if (parsed === null) return null;
  if (parsed.family === 'ipv4') return { family: 'ipv4', bytes: parsed.text.split('.').map(Number) };
  const [head = '', tail] = parsed.text.split('::');
  const groups = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  const left = groups(head);
  const right = tail === undefined ? [] : groups(tail);
  const all = [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right];
  return { family: 'ipv6', bytes: all.flatMap((group) => [group >> 8, group & 255]) };
}

function addressText(family: Family, bytes: readonly number[]): string {
  if (family === 'ipv4') return bytes.join('.');
  const groups: string[] = [];
  for (let index = 0; index < 16; index += 2)
    groups.push((((bytes[index] ?? 0) << 8) | (bytes[index + 1] ?? 0)).toString(16));
  return parseIpAddress(groups.join(':'))?.text ?? '';
}

/** Byte `index` of a netmask of `length` bits. */
function maskByte(length: number, index: number): number {
  const bits = Math.min(8, Math.max(0, length - index * 8));
  return (0xff00 >> bits) & 0xff;
}

/** A prefix with its host bits cleared. */
function prefix(family: Family, bytes: readonly number[], length: number): Prefix {
  return { family, length, bytes: bytes.map((byte, index) => byte & maskByte(length, index)) };
}

/** `default`, an address, or ADDRESS/LENGTH as `ip route` prints destinations; null if it is none of these. */
export function parsePrefix(text: string): Prefix | null {
  const slash = text.indexOf('/');
  const address = addressBytes(slash < 0 ? text : text.slice(0, slash));
  if (address === null) return null;
  const widest = address.bytes.length * 8;
  const digits = slash < 0 ? String(widest) : text.slice(slash + 1);
  if (!/^\d{1,3}$/.test(digits) || Number(digits) > widest) return null;
  return prefix(address.family, address.bytes, Number(digits));
}

/** ADDRESS for a host, else ADDRESS/LENGTH. */
export function prefixText({ family, bytes, length }: Prefix): string {
  const text = addressText(family, bytes);
  return length === bytes.length * 8 ? text : `${text}/${length}`;
}

function covers(wide: Prefix, narrow: Prefix): boolean {
  if (wide.family !== narrow.family || wide.length > narrow.length) return false;
  return wide.bytes.every(
    (byte, index) => byte === ((narrow.bytes[index] ?? 0) & maskByte(wide.length, index)),
  );
}

function order(a: Prefix, b: Prefix): number {
  for (const [index, byte] of a.bytes.entries()) {
    const other = b.bytes[index] ?? 0;
    if (byte !== other) return byte - other;
  }
  return a.length - b.length;
}

/** The prefixes (of one family) without those that another one contains, in order: what an interval set can hold. */
export function withoutCovered(prefixes: readonly Prefix[]): readonly Prefix[] {
  const result: Prefix[] = [];
  for (const candidate of [...prefixes].sort(order)) {
    const last = result[result.length - 1];
    // In this order, whatever contains a prefix stands before it, and nothing foreign in between.
    if (last === undefined || !covers(last, candidate)) result.push(candidate);
  }
  return result;
}

export type AddressPattern =
  | { readonly kind: 'prefix'; readonly prefix: Prefix }
  /** A mask that is no prefix: address & mask == value. IPv4 only. */
  | { readonly kind: 'odd'; readonly value: string; readonly mask: string };

/** An address with a prefix length or a dotted mask; null if it is neither. */
export function parsePattern({ address, mask }: AddressMatch): AddressPattern | null {
  const parsed = addressBytes(address);
  if (parsed === null) return null;
  const { family, bytes } = parsed;
  if (typeof mask === 'number' || /^\d+$/.test(mask)) {
    const length = Number(mask);
    if (!Number.isInteger(length) || length < 0 || length > bytes.length * 8) return null;
    return { kind: 'prefix', prefix: prefix(family, bytes, length) };
  }
  const maskBytes = addressBytes(mask);
  if (maskBytes === null || family !== 'ipv4' || maskBytes.family !== 'ipv4') return null;
  const bits = maskBytes.bytes.map((byte) => byte.toString(2).padStart(8, '0')).join('');
  if (/^1*0*$/.test(bits))
    return { kind: 'prefix', prefix: prefix(family, bytes, bits.indexOf('0') < 0 ? 32 : bits.indexOf('0')) };
  const value = bytes.map((byte, index) => byte & (maskBytes.bytes[index] ?? 0)).join('.');
  return { kind: 'odd', value, mask: maskBytes.bytes.join('.') };
}

/** Whether an address (canonical or not) lies in a prefix or fits an odd mask. */
export function matchesPattern(pattern: AddressPattern, address: string): boolean {
  const parsed = addressBytes(address);
  if (parsed === null) return false;
  if (pattern.kind === 'prefix')
    return covers(pattern.prefix, { ...parsed, length: parsed.bytes.length * 8 });
  const mask = addressBytes(pattern.mask)?.bytes ?? [];
  const value = addressBytes(pattern.value)?.bytes ?? [];
  return (
    parsed.family === 'ipv4' &&
    parsed.bytes.every((byte, index) => (byte & (mask[index] ?? 0)) === (value[index] ?? 0))
  );
}
