/**
 * All that goes into the engine and comes out of it. Each is a plain message that can be recorded and replayed.
 *
 *   netifd, keepalived, conntrackd, dnsmasq, mwan3, procd, UCI ──► events ──► step(state, event, now)
 *   reads, log lines, notifications, ubus events               ◄── effects ◄──┘
 */
import type { UciReading } from '../config/uci.ts';
import type { ConntrackFacts } from '../conntrackd/facts.ts';
import type { Happening, TimelineEntry } from '../events/timeline.ts';
import type { SetupFacts } from '../health/setup.ts';
import type { VrrpFacts } from '../keepalived/facts.ts';
import type { Mwan3Facts } from '../mwan3/facts.ts';
import type { ReadError } from '../neighbours/read-error.ts';
import type { DutyReport } from './duty.ts';
import type { HandoverReport } from './handover.ts';
import type { MultiWanReport } from './multiwan-report.ts';
import type { PairConfigReport } from './pair-config.ts';
import type { LeaseCounts, LinkFacts, ServiceFacts, Source, State } from './state.ts';

export type Event =
  /** The service begins: everything is to be read. */
  | { readonly kind: 'started' }
  | {
      readonly kind: 'configRead';
      readonly hagw: UciReading;
      readonly mwan3: UciReading;
      readonly keepalived: UciReading;
      readonly network: UciReading;
      /** The packages again, with those that the checks alone look at. */
      readonly setup?: SetupFacts;
    }
  | { readonly kind: 'linksRead'; readonly facts: LinkFacts }
  | { readonly kind: 'vrrpRead'; readonly facts: VrrpFacts }
  | { readonly kind: 'conntrackRead'; readonly facts: ConntrackFacts }
  | { readonly kind: 'leasesRead'; readonly facts: LeaseCounts }
  | { readonly kind: 'mwan3Read'; readonly facts: Mwan3Facts }
  | { readonly kind: 'servicesRead'; readonly facts: ServiceFacts }
  | { readonly kind: 'readFailed'; readonly source: Source; readonly error: ReadError }
  /** netifd said that something changed. */
  | { readonly kind: 'linksChanged'; readonly interface: string | null; readonly action: string }
  /** keepalived's hotplug call. */
  | {
      readonly kind: 'vrrpNotified';
      readonly type: 'INSTANCE' | 'GROUP' | 'DAEMON';
      readonly name: string;
      readonly action: string;
    }
  /** procd's config.change of a package. */
  | { readonly kind: 'configChanged'; readonly package: string }
  /** procd started or stopped an instance of a service. */
  | { readonly kind: 'serviceChanged'; readonly service: string }
  | { readonly kind: 'reloadRequested'; readonly by: 'signal' | 'method' }
  | { readonly kind: 'busConnected' }
  | { readonly kind: 'busLost' }
  /** Our own multi-WAN engine: its states, and what is for the timeline. */
  | {
      readonly kind: 'multiWanReported';
      readonly report: MultiWanReport;
      readonly happenings: readonly Happening[];
    }
  /** What the handover script did, and whether it came about. */
  | {
      readonly kind: 'handoverReported';
      readonly report: HandoverReport;
      readonly happenings: readonly Happening[];
    }
  /** The pair machine: whether this router is on duty, what is known of the partner, and what is for the timeline. */
  | {
      readonly kind: 'dutyReported';
      readonly report: DutyReport;
      readonly happenings: readonly Happening[];
    }
  /** What became of the pair's files in other packages. */
  | { readonly kind: 'pairConfigReported'; readonly report: PairConfigReport }
  /** A deadline of `nextDeadline` has come. */
  | { readonly kind: 'tick' }
  /** The service has been told to end. */
  | { readonly kind: 'stopping' };

export type EventKind = Event['kind'];

export type Effect =
  | { readonly kind: 'read'; readonly source: Source }
  /** A test entry for conntrackd to sync. */
  | { readonly kind: 'canary' }
  | {
      readonly kind: 'log';
      readonly level: 'debug' | 'info' | 'notice' | 'warning' | 'err';
      readonly message: string;
    }
  /** To the subscribers of object `hagw` as `state.changed`. */
  | { readonly kind: 'notify'; readonly entry: TimelineEntry }
  /** To everybody who listens, as ubus event `hagw.state`. */
  | { readonly kind: 'send'; readonly entry: TimelineEntry };

export interface Step {
  readonly state: State;
  readonly effects: readonly Effect[];
}
