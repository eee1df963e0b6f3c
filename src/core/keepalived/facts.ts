/**
 * What keepalived says of its VRRP instances in the JSON dump (/tmp/keepalived.json, vrrp_json.c). The dump knows
 * nothing of sync groups: those come from UCI. Times and durations are ours (ms), counters keep keepalived's spelling.
 */
import type { VrrpState } from '../../api/status.ts';

/** One entry of `vips` or `evips`. */
export interface VipFacts {
  /** With prefix length, as keepalived prints it: `192.168.1.1/24`; a host address may have none. */
  readonly address: string;
  readonly device: string | null;
  readonly label: string | null;
  /** Whether the address is on this router now (keepalived appends ` set`). */
  readonly set: boolean;
  /** `evips` are virtual_ipaddress_excluded: set, but not sent in adverts. */
  readonly excluded: boolean;
}

/** keepalived's own counters (`advert_rcvd`, `become_master`, …), all that the dump has. */
export type VrrpCounters = Readonly<Record<string, number>>;

export interface VrrpInstanceFacts {
  /** `iname`: name of the vrrp_instance. */
  readonly name: string;
  readonly state: VrrpState;
  /** The state it is on its way to; equal to `state` when settled. */
  readonly wantedState: VrrpState;
  /** `ifp_ifname`: the device that adverts are sent on. */
  readonly device: string;
  readonly vrid: number;
  /** 2 or 3; null if an old keepalived does not say. */
  readonly version: number | null;
  readonly basePriority: number;
  readonly effectivePriority: number;
  /** What the active router sends; null unless this one is backup and has heard it. */
  readonly activePriority: number | null;
  /** Advertisement_Interval configured here, milliseconds. */
  readonly advertIntervalMs: number | null;
  /** Interval of the active router's adverts, milliseconds. */
  readonly activeAdvertIntervalMs: number | null;
  /** Whether keepalived has put the virtual addresses on. */
  readonly vipsSet: boolean;
  readonly vips: readonly VipFacts[];
  readonly noPreempt: boolean;
  readonly preemptDelayMs: number;
  /** Wall clock, ms since 1970, of the last change of state; null if there was none. */
  readonly lastTransitionMs: number | null;
  /** Commands of the track scripts; the dump has no results. */
  readonly trackScripts: readonly string[];
  readonly counters: VrrpCounters;
}

export interface VrrpFacts {
  /** Process id of the parent keepalived. */
  readonly pid: number;
  readonly instances: readonly VrrpInstanceFacts[];
}
