/**
 * What the pair needs of other packages, as data. A *section* here is one of ours: its name begins with `hagw_`, and nothing else in
 * another package is ever written.
 */
import type { AddressConfig, HagwConfig, RouterConfig } from '../config/hagw.ts';
import type { ConfigProblem, UciSection } from '../config/uci.ts';
import type { InterfaceFacts } from '../netifd/facts.ts';

/** Packages in which hagw has sections of its own. */
export const PAIR_PACKAGES = ['keepalived', 'firewall', 'dhcp'] as const;
export type PairPackage = (typeof PAIR_PACKAGES)[number];

/** What the compiler reads: ours, and what it builds upon. */
export const READ_PACKAGES = ['network', 'mwan3', ...PAIR_PACKAGES] as const;
export type ReadPackage = (typeof READ_PACKAGES)[number];

export const PREFIX = 'hagw_';

export interface WantedSection {
  readonly type: string;
  /** Begins with `hagw_`; unique in its package. */
  readonly name: string;
  readonly options: Readonly<Record<string, string | readonly string[]>>;
}

/** Files of ours, by path. */
export const CONNTRACKD_FILE = '/etc/conntrackd/conntrackd.conf';
export const TABLE_FILE = '/etc/hagw/pair.nft';
export const WORD_FILE = '/etc/hagw/word.nft';
export const HANDOVER_FILE = '/etc/hagw/handover.conf';
/** First line of each: without it a file is somebody else's. */
export const MADE = '# Made by hagw from /etc/config/hagw. Changes are lost.';

export interface Wanted {
  readonly sections: Readonly<Record<PairPackage, readonly WantedSection[]>>;
  /** Contents by path; null = the file must not be there, if it is ours. */
  readonly files: Readonly<Record<string, string | null>>;
}

export interface PairInput {
  readonly config: HagwConfig;
  readonly self: RouterConfig;
  readonly partner: RouterConfig;
  /** Sections of each package; null = there is no such file. */
  readonly packages: Readonly<Record<ReadPackage, readonly UciSection[] | null>>;
  /** What netifd says; null = it is not asked (offline). */
  readonly interfaces: readonly InterfaceFacts[] | null;
}

export interface Compiled {
  /** null: it cannot be written at all; the problems of severity `error` say why. */
  readonly wanted: Wanted | null;
  readonly problems: readonly ConfigProblem[];
}

/** An address that this router has by itself. */
export interface OwnAddress {
  readonly interface: string;
  readonly family: 'ipv4' | 'ipv6';
  /** Without length. */
  readonly address: string;
  readonly prefixLength: number;
  /** It stands in UCI; others come and go with their interface. */
  readonly fixed: boolean;
}

/** A virtual address with what is known of its network. */
export interface Leg extends AddressConfig {
  /** Section and instance name: `hagw_<address>`, made fit. */
  readonly id: string;
  readonly device: string;
  readonly isWan: boolean;
  /** Name of the zone in UCI firewall; null = it is in none. */
  readonly zone: string | null;
}

/** Adverts between the routers' own addresses on the LAN. */
export interface Unicast {
  readonly own: string;
  readonly peer: string;
  /** Whose VRID it is. */
  readonly leg: Leg;
}

/** What all compilers share. */
export interface Situation extends PairInput {
  /** Those inside first. */
  readonly legs: readonly Leg[];
  /** The network whose link counts: that of the first virtual address inside. null = there is none inside. */
  readonly lan: Leg | null;
  /** null = adverts by multicast. */
  readonly unicast: Unicast | null;
  readonly own: readonly OwnAddress[];
  readonly syncDevice: string;
  readonly syncZone: string | null;
  report(problem: ConfigProblem): void;
}
