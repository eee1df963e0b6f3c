/**
 * The firewall of a lab's router, as an administrator would write it by hand: OpenWrt's default zones and rules, and, while hagw does
 * not write the pair's sections, what a pair needs. Pure.
 */
import { LAN, type RouterPlan, type Topology } from './topology.ts';
import { file, section } from './uci-text.ts';

/** UDP port of conntrackd by hagw's default. */
const CONNTRACKD_PORT = 3780;

function defaults(topology: Topology): string[] {
  const wans = topology.wans.map(({ name }) => name);
  const rule = (name: string, options: Parameters<typeof section>[2]): string =>
    section('rule', '', { name, src: 'wan', ...options, target: 'ACCEPT' });
  return [
    section('defaults', '', { syn_flood: 1, input: 'REJECT', output: 'ACCEPT', forward: 'REJECT' }),
    section('zone', '', {
      ...{ name: 'lan', network: ['lan'] },
      ...{ input: 'ACCEPT', output: 'ACCEPT', forward: 'ACCEPT' },
    }),
    section('zone', '', {
      ...{ name: 'wan', network: wans },
      ...{ input: 'REJECT', output: 'ACCEPT', forward: 'DROP', masq: 1, mtu_fix: 1 },
    }),
    section('forwarding', '', { src: 'lan', dest: 'wan' }),
    rule('Allow-DHCP-Renew', { proto: 'udp', dest_port: 68, family: 'ipv4' }),
    rule('Allow-Ping', { proto: 'icmp', icmp_type: 'echo-request', family: 'ipv4' }),
    rule('Allow-ICMPv6-Input', {
      proto: 'icmp',
      icmp_type: [
        ...['echo-request', 'echo-reply', 'destination-unreachable', 'packet-too-big', 'time-exceeded'],
        ...[
          'router-solicitation',
          'neighbour-solicitation',
          'router-advertisement',
          'neighbour-advertisement',
        ],
      ],
      limit: '1000/sec',
      family: 'ipv6',
    }),
  ];
}

/** What the guides tell the administrator of a pair to add. */
function pair(topology: Topology, router: RouterPlan): string[] {
  const partner = topology.routers.find(({ name }) => name !== router.name)?.syncAddress ?? '';
  return [
    // From anywhere, so that it holds before fw4 knows the interfaces' devices: else a router that boots hears no partner and takes over.
    section('rule', 'vrrp', { name: 'VRRP', src: '*', proto: '112', family: 'ipv4', target: 'ACCEPT' }),
    section('zone', 'sync', {
      ...{ name: 'sync', network: ['sync'] },
      ...{ input: 'REJECT', output: 'ACCEPT', forward: 'DROP' },
    }),
    section('rule', 'ping', {
      name: 'Partner-Ping',
      src: 'sync',
      proto: 'icmp',
      src_ip: partner,
      target: 'ACCEPT',
    }),
    section('rule', 'conntrackd', {
      ...{ name: 'conntrackd', src: 'sync', proto: 'udp', src_ip: partner },
      ...{ dest_port: CONNTRACKD_PORT, target: 'ACCEPT' },
    }),
    ...(topology.connections.snat
      ? topology.wans.map(({ name, virtualAddress }) =>
          section('nat', `snat_${name}`, {
            ...{ name: `Virtual address of ${name}`, src: 'wan', device: name, src_ip: `${LAN}.0/24` },
            ...{ proto: 'all', family: 'ipv4', target: 'SNAT', snat_ip: virtualAddress },
          }),
        )
      : []),
  ];
}

export function firewall(topology: Topology, router: RouterPlan): string {
  return file(...defaults(topology), ...(topology.alone || topology.managed ? [] : pair(topology, router)));
}
