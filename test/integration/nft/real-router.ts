/**
 * A router of namespaces for real packets of both families: LAN client and guest behind veth pairs, WANs as veth pairs whose far
 * ends swallow what they are given.
 * Loads a desired state (nft, ip rules, tables), sends flows, and tells by which device and with which marks each left. Everything lives
 * in one process group's namespaces and ends with it.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { renderTable } from '../../../src/core/nft/render.ts';
import type { CompileInput, Desired, Family } from '../../../src/core/policy/model.ts';

const rootfs = join(import.meta.dirname, '../../../build/lab/rootfs');

export interface SentFlow {
  /** Address of the client (192.168.1.x, 192.168.7.x, 2001:db8:1:1::x, 2001:db8:2:1::x) or null for the router itself. */
  readonly source: string | null;
  readonly destination: string;
  readonly protocol: 'udp' | 'tcp';
  readonly destinationPort: number;
  /** SO_MARK of the router's socket. */
  readonly socketMark?: number;
}

export interface SeenFlow {
  readonly device: string;
  readonly mark: number;
  readonly ctMark: number;
}

/** Source port of the flow of an index. */
const portOf = (index: number): number => 20_000 + index;

/** Lines for `ip -batch` of one family: what the situation has, then what is desired. */
function ipCommands(desired: Desired, input: CompileInput, family: Family): readonly string[] {
  return [
    ...input.routes
      .filter((route) => route.table !== 255 && route.protocol !== 'kernel' && route.family === family)
      .map(({ table, words }) => `route replace ${withoutState(words)} table ${table}`),
    ...desired.tables
      .filter((table) => table.family === family)
      .flatMap(({ table, routes }) => routes.map((words) => `route add ${words.join(' ')} table ${table}`)),
    ...desired.rules
      .filter((rule) => rule.family === family)
      .map(({ preference, match, action }) => {
        const what =
          'iif' in match
            ? `iif ${match.iif}`
            : 'oif' in match
              ? `oif ${match.oif}`
              : `fwmark ${match.mark}/${match.mask}`;
        const does = typeof action === 'string' ? `type ${action}` : `table ${action.table}`;
        return `rule add pref ${preference} ${what} ${does}`;
      }),
  ];
}

function withoutState(words: readonly string[]): string {
  return words.join(' ').replace(/ linkdown\b| expires \S+| pref medium/g, '');
}

/** Notes each packet of ours that leaves, by its source port. */
const WATCH = `table inet watch {
	set seen {
		typeof th sport . oifname . meta mark . ct mark
		flags dynamic
		size 8192
	}
	set came {
		typeof th sport
		flags dynamic
		size 8192
	}
	chain coming {
		type filter hook prerouting priority -300; policy accept;
		iifname { "br-lan", "br-guest.7" } meta l4proto { tcp, udp } th sport 20000-30000 add @came { th sport }
	}
	chain leaving {
		type filter hook postrouting priority 300; policy accept;
		meta l4proto { tcp, udp } th sport 20000-30000 add @seen { th sport . oifname . meta mark . ct mark }
	}
}
`;

const SETUP = `set -eu
R='chroot ROOTFS'
# Seen in this mount namespace only.
mount --bind /proc ROOTFS/proc
echo 1 > /proc/sys/net/ipv4/ip_forward
echo 1 > /proc/sys/net/ipv6/conf/all/forwarding
echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad
unshare --net sleep 600 &
client=$!
trap 'kill $client' EXIT
until [ "$(readlink /proc/$client/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do :; done
C="nsenter -t $client --net $R"
$R ip link set lo up
for device in pppoe-wan eth2 wwan0; do
	$R ip link add "$device" type veth peer name "far-$device"
	$R ip link set "far-$device" up
	$R ip link set "$device" arp off up
done
$R ip address add 192.0.2.77 peer 192.0.2.1 dev pppoe-wan
$R ip address add 10.2.0.2/24 dev eth2
$R ip address add 10.9.0.2/24 dev wwan0
$R ip address add 2001:db8:1:ff::1/128 dev pppoe-wan nodad
$R ip address add 2001:db8:2:ff::1/128 dev eth2 nodad
$R ip link add br-lan type veth peer name lan0
$R ip link add br-guest.7 type veth peer name guest0
$R ip address add 192.168.1.1/24 dev br-lan
$R ip address add 192.168.7.1/24 dev br-guest.7
$R ip link set lan0 netns $client
$R ip link set guest0 netns $client
$R ip link set br-lan up
$R ip address add 2001:db8:1:1::1/64 dev br-lan nodad
$R ip address add 2001:db8:2:1::1/64 dev br-lan nodad
$R ip link set br-guest.7 up
$C ip address add 192.168.1.100/24 dev lan0
$C ip address add 192.168.1.101/24 dev lan0
$C ip address add 192.168.7.5/24 dev guest0
$C ip link set lan0 up
$C ip link set guest0 up
$C ip address add 2001:db8:1:1::100/64 dev lan0 nodad
$C ip address add 2001:db8:2:1::100/64 dev lan0 nodad
$C ip route add default via 192.168.1.1
$C ip -6 route add default via 2001:db8:1:1::1
$C ip route add default via 192.168.7.1 table 7
$C ip rule add from 192.168.7.0/24 table 7
`;

/** Sends the flows one after the other; by index, how each left (null: not at all). */
export function sendThrough(
  desired: Desired,
  input: CompileInput,
  filled: string,
  flows: readonly SentFlow[],
): readonly (SeenFlow | null)[] {
  const folder = mkdtempSync(join(tmpdir(), 'hagw-packets-'));
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  try {
    const socat = flows.map(({ source, destination, protocol, destinationPort, socketMark }, index) => {
      const six = destination.includes(':');
      const host = (address: string): string => (six ? `[${address}]` : address);
      const bind = source === null ? `sourceport=${portOf(index)}` : `bind=${host(source)}:${portOf(index)}`;
      const mark = socketMark === undefined ? '' : `,setsockopt=1:36:i${socketMark}`;
      const wait = protocol === 'tcp' ? ',connect-timeout=0.05' : '';
      const address = `${protocol.toUpperCase()}${six ? 6 : 4}:${host(destination)}:${destinationPort},${bind}${mark}${wait}`;
      // Failing is an outcome: unreachable, or no answer.
      return `echo x | ${source === null ? '$R' : '$C'} socat -u - ${address} 2>/dev/null || :`;
    });
    const sent = flows.filter(({ source }) => source !== null).length;
    const script = [
      SETUP.replaceAll('ROOTFS', rootfs),
      `$R ip -4 -batch - < ${file('ip4', `${ipCommands(desired, input, 'ipv4').join('\n')}\n`)}`,
      `$R ip -6 -batch - < ${file('ip6', `${ipCommands(desired, input, 'ipv6').join('\n')}\n`)}`,
      `$R nft -f - < ${file('nft', renderTable(desired.nft) + filled + WATCH)}`,
      ...socat,
      // The kernel takes a packet over the cable when it gets to it: all that the client sent are waited for.
      `for try in $(seq 600); do [ "$($R nft list set inet watch came | grep -oE '\\b[23][0-9]{4}\\b' | wc -l)" -ge ${sent} ] && break; sleep 0.1; done`,
      '$R nft -j list set inet watch seen',
    ].join('\n');
    const output = execFileSync('unshare', ['--net', '--mount', 'sh', file('run.sh', script)], {
      encoding: 'utf8',
      stdio: 'pipe',
    });
    const listing: {
      nftables: readonly {
        set?: { elem?: readonly { concat: readonly [number, string, number, number] }[] };
      }[];
    } = JSON.parse(output);
    const seen = listing.nftables.flatMap((item) => item.set?.elem ?? []).map(({ concat }) => concat);
    return flows.map((_, index) => {
      const found = seen.find(([port]) => port === portOf(index));
      return found === undefined ? null : { device: found[1], mark: found[2], ctMark: found[3] };
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
