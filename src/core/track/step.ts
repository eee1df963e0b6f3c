/**
 * The tracker of one WAN: `stepTracker(state, event, now)` gives the next state and what is to be done. Pure: it never
 * reads a clock and sends no probe. `now` is monotonic, in ms. `nextDeadline` says when to call with `tick`.
 *
 *                 linkUp            linkDown,     rounds of probes        burst      adminDown,       adminUp,
 *                 carrierFound      carrierLost   (score.ts)              failed     enabled 0        enabled 1
 *   unknown       initial state     offline       –                       –          disabled         –
 *   disabled      –                 –             –                       –          –                connecting, or offline
 *   offline       connecting *      –             good: connecting        –          disabled         –
 *   connecting    –                 offline       good … online; bad: offline  –     disabled         –
 *   online        –                 offline       bad: disconnecting      offline    disabled         –
 *   disconnecting –                 offline       good: online; bad … offline  offline  disabled      –
 *
 * * With `up − 1` points, so that one good round brings it online, if it was usable when the link went; a WAN that the
 * probes had taken out needs all `up`. Without targets the link alone decides: online with it, offline without.
 * Every event may come in every state; one that means nothing there changes nothing. A prober's failure and suspicion by the
 * traffic are no evidence: only failed probes and the loss of the link take a WAN out.
 */
import type { TrackConfig } from '../policy/model.ts';
import { startBurst, takeOutcome } from './outcomes.ts';
import { walk } from './score.ts';
import {
  type Draft,
  draft,
  enter,
  finish,
  firstTimeoutMs,
  forgetPath,
  freshTarget,
  fullScore,
  isUsable,
  quietAfter,
  withProbing,
} from './transition.ts';
import type { Reason, TrackEvent, TrackEventKind, TrackerState, TrackStep } from './types.ts';

type Handler<K extends TrackEventKind> = (
  state: TrackerState,
  event: Extract<TrackEvent, { readonly kind: K }>,
  now: number,
) => Draft;

/**
 * A tracker that knows nothing of the link yet.
 * @param shuffle any whole number: where in the list of targets it begins, so that not all routers ask the same one first.
 * @param adopted what an earlier run of the service left behind; the kernel still acts on it. null = nothing.
 */
export function createTracker(
  name: string,
  config: TrackConfig,
  enabled: boolean,
  now: number,
  shuffle = 0,
  adopted: 'online' | 'offline' | null = null,
): TrackerState {
  const { targets } = config;
  const first = targets.length === 0 ? 0 : Math.abs(Math.trunc(shuffle)) % targets.length;
  return {
    name,
    config: adopted === null ? config : { ...config, initialState: adopted },
    enabled,
    adminDown: false,
    link: { up: null, carrier: true },
    status: enabled ? 'unknown' : 'disabled',
    since: now,
    reason: enabled
      ? { code: 'start', text: 'The state of the link is not known yet.' }
      : { code: 'config', text: `${name} is disabled by its option enabled.` },
    score: 0,
    trusted: (adopted ?? config.initialState) === 'online',
    everOnline: false,
    probing: null,
    pace: 'interval',
    judged: -1,
    rounds: [],
    targets: [...targets.slice(first), ...targets.slice(0, first)].map(freshTarget),
    roundTrip: null,
    timeoutMs: firstTimeoutMs(config),
    burst: null,
    nextBurstId: 1,
    nextBurstAt: 0,
    proberFailure: null,
    quietAt: Number.POSITIVE_INFINITY,
    turn: 0,
    lost: 0,
  };
}

/** The link can be used (again), or the WAN may. */
function arrive(state: TrackerState, reason: Reason, now: number): Draft {
  if (!isUsable(state)) return draft(state);
  const { config, trusted, status } = state;
  const here = draft(forgetPath({ ...state, lost: 0 }));
  if (config.targets.length === 0) {
    const text = `${reason.text} It has no targets: the link alone decides.`;
    return withProbing(enter(here, 'online', fullScore(config), { code: 'no-targets', text }, now), now);
  }
  if (status === 'unknown') {
    const initial: Reason = {
      code: 'initial',
      text: `${reason.text} It begins as its initial state says.`,
    };
    return config.initialState === 'online'
      ? withProbing(enter(here, 'online', fullScore(config), initial, now), now)
      : withProbing(enter(here, 'offline', 0, initial, now), now);
  }
  if (trusted && config.up > 1)
    return withProbing(enter(here, 'connecting', config.up - 1, reason, now), now, true);
  return withProbing(enter(here, 'offline', 0, reason, now), now, true);
}

/** The link is gone: at once, whatever the probes say. What it was trusted with before, it is when it comes back. */
function leave(state: TrackerState, to: 'offline' | 'disabled', reason: Reason, now: number): Draft {
  const wasUsable = state.status === 'online' || state.status === 'disconnecting';
  const next: TrackerState = {
    ...state,
    trusted: wasUsable || state.trusted,
    everOnline: false,
    burst: null,
  };
  return withProbing(enter(draft(next), to, 0, reason, now), now);
}

function linkChange(
  state: TrackerState,
  link: Partial<TrackerState['link']>,
  reason: Reason,
  now: number,
): Draft {
  const wasUsable = isUsable(state);
  const next: TrackerState = { ...state, link: { ...state.link, ...link } };
  if (state.status === 'disabled') return draft(next);
  if (isUsable(next)) return wasUsable ? draft(next) : arrive(next, reason, now);
  // Nothing is known of the interface yet: a carrier alone does not say that it is down.
  if (next.link.up === null && next.link.carrier) return draft(next);
  return wasUsable || state.status === 'unknown' ? leave(next, 'offline', reason, now) : draft(next);
}

/** Another path: what was learnt of the old one does not count, and whether the new one works is to be seen at once. */
function pathChange(state: TrackerState, now: number): Draft {
  if (state.probing === null) return draft(state);
  const anew = withProbing(draft({ ...forgetPath(state), burst: null }), now, true);
  const burst = startBurst({ ...anew.state, nextBurstAt: now }, now);
  return { state: burst.state, effects: [...anew.effects, ...burst.effects] };
}

function setConfig(state: TrackerState, config: TrackConfig, enabled: boolean, now: number): Draft {
  const known = new Map(state.targets.map((target) => [target.target, target]));
  const kept = state.targets.filter(({ target }) => config.targets.includes(target));
  const added = config.targets.filter((target) => !known.has(target)).map(freshTarget);
  const next: TrackerState = {
    ...state,
    config,
    enabled,
    targets: [...kept, ...added],
    timeoutMs: config.timeoutMs === state.config.timeoutMs ? state.timeoutMs : firstTimeoutMs(config),
  };
  if (!enabled) {
    if (state.status === 'disabled') return draft(next);
    return leave(
      next,
      'disabled',
      { code: 'config', text: `${state.name} is disabled by its option enabled.` },
      now,
    );
  }
  if (!state.enabled) {
    return next.adminDown
      ? draft(next)
      : awake(next, { code: 'config', text: `${state.name} is enabled.` }, now);
  }
  if (!isUsable(next)) return draft(next);
  if (config.targets.length === 0)
    return arrive(next, { code: 'config', text: 'The configuration changed.' }, now);
  // The state stays as it is; only its score is carried over to the new scale.
  const score = {
    online: fullScore(config),
    disconnecting: walk({ status: 'online', score: 0 }, false, config.up, Math.max(2, config.down)).score,
    connecting: Math.max(0, Math.min(state.score, config.up - 1)),
    offline: 0,
    disabled: 0,
    unknown: 0,
  }[state.status];
  return withProbing(draft({ ...next, score, burst: null }), now, kept.length !== next.targets.length);
}

/** Out of `disabled`: as far as the link lets it. */
function awake(state: TrackerState, reason: Reason, now: number): Draft {
  if (isUsable(state)) return arrive(state, reason, now);
  if (state.link.up === null) return enter(draft(state), 'unknown', 0, reason, now);
  return enter(draft(state), 'offline', 0, { code: 'link-down', text: `${state.name} has no link.` }, now);
}

const HANDLERS: { readonly [K in TrackEventKind]: Handler<K> } = {
  linkUp: (state, _event, now) =>
    linkChange(state, { up: true }, { code: 'link-up', text: `The interface ${state.name} is up.` }, now),
  linkDown: (state, _event, now) =>
    linkChange(
      state,
      { up: false },
      { code: 'link-down', text: `The interface ${state.name} is down.` },
      now,
    ),
  carrierLost: (state, _event, now) =>
    linkChange(
      state,
      { carrier: false },
      { code: 'carrier-lost', text: `The device of ${state.name} has lost its carrier.` },
      now,
    ),
  carrierFound: (state, _event, now) =>
    linkChange(
      state,
      { carrier: true },
      { code: 'link-up', text: `The device of ${state.name} has a carrier again.` },
      now,
    ),
  addressChanged: (state, _event, now) => pathChange(state, now),
  gatewayChanged: (state, _event, now) => pathChange(state, now),
  probeReply: takeOutcome,
  probeLost: takeOutcome,
  proberFailed: (state, { reason }) => {
    if (state.probing === null || state.proberFailure === reason) return draft({ ...state, burst: null });
    const text = `The probes of ${state.name} cannot be sent: ${reason} Its state is kept.`;
    return draft({ ...state, proberFailure: reason, burst: null }, { kind: 'log', level: 'warning', text });
  },
  trafficSuspicion: (state, _event, now) => startBurst(state, now),
  adminUp: (state, _event, now) => {
    if (!state.adminDown) return draft(state);
    const next: TrackerState = { ...state, adminDown: false };
    const reason: Reason = { code: 'admin-up', text: `${state.name} was switched on by hand.` };
    return next.enabled ? awake(next, reason, now) : draft(next);
  },
  adminDown: (state, _event, now) => {
    const next: TrackerState = { ...state, adminDown: true };
    if (state.status === 'disabled') return draft(next);
    return leave(
      next,
      'disabled',
      { code: 'admin-down', text: `${state.name} was switched off by hand.` },
      now,
    );
  },
  configChanged: (state, { config, enabled }, now) => {
    const same = JSON.stringify(config) === JSON.stringify(state.config) && enabled === state.enabled;
    return same ? draft(state) : setConfig(state, config, enabled, now);
  },
  tick: (state, _event, now) => {
    const given: TrackerState =
      state.burst !== null && now >= state.burst.giveUpAt
        ? { ...state, burst: null, nextBurstAt: now }
        : state;
    if (given.probing === null || now < given.quietAt) return draft(given);
    const text = `The prober of ${state.name} says nothing: it is started anew.`;
    return withProbing(
      draft(
        { ...given, proberFailure: text, quietAt: quietAfter(given.probing, now) },
        { kind: 'log', level: 'warning', text },
      ),
      now,
      true,
    );
  },
};

export function stepTracker(state: TrackerState, event: TrackEvent, now: number): TrackStep {
  const handler = HANDLERS[event.kind] as Handler<TrackEventKind>;
  return finish(handler(state, event, now));
}

/** When `tick` is due, monotonic ms; Infinity = never. */
export function nextDeadline(state: TrackerState): number {
  return Math.min(state.burst?.giveUpAt ?? Number.POSITIVE_INFINITY, state.quietAt);
}
