/**
 * The tracker's messages and its state: plain data, so that both can be recorded and replayed. What happens with them is in
 * step.ts.
 */
import type { LinkStatus } from '../../api/status.ts';
import type { TrackConfig, TrackMethod } from '../policy/model.ts';

/** Why a WAN is in its state; `text` is one sentence for the administrator. */
export interface Reason {
  readonly code:
    | 'start'
    | 'initial'
    | 'no-targets'
    | 'round-good'
    | 'round-bad'
    | 'burst-bad'
    | 'link-up'
    | 'link-down'
    | 'carrier-lost'
    | 'admin-down'
    | 'admin-up'
    | 'config';
  readonly text: string;
}

/** What came to pass for one probe. `seq` counts the probes to a target since probing was set, `burst` is null for those. */
interface Probed {
  readonly target: string;
  /** Number of the probe: from 0 since the last `setProbing`, or within the burst. */
  readonly seq: number;
  /** Id of the burst, null for the regular probes. */
  readonly burst: number | null;
}

export type TrackEvent =
  /** netifd: the interface is up. Also at the start, if it is. */
  | { readonly kind: 'linkUp' }
  | { readonly kind: 'linkDown' }
  /** The device has lost its carrier, whatever netifd's `force_link` makes of it. */
  | { readonly kind: 'carrierLost' }
  | { readonly kind: 'carrierFound' }
  | { readonly kind: 'addressChanged' }
  | { readonly kind: 'gatewayChanged' }
  | ({ readonly kind: 'probeReply'; readonly latencyMs: number } & Probed)
  | ({ readonly kind: 'probeLost' } & Probed)
  /** Probes could not be sent at all. No evidence against the WAN. */
  | { readonly kind: 'proberFailed'; readonly reason: string }
  /** The transmit counter goes on, the receive counter stands still (suspicion.ts). */
  | { readonly kind: 'trafficSuspicion' }
  | { readonly kind: 'adminUp' }
  | { readonly kind: 'adminDown' }
  | { readonly kind: 'configChanged'; readonly config: TrackConfig; readonly enabled: boolean }
  /** Time has passed `nextDeadline`. */
  | { readonly kind: 'tick' };

export type TrackEventKind = TrackEvent['kind'];

/** What shall be probed. `intervalMs` is from one probe of a target to its next, all targets in parallel. */
export interface Probing {
  readonly methods: readonly TrackMethod[];
  readonly targets: readonly string[];
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly sizeBytes: number;
  readonly maxTtl: number;
}

export type TrackEffect =
  /** Stop what runs, start this with `seq` from 0; null = only stop. */
  | { readonly kind: 'setProbing'; readonly probing: Probing | null }
  /** Besides the regular probes, `count` to each target, `spacingMs` apart; results carry `burst: id`. */
  | {
      readonly kind: 'burst';
      readonly id: number;
      readonly targets: readonly string[];
      readonly count: number;
      readonly spacingMs: number;
      readonly timeoutMs: number;
    }
  /** `first`: the first time online since the start (mwan3's FIRSTCONNECT). */
  | {
      readonly kind: 'changed';
      readonly from: LinkStatus;
      readonly to: LinkStatus;
      readonly reason: Reason;
      readonly first: boolean;
    }
  | { readonly kind: 'log'; readonly level: 'info' | 'notice' | 'warning'; readonly text: string };

/** A target as the status shows it. `skipped` = not judged yet. */
export interface TargetState {
  readonly target: string;
  readonly status: 'up' | 'down' | 'skipped';
  /** Of the last reply. */
  readonly latencyMs: number | null;
  /** The last probes, newest last: latency in ms, or −1 for a lost one. At most LOSS_WINDOW. */
  readonly recent: readonly number[];
  /** It is silent though the WAN works: said once. */
  readonly silentAlone: boolean;
}

/** What is known of one round for one target. */
export interface Tally {
  readonly replies: number;
  readonly lost: number;
}

/** A round that is not judged yet; tallies in the order of the targets. */
export interface OpenRound {
  readonly number: number;
  readonly tallies: readonly Tally[];
}

export interface BurstState {
  readonly id: number;
  /** Monotonic ms: from here on it is given up without a verdict. */
  readonly giveUpAt: number;
  readonly tallies: readonly Tally[];
}

/** Round trip, smoothed as TCP does (RFC 6298, 2), in ms. */
export interface RoundTrip {
  readonly smoothedMs: number;
  readonly variationMs: number;
  readonly replies: number;
  /** Replies since the time-out that applies was last needed. */
  readonly calm: number;
}

export interface TrackerState {
  readonly name: string;
  readonly config: TrackConfig;
  readonly enabled: boolean;
  readonly adminDown: boolean;
  /** `up` null: netifd has not been heard yet. */
  readonly link: { readonly up: boolean | null; readonly carrier: boolean };
  readonly status: LinkStatus;
  /** Monotonic ms at which `status` was entered. */
  readonly since: number;
  readonly reason: Reason;
  /** 0 … up + down. */
  readonly score: number;
  /** It was usable before the link went or it was disabled: one good round brings it back. */
  readonly trusted: boolean;
  readonly everOnline: boolean;
  readonly probing: Probing | null;
  /** The interval that mwan3's rules ask for now. */
  readonly pace: 'interval' | 'failure' | 'recovery';
  /** Number of the newest judged round since `setProbing`, −1 = none. */
  readonly judged: number;
  readonly rounds: readonly OpenRound[];
  readonly targets: readonly TargetState[];
  readonly roundTrip: RoundTrip | null;
  readonly timeoutMs: number;
  readonly burst: BurstState | null;
  readonly nextBurstId: number;
  readonly nextBurstAt: number;
  /** The prober's own trouble; null = it works. */
  readonly proberFailure: string | null;
  /** Monotonic ms; a prober that has not told anything by then is started anew. */
  readonly quietAt: number;
  /** mwan3's TURN and LOST: rounds since the last change, bad rounds in a row. */
  readonly turn: number;
  readonly lost: number;
}

export interface TrackStep {
  readonly state: TrackerState;
  readonly effects: readonly TrackEffect[];
}
