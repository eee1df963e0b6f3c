/**
 * The shape of `ubus call hagw status`, version 1: all that the service, the command line, the partner and
 * the browser share. Names are as ubus shows them (snake_case; netifd's, mwan3's and keepalived's own words where
 * they have one). Times are wall clock, milliseconds since 1970. What cannot be read is said to be unknown,
 * with the reason, and its values are null or empty: nothing is guessed.
 */
export const STATUS_SCHEMA = 1;

/** A part of the status is known, or it is not and `reason` says why (empty when known). */
export interface Knowledge {
  known: boolean;
  reason: string;
}

/** RFC 9568's states (Active was Master in RFC 5798) and keepalived's own two; `unknown` when nobody can say. */
export type VrrpState = 'initialize' | 'backup' | 'active' | 'fault' | 'stop' | 'unknown';

/** mwan3's words for a tracked uplink. */
export type LinkStatus = 'online' | 'offline' | 'connecting' | 'disconnecting' | 'disabled' | 'unknown';

export interface RouterStatus extends Knowledge {
  /** Name of the `router` section that this router is; null while no sync address of the pair is ours. */
  name: string | null;
  hostname: string;
  role: VrrpState;
  /** When the role was entered, null if that was before the service could see it. */
  since: number | null;
  /** What brought the role about, one sentence. */
  role_reason: string;
  sync_address: string | null;
  priority: number | null;
}

export interface EngineStatus {
  /** Who moves the WANs' traffic: hagw itself, the mwan3 package, or nobody. */
  mode: 'hagw' | 'mwan3' | 'none';
  running: boolean;
  reason: string;
}

export interface WanStatus {
  /** Name of the mwan3 interface section, which is netifd's interface name. */
  name: string;
  enabled: boolean;
  family: 'ipv4' | 'ipv6';
  /** netifd: known, and whether it is up. null = netifd could not be asked or has no such interface. */
  up: boolean | null;
  /** l3 device; null while unknown. */
  device: string | null;
  /** Whether the device has a carrier; null while unknown. */
  carrier: boolean | null;
  /** With prefix length, e.g. `203.0.113.2/24`. */
  addresses: string[];
  gateway: string | null;
  metric: number | null;
  state: LinkStatus;
  /** When `state` was entered; null if before the service could see it. */
  since: number | null;
  /** Why it is in this state, or why it is unknown. */
  reason: string;
  track_ip: string[];
}

export interface PolicyMember {
  name: string;
  interface: string;
  metric: number;
  weight: number;
  state: LinkStatus;
}

export interface PolicyStatus {
  name: string;
  last_resort: 'unreachable' | 'blackhole' | 'default';
  members: PolicyMember[];
}

export interface VirtualAddress {
  /** As keepalived has it, e.g. `192.168.1.1/24`. */
  address: string;
  device: string | null;
  /** Whether the address is on this router now; null if keepalived does not say, or has changed state since it said. */
  set: boolean | null;
}

export interface VrrpTransition {
  at: number;
  from: VrrpState;
  to: VrrpState;
  /** What told us: `notify` (keepalived's hotplug call) or `dump` (its JSON). */
  source: 'notify' | 'dump';
}

export interface VrrpInstance {
  name: string;
  group: string | null;
  state: VrrpState;
  since: number | null;
  device: string;
  vrid: number;
  version: number | null;
  priority: number;
  effective_priority: number | null;
  /** What the active router sends; null or 0 when that is this one. */
  active_priority: number | null;
  /** Advertisement_Interval in milliseconds. */
  advert_interval_ms: number | null;
  virtual_addresses: VirtualAddress[];
  last_transition: VrrpTransition | null;
  /** keepalived's own counters with its spelling (`advert_rcvd`, `become_master`, …). */
  counters: Record<string, number>;
}

export interface VrrpGroup {
  name: string;
  state: VrrpState;
  since: number | null;
  members: string[];
}

export interface VrrpStatus extends Knowledge {
  running: boolean | null;
  instances: VrrpInstance[];
  groups: VrrpGroup[];
}

export interface ConntrackStatus extends Knowledge {
  running: boolean | null;
  /** States that this router handles / that it holds for the partner. */
  internal_entries: number | null;
  external_entries: number | null;
  link_device: string | null;
  link_running: boolean | null;
  packets_sent: number | null;
  packets_received: number | null;
  send_errors: number | null;
  receive_errors: number | null;
  packets_lost: number | null;
}

export interface LeasesStatus extends Knowledge {
  file: string | null;
  ipv4: number;
  ipv6: number;
}

export interface PartnerStatus extends Knowledge {
  name: string | null;
  sync_address: string | null;
  last_seen: number | null;
  /** Its VRRP state by its own word. */
  role: VrrpState;
  /** Whether it would serve if this router went; null while it is not heard. */
  ready: boolean | null;
  /** Whether it holds itself out of service. */
  out: boolean | null;
  usable_wans: string[] | null;
}

export interface SwitchoverStep {
  /** `flushed`: conntrackd sent all; `out`: leave was given; `left`: keepalived let go; `partner-active`: the partner says that it is active. */
  step: 'flushed' | 'out' | 'left' | 'partner-active';
  /** Since the step before. */
  ms: number;
}

/** Reply of `hagw switchover`. */
export interface Switchover {
  ok: boolean;
  /** How it ended, or why it was not begun: whole sentences. */
  text: string;
  at: number;
  steps: SwitchoverStep[];
}

/** Whether this router takes part, or holds itself out of service. */
export interface DutyStatus {
  out: 'no-wan' | 'maintenance' | 'switchover' | 'split-brain' | null;
  since: number | null;
  maintenance: boolean;
  /** Why it is not out although it should be: the partner could not serve. */
  waits: string;
  split_brain: boolean;
  /** The last one since the service started. */
  switchover: Switchover | null;
}

export type Severity = 'error' | 'warning' | 'notice';

export interface Problem {
  /** Stable word of the catalogue (src/core/health), e.g. `keepalived-not-running`. */
  code: string;
  severity: Severity;
  /** One line: what is wrong. */
  title: string;
  /** What it means and what to do. */
  text: string;
  /** Section and option it is about, e.g. `hagw.lan.vrid`; empty if it is about none. */
  where: string;
  since: number | null;
}

export interface Status {
  schema: typeof STATUS_SCHEMA;
  /** Version of hagw. */
  version: string;
  /** When this was put together. */
  time: number;
  router: RouterStatus;
  engine: EngineStatus;
  wans: WanStatus[];
  policies: PolicyStatus[];
  vrrp: VrrpStatus;
  conntrack: ConntrackStatus;
  leases: LeasesStatus;
  partner: PartnerStatus;
  duty: DutyStatus;
  problems: Problem[];
}

/** Reply of `hagw health`. */
export interface Health {
  state: 'ok' | 'notice' | 'warning' | 'error';
  /** The whole state in one sentence. */
  summary: string;
  problems: Problem[];
}

/** One line of the timeline. */
export interface TimelineEvent {
  /** Grows by one; begins anew when the service starts. */
  seq: number;
  at: number;
  /** Name of the router that it happened on. */
  router: string;
  kind: 'service' | 'router' | 'wan' | 'vrrp' | 'conntrack' | 'lease' | 'config' | 'problem';
  /** What it is about: a WAN's, an instance's, a group's name, a problem's code. */
  subject: string;
  /** States before and after, empty where there are none. */
  from: string;
  to: string;
  text: string;
}

/** Reply of `hagw events {since, limit}`: the events with seq > since, oldest first. */
export interface Events {
  /** Changes with each start of the service; a cursor of another run is worth nothing. */
  run: string;
  /** seq of the newest event there is, 0 if none. */
  newest: number;
  /** True if events between `since` and the first one given are no longer kept. */
  gap: boolean;
  events: TimelineEvent[];
}
