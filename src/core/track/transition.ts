/** What all handlers of the tracker share: entering a status, asking for the probing that a state needs. */
import type { LinkStatus } from '../../api/status.ts';
import type { TrackConfig } from '../policy/model.ts';
import { FIXED_TIMEOUT_FROM_MS, LEARNING_TIMEOUT_MS, QUIET_GRACE_MS } from './defaults.ts';
import type { Probing, Reason, TargetState, TrackEffect, TrackerState, TrackStep } from './types.ts';

/** Probes to a target are never closer than this; fping's own limit for others than root is 10 ms. */
const MIN_PERIOD_MS = 10;

/** A state in the making, with what is to be done. */
export interface Draft {
  readonly state: TrackerState;
  readonly effects: readonly TrackEffect[];
}

export function draft(state: TrackerState, ...effects: TrackEffect[]): Draft {
  return { state, effects };
}

export function fullScore(config: TrackConfig): number {
  return config.up + config.down;
}

export function freshTarget(target: string): TargetState {
  return { target, status: 'skipped', latencyMs: null, recent: [], silentAlone: false };
}

/** The first time-out: that of the option, or the one for a link whose round trip is not known yet. */
export function firstTimeoutMs(config: TrackConfig): number {
  return config.timeoutMs >= FIXED_TIMEOUT_FROM_MS ? config.timeoutMs : LEARNING_TIMEOUT_MS;
}

export function isUsable(state: TrackerState): boolean {
  return state.enabled && !state.adminDown && state.link.up === true && state.link.carrier;
}

/** Enters a status (none if it is the same), with the score that goes with it. */
export function enter(before: Draft, status: LinkStatus, score: number, reason: Reason, now: number): Draft {
  const { state, effects } = before;
  const scored = score === state.score ? state : { ...state, score };
  if (status === state.status) return { state: scored, effects };
  const first = status === 'online' && !state.everOnline;
  return {
    state: {
      ...scored,
      status,
      since: now,
      reason,
      everOnline: state.everOnline || status === 'online',
      turn: 0,
    },
    effects: [...effects, { kind: 'changed', from: state.status, to: status, reason, first }],
  };
}

/** From one probe of a target to its next: `count` of them make a round, and rounds follow each other at the pace. */
function periodMs(state: TrackerState): number {
  const { config } = state;
  const { pace } = state;
  const roundMs =
    pace === 'interval'
      ? config.intervalMs
      : pace === 'failure'
        ? config.failureIntervalMs
        : config.recoveryIntervalMs;
  return Math.max(MIN_PERIOD_MS, Math.round(roundMs / config.count));
}

/** Whether what runs is what is wanted, told without making either: so it is with nearly each probe. */
function isWanted(state: TrackerState): boolean {
  const { config, probing, targets } = state;
  if (!isUsable(state) || targets.length === 0) return probing === null;
  return (
    probing !== null &&
    probing.timeoutMs === state.timeoutMs &&
    probing.intervalMs === periodMs(state) &&
    probing.sizeBytes === config.sizeBytes &&
    probing.maxTtl === config.maxTtl &&
    isSameList(probing.methods, config.methods) &&
    probing.targets.length === targets.length &&
    targets.every(({ target }, at) => target === probing.targets[at])
  );
}

function isSameList(a: readonly string[], b: readonly string[]): boolean {
  return a === b || (a.length === b.length && a.every((one, at) => one === b[at]));
}

function wantedProbing(state: TrackerState): Probing | null {
  const { config } = state;
  if (!isUsable(state) || config.targets.length === 0) return null;
  return {
    methods: config.methods,
    targets: state.targets.map(({ target }) => target),
    intervalMs: periodMs(state),
    timeoutMs: state.timeoutMs,
    sizeBytes: config.sizeBytes,
    maxTtl: config.maxTtl,
  };
}

/** When a prober that works must have told something. */
export function quietAfter(probing: Probing, now: number): number {
  return now + probing.intervalMs + probing.timeoutMs + QUIET_GRACE_MS;
}

/** mwan3's interval for a status: the failure interval while it goes down, the recovery interval while it comes up. */
function paceOf(state: TrackerState): TrackerState['pace'] {
  if (state.status === 'disconnecting') return 'failure';
  if (state.status === 'connecting') return 'recovery';
  return state.status === 'offline' && state.config.keepFailureInterval ? 'failure' : 'interval';
}

/** Asks for the probing that the state needs, if it is not what runs; `anew` even then. */
export function withProbing(before: Draft, now: number, anew = false): Draft {
  const pace = paceOf(before.state);
  const state: TrackerState = pace === before.state.pace ? before.state : { ...before.state, pace };
  if (!anew && isWanted(state)) return { state, effects: before.effects };
  const probing = wantedProbing(state);
  if (probing === null && state.probing === null) return { state, effects: before.effects };
  return {
    state: {
      ...state,
      probing,
      judged: -1,
      rounds: [],
      burst: probing === null ? null : state.burst,
      quietAt: probing === null ? Number.POSITIVE_INFINITY : quietAfter(probing, now),
    },
    effects: [...before.effects, { kind: 'setProbing', probing }],
  };
}

/** Forgets what was learnt of the path: it is another one, or what was learnt does not hold. */
export function forgetPath(state: TrackerState): TrackerState {
  return { ...state, roundTrip: null, timeoutMs: firstTimeoutMs(state.config) };
}

export function finish(result: Draft): TrackStep {
  return { state: result.state, effects: result.effects };
}
