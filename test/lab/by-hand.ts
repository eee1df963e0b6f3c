/** What the administrator of a pair writes by hand beside UCI for connections to outlive a router. Pure: contents by path. */
import type { Topology } from './topology.ts';

/** Chains of the administrator's own in fw4's table. */
const CHAINS_PATH = '/etc/nftables.d/20-lab.nft';
const SYSCTL_PATH = '/etc/sysctl.d/90-lab.conf';
const TAKEOVER_PATH = '/etc/hotplug.d/keepalived/50-conntrackd';

/**
 * TCP that opens nothing and belongs to nothing: its state may still be on its way from the partner, and fw4's REJECT would answer it
 * with RST, which ends the connection.
 */
function strayChain(topology: Topology): string {
  const wans = topology.wans.map(({ name }) => `"${name}"`).join(', ');
  return `chain lab_strays {
	type filter hook input priority filter - 1; policy accept;
	iifname { ${wans} } tcp flags & syn == 0 ct state != { established, related } drop
}
`;
}

/** A state that came from the partner has stale TCP windows. */
const LIBERAL = 'net.netfilter.nf_conntrack_tcp_be_liberal=1\n';

/** The steps of conntrack-tools' own primary-backup.sh. */
const TAKEOVER = `[ "$TYPE" = GROUP ] || exit 0
case "$ACTION" in
	NOTIFY_MASTER) for step in -c -f -R -B; do conntrackd $step; done ;;
	NOTIFY_BACKUP) for step in -t -n; do conntrackd $step; done ;;
	NOTIFY_FAULT) conntrackd -t ;;
esac
`;

export function filesByHand(topology: Topology): ReadonlyMap<string, string> {
  const { liberal, noReset, sync } = topology.connections;
  const isPair = !topology.alone;
  return new Map([
    ...(liberal ? [[SYSCTL_PATH, LIBERAL] as const] : []),
    ...(noReset && isPair ? [[CHAINS_PATH, strayChain(topology)] as const] : []),
    ...(sync && isPair ? [[TAKEOVER_PATH, TAKEOVER] as const] : []),
  ]);
}
