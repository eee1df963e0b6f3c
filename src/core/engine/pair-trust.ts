/**
 * Never both out: what a router may conclude from the partner's messages, whatever is lost, late or repeated.
 *
 * A message with `ready` is a promise of its sender not to go out for PROMISE_MS. It echoes the stamp of the receiver's newest
 * message, so the receiver knows by its own clock that the promise was made later than that, and may be out until
 * GRANT_MS after that stamp. PROMISE_MS is longer by more than keepalived needs to notice that a lease is over. The
 * promise ends early when the receiver has answered a message without it and serves. A service that starts anew may
 * have promised something it no longer knows of: it stays in for PROMISE_MS.
 */
import type { PairState, PartnerMessage } from './pair-types.ts';

export const GRANT_MS = 4000;
export const PROMISE_MS = 6500;

/** Stamp of ours that the partner had when it wrote: what it says is no older; null = it does not hear this run of ours. */
export function echoed(state: PairState): number | null {
  const { heard, run } = state;
  return heard?.echo?.run === run ? heard.echo.at : null;
}

/** The partner's message, while what it says is at most GRANT_MS old. */
export function freshMessage(state: PairState, now: number): PartnerMessage | null {
  const stamp = echoed(state);
  return stamp !== null && now < stamp + GRANT_MS ? state.heard : null;
}

/** When that ends. */
export function freshUntil(state: PairState): number | null {
  const stamp = echoed(state);
  return stamp === null ? null : stamp + GRANT_MS;
}

/** Whether we are bound by a promise of ours. */
export function isBound(state: PairState, now: number): boolean {
  if (now < state.startedAt + PROMISE_MS) return true;
  const { promisedAt, withdrawnAt, heard } = state;
  if (promisedAt === null || now >= promisedAt + PROMISE_MS) return false;
  const stamp = echoed(state);
  return withdrawnAt === null || stamp === null || stamp < withdrawnAt || heard?.out === true;
}

/** When a promise ends by itself. */
export function boundUntil(state: PairState): number {
  return Math.max(state.startedAt, state.promisedAt ?? 0) + PROMISE_MS;
}

/** Takes a message, unless it is older than what is known or of a run that is over. */
export function hear(
  state: PairState,
  message: PartnerMessage | null,
  reason: string,
  now: number,
): PairState {
  if (message === null) return { ...state, silence: reason };
  const { heard, pastRuns } = state;
  if (heard?.run === message.run)
    return message.at > heard.at ? { ...state, heard: message, heardAt: now, silence: '' } : state;
  if (message.run === state.run || pastRuns.includes(message.run)) return state;
  const past = heard === null ? pastRuns : [...pastRuns, heard.run].slice(-8);
  return { ...state, heard: message, heardAt: now, silence: '', pastRuns: past };
}

/** Notes what a message of ours binds us to. */
export function noteTold(state: PairState, message: PartnerMessage, now: number): PairState {
  if (message.ready) return { ...state, told: message, promisedAt: now, withdrawnAt: null };
  const isFirst = state.promisedAt !== null && state.withdrawnAt === null;
  return { ...state, told: message, withdrawnAt: isFirst ? message.at : state.withdrawnAt };
}
