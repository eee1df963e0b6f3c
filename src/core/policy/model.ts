/**
 * The multi-WAN model: /etc/config/mwan3 decoded and checked, what the compiler needs of links and states, and what it
 * makes. Plain data throughout. Terms as in mwan3; units in names.
 */
import type { LinkStatus } from '../../api/status.ts';
import type { NftTable } from '../nft/objects.ts';

export type Family = 'ipv4' | 'ipv6';
export type LastResort = 'unreachable' | 'blackhole' | 'default';

export type LogLevel = 'emerg' | 'alert' | 'crit' | 'err' | 'warn' | 'notice' | 'info' | 'debug';

export type TrackMethod = 'ping' | 'arping' | 'tcp' | 'dns' | 'http' | 'https';

/** How a WAN is tracked: mwan3's options with its meaning, and ours (docs/uci-options.md). */
export interface TrackConfig {
  readonly methods: readonly TrackMethod[];
  /** Targets: addresses of the WAN's family. Empty = online whenever the link is (mwan3). */
  readonly targets: readonly string[];
  /** How many targets must answer in a round. */
  readonly reliability: number;
  /** Probes to a target in a round before it counts as silent. */
  readonly count: number;
  /** Payload bytes of a ping. */
  readonly sizeBytes: number;
  readonly maxTtl: number;
  readonly timeoutMs: number;
  /** Between rounds: online, going down, coming up. */
  readonly intervalMs: number;
  readonly failureIntervalMs: number;
  readonly recoveryIntervalMs: number;
  readonly keepFailureInterval: boolean;
  /** Good rounds to come up, bad rounds to go down. */
  readonly up: number;
  readonly down: number;
  readonly initialState: 'online' | 'offline';
  /** null = quality is not checked. Latency in ms, loss in percent. */
  readonly quality: {
    readonly failureLatencyMs: number;
    readonly recoveryLatencyMs: number;
    readonly failureLossPct: number;
    readonly recoveryLossPct: number;
  } | null;
}

export interface WanConfig {
  /** Position among the interface sections of the file, from 1: number of table, mark and ip rules. */
  readonly number: number;
  /** Name of the section = netifd's interface name. */
  readonly name: string;
  readonly enabled: boolean;
  readonly family: Family;
  readonly track: TrackConfig;
  /** What happens to the connections of the WAN when it goes offline. */
  readonly flush: 'wan' | 'keep' | 'all';
  /** mwan3's `flush_conntrack`: events at which the whole table is flushed. */
  readonly flushConntrack: readonly ('ifup' | 'ifdown' | 'connected' | 'disconnected')[];
}

export interface MemberConfig {
  readonly name: string;
  /** Name of a WAN. */
  readonly wan: string;
  /** 1–256; the lowest metric with an online member wins. */
  readonly metric: number;
  /** Share among the members of one metric. */
  readonly weight: number;
}

export interface PolicyConfig {
  readonly name: string;
  readonly members: readonly MemberConfig[];
  readonly lastResort: LastResort;
}

/** An address with a mask that need not be a prefix (0.0.0.0/0.0.0.1 is every even address). */
export interface AddressMatch {
  readonly address: string;
  /** Prefix length, or a dotted mask for IPv4. */
  readonly mask: number | string;
}

export interface PortRange {
  readonly first: number;
  readonly last: number;
}

export interface RuleConfig {
  readonly name: string;
  readonly where: string;
  /** `any` = both. */
  readonly family: Family | 'any';
  readonly sources: readonly AddressMatch[];
  readonly destinations: readonly AddressMatch[];
  /** A protocol's name or number; null = all. */
  readonly protocol: string | null;
  readonly sourcePorts: readonly PortRange[];
  readonly destinationPorts: readonly PortRange[];
  /** netifd interface that the packet came in by. */
  readonly sourceInterface: string | null;
  /** Name of a set of destinations in our table. */
  readonly ipset: string | null;
  readonly sticky: boolean;
  readonly stickyTimeoutS: number;
  readonly logging: boolean;
  readonly use: { readonly kind: 'policy'; readonly policy: string } | { readonly kind: LastResort };
}

export interface MultiWanConfig {
  /** `mmx_mask`. */
  readonly mask: number;
  readonly logging: boolean;
  /** `loglevel`: syslog level of the lines that `logging` writes (kernel log). */
  readonly logLevel: LogLevel;
  /** `source_routing`: default routes keep their `from PREFIX` in the WANs' tables; otherwise it is left out. */
  readonly sourceRouting: boolean;
  /** Routing tables whose destinations are custom networks, as /etc/iproute2/rt_tables or numbers name them. */
  readonly customTables: readonly string[];
  readonly wans: readonly WanConfig[];
  readonly policies: readonly PolicyConfig[];
  readonly rules: readonly RuleConfig[];
}

/** What the compiler must know of a WAN now. */
export interface WanLink {
  readonly name: string;
  /** l3 device; null = netifd has none: the WAN is out of every policy. */
  readonly device: string | null;
  readonly state: LinkStatus;
}

/** A route of the kernel, as `ip -j route show table all` has it. */
export interface KernelRoute {
  readonly family: Family;
  /** `main` = 254, `local` = 255. */
  readonly table: number;
  readonly type:
    | 'unicast'
    | 'local'
    | 'broadcast'
    | 'multicast'
    | 'unreachable'
    | 'blackhole'
    | 'prohibit'
    | 'throw'
    | 'anycast';
  /** `default` or a prefix. */
  readonly destination: string;
  readonly gateway: string | null;
  readonly device: string | null;
  readonly metric: number | null;
  readonly protocol: string | null;
  readonly scope: string | null;
  readonly source: string | null;
  /** The route as words of `ip route add`, all that it has, without the table: how it is copied into another table. */
  readonly words: readonly string[];
}

/** What the compiler makes its decisions from. */
export interface CompileInput {
  readonly config: MultiWanConfig;
  readonly links: readonly WanLink[];
  readonly routes: readonly KernelRoute[];
  /** Devices of netifd interfaces by name, for `src_iface`. */
  readonly devices: Readonly<Record<string, string>>;
  /** Numbers of named routing tables (/etc/iproute2/rt_tables), for `rt_table_lookup`. */
  readonly tableNumbers: Readonly<Record<string, number>>;
}

/** An ip rule of ours (`ip rule`). */
export interface IpRule {
  readonly family: Family;
  readonly preference: number;
  /** `oif` is a socket that is bound to the device (ip-rule(8)); forwarded packets have none. */
  readonly match:
    | { readonly iif: string }
    | { readonly oif: string }
    | { readonly mark: number; readonly mask: number };
  readonly action: { readonly table: number } | 'unreachable' | 'blackhole';
}

export interface TableRoutes {
  readonly family: Family;
  readonly table: number;
  /** Words of `ip route add`, without the table. */
  readonly routes: readonly (readonly string[])[];
}

/** The state that the kernel shall have. */
export interface Desired {
  readonly nft: NftTable;
  readonly rules: readonly IpRule[];
  readonly tables: readonly TableRoutes[];
  /** What could not take effect, by the option's place. */
  readonly notes: readonly { readonly where: string; readonly text: string }[];
}
