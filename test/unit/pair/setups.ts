/** Setups of a pair for tests of what hagw writes: UCI as an administrator has it, and which router it is. */
import { decodeHagw } from '../../../src/core/config/hagw.ts';
import type { InterfaceFacts } from '../../../src/core/netifd/facts.ts';
import { type PairInput, READ_PACKAGES } from '../../../src/core/pair/types.ts';
import { sectionsOf } from '../config/sections.ts';

export interface Setup {
  /** UCI texts by package; hagw among them. */
  readonly uci: Readonly<Record<string, string>>;
  /** Index of the router in /etc/config/hagw. */
  readonly router?: 0 | 1;
  readonly interfaces?: readonly InterfaceFacts[];
}

export function inputOf({ uci, router = 0, interfaces }: Setup): PairInput {
  const { value: config, problems } = decodeHagw(sectionsOf(uci['hagw'] ?? ''));
  const [first, second] = config?.routers ?? [];
  if (config === null || first === undefined || second === undefined)
    throw new Error(`the setup does not decode: ${JSON.stringify(problems)}`);
  const packages = Object.fromEntries(
    READ_PACKAGES.map((name) => [name, uci[name] === undefined ? null : sectionsOf(uci[name])]),
  ) as unknown as PairInput['packages'];
  const [self, partner] = router === 0 ? [first, second] : [second, first];
  return { config, self, partner, packages, interfaces: interfaces ?? null };
}

const pairOf = (more: string, globals = ''): string => `config globals 'globals'
	option sync_interface 'sync'
${globals}
config router 'gw_a'
	option name 'gw-a'
	option sync_address '10.255.255.1'
	list own_address '192.168.1.2'
	list own_address '203.0.113.2'
	list own_address '198.51.100.2'
	list own_address '2001:db8:1::2'
	list own_address '2001:db8:a::2'

config router 'gw_b'
	option name 'gw-b'
	option sync_address '10.255.255.2'
	list own_address '192.168.1.3'
	list own_address '203.0.113.3'
	list own_address '198.51.100.3'
	list own_address '2001:db8:1::3'
	list own_address '2001:db8:a::3'

${more}`;

const addressOf = (name: string, network: string, address: string, vrid: number): string =>
  `config address '${name}'\n\toption interface '${network}'\n\toption address '${address}'\n\toption vrid '${vrid}'\n\n`;

const interfaceOf = (name: string, device: string, address: string, more = ''): string =>
  `config interface '${name}'\n\toption device '${device}'\n\toption proto 'static'\n\toption ipaddr '${address}'\n${more}\n`;

/** What OpenWrt comes with, and the comments that people leave. */
const FIREWALL = `# my firewall
config defaults
	option syn_flood '1'
	option input 'REJECT'
	option output 'ACCEPT'
	option forward 'REJECT'

config zone
	option name 'lan'
	list network 'lan'
	option input 'ACCEPT'
	option output 'ACCEPT'
	option forward 'ACCEPT'

config zone
	option name 'wan'
	list network 'wan'
	list network 'wanb'
	list network 'wan6'
	option input 'REJECT'	# as it came
	option output 'ACCEPT'
	option forward 'DROP'
	option masq '1'
	option mtu_fix '1'

config forwarding
	option src 'lan'
	option dest 'wan'

# the camera
config rule
	option name 'Allow-Ping'
	option src 'wan'
	option proto 'icmp'
	option icmp_type 'echo-request'
	option family 'ipv4'
	option target 'ACCEPT'
`;

const DHCP = `config dnsmasq
	option domainneeded '1'
	option leasefile '/tmp/dhcp.leases'

config dhcp 'lan'
	option interface 'lan'
	option start '100'
	option limit '150'
	option leasetime '12h'
	option force '1'
`;

const MWAN3 = `config interface 'wan'
	option enabled '1'

config interface 'wanb'
	option enabled '1'
`;

const LAN = addressOf('lan', 'lan', '192.168.1.1/24', 10);
const WANS =
  addressOf('wan', 'wan', '203.0.113.10/24', 21) + addressOf('wanb', 'wanb', '198.51.100.10/24', 22);
const networkOf = (lan: string, wan: string, wanb: string): string =>
  interfaceOf('loopback', 'lo', '127.0.0.1/8') +
  interfaceOf('lan', lan, '192.168.1.2/24') +
  interfaceOf('wan', wan, '203.0.113.2/24', "\toption gateway '203.0.113.1'\n\toption metric '10'\n") +
  interfaceOf('wanb', wanb, '198.51.100.2/24', "\toption gateway '198.51.100.1'\n\toption metric '20'\n") +
  interfaceOf('sync', 'eth3', '10.255.255.1/30');

const base = { firewall: FIREWALL, dhcp: DHCP, mwan3: MWAN3 };

export const SETUPS = {
  'two-wans': {
    uci: { ...base, hagw: pairOf(LAN + WANS), network: networkOf('br-lan', 'eth1', 'eth2') },
  },
  'ipv6-too': {
    uci: {
      ...base,
      hagw: pairOf(
        LAN +
          WANS +
          addressOf('lan6', 'lan', '2001:db8:1::1/64', 10) +
          addressOf('wan6', 'wan6', '2001:db8:a::10/64', 21),
      ),
      network:
        networkOf('br-lan', 'eth1', 'eth2').replace(
          "option ipaddr '192.168.1.2/24'\n",
          "option ipaddr '192.168.1.2/24'\n\toption ip6addr '2001:db8:1::2/64'\n",
        ) +
        "config interface 'wan6'\n\toption device '@wan'\n\toption proto 'static'\n\toption ip6addr '2001:db8:a::2/64'\n\toption ip6gw '2001:db8:a::1'\n",
      firewall: FIREWALL.replace("option masq '1'", "option masq '1'\n\toption masq6 '1'"),
    },
  },
  'long-names': {
    uci: {
      ...base,
      hagw: pairOf(
        addressOf('the_network_of_the_people_upstairs', 'lan', '192.168.1.1/24', 10) +
          WANS.replace("config address 'wan'", 'config address'),
      ),
      network: networkOf('br-upstairs-lan', 'eth0.1', 'longdevicename5'),
    },
  },
  'vlans-fast-unicast': {
    uci: {
      ...base,
      hagw: pairOf(
        LAN + WANS,
        "\toption advert_profile 'fast'\n\toption vrrp_transport 'unicast'\n\toption preempt '1'\n\toption conntrackd_transport 'multicast'\n",
      ),
      network: networkOf('br-lan.7', 'eth0.10', 'eth0.20'),
    },
  },
  pppoe: {
    uci: {
      ...base,
      hagw: pairOf(LAN + addressOf('wan', 'wan', '203.0.113.10/24', 21)),
      network: networkOf('br-lan', 'eth1', 'eth2').replace(
        /config interface 'wanb'[\s\S]*?metric '20'\n/,
        "config interface 'wanb'\n\toption device 'eth2'\n\toption proto 'pppoe'\n\toption username 'u'\n",
      ),
    },
  },
  'sync-on-lan': {
    uci: {
      ...base,
      hagw: pairOf(LAN + WANS)
        .replace('10.255.255.1', '192.168.1.2')
        .replace('10.255.255.2', '192.168.1.3')
        .replace("sync_interface 'sync'", "sync_interface 'lan'"),
      network: networkOf('br-lan', 'eth1', 'eth2'),
    },
  },
  'multicast-two-lans': {
    router: 1,
    uci: {
      ...base,
      hagw: pairOf(
        LAN +
          addressOf('guest', 'guest', '192.168.9.1/24', 11) +
          WANS +
          addressOf('lan6', 'lan', '2001:db8:1::1/64', 10) +
          addressOf('wan6', 'wan6', '2001:db8:a::10/64', 21),
        "\toption vrrp_transport 'multicast'\n\toption preempt '1'\n",
      ),
      network:
        networkOf('br-lan', 'eth1', 'eth2')
          .replace(/192\.168\.1\.2|203\.0\.113\.2|198\.51\.100\.2/g, (text) => text.replace(/2$/, '3'))
          .replace('10.255.255.1', '10.255.255.2') +
        interfaceOf('guest', 'eth0.9', '192.168.9.3/24') +
        "config interface 'wan6'\n\toption device '@wan'\n\toption proto 'static'\n\toption ip6addr '2001:db8:a::3/64'\n\toption ip6gw '2001:db8:a::1'\n",
      firewall: FIREWALL.replace("list network 'lan'", "list network 'lan'\n\tlist network 'guest'"),
      dhcp: `${DHCP}\nconfig dhcp 'visitors'\n\toption interface 'guest'\n\toption networkid 'visitors'\n\toption force '1'\n\nconfig dhcp 'wan'\n\toption interface 'wan'\n\toption ignore '1'\n`,
    },
  },
} as const satisfies Record<string, Setup>;
