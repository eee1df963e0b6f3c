/**
 * When to read what. A source is read when something says that it changed, and again after `poll_interval_ms` in case
 * nothing does. There is one read of a source at a time; what happens meanwhile makes one more read after it.
 *
 *   idle ──request──► reading ──request──► reading, again
 *     ▲                  │ result             │ result
 *     └──── due later ───┘      reading ◄─────┘
 */
import type { ReadError } from '../neighbours/read-error.ts';
import type { Effect } from './messages.ts';
import { type Poll, pollIntervalMs, type Reading, SOURCES, type Source, type State } from './state.ts';

/** A read that failed is tried again so soon, and its last good facts count so many failures long. */
const RETRY_MS = 1000;
const PATIENCE = 3;

/** Sources that are asked over ubus: not while there is no connection. */
const OVER_BUS: readonly Source[] = ['links', 'mwan3', 'services'];

export interface Polled {
  readonly state: State;
  readonly effects: readonly Effect[];
}

function withPoll(state: State, source: Source, poll: Poll): State {
  return { ...state, polls: { ...state.polls, [source]: poll } };
}

/** Whether there is any use in reading it now. */
function isWanted(state: State, source: Source): boolean {
  if (source === 'mwan3' && state.hagw.value?.engine !== 'mwan3') return false;
  return state.bus.connected || !OVER_BUS.includes(source);
}

/** Reads a source now, or once more after the read that is under way. */
export function request(state: State, sources: readonly Source[], at: number): Polled {
  let next = state;
  const effects: Effect[] = [];
  for (const source of sources) {
    if (!isWanted(next, source)) continue;
    const poll = next.polls[source];
    if (poll.readingSince !== null) {
      next = withPoll(next, source, { ...poll, again: true });
    } else {
      next = withPoll(next, source, { readingSince: at, again: false, dueAt: null });
      effects.push({ kind: 'read', source });
    }
  }
  return { state: next, effects };
}

/** A read has ended; `failures` of this source in a row, 0 = it went well. */
export function finished(
  state: State,
  source: Source,
  at: number,
  failures: number,
  isAbsent: boolean,
): Polled {
  const { again } = state.polls[source];
  const isRetry = failures > 0 && failures < PATIENCE && !isAbsent;
  const delay = isRetry ? Math.min(RETRY_MS, pollIntervalMs(state)) : pollIntervalMs(state);
  // Configuration is read when procd says so: a commit alone has no effect in OpenWrt until a reload.
  const dueAt = source === 'config' ? null : at + delay;
  const idle = withPoll(state, source, { readingSince: null, again: false, dueAt });
  return again ? request(idle, [source], at) : { state: idle, effects: [] };
}

/** Starts what has come due. */
export function startDue(state: State, at: number): Polled {
  const due = SOURCES.filter((source) => {
    const { readingSince, dueAt } = state.polls[source];
    return readingSince === null && dueAt !== null && dueAt <= at;
  });
  const { state: next, effects } = request(state, due, at);
  // What is not wanted now would stay due for ever; it comes back by an event.
  const parked = due.filter((source) => next.polls[source].readingSince === null);
  return {
    state: parked.reduce(
      (rest, source) => withPoll(rest, source, { ...rest.polls[source], dueAt: null }),
      next,
    ),
    effects,
  };
}

/** The facts of a good read. */
export function readWell<T>(value: T): Reading<T> {
  return { value, error: null, failures: 0 };
}

/** A failed read: gone at once if the neighbour is absent, else the last facts hold for a few failures. */
export function readBadly<T>(before: Reading<T>, error: ReadError): Reading<T> {
  const failures = before.failures + 1;
  const isOver = error.code === 'absent' || failures >= PATIENCE;
  return { value: isOver ? null : before.value, error, failures };
}
