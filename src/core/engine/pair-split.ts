/**
 * Split brain: both routers are active for longer than a takeover takes. It is told at once; the less fit one, else the one of
 * the lower priority, yields, and tries again after a time that doubles: as long as it is out it cannot hear whether VRRP's
 * ways are whole. The other one goes on as it is, and takes over the connections that the first one had of its own.
 *
 *   null ──both active──► suspected ──SPLIT_MS──► told ──one is not──► over ──FORGET_MS──► null
 */
import { echoed, freshMessage } from './pair-trust.ts';
import type { PairEffect, PairState, PairStep } from './pair-types.ts';

/** A takeover, and what both say of it, takes less. */
export const SPLIT_MS = 2500;
const YIELD_MS = 10_000;
const LONGEST_YIELD_MS = 300_000;
/** After so long without one, the next one is the first. */
const FORGET_MS = 600_000;

function said(to: string, text: string): PairEffect {
  return { kind: 'happened', happening: { kind: 'router', subject: 'split-brain', from: '', to, text } };
}

/**
 * Whether the partner wrote after the suspicion began. What it said before may be its last word: a router that has just taken over
 * from a dead one still has its `active`.
 */
function isConfirmed(state: PairState): boolean {
  return (echoed(state) ?? Number.NEGATIVE_INFINITY) >= (state.split?.since ?? 0);
}

/** When it changes by itself; a suspicion without a word of the partner ends with the partner's message. */
export function splitDueAt(state: PairState): number | null {
  const { split } = state;
  if (split === null || split.phase === 'told') return null;
  if (split.phase === 'suspected' && !isConfirmed(state)) return null;
  return split.since + (split.phase === 'over' ? FORGET_MS : SPLIT_MS);
}

export function followSplit(state: PairState, fit: number, now: number): PairStep {
  const { situation, split } = state;
  const other = freshMessage(state, now);
  const count = split?.count ?? 0;
  const isDue = now >= (splitDueAt(state) ?? Number.POSITIVE_INFINITY);
  if (situation?.role === 'active' && other?.role === 'active') {
    if (split === null || split.phase === 'over')
      return { state: { ...state, split: { phase: 'suspected', since: now, count } }, effects: [] };
    if (!isDue) return { state, effects: [] };
    const loses = fit < other.fit || (fit === other.fit && situation.priority < situation.partnerPriority);
    const ms = Math.min(YIELD_MS * 2 ** count, LONGEST_YIELD_MS);
    const who = loses ? situation.name : situation.partner;
    const text = `Both routers are active: they do not hear each other's adverts. ${who} yields for ${ms / 1000} s.`;
    return {
      state: {
        ...state,
        split: { phase: 'told', since: split.since, count: count + 1 },
        yielding: loses ? { reason: 'split-brain', until: now + ms } : state.yielding,
      },
      effects: [said('error', text)],
    };
  }
  if (split === null || (split.phase === 'over' && !isDue)) return { state, effects: [] };
  if (split.phase === 'over' || (split.phase === 'suspected' && count === 0))
    return { state: { ...state, split: null }, effects: [] };
  const over: PairState = { ...state, split: { phase: 'over', since: now, count } };
  if (split.phase === 'suspected') return { state: over, effects: [] };
  const adopt: PairEffect[] = situation?.role === 'active' ? [{ kind: 'adopt' }] : [];
  return { state: over, effects: [...adopt, said('resolved', 'No longer are both routers active.')] };
}
