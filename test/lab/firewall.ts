/**
 * The lab's small firewall: what fw4 does on a router, as far as a failover needs it, with what measurements
 * ask for. Pure. hagw's own rules for fw4 will take its place.
 */
import { LAN, type Topology } from './topology.ts';

export const RULES_PATH = '/etc/lab-firewall.nft';
export const INIT_PATH = '/etc/init.d/lab';
export const INIT_LINK = '/etc/rc.d/S10lab';

export function firewallRules(topology: Topology): string {
  const wans = topology.wans.map(({ name }) => `"${name}"`).join(', ');
  const snat = topology.wans.map(({ name, virtualAddress }) =>
    topology.alone
      ? `\t\toifname "${name}" ip saddr ${LAN}.0/24 masquerade`
      : `\t\toifname "${name}" ip saddr ${LAN}.0/24 snat to ${virtualAddress} comment "the translated address must survive"`,
  );
  return `table inet lab
flush table inet lab
table inet lab {
	chain input {
		type filter hook input priority filter; policy accept;
		iifname != { ${wans} } accept
		ct state established,related accept
		meta l4proto { icmp, 112 } accept
		tcp flags & syn == 0 drop comment "its state may still be on its way from the partner: no RST"
		meta l4proto tcp reject with tcp reset
		reject
	}
	chain forward {
		type filter hook forward priority filter; policy drop;
		ct state established,related accept
		iifname "lan" oifname { ${wans} } accept
	}
	chain srcnat {
		type nat hook postrouting priority srcnat; policy accept;
${snat.join('\n')}
	}
}
`;
}

/** Before the network comes up: the host's name (part of OpenWrt's /etc/init.d/system) and the rules (fw4's part). */
export const INIT_SCRIPT = `#!/bin/sh /etc/rc.common
START=10

start() {
	cat /etc/hostname >/proc/sys/kernel/hostname
	nft -f ${RULES_PATH}
}
`;

/** Sysctl settings of a gateway; liberal: a state that came from the partner has stale TCP windows. */
export const SYSCTL_PATH = '/etc/sysctl.d/90-lab.conf';
export const SYSCTL = `net.ipv4.ip_forward=1
net.netfilter.nf_conntrack_tcp_be_liberal=1
`;
