/** What the mwan3 package says of itself (`ubus call mwan3 status`, 2.12). */

export interface TrackTargetFacts {
  readonly address: string;
  /** `up`, `down`, `skipped`, `unknown`. */
  readonly status: string;
  readonly latencyMs: number | null;
  readonly packetLossPct: number | null;
}

export interface Mwan3InterfaceFacts {
  readonly name: string;
  /** mwan3's word: `online`, `offline`, `disabled`, `unknown`, …: kept as it is. */
  readonly status: string;
  readonly enabled: boolean;
  /** Whether mwan3track runs for it. */
  readonly running: boolean;
  /** `active`, `paused`, `down` (also for an interface without track_ip), `disabled`. */
  readonly tracking: string;
  readonly up: boolean;
  /** Seconds in the present state; at most one is not 0. */
  readonly onlineS: number | null;
  readonly offlineS: number | null;
  readonly score: number | null;
  readonly lost: number | null;
  readonly targets: readonly TrackTargetFacts[];
}

/** What a policy does now: share of each interface in percent. A policy at its last resort may be missing. */
export interface Mwan3PolicyFacts {
  readonly name: string;
  readonly family: 'ipv4' | 'ipv6';
  readonly shares: readonly { readonly interface: string; readonly percent: number }[];
}

export interface Mwan3Facts {
  readonly interfaces: readonly Mwan3InterfaceFacts[];
  readonly policies: readonly Mwan3PolicyFacts[];
}
