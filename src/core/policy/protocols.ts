/**
 * IP protocols by name (IANA protocol numbers; names and aliases as /etc/protocols has them). A closed table: a name that nft
 * or the C library of the router does not know would make a whole transaction fail.
 */
import type { PortProtocol } from '../nft/objects.ts';

const NUMBERS: Readonly<Record<string, number>> = {
  icmp: 1,
  igmp: 2,
  ipencap: 4,
  ipip: 4,
  tcp: 6,
  egp: 8,
  igp: 9,
  udp: 17,
  dccp: 33,
  ipv6: 41,
  'ipv6-route': 43,
  'ipv6-frag': 44,
  rsvp: 46,
  gre: 47,
  esp: 50,
  'ipsec-esp': 50,
  ah: 51,
  'ipsec-ah': 51,
  skip: 57,
  'ipv6-icmp': 58,
  icmpv6: 58,
  'ipv6-nonxt': 59,
  'ipv6-opts': 60,
  eigrp: 88,
  ospf: 89,
  ospfigp: 89,
  etherip: 97,
  encap: 98,
  pim: 103,
  ipcomp: 108,
  vrrp: 112,
  l2tp: 115,
  isis: 124,
  sctp: 132,
  udplite: 136,
};

const PORTS: Readonly<Record<number, PortProtocol>> = {
  6: 'tcp',
  17: 'udp',
  33: 'dccp',
  132: 'sctp',
  136: 'udplite',
};

/** The number of a protocol given by name or number (0-255); null if nobody knows it. */
export function protocolNumber(text: string): number | null {
  if (/^\d{1,3}$/.test(text)) return Number(text) <= 255 ? Number(text) : null;
  const name = text.toLowerCase();
  return Object.keys(NUMBERS).includes(name) ? (NUMBERS[name] ?? null) : null;
}

/** The keyword that matches ports of a protocol; null if it has none. */
export function portProtocol(number: number): PortProtocol | null {
  return PORTS[number] ?? null;
}
