/**
 * What a WAN has got by DHCP, for the partner: /var/run/hagw/wan-own, which the handover script writes, and wan-leases, which it reads.
 * Lines `INTERFACE ADDRESS/LENGTH GATEWAY SECONDS`; SECONDS is a duration in the first, a moment of /proc/uptime in the second.
 */
import { parseIpAddress, parseIpPrefix } from '../../lib/ip.ts';

export interface WanLease {
  readonly interface: string;
  /** IPv4, with length. */
  readonly address: string;
  readonly gateway: string;
  /** Whole seconds, see above. */
  readonly seconds: number;
}

/** More are none that a router has. */
export const MOST_LEASES = 8;
const NAME = /^[0-9A-Za-z_.-]{1,64}$/;

/** One line; null if it is none: the script puts the words into commands. */
export function decodeLease(line: string): WanLease | null {
  const [name = '', address = '', gateway = '', digits = '', ...more] = line.split(' ');
  const prefix = address.includes('/') ? parseIpPrefix(address) : null;
  const isFit =
    NAME.test(name) &&
    prefix?.family === 'ipv4' &&
    parseIpAddress(gateway)?.family === 'ipv4' &&
    /^\d{1,10}$/.test(digits) &&
    more.length === 0;
  return isFit ? { interface: name, address, gateway, seconds: Number(digits) } : null;
}

export function decodeLeases(text: string): readonly WanLease[] {
  return text
    .split('\n')
    .flatMap((line) => decodeLease(line) ?? [])
    .slice(0, MOST_LEASES);
}

export function encodeLeases(leases: readonly WanLease[]): readonly string[] {
  return leases.map((one) => `${one.interface} ${one.address} ${one.gateway} ${one.seconds}`);
}
