/**
 * The engine: `step(state, event, now)` gives the next state and what is to be done. Pure: no clock, no timer, nothing
 * read. Each event has one handler in the table; every event is allowed in every state, since none of the neighbours
 * asks before it changes. After the handler, what depends on several facts is derived anew (groups, role, WANs,
 * problems), differences go to the timeline, and reads that became due are started.
 *
 *   started, reloadRequested     read everything
 *   …Read, readFailed            take the facts, plan the next read
 *   linksChanged, vrrpNotified,
 *   configChanged, serviceChanged   read what it is about; vrrpNotified also counts at once
 *   busConnected / busLost       read what is asked over ubus / keep what is known
 *   tick                         read what is due, show what has lasted
 *   stopping                     say so
 */
import { decodeHagw } from '../config/hagw.ts';
import { decodeKeepalived } from '../config/keepalived.ts';
import { decodeMultiWan } from '../config/multiwan.ts';
import { tableUses } from '../config/network-tables.ts';
import type { ConfigProblem, UciReading, UciSection } from '../config/uci.ts';
import { watchSync } from '../conntrackd/watch.ts';
import { type Happening, type Now, record } from '../events/timeline.ts';
import { findSetup } from '../health/check-setup.ts';
import { findProblems } from '../health/checks.ts';
import { nextVisibleAt, trackProblems } from '../health/problems.ts';
import { setupMayDiffer } from '../health/setup.ts';
import { happeningsBetween } from './happenings.ts';
import type { Effect, Event, EventKind, Step } from './messages.ts';
import { finished, readBadly, readWell, request, startDue } from './polls.ts';
import { refusalsAfter } from './refusals.ts';
import { deriveRole } from './role.ts';
import {
  type MultiWanPackage,
  type PackageState,
  routerName,
  SOURCES,
  type Source,
  type State,
} from './state.ts';
import { applyAbsence, applyDump, applyNotification, deriveGroups } from './vrrp.ts';
import { deriveWans } from './wans.ts';

interface Handled {
  readonly state: State;
  readonly happenings?: readonly Happening[];
  readonly effects?: readonly Effect[];
}
type Handler<K extends EventKind> = (
  state: State,
  event: Extract<Event, { readonly kind: K }>,
  now: Now,
) => Handled;

/** Packages that the service reads. */
const PACKAGES = ['hagw', 'mwan3', 'keepalived', 'network', 'firewall', 'dhcp'];

function takePackage<T>(
  before: PackageState<T>,
  reading: UciReading,
  decode: (sections: readonly UciSection[]) => {
    readonly value: T | null;
    readonly problems: readonly ConfigProblem[];
  },
  keepsOld: boolean,
): PackageState<T> {
  if (reading.kind === 'read') {
    const { value, problems } = decode(reading.sections);
    if (value !== null) return { value, file: 'read', message: '', problems, rejected: false };
    return { value: before.value, file: 'read', message: '', problems, rejected: true };
  }
  const message = reading.kind === 'missing' ? '' : reading.message;
  return {
    value: keepsOld ? before.value : null,
    file: reading.kind,
    message,
    problems: [],
    rejected: keepsOld,
  };
}

/** What is wrong with it does not take the running one away; the mwan3 package rejects nothing. */
function takeMultiWan({ multiWanConfig }: State, reading: UciReading, engine?: string): MultiWanPackage {
  let draft: MultiWanPackage['draft'] = null;
  const decode = (sections: readonly UciSection[]) => {
    const decoded = decodeMultiWan(sections);
    ({ draft } = decoded);
    return decoded;
  };
  const taken = takePackage(multiWanConfig, reading, decode, true);
  return { ...taken, rejected: taken.rejected && engine === 'hagw', draft };
}

function service(to: string, text: string, subject = 'hagw', from = ''): Happening {
  return { kind: 'service', subject, from, to, text };
}

/** Takes a good reading and plans the next one. */
function took(state: State, source: Source, now: Now): Handled {
  return finished(state, source, now.monotonicMs, 0, false);
}

const HANDLERS: { readonly [K in EventKind]: Handler<K> } = {
  started: (state, _event, now) => {
    const { version, run } = state.program;
    return {
      ...request(state, SOURCES, now.monotonicMs),
      happenings: [service('started', `hagw ${version} has started (run ${run}).`)],
    };
  },

  configRead: (state, event, now) => {
    const engineBefore = state.hagw.value?.engine;
    const hagw = takePackage(state.hagw, event.hagw, decodeHagw, true);
    const next: State = {
      ...state,
      hagw,
      multiWanConfig: takeMultiWan(state, event.mwan3, hagw.value?.engine),
      tableUses: event.network.kind === 'read' ? tableUses(event.network.sections) : state.tableUses,
      keepalivedConfig: takePackage(state.keepalivedConfig, event.keepalived, decodeKeepalived, false),
      setup: event.setup ?? state.setup,
    };
    const done = took(next, 'config', now);
    if (next.hagw.value?.engine === engineBefore) return done;
    // What mwan3 said is of no account under another engine; under its own it is to be asked.
    const fresh = { ...done.state, mwan3: { value: null, error: null, failures: 0 } };
    const asked = request(fresh, ['mwan3'], now.monotonicMs);
    return { state: asked.state, effects: [...(done.effects ?? []), ...asked.effects] };
  },

  linksRead: (state, { facts }, now) => took({ ...state, links: readWell(facts) }, 'links', now),
  vrrpRead: (state, { facts }, now) => {
    const begunAt = state.polls.vrrp.readingSince ?? now.monotonicMs;
    const refusals = refusalsAfter(state, facts);
    const next = applyDump({ ...state, refusals, vrrp: readWell(facts) }, facts, begunAt, now);
    return took(next, 'vrrp', now);
  },
  conntrackRead: (state, { facts }, now) => {
    const isActive = state.role.state === 'active';
    const partner = state.duty?.partner?.sync ?? null;
    const { watch, canary } = watchSync(state.sync, facts, partner, isActive, now.monotonicMs);
    const done = took({ ...state, sync: watch, conntrack: readWell(facts) }, 'conntrack', now);
    return canary ? { ...done, effects: [{ kind: 'canary' }, ...(done.effects ?? [])] } : done;
  },
  leasesRead: (state, { facts }, now) => took({ ...state, leases: readWell(facts) }, 'leases', now),
  mwan3Read: (state, { facts }, now) => took({ ...state, mwan3: readWell(facts) }, 'mwan3', now),
  servicesRead: (state, { facts }, now) => took({ ...state, services: readWell(facts) }, 'services', now),

  readFailed: (state, { source, error }, now) => {
    const at = now.monotonicMs;
    if (source === 'config') {
      // Reading files answers for each package; only a defect ends here.
      return { ...finished(state, source, at, 1, false), happenings: [service('failed', error.message)] };
    }
    let next: State = { ...state, [source]: readBadly<unknown>(state[source], error) };
    if (next.conntrack.value === null) next = { ...next, sync: null };
    if (source === 'vrrp' && next.vrrp.value === null) {
      const begunAt = state.polls.vrrp.readingSince ?? at;
      next = applyAbsence(next, error.code === 'absent' ? 'stop' : 'unknown', begunAt, at);
    }
    return finished(next, source, at, next[source].failures, error.code === 'absent');
  },

  linksChanged: (state, _event, now) => request(state, ['links'], now.monotonicMs),
  vrrpNotified: (state, { type, name, action }, now) =>
    request(applyNotification(state, type, name, action, now.monotonicMs), ['vrrp'], now.monotonicMs),
  configChanged: (state, event, now) =>
    PACKAGES.includes(event.package) ? request(state, ['config', 'links'], now.monotonicMs) : { state },
  serviceChanged: (state, event, now) => {
    const touched: Readonly<Record<string, Source>> = {
      keepalived: 'vrrp',
      conntrackd: 'conntrack',
      dnsmasq: 'leases',
      mwan3: 'mwan3',
    };
    const source = Object.keys(touched).includes(event.service) ? touched[event.service] : undefined;
    if (source === undefined) return { state };
    return request(state, ['services', source], now.monotonicMs);
  },
  reloadRequested: (state, { by }, now) => {
    const { state: next, effects } = request(state, SOURCES, now.monotonicMs);
    const message = `Reads everything anew (asked by ${by}).`;
    return { state: next, effects: [{ kind: 'log', level: 'info', message }, ...effects] };
  },

  busConnected: (state, _event, now) => {
    const at = now.monotonicMs;
    if (state.bus.connected) return { state };
    const isFirst = !state.bus.everConnected;
    // A change of configuration may have been told while nobody listened: also between the start and this moment.
    const sources: readonly Source[] = ['config', 'links', 'vrrp', 'mwan3', 'services'];
    return {
      ...request({ ...state, bus: { connected: true, everConnected: true } }, sources, at),
      happenings: isFirst
        ? []
        : [service('connected', 'ubus is back; everything is registered again.', 'ubus', 'lost')],
    };
  },
  busLost: (state) => {
    if (!state.bus.connected) return { state };
    return {
      state: { ...state, bus: { connected: false, everConnected: true } },
      happenings: [service('lost', 'The connection to ubus is lost.', 'ubus', 'connected')],
    };
  },

  multiWanReported: (state, { report, happenings }) => ({
    state: { ...state, multiWan: report },
    happenings,
  }),

  pairConfigReported: (state, { report }) => ({ state: { ...state, pairConfig: report } }),
  handoverReported: (state, { report, happenings }) => ({
    state: { ...state, handover: report },
    happenings,
  }),
  dutyReported: (state, { report, happenings }) => ({ state: { ...state, duty: report }, happenings }),

  tick: (state) => ({ state }),
  stopping: (state) => ({ state, happenings: [service('stopped', 'hagw has been told to stop.')] }),
};

function levelOf({ kind, to }: Happening): 'info' | 'notice' | 'warning' | 'err' {
  if (kind === 'problem') return to === 'error' ? 'err' : to === 'warning' ? 'warning' : 'notice';
  // What is wrong with a file follows as a problem, at its own level.
  if (kind === 'config') return 'info';
  if (to === 'error') return 'err';
  if (to === 'fault' || to === 'lost') return 'warning';
  return kind === 'service' ? 'info' : 'notice';
}

/** Brings the derived parts in line and tells what changed since `before`. */
function settle(before: State, handled: Handled, now: Now): Step {
  const at = now.monotonicMs;
  let state = deriveGroups(handled.state, at);
  if (setupMayDiffer(before, state)) state = { ...state, setupFindings: findSetup(state) };
  state = { ...state, wans: deriveWans(state, at) };
  state = { ...state, role: deriveRole(state, at), steppedAt: at };
  const tracked = trackProblems(state.problems, findProblems(state), at);
  const due = startDue({ ...state, problems: tracked.problems }, at);
  const happenings = [
    ...(handled.happenings ?? []),
    ...happeningsBetween(before, state),
    ...tracked.happenings,
  ];
  const { timeline, added } = record(state.timeline, happenings, at, routerName(state));
  const told = added.flatMap((entry): Effect[] => [
    { kind: 'log', level: levelOf(entry), message: entry.text },
    { kind: 'notify', entry },
    { kind: 'send', entry },
  ]);
  return {
    state: { ...due.state, timeline },
    effects: [...told, ...(handled.effects ?? []), ...due.effects],
  };
}

/** One event at one moment. `now.monotonicMs` never goes back from one step to the next. */
export function step(state: State, event: Event, now: Now): Step {
  // The table pairs each kind with its own handler; the compiler cannot see that through the lookup.
  const handler = HANDLERS[event.kind] as Handler<EventKind>;
  return settle(state, handler(state, event, now), now);
}

/** When `tick` is wanted, monotonic; null = only when something happens. */
export function nextDeadline(state: State): number | null {
  const times = SOURCES.flatMap((source) => {
    const { readingSince, dueAt } = state.polls[source];
    return readingSince === null && dueAt !== null ? [dueAt] : [];
  });
  const visible = nextVisibleAt(state.problems, state.steppedAt);
  const all = visible === null ? times : [...times, visible];
  return all.length === 0 ? null : Math.min(...all);
}
