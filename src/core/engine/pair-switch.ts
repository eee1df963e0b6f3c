/** `hagw switchover`: flushing → leaving → the partner is active; each step with its time. */
import { freshMessage } from './pair-trust.ts';
import type { PairEffect, PairState, Switching, SwitchoverOutcome, SwitchoverStep } from './pair-types.ts';
import { partnerText, silenceText } from './pair-words.ts';

/** conntrackd's bulk update, and the partner's becoming active. */
const FLUSH_MS = 10_000;
const LEAVE_MS = 5000;

interface Draft {
  readonly state: PairState;
  readonly effects: readonly PairEffect[];
}

/** Why it cannot be begun, as a whole sentence; null = it can. */
export function whyNot(state: PairState, fit: number, now: number): string | null {
  const { situation } = state;
  if (situation === null) return 'No pair is in force, or it is not clear which router this is.';
  const { name, partner, role } = situation;
  if (state.switching !== null) return 'A switchover is under way.';
  if (role !== 'active') return `${name} is not active (${role}); a switchover begins on the active router.`;
  const other = freshMessage(state, now);
  if (other === null) return `Not now: ${silenceText(state, now)}. ${name} stays active.`;
  if (other.role === 'backup' && other.fit >= fit && other.ready) return null;
  return `${partner} is not ready: ${partnerText(other)}. ${name} stays active.`;
}

export function beginSwitch(state: PairState, now: number): Draft {
  const switching: Switching = { phase: 'flushing', last: now, deadline: now + FLUSH_MS, steps: [] };
  return { state: { ...state, switching }, effects: [{ kind: 'flush' }] };
}

function advance(switching: Switching, step: SwitchoverStep['step'], now: number): Switching {
  return {
    ...switching,
    last: now,
    steps: [...switching.steps, { step, ms: Math.round(now - switching.last) }],
  };
}

/** conntrackd has sent all it had, or has not: the switchover goes on, and says so. */
export function flushed(state: PairState, now: number): Draft {
  const { switching } = state;
  if (switching?.phase !== 'flushing') return { state, effects: [] };
  const deadline = now + LEAVE_MS;
  const next = { ...advance(switching, 'flushed', now), phase: 'leaving' as const, deadline };
  return {
    state: { ...state, switching: next, yielding: { reason: 'switchover', until: deadline } },
    effects: [],
  };
}

function ended(
  state: PairState,
  ok: boolean,
  text: string,
  steps: readonly SwitchoverStep[],
  now: number,
): Draft {
  const outcome: SwitchoverOutcome = { ok, at: now, text, steps };
  return {
    state: { ...state, switching: null, switched: outcome, yielding: null },
    effects: [
      { kind: 'switched', outcome },
      {
        kind: 'happened',
        happening: { kind: 'router', subject: 'switchover', from: '', to: ok ? 'done' : 'failed', text },
      },
    ],
  };
}

/** Notes the steps as they show in the state; ends it. */
export function followSwitch(state: PairState, now: number): Draft {
  const { switching, situation, heard } = state;
  if (switching === null) return { state, effects: [] };
  const { name, partner } = situation ?? { name: 'This router', partner: 'The partner' };
  let next = switching;
  const has = (step: SwitchoverStep['step']): boolean => next.steps.some((one) => one.step === step);
  if (next.phase === 'leaving') {
    if (!has('out') && state.lease !== null) next = advance(next, 'out', now);
    if (has('out') && !has('left') && situation?.role !== 'active') next = advance(next, 'left', now);
    if (has('out') && heard?.role === 'active' && situation?.role !== 'active') {
      const { steps } = advance(next, 'partner-active', now);
      const ms = steps.reduce((sum, one) => sum + one.ms, 0);
      const text = `${partner} is active; it took ${ms} ms.`;
      return ended(state, true, text, steps, now);
    }
  }
  if (now < next.deadline && situation !== null) return { state: { ...state, switching: next }, effects: [] };
  const why = !has('out')
    ? `${partner} gave no leave to go`
    : has('left')
      ? `${partner} did not become active within ${LEAVE_MS / 1000} s`
      : `keepalived did not let go within ${LEAVE_MS / 1000} s: does it track /usr/lib/hagw/ready?`;
  return ended(state, false, `The switchover failed: ${why}. ${name} serves again.`, next.steps, now);
}
