/**
 * The states of virtual routers and sync groups, from two witnesses. keepalived's notification comes within
 * milliseconds but says little, in any order, and is missing after a crash of keepalived (which jumps from active to
 * backup without a stop). Its JSON dump is the truth, but older than a notification that came after it was begun. So:
 *
 *   notification            the state at once, marked as a hint; a dump is asked for
 *   dump begun after it     confirms or corrects, the hint is over
 *   dump begun before it    says nothing about this one
 *   keepalived is gone      stop
 *   keepalived mute         unknown
 *
 * Any state may follow any other: keepalived decides, we watch. A group has no witness in the dump; its state is its
 * members', as soon as they agree. Its own notification holds until the next dump; while a member is on its way (hinted)
 * the former state holds; members that differ without a hint are a fault if one is in fault, else unknown.
 */
import type { VrrpState } from '../../api/status.ts';
import { monotonicOf, type Now } from '../events/timeline.ts';
import type { VrrpFacts, VrrpInstanceFacts } from '../keepalived/facts.ts';
import type { State, TrackedVrrp, Transition } from './state.ts';

/** keepalived's ACTION of a change of state (vrrp_notify.c); others, e.g. NOTIFY_MASTER_RX_LOWER_PRI, are none. */
const ACTIONS: ReadonlyMap<string, VrrpState> = new Map([
  ['NOTIFY_MASTER', 'active'],
  ['NOTIFY_BACKUP', 'backup'],
  ['NOTIFY_FAULT', 'fault'],
  ['NOTIFY_STOP', 'stop'],
]);

/** More than a VRID range of them would be a flood, not a configuration. */
const MOST_TRACKED = 512;

/** Takes a new state; `since` stays if it is the old one. */
function moved(
  tracked: TrackedVrrp,
  to: VrrpState,
  at: number,
  source: Transition['source'],
  hintedAt: number | null,
): TrackedVrrp {
  if (tracked.state === to) return tracked.hintedAt === hintedAt ? tracked : { ...tracked, hintedAt };
  const last: Transition = { at, from: tracked.state, to, source };
  return { ...tracked, state: to, since: at, hintedAt, last };
}

function unseen(name: string): TrackedVrrp {
  return { name, state: 'unknown', since: null, hintedAt: null, last: null };
}

function hint(list: readonly TrackedVrrp[], name: string, to: VrrpState, at: number): readonly TrackedVrrp[] {
  const known = list.find((item) => item.name === name);
  if (known === undefined && list.length >= MOST_TRACKED) return list;
  const next = moved(known ?? unseen(name), to, at, 'notify', at);
  return known === undefined ? [...list, next] : list.map((item) => (item === known ? next : item));
}

/** Applies a notification as a hint. */
export function applyNotification(
  state: State,
  type: 'INSTANCE' | 'GROUP' | 'DAEMON',
  name: string,
  action: string,
  at: number,
): State {
  const to = ACTIONS.get(action);
  if (type === 'DAEMON') {
    if (action !== 'shutdown') return state;
    const stop = (item: TrackedVrrp): TrackedVrrp => moved(item, 'stop', at, 'notify', at);
    return { ...state, instances: state.instances.map(stop), groups: state.groups.map(stop) };
  }
  if (to === undefined || name === '') return state;
  if (type === 'INSTANCE') return { ...state, instances: hint(state.instances, name, to, at) };
  return { ...state, groups: hint(state.groups, name, to, at) };
}

/** When keepalived itself entered the state, if it can be believed. */
function enteredAt(facts: VrrpInstanceFacts, now: Now): number | null {
  const { lastTransitionMs } = facts;
  if (lastTransitionMs === null || lastTransitionMs <= 0 || lastTransitionMs > now.wallMs) return null;
  return monotonicOf(lastTransitionMs, now);
}

/** Takes a dump that was begun at `begunAt`: its instances, and no others. */
export function applyDump(state: State, facts: VrrpFacts, begunAt: number, now: Now): State {
  const instances = facts.instances.map((item): TrackedVrrp => {
    const known = state.instances.find(({ name }) => name === item.name);
    if (known === undefined || known.state === 'unknown') {
      // What happened before the service looked is no transition of which it could tell the time from its own clock.
      return {
        ...unseen(item.name),
        state: item.state,
        since: enteredAt(item, now),
        last: known?.last ?? null,
      };
    }
    if (known.hintedAt !== null && begunAt < known.hintedAt) return known;
    const entered = enteredAt(item, now);
    // A state that was seen to hold can only have ended after it began (10 ms: the two clocks are not read at once).
    const isSound = entered !== null && (known.since === null || entered > known.since + 10);
    return moved(known, item.state, isSound ? entered : now.monotonicMs, 'dump', null);
  });
  const groups = state.groups.map((group) =>
    group.hintedAt !== null && begunAt >= group.hintedAt ? { ...group, hintedAt: null } : group,
  );
  return { ...state, instances, groups };
}

/**
 * keepalived does not run (`stop`), or nobody can say (`unknown`), as a read begun at `begunAt` found. The instances stay
 * as they were known; of what was notified after that the read says nothing.
 */
export function applyAbsence(state: State, to: 'stop' | 'unknown', begunAt: number, at: number): State {
  const gone = (item: TrackedVrrp): TrackedVrrp =>
    item.hintedAt !== null && begunAt < item.hintedAt ? item : moved(item, to, at, 'dump', null);
  return { ...state, instances: state.instances.map(gone), groups: state.groups.map(gone) };
}

function groupState(group: TrackedVrrp, members: readonly TrackedVrrp[]): VrrpState {
  const [first] = members;
  // Its own notification holds until a dump begun after it has told of the members.
  if (group.hintedAt !== null) return group.state;
  if (first === undefined) return 'unknown';
  if (members.every(({ state }) => state === first.state)) return first.state;
  if (members.some(({ hintedAt }) => hintedAt !== null)) return group.state;
  return members.some(({ state }) => state === 'fault') ? 'fault' : 'unknown';
}

/** Brings the groups in line with UCI's list of them and with their members' states. */
export function deriveGroups(state: State, at: number): State {
  const config = state.keepalivedConfig.value;
  if (config === null) return state;
  const groups = config.groups.map(({ name, members }): TrackedVrrp => {
    const known = state.groups.find((group) => group.name === name) ?? unseen(name);
    const own = state.instances.filter((instance) => members.includes(instance.name));
    const to = groupState(known, own);
    if (to === known.state) return known;
    if (known.state !== 'unknown') {
      const source = own.some((member) => member.hintedAt !== null) ? 'notify' : 'dump';
      return moved(known, to, at, source, known.hintedAt);
    }
    const times = own.map(({ since }) => since);
    const since = times.some((time) => time === null) ? null : Math.max(...times.map((time) => time ?? 0));
    return { ...known, state: to, since: own.length === 0 ? null : since };
  });
  const isSame =
    groups.length === state.groups.length && groups.every((group, index) => group === state.groups[index]);
  return isSame ? state : { ...state, groups };
}
