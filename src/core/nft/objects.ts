/**
 * nftables objects as hagw needs them: one table, its sets and maps, chains and rules. A rule is a list of matches and one or
 * more statements, typed, so that it can be rendered (render.ts), traced in tests and explained. Names and meaning as in
 * nft(8); the least version is 1.0.6 unless a field says otherwise.
 */

export type SetType = 'ipv4_addr' | 'ipv6_addr';

export type PortProtocol = 'tcp' | 'udp' | 'udplite' | 'sctp' | 'dccp';

/** Levels of syslog as nft(8) spells them. */
export type LogLevel = 'emerg' | 'alert' | 'crit' | 'err' | 'warn' | 'notice' | 'info' | 'debug';

/**
 * A set. Its definition (type and flags) is a function of its name, so that a set of one name never has to be made anew and
 * its elements can survive any change of configuration.
 */
export interface NftSet {
  readonly name: string;
  readonly type: SetType;
  /** `interval` holds prefixes, `dynamic` is filled by rules, `timeout` lets elements expire. */
  readonly flags: readonly ('interval' | 'dynamic' | 'timeout')[];
  /** Overlapping intervals are merged. */
  readonly autoMerge: boolean;
  /**
   * Elements that we keep: the set holds exactly these. null = others fill it (dnsmasq, rules, the administrator) and its
   * elements survive our transactions.
   */
  readonly elements: readonly string[] | null;
  readonly comment: string;
}

/** A match; all of a rule's must hold. `negated` turns it round. */
export type NftMatch =
  | { readonly kind: 'family'; readonly family: 'ipv4' | 'ipv6' }
  | { readonly kind: 'mark'; readonly mask: number; readonly value: number; readonly negated: boolean }
  | { readonly kind: 'iif'; readonly devices: readonly string[] }
  | { readonly kind: 'oif'; readonly device: string }
  /** Address and prefix length: any of the list, which do not overlap; or one address with a dotted mask. */
  | {
      readonly kind: 'address';
      readonly side: 'source' | 'destination';
      readonly family: 'ipv4' | 'ipv6';
      readonly any: readonly { readonly address: string; readonly mask: number | string }[];
    }
  | {
      readonly kind: 'set';
      readonly side: 'source' | 'destination';
      readonly family: 'ipv4' | 'ipv6';
      readonly set: string;
    }
  /** Number of the protocol (IANA): nft would look names up in /etc/protocols, and fail as a whole on an unknown one. */
  | { readonly kind: 'protocol'; readonly protocol: number }
  | {
      readonly kind: 'port';
      readonly side: 'source' | 'destination';
      readonly protocol: PortProtocol;
      readonly any: readonly { readonly first: number; readonly last: number }[];
    }
  | { readonly kind: 'icmp6-type'; readonly types: readonly number[] }
  /** Of a connection that has been answered, or that network address translation has been decided for. */
  | { readonly kind: 'settled' };

/**
 * Statements. Marks are only ever or-ed with constants: or-ing two registers (`meta mark` with `ct mark`) needs Linux 6.13
 * and nft 1.1.2, and OpenWrt 24.10 has Linux 6.6. So what depends on a mark goes through a verdict map to a chain that knows the
 * mark as a constant.
 */
export type NftStatement =
  /** meta mark := (meta mark & ~mask) | value */
  | { readonly kind: 'set-mark'; readonly mask: number; readonly value: number }
  /** ct mark := (ct mark & ~mask) | value */
  | { readonly kind: 'set-ct-mark'; readonly mask: number; readonly value: number }
  /** Goes to one of the chains by chance, by weight (numgen random). Last of its rule. */
  | {
      readonly kind: 'balance';
      readonly shares: readonly { readonly chain: string; readonly weight: number }[];
    }
  /** Jumps or goes to the chain of a mark; without an entry the next rule follows. Last of its rule. */
  | {
      readonly kind: 'mark-map';
      readonly key: 'mark' | 'ct-mark';
      readonly mask: number;
      readonly verdict: 'jump' | 'goto';
      readonly chains: readonly { readonly value: number; readonly chain: string }[];
    }
  /** Goes to the chain of the device that the packet came in by. Last of its rule. */
  | {
      readonly kind: 'iif-map';
      readonly chains: readonly { readonly device: string; readonly chain: string }[];
    }
  /**
   * Goes to the chain of the address to which the connection's packets are sent: as the first packet had it (`original`), or
   * the answers have it (`reply`, after translation). Last of its rule.
   */
  | {
      readonly kind: 'address-map';
      readonly direction: 'original' | 'reply';
      readonly family: 'ipv4' | 'ipv6';
      readonly chains: readonly { readonly address: string; readonly chain: string }[];
    }
  /** update @set { saddr timeout } */
  | {
      readonly kind: 'remember-source';
      readonly set: string;
      readonly family: 'ipv4' | 'ipv6';
      readonly timeoutS: number;
    }
  | { readonly kind: 'log'; readonly prefix: string; readonly level: LogLevel }
  | { readonly kind: 'counter' }
  | { readonly kind: 'jump'; readonly chain: string }
  | { readonly kind: 'goto'; readonly chain: string }
  | { readonly kind: 'return' };

export interface NftRule {
  readonly matches: readonly NftMatch[];
  readonly statements: readonly NftStatement[];
  /** What it is for; rendered as `!hagw: …`. At most 120 bytes of printable ASCII without quotes. */
  readonly comment: string;
}

export interface NftChain {
  readonly name: string;
  /** Base chain: where it hooks in; null = regular. Priorities by number (mangle = -150). */
  readonly base: {
    readonly type: 'filter' | 'route';
    readonly hook: 'prerouting' | 'output';
    readonly priority: number;
  } | null;
  readonly rules: readonly NftRule[];
  readonly comment: string;
}

export interface NftTable {
  readonly family: 'inet';
  readonly name: string;
  readonly sets: readonly NftSet[];
  readonly chains: readonly NftChain[];
}
