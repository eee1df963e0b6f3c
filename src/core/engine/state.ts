/**
 * The engine's state: what has been read, what is derived from it, and when to read again. Plain data throughout, so
 * that a state can be written down, replayed and compared. All moments are monotonic milliseconds; null where the
 * service was not there to see.
 */
import type { LinkStatus, VrrpState } from '../../api/status.ts';
import { parseIpAddress } from '../../lib/ip.ts';
import { type HagwConfig, type OwnRouter, ownRouter } from '../config/hagw.ts';
import type { KeepalivedConfig } from '../config/keepalived.ts';
import type { TableUse } from '../config/network-tables.ts';
import type { ConfigProblem } from '../config/uci.ts';
import type { ConntrackFacts } from '../conntrackd/facts.ts';
import type { SyncWatch } from '../conntrackd/watch.ts';
import { EMPTY_TIMELINE, type Timeline } from '../events/timeline.ts';
import type { Finding } from '../health/catalogue.ts';
import type { SetupFacts } from '../health/setup.ts';
import type { VrrpFacts } from '../keepalived/facts.ts';
import type { Mwan3Facts } from '../mwan3/facts.ts';
import type { ReadError } from '../neighbours/read-error.ts';
import type { DeviceFacts, InterfaceFacts } from '../netifd/facts.ts';
import type { MultiWanConfig } from '../policy/model.ts';
import type { DutyReport } from './duty.ts';
import type { HandoverReport } from './handover.ts';
import type { MultiWanReport } from './multiwan-report.ts';
import type { PairConfigReport } from './pair-config.ts';

/** What is read, each by its own effect. */
export const SOURCES = ['config', 'links', 'vrrp', 'conntrack', 'leases', 'mwan3', 'services'] as const;
export type Source = (typeof SOURCES)[number];

/** A neighbour's facts. Both null: not read yet. With both, the value is the last good one and still counts. */
export interface Reading<T> {
  readonly value: T | null;
  readonly error: ReadError | null;
  /** Failed reads since the last good one. */
  readonly failures: number;
}

export interface LinkFacts {
  readonly interfaces: readonly InterfaceFacts[];
  readonly devices: readonly DeviceFacts[];
}

/** Only the counts: the leases themselves are of no use here and may be thousands. */
export interface LeaseCounts {
  readonly file: string;
  readonly ipv4: number;
  readonly ipv6: number;
  readonly damaged: number;
}

/** procd's services by name, those of them that have a running instance. */
export interface ServiceFacts {
  readonly running: readonly string[];
}

/** A UCI package: what is in force, and what the file last said. */
export interface PackageState<T> {
  readonly value: T | null;
  readonly file: 'unread' | 'read' | 'missing' | 'broken' | 'unreadable';
  /** Why the file could not be read. */
  readonly message: string;
  readonly problems: readonly ConfigProblem[];
  /** The file is not what is in force. */
  readonly rejected: boolean;
}

/** /etc/config/mwan3. `value` is what our own engine may take: no file with an error. */
export interface MultiWanPackage extends PackageState<MultiWanConfig> {
  /** What the file says, errors or not; null if it cannot be read. */
  readonly draft: MultiWanConfig | null;
}

export interface Transition {
  readonly at: number;
  readonly from: VrrpState;
  readonly to: VrrpState;
  readonly source: 'notify' | 'dump';
}

/** A virtual router or a sync group. */
export interface TrackedVrrp {
  readonly name: string;
  readonly state: VrrpState;
  readonly since: number | null;
  /** When keepalived's notification set the state and no dump taken later has confirmed it; else null. */
  readonly hintedAt: number | null;
  readonly last: Transition | null;
}

export interface TrackedWan {
  readonly name: string;
  readonly state: LinkStatus;
  readonly since: number | null;
  readonly reason: string;
}

/** Adverts that keepalived heard and did not believe. */
export interface Refusal {
  readonly instance: string;
  readonly counters: readonly string[];
  /** Dumps in which they have grown. */
  readonly grown: number;
  /** Dumps since they last grew. */
  readonly quiet: number;
}

export interface Role {
  readonly state: VrrpState;
  readonly since: number | null;
  readonly reason: string;
}

/** A finding of a health check, and when it was first made. */
export interface TrackedProblem {
  readonly code: string;
  readonly where: string;
  readonly text: string;
  readonly since: number;
  /** Whether the timeline has it. */
  readonly told: boolean;
}

export interface Poll {
  /** When the read that is under way began. */
  readonly readingSince: number | null;
  /** Something happened meanwhile: read again as soon as it ends. */
  readonly again: boolean;
  /** When to read next if nothing happens; null = only when something does. */
  readonly dueAt: number | null;
}

export interface Program {
  readonly version: string;
  readonly hostname: string;
  /** Differs with each start of the service. */
  readonly run: string;
  readonly startedAt: number;
}

export interface State {
  readonly program: Program;
  readonly bus: { readonly connected: boolean; readonly everConnected: boolean };
  readonly hagw: PackageState<HagwConfig>;
  readonly multiWanConfig: MultiWanPackage;
  /** Routing tables that UCI network uses. */
  readonly tableUses: readonly TableUse[];
  /** What our own engine last said; null = it has not begun. */
  readonly multiWan: MultiWanReport | null;
  readonly keepalivedConfig: PackageState<KeepalivedConfig>;
  /** The other packages, for the checks; null = not read. */
  readonly setup: SetupFacts | null;
  /** What is wrong there. */
  readonly setupFindings: readonly Finding[];
  /** Instances that refuse adverts: how often in a row, and in which of keepalived's counters. */
  readonly refusals: readonly Refusal[];
  /** The pair's files in other packages; null = not looked at yet. */
  readonly pairConfig: PairConfigReport | null;
  /** What the pair machine last said; null = it has not begun. */
  readonly duty: DutyReport | null;
  /** Whether the last handover came about; null = not looked at yet. */
  readonly handover: HandoverReport | null;
  readonly links: Reading<LinkFacts>;
  readonly vrrp: Reading<VrrpFacts>;
  readonly conntrack: Reading<ConntrackFacts>;
  /** Whether it syncs; null = it has not been read, or is gone. */
  readonly sync: SyncWatch | null;
  readonly leases: Reading<LeaseCounts>;
  readonly mwan3: Reading<Mwan3Facts>;
  readonly services: Reading<ServiceFacts>;
  readonly instances: readonly TrackedVrrp[];
  readonly groups: readonly TrackedVrrp[];
  readonly role: Role;
  readonly wans: readonly TrackedWan[];
  readonly problems: readonly TrackedProblem[];
  readonly timeline: Timeline;
  readonly polls: Readonly<Record<Source, Poll>>;
  /** When the last step was made. */
  readonly steppedAt: number;
}

const UNREAD = { value: null, error: null, failures: 0 };
const UNREAD_PACKAGE = {
  value: null,
  file: 'unread' as const,
  message: '',
  problems: [],
  rejected: false,
};
const IDLE: Poll = { readingSince: null, again: false, dueAt: null };

/** The state before anything has been read. */
export function initialState(program: Program): State {
  return {
    program,
    bus: { connected: false, everConnected: false },
    hagw: UNREAD_PACKAGE,
    multiWanConfig: { ...UNREAD_PACKAGE, draft: null },
    tableUses: [],
    multiWan: null,
    keepalivedConfig: UNREAD_PACKAGE,
    setup: null,
    setupFindings: [],
    refusals: [],
    pairConfig: null,
    duty: null,
    handover: null,
    links: UNREAD,
    vrrp: UNREAD,
    conntrack: UNREAD,
    sync: null,
    leases: UNREAD,
    mwan3: UNREAD,
    services: UNREAD,
    instances: [],
    groups: [],
    role: { state: 'unknown', since: null, reason: 'keepalived has not been asked yet.' },
    wans: [],
    problems: [],
    timeline: EMPTY_TIMELINE,
    polls: {
      config: IDLE,
      links: IDLE,
      vrrp: IDLE,
      conntrack: IDLE,
      leases: IDLE,
      mwan3: IDLE,
      services: IDLE,
    },
    steppedAt: program.startedAt,
  };
}

/** Default of `poll_interval_ms`, for the time without a configuration. */
const DEFAULT_POLL_MS = 5000;

/** The WANs and policies to speak of: with our own engine those in force, else what the file says, as mwan3 takes it. */
export function shownConfig({ hagw, multiWanConfig }: State): MultiWanConfig | null {
  const { value, draft } = multiWanConfig;
  return hagw.value?.engine === 'hagw' ? (value ?? draft) : draft;
}

export function pollIntervalMs(state: State): number {
  return state.hagw.value?.pollIntervalMs ?? DEFAULT_POLL_MS;
}

/** Addresses of all interfaces, in their canonical spelling. */
function ownAddresses(state: State): readonly string[] {
  return (state.links.value?.interfaces ?? []).flatMap((item) =>
    item.addresses.map(({ address }) => parseIpAddress(address)?.text ?? address),
  );
}

/** Which of the pair this is; `unclear` with the reason while that cannot be said. */
export function whoAmI(state: State): OwnRouter {
  if (state.hagw.value === null)
    return { kind: 'unclear', reason: 'There is no configuration of the pair in force.' };
  if (state.links.value === null)
    return { kind: 'unclear', reason: state.links.error?.message ?? 'netifd has not been asked yet.' };
  return ownRouter(state.hagw.value, ownAddresses(state));
}

/** What this router is called in the timeline. */
export function routerName(state: State): string {
  const own = whoAmI(state);
  return own.kind === 'found' ? own.self.name : state.program.hostname;
}
