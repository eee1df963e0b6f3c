/**
 * The pair machine's messages and state (pair.ts says what happens with them). Plain data. Moments are monotonic
 * milliseconds of this router; the partner's stamps are only ever compared with each other.
 */
import type { VrrpState } from '../../api/status.ts';
import type { SyncWord } from '../conntrackd/watch.ts';
import type { Happening } from '../events/timeline.ts';

/**
 * How well a router can serve; the less fit one goes out, equal ones stay. 6 fit, 4 in maintenance, 2 without a usable WAN,
 * 0 not in service. One less while it yields (switchover, split brain).
 */
export type Fitness = number;

/** What a router tells the other one. */
export interface PartnerMessage {
  /** Differs with each start of the sender's service. */
  readonly run: string;
  /** Sender's monotonic milliseconds; grows from one message to the next. */
  readonly at: number;
  /** The newest message of the receiver that the sender had when it wrote this: bounds the age of what is told by the receiver's own clock. */
  readonly echo: { readonly run: string; readonly at: number } | null;
  readonly role: VrrpState;
  readonly fit: Fitness;
  /** A promise: the sender does not go out for `PROMISE_MS`, so the receiver may. */
  readonly ready: boolean;
  /** The sender wants to go out. */
  readonly wants: boolean;
  /** The sender holds itself out of service. */
  readonly out: boolean;
  readonly usableWans: readonly string[];
  /** Of the sender's conntrackd; absent while that is not known. */
  readonly sync?: SyncWord;
}

/** What the rest of the service knows; null = no pair is in force, or it is not clear which router this is. */
export interface PairSituation {
  readonly name: string;
  readonly priority: number;
  readonly partner: string;
  readonly partnerPriority: number;
  readonly role: VrrpState;
  /** null = nobody can say. */
  readonly usable: boolean | null;
  readonly usableWans: readonly string[];
  /** `usable` is the partner's word for WANs that run there only. */
  readonly isHearsay?: boolean;
  readonly holdMs: number;
  readonly sync?: SyncWord;
}

export type PairEvent =
  | { readonly kind: 'began'; readonly run: string; readonly maintenance: boolean }
  | { readonly kind: 'situation'; readonly situation: PairSituation | null }
  /** What the partner last said; null with the reason if there is nothing. */
  | { readonly kind: 'heard'; readonly message: PartnerMessage | null; readonly reason: string }
  | { readonly kind: 'maintenance'; readonly on: boolean }
  | { readonly kind: 'switchover' }
  | { readonly kind: 'flushed'; readonly ok: boolean; readonly text: string }
  | { readonly kind: 'tick' };

export type PairEventKind = PairEvent['kind'];

export type OutReason = 'no-wan' | 'maintenance' | 'switchover' | 'split-brain';

export type PairEffect =
  /** Stay out until then; null = serve. `kick`: keepalived is to look at once. */
  | {
      readonly kind: 'lease';
      readonly until: number | null;
      readonly reason: OutReason | '';
      readonly kick: boolean;
    }
  | { readonly kind: 'tell'; readonly message: PartnerMessage }
  | { readonly kind: 'read' }
  /** conntrackd sends the partner all that it has. */
  | { readonly kind: 'flush' }
  /** conntrackd takes over what the other router had of its own. */
  | { readonly kind: 'adopt' }
  | { readonly kind: 'keepMaintenance'; readonly on: boolean }
  | { readonly kind: 'switched'; readonly outcome: SwitchoverOutcome }
  | { readonly kind: 'happened'; readonly happening: Happening };

export interface PairStep {
  readonly state: PairState;
  readonly effects: readonly PairEffect[];
}

export interface SwitchoverStep {
  readonly step: 'flushed' | 'out' | 'left' | 'partner-active';
  /** Milliseconds since the step before. */
  readonly ms: number;
}

export interface SwitchoverOutcome {
  readonly ok: boolean;
  readonly at: number;
  readonly text: string;
  readonly steps: readonly SwitchoverStep[];
}

/** A switchover under way. */
export interface Switching {
  readonly phase: 'flushing' | 'leaving';
  readonly last: number;
  readonly deadline: number;
  readonly steps: readonly SwitchoverStep[];
}

/** Whether there is a usable WAN, with hold times. */
export interface WanHold {
  readonly seen: boolean | null;
  readonly since: number;
  /** What counts. */
  readonly counts: boolean;
  /** The WANs had been usable for long when they were lost. */
  readonly steady: boolean;
}

export interface PairState {
  readonly run: string;
  readonly startedAt: number;
  readonly situation: PairSituation | null;
  readonly maintenance: boolean;
  readonly wan: WanHold;
  readonly heard: PartnerMessage | null;
  readonly heardAt: number;
  /** Why nothing is heard. */
  readonly silence: string;
  /** Runs of the partner that are over: what they say comes late. */
  readonly pastRuns: readonly string[];
  readonly lease: { readonly since: number; readonly until: number; readonly reason: OutReason } | null;
  readonly told: PartnerMessage | null;
  /** When the last promise was made, and the stamp of the first message after it without one. */
  readonly promisedAt: number | null;
  readonly withdrawnAt: number | null;
  readonly yielding: { readonly reason: 'switchover' | 'split-brain'; readonly until: number } | null;
  readonly switching: Switching | null;
  readonly switched: SwitchoverOutcome | null;
  readonly split: {
    readonly phase: 'suspected' | 'told' | 'over';
    readonly since: number;
    /** Those told before it was forgotten. */
    readonly count: number;
  } | null;
  readonly readAt: number;
}
