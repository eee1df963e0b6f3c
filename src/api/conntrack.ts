/** What `ubus call hagw.conntrack` says. */
import type { ConntrackStatus } from './status.ts';

export interface SyncCache {
  /** null where conntrackd keeps none. */
  active: number | null;
  created: number;
  create_failed: number;
  updated: number;
  update_failed: number;
  destroyed: number;
  destroy_failed: number;
}

export interface SyncLink {
  device: string;
  transport: string;
  /** conntrackd's word, e.g. `RUNNING`, `NO-CARRIER`. */
  status: string;
  role: string;
}

/** Reply of `hagw.conntrack status`. */
export interface ConntrackDetail extends ConntrackStatus {
  /** `partner-silent`: nothing comes from its conntrackd; `stands-still`: ours sends nothing, or nothing arrives. */
  state: 'syncs' | 'partner-silent' | 'stands-still' | 'not-running' | 'unknown';
  /** What is wrong, whole sentences; empty if all is well. */
  text: string;
  /** Caches of connections: own, and held for the partner. */
  internal: SyncCache | null;
  external: SyncCache | null;
  links: SyncLink[];
  malformed_messages: number | null;
  lost_messages: number | null;
  /** `conntrackd -s queue` and `-s runtime` in their own words, at most 30 s old. */
  counters: Record<string, number>;
  /** When the last test entry was made because nothing else was to be synced. */
  canary_at: number | null;
  /** What the partner says of its caches; null while it is not heard. */
  partner: { internal: number | null; external: number | null } | null;
}

/**
 * - `local`: from or to the router itself;
 * - `own-address`: translated to the router's own address instead of the virtual one;
 * - `handshake`: TCP that is not established yet, which conntrackd does not sync;
 * - `not-synced`: not in conntrackd's cache (ignored address, protocol, event lost);
 * - `not-at-partner`: sent, but the partner holds fewer than there are;
 * - `wrong-mark`: its mark means no WAN, or another than its address.
 */
export type SurviveReason =
  | 'local'
  | 'own-address'
  | 'handshake'
  | 'not-synced'
  | 'not-at-partner'
  | 'wrong-mark';

/** Reply of `hagw.conntrack survive`. */
export interface Survive {
  /** Connections that were looked at; `truncated`: there are more. */
  total: number;
  truncated: boolean;
  router: {
    survive: number;
    /** Why none survives, whole sentences; else empty. */
    blocked: string;
    /** Most frequent first. */
    reasons: { reason: SurviveReason; count: number; example: string }[];
  };
  /** By WAN: what goes by it ends with it. */
  wans: { name: string; survive: number; lost: number }[];
  /** Whether the partner's word was there to compare with. */
  partner_known: boolean;
}
