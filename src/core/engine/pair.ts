/**
 * The pair machine: `stepPair(state, event, now)`. It holds this router out of service while that is right: by a lease that
 * `ready` (keepalived's vrrp_script) reads and that runs out by itself when nobody renews it.
 *
 *   situation, maintenance, WANs ─► how fit is this router? ─┐
 *   partner's messages ──────────────────────────────────────┴─► the less fit one wants to go out ─► the partner's promise ─► lease
 *
 * The less fit of the two is out, equal ones both stay in; nothing heard: both stay in. pair-trust.ts says why never both are out.
 * After each event everything is derived anew; whatever changed is told to the partner at once, and once a second while it listens.
 */
import type { Happening } from '../events/timeline.ts';
import { followSplit, splitDueAt } from './pair-split.ts';
import { beginSwitch, flushed, followSwitch, whyNot } from './pair-switch.ts';
import { boundUntil, freshMessage, freshUntil, hear, isBound, noteTold } from './pair-trust.ts';
import type {
  Fitness,
  OutReason,
  PairEffect,
  PairEvent,
  PairState,
  PairStep,
  PartnerMessage,
} from './pair-types.ts';
import { INITIAL_WAN, seeWan, settleWan, wanDueAt } from './pair-wan.ts';
import { OUT_TEXT } from './pair-words.ts';

export const INITIAL_PAIR: PairState = {
  run: '',
  startedAt: 0,
  situation: null,
  maintenance: false,
  wan: INITIAL_WAN,
  heard: null,
  heardAt: 0,
  silence: 'nothing has been read yet',
  pastRuns: [],
  lease: null,
  told: null,
  promisedAt: null,
  withdrawnAt: null,
  yielding: null,
  switching: null,
  switched: null,
  split: null,
  readAt: 0,
};

/** Between two messages that say the same: to a partner that listens, and to nobody. */
const TELL_MS = 1000;
const TELL_NOBODY_MS = 5000;
/**
 * Between two looks for a message: where nothing was ever heard, usually, while one is out, and while something is under way. A stamp
 * that comes back has waited for two looks and two messages: that must be well below GRANT_MS.
 */
const READ_NOBODY_MS = 1000;
const READ_MS = 500;
const READ_OUT_MS = 250;
const READ_BUSY_MS = 100;
/** A lease that grows by less is not written anew. */
const RENEW_MS = 500;

const OWN_FIT: Fitness = 6;

function inService(state: PairState): boolean {
  const role = state.situation?.role;
  return role === 'active' || role === 'backup';
}

/** Why this router would rather be out, worst first; null = for nothing. */
export function reasonOf(state: PairState): OutReason | null {
  if (!state.wan.counts) return 'no-wan';
  if (state.maintenance) return 'maintenance';
  return state.yielding?.reason ?? null;
}

/** How fit this router would be, if keepalived let it serve. */
function worth(state: PairState): Fitness {
  const reason = reasonOf(state);
  const base = reason === 'no-wan' ? 2 : reason === 'maintenance' ? 4 : OWN_FIT;
  return state.yielding === null ? base : base - 1;
}

/** How fit this router is; held out by ourselves it is no worse for that. */
export function fitness(state: PairState): Fitness {
  return inService(state) || state.lease !== null ? worth(state) : 0;
}

function wants(state: PairState, now: number): boolean {
  const other = freshMessage(state, now);
  return other !== null && reasonOf(state) !== null && other.fit > worth(state);
}

/** Whether it may go out, and how long; null = not. */
function leave(state: PairState, now: number): number | null {
  const other = freshMessage(state, now);
  const isFree = state.lease !== null || !isBound(state, now);
  return other?.ready === true && wants(state, now) && isFree ? freshUntil(state) : null;
}

function said(state: PairState, to: string, text: string): PairEffect {
  const happening: Happening = { kind: 'router', subject: state.situation?.name ?? '', from: '', to, text };
  return { kind: 'happened', happening };
}

/** Goes out, stays out a little longer, or comes back. */
function settleLease(state: PairState, now: number): PairStep {
  const until = leave(state, now);
  const reason = reasonOf(state);
  const { lease } = state;
  const name = state.situation?.name ?? 'This router';
  if (until !== null && reason !== null) {
    const isNews =
      until >= (lease?.until ?? 0) + RENEW_MS ||
      (until > (lease?.until ?? 0) && now >= (lease?.until ?? 0) - RENEW_MS);
    if (lease !== null && lease.reason === reason && !isNews) return { state, effects: [] };
    const next = { since: lease?.since ?? now, until, reason };
    const effects: PairEffect[] = [{ kind: 'lease', until, reason, kick: lease === null }];
    if (lease === null) effects.push(said(state, 'out', `${name} goes out of service: ${OUT_TEXT[reason]}.`));
    return { state: { ...state, lease: next }, effects };
  }
  if (lease === null) return { state, effects: [] };
  const why = wants(state, now) ? 'the partner is not ready' : 'the reason for being out is gone';
  return {
    state: { ...state, lease: null },
    effects: [
      { kind: 'lease', until: null, reason: '', kick: true },
      said(state, 'in', `${name} serves again: ${why}.`),
    ],
  };
}

function compose(state: PairState, now: number): PartnerMessage | null {
  const { situation, heard, lease, told } = state;
  if (situation === null) return null;
  const wish = wants(state, now);
  const isAsked = freshMessage(state, now)?.wants === true;
  return {
    run: state.run,
    at: Math.max(Math.floor(now), (told?.at ?? 0) + 1),
    echo: heard === null ? null : { run: heard.run, at: heard.at },
    role: situation.role,
    fit: fitness(state),
    ready: inService(state) && lease === null && !wish && (situation.role === 'backup' || isAsked),
    wants: wish,
    out: lease !== null,
    usableWans: situation.usableWans,
    ...(situation.sync === undefined ? {} : { sync: situation.sync }),
  };
}

function sameContent(a: PartnerMessage, b: PartnerMessage): boolean {
  return (
    a.role === b.role &&
    a.fit === b.fit &&
    a.ready === b.ready &&
    a.wants === b.wants &&
    a.out === b.out &&
    a.usableWans.join() === b.usableWans.join() &&
    (a.echo === null) === (b.echo === null)
  );
}

function tellEvery(state: PairState, now: number): number {
  return state.heard !== null && now - state.heardAt < 10_000 ? TELL_MS : TELL_NOBODY_MS;
}

function settleTold(state: PairState, now: number): PairStep {
  const message = compose(state, now);
  if (message === null) return { state, effects: [] };
  const { told } = state;
  if (told !== null && sameContent(told, message) && now < told.at + tellEvery(state, now))
    return { state, effects: [] };
  return { state: noteTold(state, message, now), effects: [{ kind: 'tell', message }] };
}

/** Something is under way: what the partner says is wanted soon. */
function isBusy(state: PairState, now: number): boolean {
  return (
    state.switching !== null ||
    state.split?.phase === 'suspected' ||
    (wants(state, now) && state.lease === null) ||
    freshMessage(state, now)?.wants === true
  );
}

function readEvery(state: PairState, now: number): number {
  if (isBusy(state, now)) return READ_BUSY_MS;
  if (state.lease !== null || state.heard?.out === true) return READ_OUT_MS;
  return state.heard === null ? READ_NOBODY_MS : READ_MS;
}

function settleRead(state: PairState, now: number): PairStep {
  if (state.situation === null || now < state.readAt + readEvery(state, now)) return { state, effects: [] };
  return { state: { ...state, readAt: now }, effects: [{ kind: 'read' }] };
}

function handle(state: PairState, event: PairEvent, now: number): PairStep {
  switch (event.kind) {
    case 'began':
      return {
        state: { ...state, run: event.run, startedAt: now, maintenance: event.maintenance },
        // What an earlier run left is not ours to keep: it does not know whether anybody still serves.
        effects: [{ kind: 'lease', until: null, reason: '', kick: false }],
      };
    case 'situation': {
      const { situation } = event;
      // What was true of the partner's line has to come true here first, and gets the hold time for that.
      const isNew = state.situation?.isHearsay === true && situation?.isHearsay !== true;
      const known = isNew ? { ...state.wan, since: now } : state.wan;
      const wan = situation === null ? INITIAL_WAN : seeWan(known, situation.usable, situation.holdMs, now);
      return { state: { ...state, situation, wan }, effects: [] };
    }
    case 'heard':
      return { state: hear(state, event.message, event.reason, now), effects: [] };
    case 'maintenance': {
      if (event.on === state.maintenance) return { state, effects: [] };
      const name = state.situation?.name ?? 'This router';
      const text = event.on
        ? `Maintenance: ${name} goes out of service as soon as the partner is ready.`
        : `Maintenance of ${name} is over.`;
      return {
        state: { ...state, maintenance: event.on },
        effects: [
          { kind: 'keepMaintenance', on: event.on },
          said(state, event.on ? 'maintenance' : 'in', text),
        ],
      };
    }
    case 'switchover':
      return switchoverRefusal(state, now) === null ? beginSwitch(state, now) : { state, effects: [] };
    case 'flushed':
      return flushed(state, now);
    case 'tick':
      return { state, effects: [] };
  }
}

/** Why a switchover cannot be begun now, as a whole sentence; null = it can. */
export function switchoverRefusal(state: PairState, now: number): string | null {
  return whyNot(state, fitness(state), now);
}

function settleHolds(state: PairState, now: number): PairStep {
  const { situation, yielding } = state;
  const wan = situation === null ? state.wan : settleWan(state.wan, situation.holdMs, now);
  const isOver = yielding !== null && now >= yielding.until;
  return { state: { ...state, wan, yielding: isOver ? null : yielding }, effects: [] };
}

const SETTLERS = [
  settleHolds,
  (state: PairState, now: number) => followSplit(state, fitness(state), now),
  settleLease,
  followSwitch,
  // The end of a switchover or a split is the end of its lease.
  settleLease,
  settleTold,
  settleRead,
];

/** One event at one moment; `now` never goes back. */
export function stepPair(before: PairState, event: PairEvent, now: number): PairStep {
  let { state, effects } = handle(before, event, now);
  for (const settle of SETTLERS) {
    const next = settle(state, now);
    state = next.state;
    effects = [...effects, ...next.effects];
  }
  return { state, effects };
}

/** When `tick` is wanted; null = only when something happens. */
export function nextPairDeadline(state: PairState, now: number): number | null {
  const { situation, yielding, lease, told, switching } = state;
  if (situation === null) return lease === null && switching === null ? null : now;
  const times: number[] = [state.readAt + readEvery(state, now)];
  const due = wanDueAt(state.wan, situation.holdMs);
  if (due !== null) times.push(due);
  if (yielding !== null) times.push(yielding.until);
  if (lease !== null) times.push(lease.until);
  if (told !== null) times.push(told.at + tellEvery(state, now));
  if (switching !== null) times.push(switching.deadline);
  const splitAt = splitDueAt(state);
  if (splitAt !== null) times.push(splitAt);
  if (wants(state, now) && lease === null && isBound(state, now)) times.push(boundUntil(state));
  return Math.min(...times);
}
