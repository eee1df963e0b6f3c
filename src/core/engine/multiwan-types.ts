/**
 * The multi-WAN machine's messages and state (multiwan.ts says what happens with them). Plain data: a run can be recorded and
 * replayed. Moments are monotonic milliseconds.
 */
import type { LinkStatus } from '../../api/status.ts';
import type { OccupiedTable, TableUse } from '../config/network-tables.ts';
import type { KernelRule } from '../plan/decode-rules.ts';
import type { OwnedTable } from '../plan/ours.ts';
import type { FlowDrop } from '../plan/steps.ts';
import type { Marks } from '../policy/marks.ts';
import type { CompileInput, Desired, Family, KernelRoute, MultiWanConfig } from '../policy/model.ts';
import type { Probing, TrackEffect, TrackEvent, TrackerState } from '../track/types.ts';

/** What netifd says of a WAN's interface, as far as the tracker and the compiler need it. */
export interface WanFacts {
  readonly up: boolean;
  /** l3 device; null while down. */
  readonly device: string | null;
  /** Addresses of the WAN's family with prefix length, and its gateway: a change of either is another path. */
  readonly addresses: readonly string[];
  readonly gateway: string | null;
}

/** What the rest of the service knows and the machine depends on. null = not known yet, or not any more. */
export interface Situation {
  /** Who moves the traffic; `none` also for `enabled 0`. */
  readonly engine: 'hagw' | 'mwan3' | 'none' | null;
  readonly config: MultiWanConfig | null;
  /** By WAN; null = netifd does not answer. */
  readonly wans: Readonly<Record<string, WanFacts>> | null;
  /** Devices of netifd's interfaces that are up. */
  readonly devices: Readonly<Record<string, string>>;
  /** Routing tables that UCI network uses. */
  readonly tableUses: readonly TableUse[];
  readonly mwan3Runs: boolean | null;
}

/** What an earlier run left behind. */
export interface Left {
  readonly states: Readonly<Record<string, LinkStatus>>;
  /** Tables that it filled. */
  readonly tables: readonly OwnedTable[];
  /** Flows that it was about to drop. */
  readonly drop: readonly FlowDrop[];
}

/** How an apply, check or removal ended. */
export interface Outcome {
  readonly ok: boolean;
  readonly how: 'unchanged' | 'adopted' | 'switched' | 'applied';
  /** Whole sentences: what the kernel refused. */
  readonly problems: readonly string[];
  /** Whole sentences: what somebody else did to what is ours. */
  readonly findings: readonly string[];
  readonly dropped: readonly { readonly wan: string; readonly entries: number }[];
}

export type MultiWanEvent =
  | {
      readonly kind: 'began';
      readonly left: Left | null;
      /** WANs that were switched off by hand for all runs. */
      readonly down: readonly string[];
      readonly tableNumbers: Readonly<Record<string, number>>;
      /** Any whole number: where the lists of targets begin. */
      readonly shuffle: number;
    }
  | { readonly kind: 'situation'; readonly situation: Situation }
  /** `rules` while the engine does not run. */
  | {
      readonly kind: 'routesRead';
      readonly routes: readonly KernelRoute[];
      readonly rules?: readonly KernelRule[];
    }
  | { readonly kind: 'routesFailed'; readonly message: string }
  /** The kernel's routes, rules or our table changed, by us or by anyone. */
  | { readonly kind: 'kernelChanged'; readonly routes: boolean }
  /** Carrier by device: false also for a device that is gone; null = it does not say. */
  | { readonly kind: 'carriers'; readonly carriers: Readonly<Record<string, boolean | null>> }
  | { readonly kind: 'tracked'; readonly wan: string; readonly event: TrackEvent }
  /** Switched off or on by hand; `persist`: for the next runs, too (null = as it was). */
  | {
      readonly kind: 'admin';
      readonly wan: string;
      readonly down: boolean;
      readonly persist: boolean | null;
    }
  | { readonly kind: 'applied'; readonly outcome: Outcome }
  | { readonly kind: 'checked'; readonly outcome: Outcome }
  | { readonly kind: 'removed'; readonly outcome: Outcome }
  | { readonly kind: 'tick' };

export type MultiWanEventKind = MultiWanEvent['kind'];

/** Probes of a WAN: the port's spec without the names that the runner knows. */
export interface WanProbing extends Probing {
  readonly wan: string;
  readonly device: string;
  readonly family: Family;
  readonly source: string | null;
  readonly mark: number;
}

/** mwan3's words for its hotplug events. */
export type HotplugAction = 'connected' | 'disconnected' | 'connecting' | 'disconnecting' | 'ifup' | 'ifdown';

export type MultiWanEffect =
  | { readonly kind: 'readRoutes'; readonly rules: boolean }
  | { readonly kind: 'readCarriers'; readonly devices: readonly string[] }
  /** Stop what runs for the WAN, start this; null = only stop. */
  | { readonly kind: 'probe'; readonly wan: string; readonly probing: WanProbing | null }
  | {
      readonly kind: 'burst';
      readonly wan: string;
      readonly burst: Omit<Extract<TrackEffect, { readonly kind: 'burst' }>, 'kind'>;
    }
  /** One at a time: `applied` comes before the next. */
  | {
      readonly kind: 'apply';
      readonly desired: Desired;
      readonly marks: Marks;
      readonly drop: readonly FlowDrop[];
      readonly states: Readonly<Record<string, LinkStatus>>;
    }
  | { readonly kind: 'check' }
  | { readonly kind: 'remove'; readonly marks: Marks }
  | { readonly kind: 'flushFlows' }
  /** WANs that are to be off in the next run, too: all of them. */
  | { readonly kind: 'keepDown'; readonly wans: readonly string[] }
  /** To hotplug's scripts and /etc/mwan3.user, as mwan3 does it. */
  | {
      readonly kind: 'hotplug';
      readonly action: HotplugAction;
      readonly wan: string;
      readonly device: string;
      readonly first: boolean;
    }
  | { readonly kind: 'log'; readonly level: 'info' | 'notice' | 'warning' | 'err'; readonly text: string }
  /** A line for the timeline. */
  | { readonly kind: 'tell'; readonly subject: string; readonly to: string; readonly text: string };

export interface MultiWanStep {
  readonly state: MultiWanState;
  readonly effects: readonly MultiWanEffect[];
}

/**
 * - `waiting`: something is not known yet; the kernel keeps what it has.
 * - `off`: hagw is not the engine.
 * - `refused`: the mwan3 service runs; nothing is touched.
 * - `running`.
 */
export type Phase = 'waiting' | 'off' | 'refused' | 'running';

export interface MultiWanState {
  readonly phase: Phase;
  /** Why it does not run; empty when it does. */
  readonly reason: string;
  readonly begun: boolean;
  /** What an earlier run left and this one has not taken over yet. */
  readonly left: Left | null;
  /** WANs that are off by hand in the next run, too. */
  readonly keptDown: readonly string[];
  readonly tableNumbers: Readonly<Record<string, number>>;
  readonly shuffle: number;
  readonly situation: Situation;
  /** In force; not the situation's if that one cannot be used. */
  readonly config: MultiWanConfig | null;
  /** By name of the WAN. */
  readonly trackers: Readonly<Record<string, TrackerState>>;
  /** The device that a WAN had last, for events after it is gone. */
  readonly usedDevices: Readonly<Record<string, string>>;
  readonly routes: readonly KernelRoute[] | null;
  /** Tables that are ours, now or before: `FAMILY NUMBER`. */
  readonly owned: readonly string[];
  /** Tables that rules of others led to before it ran. */
  readonly ruleTables: readonly OccupiedTable[];
  readonly readingRoutes: 'no' | 'yes' | 'again';
  /** What the kernel was last asked to have. */
  readonly desired: Desired | null;
  /** What it was compiled from. */
  readonly compiled: CompileInput | null;
  /** Whether the last apply of it is under way or succeeded. */
  readonly applied: boolean;
  /** States of the WANs that `desired` stands for. */
  readonly usable: Readonly<Record<string, boolean>>;
  readonly work: 'idle' | 'applying' | 'checking' | 'removing';
  /** The desired state may be another one now. */
  readonly stale: boolean;
  readonly checkWanted: boolean;
  /** Flows to drop with the next apply: those whose apply failed. */
  readonly owed: readonly FlowDrop[];
  /** When to apply again after a failure; null = no need. */
  readonly retryAt: number | null;
  /** Next look at the kernel even if nobody said that something changed. */
  readonly checkAt: number | null;
  /** What the kernel refused last, whole sentences by place, for the health. */
  readonly problems: readonly { readonly where: string; readonly text: string }[];
  /** Why a configuration was not taken over. */
  readonly configProblems: readonly { readonly where: string; readonly text: string }[];
}
