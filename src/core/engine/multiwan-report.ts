/** What the multi-WAN machine tells the rest of the service: who it is, how its WANs are, what does not work. */
import type { LinkStatus } from '../../api/status.ts';
import type { TrackerState } from '../track/types.ts';
import type { MultiWanState } from './multiwan-types.ts';

export interface MultiWanReport {
  readonly running: boolean;
  /** Why it does not run; empty when it does. */
  readonly reason: string;
  /** It does not run since the mwan3 service does. */
  readonly refused: boolean;
  readonly wans: readonly {
    readonly name: string;
    readonly state: LinkStatus;
    /** Monotonic; null = before the service could see it. */
    readonly since: number | null;
    readonly reason: string;
  }[];
  /** What does not work: whole sentences by place. */
  readonly problems: readonly { readonly where: string; readonly text: string }[];
}

function targetText(tracker: TrackerState): string {
  const words = { up: 'answers', down: 'is silent', skipped: 'is not judged yet' } as const;
  return tracker.probing === null
    ? ''
    : ` ${tracker.targets.map(({ target, status }) => `${target} ${words[status]}`).join(', ')}.`;
}

export function wanReason(tracker: TrackerState): string {
  const failure = tracker.proberFailure === null ? '' : ` ${tracker.proberFailure}`;
  return `${tracker.reason.text}${targetText(tracker)}${failure}`;
}

/** Whether two states have the same report, told apart without making one: most events are probes that are no news. */
export function sameReport(a: MultiWanState, b: MultiWanState): boolean {
  if (a.phase !== b.phase || a.reason !== b.reason || a.desired !== b.desired) return false;
  if (a.problems !== b.problems || a.configProblems !== b.configProblems) return false;
  if (a.trackers === b.trackers) return true;
  const names = Object.keys(b.trackers);
  return (
    names.length === Object.keys(a.trackers).length &&
    names.every((name) => sameTracker(a.trackers[name], b.trackers[name]))
  );
}

function sameTracker(a: TrackerState | undefined, b: TrackerState | undefined): boolean {
  if (a === b) return true;
  return (
    a !== undefined &&
    b !== undefined &&
    a.status === b.status &&
    a.since === b.since &&
    a.reason === b.reason &&
    a.proberFailure === b.proberFailure &&
    (a.probing === null) === (b.probing === null) &&
    a.targets.length === b.targets.length &&
    a.targets.every((target, at) => target.status === b.targets[at]?.status)
  );
}

export function reportOf(state: MultiWanState): MultiWanReport {
  const isRunning = state.phase === 'running';
  return {
    running: isRunning,
    reason: state.reason,
    refused: state.phase === 'refused',
    wans: isRunning
      ? Object.values(state.trackers).map((tracker) => ({
          name: tracker.name,
          state: tracker.status,
          since: tracker.status === 'unknown' ? null : tracker.since,
          reason: wanReason(tracker),
        }))
      : [],
    problems: isRunning ? [...state.configProblems, ...state.problems, ...(state.desired?.notes ?? [])] : [],
  };
}
