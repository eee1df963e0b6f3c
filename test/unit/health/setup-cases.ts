/**
 * A router whose other configuration is right, and for each problem that it could have, one change that makes it so. The second
 * change of a case, if there is one, resembles the first and is right.
 */
import type { ProblemCode } from '../../../src/core/health/catalogue.ts';
import type { LiveFacts } from '../../../src/core/health/setup.ts';
import type { InterfaceFacts } from '../../../src/core/netifd/facts.ts';
import { HAGW, MWAN3 } from '../../fakes/router.ts';
import { LINKS } from '../engine/situations.ts';

export interface World {
  readonly hagw: string;
  readonly mwan3: string;
  readonly network: string;
  readonly keepalived: string;
  readonly firewall: string;
  readonly dhcp: string;
  readonly partnerMwan3: string | null;
  readonly live: LiveFacts | null;
  /** null = netifd has not been asked. */
  readonly interfaces: readonly InterfaceFacts[] | null;
}
export type Change = (world: World) => World;
type Text = 'hagw' | 'mwan3' | 'network' | 'keepalived' | 'firewall' | 'dhcp';

const instance = (name: string, device: string, vrid: number) => `
config vrrp_instance '${name}'
	option name '${name}'
	option state 'BACKUP'
	option interface '${device}'
	option virtual_router_id '${vrid}'
	option priority '250'
	option advert_int '0.1'
	option version '3'
	option nopreempt '1'
	list virtual_ipaddress '${name}_ip'
	list track_script 'ready'

config ipaddress '${name}_ip'
	option name '${name}_ip'
	option address '${name === 'lan' ? '192.168.1.1' : '203.0.113.10'}/24'
	option device '${device}'
`;

export const RIGHT: World = {
  hagw: HAGW,
  mwan3: MWAN3,
  network: `
config interface 'lan'
	option device 'eth0'
	option proto 'static'
	option ipaddr '192.168.1.2/24'

config interface 'wan'
	option device 'eth1'
	option proto 'static'
	option ipaddr '203.0.113.2/24'
	option gateway '203.0.113.1'

config interface 'wanb'
	option device 'eth2'
	option proto 'dhcp'

config interface 'sync'
	option device 'sync'
	option proto 'static'
	option ipaddr '10.255.255.1/24'
`,
  keepalived: `
config globals 'globals'
	option enabled '1'

config vrrp_script 'ready'
	option name 'ready'
	option script '/usr/lib/ready'

config track_script 'ready_track'
	option name 'ready'
	option value 'ready'

config vrrp_sync_group 'gw'
	option name 'gw'
	list group 'lan'
	list group 'wan'
${instance('lan', 'eth0', 10)}${instance('wan', 'eth1', 20)}`,
  firewall: `
config defaults 'defaults'
	option input 'REJECT'
	option flow_offloading '0'

config zone 'lan_zone'
	option name 'lan'
	list network 'lan'
	option input 'ACCEPT'

config zone 'wan_zone'
	option name 'wan'
	list network 'wan'
	list network 'wanb'
	option input 'REJECT'
	option masq '1'

config rule 'vrrp'
	option src 'lan'
	option proto 'vrrp'
	option target 'ACCEPT'

config nat 'own'
	option src 'wan'
	option src_ip '203.0.113.2'
	option target 'ACCEPT'

config nat 'snat'
	option src 'wan'
	option device 'eth1'
	option proto 'all'
	option target 'SNAT'
	option snat_ip '203.0.113.10'

config ipset 'banks'
	option name 'banks'
	list match 'dest_ip'
	list entry '198.51.100.7'
`,
  dhcp: `
config dhcp 'lan'
	option interface 'lan'
	option force '1'
	list dhcp_option '3,192.168.1.1'
	list dhcp_option 'option:dns-server,192.168.1.1'
`,
  partnerMwan3: MWAN3,
  live: {
    liberal: true,
    loose: false,
    scripts: [],
    protocols: ['ip', 'tcp', 'hopopt'],
    conntrackd:
      'Sync {\n UDP {\n  IPv4_address 10.255.255.1\n  IPv4_Destination_Address 10.255.255.2\n }\n}\n',
    purges: true,
    unheard: false,
  },
  interfaces: LINKS.interfaces,
};

/** One text for another; it must be there. */
export function edit(name: Text, from: string, to: string): Change {
  return (world) => {
    if (!world[name].includes(from)) throw new Error(`${name} has no ${from}`);
    return { ...world, [name]: world[name].replace(from, to) };
  };
}
export const append = (name: Text, text: string): Change => {
  return (world) => ({ ...world, [name]: `${world[name]}\n${text}\n` });
};
const live = (what: Partial<LiveFacts>): Change => {
  return (world) => ({ ...world, live: world.live === null ? null : { ...world.live, ...what } });
};
export const all = (...changes: readonly Change[]): Change => {
  return (world) => changes.reduce((now, change) => change(now), world);
};
const offline: Change = (world) => ({ ...world, interfaces: null, live: null });
const conntrackd = (text: string) => live({ conntrackd: text });
const managed = edit('hagw', "manage_pair '0'", "manage_pair '1'");
const longDevice = all(edit('keepalived', "option device 'eth0'", "option device 'br-guests.100'"));

interface Case {
  readonly where: string;
  readonly wrong: Change;
  readonly right?: Change;
}

export const SETUP_CASES = {
  'address-outside': {
    where: 'hagw.lan.address',
    wrong: edit('hagw', '192.168.1.1/24', '192.168.2.1/24'),
    right: edit('hagw', '192.168.1.1/24', '192.168.1.77/32'),
  },
  'sync-shared': {
    where: 'hagw.globals.sync_interface',
    wrong: all(offline, edit('network', "device 'sync'", "device 'eth0.5'")),
    right: all(offline, edit('network', "device 'sync'", "device 'eth3.5'")),
  },
  'advert-too-fast': {
    where: 'hagw.globals.advert_interval_ms',
    wrong: edit('hagw', "manage_pair '0'", "manage_pair '0'\n\toption advert_interval_ms '50'"),
    right: edit('hagw', "manage_pair '0'", "manage_pair '0'\n\toption advert_profile 'fast'"),
  },
  'wan-no-route': {
    where: 'network.wan.gateway',
    wrong: all(offline, edit('network', "option gateway '203.0.113.1'", '')),
    right: all(
      offline,
      edit('network', "option gateway '203.0.113.1'", ''),
      edit(
        'keepalived',
        "list virtual_ipaddress 'wan_ip'",
        "list virtual_ipaddress 'wan_ip'\n\tlist virtual_routes 'way'",
      ),
      append(
        'keepalived',
        "config route\n\toption name 'way'\n\toption address '0.0.0.0/0'\n\toption device 'eth1'",
      ),
    ),
  },
  'keepalived-disabled': {
    where: 'keepalived.globals.enabled',
    wrong: edit('keepalived', "enabled '1'", "enabled '0'"),
  },
  'vrrp-broken-word': {
    where: 'keepalived.lan',
    wrong: all(
      edit('keepalived', "option name 'lan'", "option name 'my lan'"),
      edit('keepalived', "list group 'lan'", "list group 'my lan'"),
    ),
    right: all(
      edit('keepalived', "option name 'lan'", "option name 'my_lan'"),
      edit('keepalived', "list group 'lan'", "list group 'my_lan'"),
    ),
  },
  'vrrp-flag-zero': {
    where: 'keepalived.lan.accept',
    wrong: edit('keepalived', "option nopreempt '1'", "option nopreempt '1'\n\toption accept '0'"),
    right: edit('keepalived', "option nopreempt '1'", "option nopreempt '1'\n\toption accept '1'"),
  },
  'vrrp-label-long': {
    where: 'keepalived.lan_ip.label_suffix',
    wrong: longDevice,
    right: all(
      longDevice,
      edit('keepalived', "'br-guests.100'", "'br-guests.100'\n\toption label_suffix 'v'"),
    ),
  },
  'vrrp-interface': {
    where: 'keepalived.lan.interface',
    wrong: edit('keepalived', "option interface 'eth0'", "option interface 'lan'"),
    // A network and its device of one name.
    right: edit('keepalived', "option interface 'eth0'", "option interface 'sync'"),
  },
  'vrrp-left-out': {
    where: 'keepalived.lan.virtual_ipaddress',
    wrong: edit('keepalived', "list virtual_ipaddress 'lan_ip'", "list virtual_ipaddress 'lan_pi'"),
  },
  'track-weight': {
    where: 'keepalived.lan.track_script',
    wrong: edit('keepalived', "option value 'ready'", "option value 'ready'\n\toption weight '-20'"),
    right: edit('keepalived', "option value 'ready'", "option value 'ready'\n\toption weight '0'"),
  },
  'track-script-unusable': {
    where: 'keepalived.ready.script',
    wrong: live({ scripts: [['/usr/lib/ready', 'is not there']] }),
    right: live({ scripts: [['/usr/lib/other', 'is not there']] }),
  },
  'vrrp-no-group': {
    where: 'keepalived',
    wrong: edit('keepalived', "\tlist group 'wan'\n", ''),
  },
  'vrrp-preempt': {
    where: 'keepalived.lan.nopreempt',
    wrong: edit('keepalived', "\toption nopreempt '1'\n", ''),
    right: edit('keepalived', "\toption nopreempt '1'\n", "\toption preempt_delay '30'\n"),
  },
  'vrrp-priority': {
    where: 'keepalived.lan.priority',
    wrong: edit('keepalived', "priority '250'", "priority '240'"),
    right: edit('keepalived', "priority '250'", "priority '251'"),
  },
  'vrrp-password': {
    where: 'keepalived.lan.auth_pass',
    wrong: edit(
      'keepalived',
      "version '3'",
      "version '2'\n\toption auth_type 'PASS'\n\toption auth_pass 'x'",
    ),
  },
  'firewall-protocol': {
    where: 'firewall.vrrp.proto',
    wrong: edit('firewall', "proto 'vrrp'", "proto 'vrpp'"),
    right: edit('firewall', "proto 'vrrp'", "proto '112 hopopt tcpudp !udp'"),
  },
  'firewall-left-out': {
    where: 'firewall.vrrp.src',
    wrong: edit('firewall', "src 'lan'\n\toption proto", "src 'lna'\n\toption proto"),
    right: edit('firewall', "src 'lan'\n\toption proto", "src '*'\n\toption proto"),
  },
  'snat-missing': {
    where: 'firewall.wan_zone.masq',
    wrong: edit('firewall', "device 'eth1'", "device 'eth2'"),
    right: all(
      edit('firewall', "device 'eth1'", "device 'eth2'"),
      edit('hagw', "vrid '20'", "vrid '20'\n\toption snat '0'"),
    ),
  },
  'snat-not-virtual': {
    where: 'firewall.snat.snat_ip',
    wrong: edit('firewall', "snat_ip '203.0.113.10'", "snat_ip '203.0.113.2'"),
    right: append(
      'firewall',
      "config nat\n\toption src 'wan'\n\toption src_ip '192.168.1.9'\n\toption target 'SNAT'\n\toption snat_ip '203.0.113.9'",
    ),
  },
  'nat-order': {
    where: 'firewall.late',
    wrong: append(
      'firewall',
      "config nat 'late'\n\toption src 'wan'\n\toption device 'eth1'\n\toption target 'ACCEPT'",
    ),
    right: append(
      'firewall',
      "config nat 'late'\n\toption src 'wan'\n\toption device 'eth2'\n\toption target 'ACCEPT'",
    ),
  },
  'zone-empty': {
    where: 'firewall.lan_zone.network',
    wrong: edit('firewall', "list network 'lan'", "list network 'lna'"),
    right: edit('firewall', "list network 'lan'", "list device 'tun+'"),
  },
  'ipset-prefix': {
    where: 'firewall.banks.match',
    wrong: edit('firewall', '198.51.100.7', '198.51.100.0/24'),
    right: all(
      edit('firewall', '198.51.100.7', '198.51.100.0/24'),
      edit('firewall', "'dest_ip'", "'dest_net'"),
    ),
  },
  'wan-input-accept': {
    where: 'firewall.wan_zone.input',
    wrong: edit('firewall', "input 'REJECT'\n\toption masq", "input 'ACCEPT'\n\toption masq"),
    right: edit('firewall', "input 'REJECT'\n\toption masq", "input 'DROP'\n\toption masq"),
  },
  'flow-offloading': {
    where: 'firewall.defaults.flow_offloading',
    wrong: all(
      edit('firewall', "flow_offloading '0'", "flow_offloading '1'"),
      edit('hagw', "engine 'none'", "engine 'mwan3'"),
    ),
    right: edit('firewall', "flow_offloading '0'", "flow_offloading '1'"),
  },
  'dhcp-force': {
    where: 'dhcp.lan.force',
    wrong: edit('dhcp', "force '1'", "force '0'"),
    right: edit('dhcp', "force '1'", "dhcpv4 'disabled'"),
  },
  'dhcp-option': {
    where: 'dhcp.lan.dhcp_option',
    wrong: edit('dhcp', '3,192.168.1.1', '3,192.168.1.2'),
    right: all(
      edit('dhcp', '3,192.168.1.1', '3,192.168.1.2'),
      edit('hagw', "vrid '10'", "vrid '10'\n\toption dhcp '0'"),
    ),
  },
  'dhcp-handler': { where: 'dhcp', wrong: live({ unheard: true }), right: live({ unheard: null }) },
  'tcp-liberal': {
    where: 'net.netfilter.nf_conntrack_tcp_be_liberal',
    wrong: live({ liberal: false }),
    right: live({ liberal: null }),
  },
  'tcp-loose': {
    where: 'net.netfilter.nf_conntrack_tcp_loose',
    wrong: live({ loose: true }),
    right: all(managed, live({ loose: true })),
  },
  'protocols-missing': {
    where: '/etc/protocols',
    wrong: live({ protocols: null }),
    right: live({ protocols: null, conntrackd: null }),
  },
  'conntrackd-wipes': {
    where: 'conntrackd',
    wrong: conntrackd('DisableExternalCache On\n'),
    right: conntrackd('# DisableExternalCache On\nDisableExternalCache off\n'),
  },
  'conntrackd-address': {
    where: 'conntrackd',
    wrong: conntrackd('UDP { IPv4_address 10.255.255.9 }'),
    right: conntrackd(
      'Sync { Multicast Default {\n IPv4_address 225.0.0.50\n IPv4_interface 10.255.255.1\n} }\nGeneral { Filter From Userspace { Address Ignore { IPv4_address 10.255.255.9 } } }',
    ),
  },
  'wans-differ': {
    where: 'mwan3',
    wrong: (world) => ({ ...world, partnerMwan3: "config interface 'wanb'\nconfig interface 'wan'\n" }),
    right: (world) => ({
      ...world,
      partnerMwan3:
        "config globals\n\toption mmx_mask '0x3f00'\nconfig interface 'wan'\nconfig interface 'wanb'\n",
    }),
  },
} as const satisfies Partial<Record<ProblemCode, Case>>;
