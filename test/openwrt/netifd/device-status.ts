/**
 * `network.device status` of one device (test/captures/netifd, 05 and 06). Read from the kernel: presence, up, carrier, MTU,
 * address, queue length and the ten counters that `ip` shows; everything else is what the recorded devices had.
 */
import type { BusTable } from '../procd/stand-in-bus.ts';
import type { Link } from './kernel.ts';

const ETHTOOL = {
  'link-advertising': [],
  'link-partner-advertising': [],
  'link-supported': [],
  speed: '10000F',
  autoneg: false,
  'flow-control': {
    autoneg: true,
    supported: [],
    'link-advertising': [],
    'link-partner-advertising': [],
    negotiated: [],
  },
  'hw-tc-offload': false,
  devtype: 'ethernet',
} as const;

const SETTINGS = {
  ipv6: true,
  ip6segmentrouting: false,
  promisc: false,
  rpfilter: 0,
  acceptlocal: false,
  igmpversion: 0,
  mldversion: 0,
  neigh4reachabletime: 30000,
  neigh6reachabletime: 30000,
  neigh4gcstaletime: 60,
  neigh6gcstaletime: 60,
  neigh4locktime: 100,
  dadtransmits: 1,
} as const;

const FILTERS = {
  sendredirects: true,
  drop_v4_unicast_in_l2_multicast: false,
  drop_v6_unicast_in_l2_multicast: false,
  drop_gratuitous_arp: false,
  drop_unsolicited_na: false,
  arp_accept: false,
} as const;

const COUNTERS = [
  ...['collisions', 'rx_frame_errors', 'tx_compressed', 'multicast', 'rx_length_errors', 'tx_dropped'],
  ...['rx_bytes', 'rx_missed_errors', 'tx_errors', 'rx_compressed', 'rx_over_errors', 'tx_fifo_errors'],
  ...['rx_crc_errors', 'rx_packets', 'tx_heartbeat_errors', 'rx_dropped', 'tx_aborted_errors', 'tx_packets'],
  ...['rx_errors', 'tx_bytes', 'tx_window_errors', 'rx_fifo_errors', 'tx_carrier_errors'],
] as const;

export function deviceStatus(link: Link | undefined): BusTable {
  const kind = { external: false, present: link !== undefined, type: 'Network device' };
  if (link === undefined) return kind;
  return {
    ...kind,
    up: link.up,
    carrier: link.carrier,
    auth_status: false,
    ...(link.loopback ? {} : ETHTOOL),
    mtu: link.mtu,
    mtu6: link.mtu,
    macaddr: link.macaddr,
    txqueuelen: link.txQueueLength,
    ...SETTINGS,
    multicast: !link.loopback,
    ...FILTERS,
    gro: link.loopback,
    statistics: Object.fromEntries(COUNTERS.map((name) => [name, link.statistics[name] ?? 0])),
  };
}
