/** Probes of a WAN's targets. How often, with which time-out and what the outcomes mean is for the tracker (src/core/track). */
import type { Family } from '../core/policy/model.ts';
import type { Probing, TrackEffect, TrackEvent } from '../core/track/types.ts';

/** Results as the tracker takes them. `proberFailed`: the probes cannot be sent, which says nothing of the WAN. */
export type ProbeResult = Extract<TrackEvent, { readonly kind: 'probeReply' | 'probeLost' | 'proberFailed' }>;

export interface ProbeSpec extends Probing {
  /** Name of the WAN, for messages. */
  readonly wan: string;
  /** Probes leave by this device and no other. */
  readonly device: string;
  readonly family: Family;
  /** Source address; null = the kernel's choice. */
  readonly source: string | null;
  /** Firewall mark of the probes; null = none. Without effect where the program cannot set one. */
  readonly mark: number | null;
}

export type BurstSpec = Omit<Extract<TrackEffect, { readonly kind: 'burst' }>, 'kind'>;

export interface RunningProbe {
  /** No result comes after it. */
  stop(): void;
  /** A few quick probes besides the regular ones. */
  burst(burst: BurstSpec): void;
}

export interface Prober {
  /** Probes all targets until it is stopped. Each probe has one result; a prober that dies comes back by itself. */
  start(spec: ProbeSpec, onResult: (result: ProbeResult) => void): RunningProbe;
}
