/** `hagw.vrrp transitions`: the handover's journal, with what the timeline knows of the cause. */
import type { VrrpState } from '../../api/status.ts';
import type { VrrpChange, VrrpTransitions } from '../../api/vrrp.ts';
import type { State } from '../engine/state.ts';
import { type Now, wallOf } from '../events/timeline.ts';
import type { HandoverRun, HandoverState } from '../pair/journal.ts';

const STATES: Readonly<Record<HandoverState, VrrpState | null>> = {
  MASTER: 'active',
  BACKUP: 'backup',
  FAULT: 'fault',
  STOP: 'stop',
  LOAD: null,
};

/** What keepalived's own decisions come from. */
const OTHERWISE: Readonly<Record<string, string>> = {
  active: 'The adverts of the partner stopped, or had priority 0.',
  backup: 'keepalived hears a router of a greater priority, or has just started or recovered.',
  fault: 'A tracked interface or script failed.',
  stop: 'keepalived was stopped.',
};

/** A cause comes so long before the steps begin, at most. */
const CAUSE_MS = 2500;

/** @param at monotonic: when the steps began. */
function causeOf(state: State, to: VrrpState, at: number): string {
  const ours = state.timeline.entries.filter(
    (entry) => entry.kind === 'router' && entry.at <= at + 500 && entry.at >= at - CAUSE_MS,
  );
  // What this router decided, not what followed from it.
  const decided = ours.filter(
    (entry) => (entry.to === 'out' && to === 'fault') || (entry.to === 'in' && to === 'backup'),
  );
  return decided[decided.length - 1]?.text ?? OTHERWISE[to] ?? '';
}

/** @param uptimeMs of this moment, which the journal counts in. */
export function vrrpTransitions(
  state: State,
  runs: readonly HandoverRun[],
  limit: number,
  now: Now,
  uptimeMs: number,
): VrrpTransitions {
  const transitions = runs.flatMap((run): VrrpChange[] => {
    const to = STATES[run.state];
    if (to === null) return [];
    const endedAt = now.monotonicMs - (uptimeMs - run.lastAt);
    const spent = run.ms ?? run.steps.reduce((sum, { ms }) => sum + ms, 0);
    return [
      {
        at: wallOf(endedAt, now),
        to,
        cause: causeOf(state, to, endedAt - spent),
        total_ms: run.ms,
        superseded: run.end === 'superseded',
        steps: run.steps.map((step) => ({ ...step })),
      },
    ];
  });
  return { transitions: transitions.slice(-limit) };
}
