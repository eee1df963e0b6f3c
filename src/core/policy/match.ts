/**
 * Whether a packet fits a match, and if not, why, in words for the user. For `explain`; the kernel does not ask here, and the
 * tests' tracer has its own reading.
 */

import type { NftMatch } from '../nft/objects.ts';
import { matchesPattern, parsePattern, parsePrefix } from './prefixes.ts';

export interface MatchedPacket {
  readonly family: 'ipv4' | 'ipv6';
  readonly source: string;
  readonly destination: string;
  /** null = not said: matches no rule that asks for one. */
  readonly protocol: number | null;
  readonly sourcePort: number | null;
  readonly destinationPort: number | null;
  /** null = the router's own. */
  readonly iif: string | null;
  /** Device that the router's own packet would leave by, before any mark. */
  readonly oif: string | null;
}

/** Elements of the sets, as far as they are known. */
export type SetElements = (name: string) => readonly string[];

/** A new flow carries no mark. */
const NO_MARK = 0;

function ranges(any: readonly { readonly first: number; readonly last: number }[]): string {
  return any.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`)).join(', ');
}

/** null when the match holds, else the reason why not, a part of a sentence. */
export function whyNot(match: NftMatch, packet: MatchedPacket, elements: SetElements): string | null {
  const side = (which: 'source' | 'destination') => (which === 'source' ? packet.source : packet.destination);
  const unless = (holds: boolean, reason: string): string | null => (holds ? null : reason);
  switch (match.kind) {
    case 'family':
      return unless(packet.family === match.family, `it is not ${match.family}`);
    case 'mark':
      return unless(((NO_MARK & match.mask) === match.value) !== match.negated, 'the mark differs');
    case 'iif':
      return unless(
        packet.iif !== null && match.devices.includes(packet.iif),
        packet.iif === null
          ? `it is the router's own and does not come in by ${match.devices.join(', ')}`
          : `it comes in by ${packet.iif}, not by ${match.devices.join(', ')}`,
      );
    case 'oif':
      return unless(packet.oif === match.device, `it is not bound to ${match.device}`);
    case 'address':
      return unless(
        match.any.some((item) => {
          const pattern = parsePattern(item);
          return pattern !== null && matchesPattern(pattern, side(match.side));
        }),
        `the ${match.side} ${side(match.side)} is not in ${match.any.map(({ address, mask }) => `${address}/${mask}`).join(', ')}`,
      );
    case 'set':
      return unless(
        elements(match.set).some((element) => {
          const prefix = parsePrefix(element);
          return prefix !== null && matchesPattern({ kind: 'prefix', prefix }, side(match.side));
        }),
        `the ${match.side} ${side(match.side)} is not in the set ${match.set}`,
      );
    case 'protocol':
      return unless(
        packet.protocol === match.protocol,
        packet.protocol === null
          ? `it asks for protocol ${match.protocol}`
          : `the protocol is ${packet.protocol}, not ${match.protocol}`,
      );
    case 'port': {
      const numbers = { tcp: 6, udp: 17, udplite: 136, sctp: 132, dccp: 33 };
      if (packet.protocol !== numbers[match.protocol]) return `the protocol is not ${match.protocol}`;
      const port = match.side === 'source' ? packet.sourcePort : packet.destinationPort;
      if (port === null) return `it asks for the ${match.side} port ${ranges(match.any)}`;
      return unless(
        match.any.some(({ first, last }) => first <= port && port <= last),
        `the ${match.side} port ${port} is not ${ranges(match.any)}`,
      );
    }
    case 'icmp6-type':
      return 'it is no neighbour discovery';
    case 'settled':
      return 'it is new';
  }
}
