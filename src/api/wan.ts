/** Replies of the object `hagw.wan` and of `hagw explain`. Names as ubus shows them; times are wall clock, ms since 1970. */
import type { LinkStatus } from './status.ts';

export interface WanTarget {
  target: string;
  /** `skipped` = not judged yet. */
  status: 'up' | 'down' | 'skipped';
  /** Of the last reply, ms; null = none yet. */
  latency_ms: number | null;
  /** Of the last probes; null = none yet. */
  loss_pct: number | null;
}

export interface WanDetail {
  name: string;
  /** Position in the file: number of its table and its mark. */
  number: number;
  family: 'ipv4' | 'ipv6';
  enabled: boolean;
  /** Switched off by hand until it is switched on or the service starts anew. */
  admin_down: boolean;
  /** It stays so when the service starts anew. */
  admin_down_persists: boolean;
  device: string | null;
  state: LinkStatus;
  since: number | null;
  reason: string;
  score: number;
  score_max: number;
  mark: number;
  interval_ms: number | null;
  timeout_ms: number | null;
  round_trip_ms: number | null;
  targets: WanTarget[];
}

export interface WanList {
  running: boolean;
  reason: string;
  wans: WanDetail[];
}

export interface WanHistory {
  name: string;
  resolution: 'second' | 'minute';
  /** Oldest first; `latency_ms` is the mean of the replies, null without one; `loss_pct` null = nothing was sent. */
  slots: { at: number; latency_ms: number | null; loss_pct: number | null }[];
}

export interface Released {
  /** Connections that were removed from the kernel's table. */
  entries: number;
}

export interface ExplainChoice {
  target: 'wan' | 'default' | 'unreachable' | 'blackhole' | 'local';
  wan: string | null;
  /** Percent of new flows. */
  share_pct: number;
  mark: number;
  table: number | null;
  device: string | null;
  gateway: string | null;
}

export interface Explained {
  family: 'ipv4' | 'ipv6';
  by: 'rule' | 'network' | 'inbound' | 'none';
  reason: string;
  rule: string | null;
  policy: string | null;
  sticky: boolean;
  choices: ExplainChoice[];
  /** The rules before the one that matches. */
  why_not: { rule: string; reason: string }[];
}
