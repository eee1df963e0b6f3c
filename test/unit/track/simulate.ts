/**
 * A WAN in virtual time: the tracker, and a prober that does exactly what it is asked for. What the path does is a
 * function. Records every change of state.
 */

import type { LinkStatus } from '../../../src/api/status.ts';
import type { TrackConfig } from '../../../src/core/policy/model.ts';
import { createTracker, nextDeadline, stepTracker } from '../../../src/core/track/step.ts';
import type {
  Probing,
  Reason,
  TrackEffect,
  TrackEvent,
  TrackerState,
} from '../../../src/core/track/types.ts';

/** mwan3's settings of the recordings; parts may be replaced. */
export function trackConfig(parts: Partial<TrackConfig> = {}): TrackConfig {
  const intervalMs = parts.intervalMs ?? 1000;
  return {
    methods: ['ping'],
    targets: ['198.51.100.1'],
    reliability: 1,
    count: 1,
    sizeBytes: 56,
    maxTtl: 60,
    timeoutMs: 1000,
    intervalMs,
    failureIntervalMs: intervalMs,
    recoveryIntervalMs: intervalMs,
    keepFailureInterval: false,
    up: 3,
    down: 3,
    initialState: 'online',
    quality: null,
    ...parts,
  };
}

export interface Change {
  readonly at: number;
  readonly from: LinkStatus;
  readonly to: LinkStatus;
  readonly reason: Reason;
  readonly first: boolean;
}

/** Latency in ms of a probe sent at `at`, null = lost. */
export type Path = (target: string, at: number, seq: number) => number | null;

interface Due {
  readonly at: number;
  readonly run: () => void;
}

export interface Simulation {
  state(): TrackerState;
  readonly changes: Change[];
  readonly effects: TrackEffect[];
  now(): number;
  send(event: TrackEvent): void;
  /** Lets time pass to `at`; `path` can be replaced in between. */
  runTo(at: number): void;
  setPath(path: Path): void;
  /** Runs `action` at a time. */
  at(at: number, action: () => void): void;
}

export function simulate(config: TrackConfig, path: Path, startAt = 0): Simulation {
  let now = startAt;
  let state = createTracker('wan', config, true, now);
  let currentPath = path;
  let queue: Due[] = [];
  let generation = 0;
  const changes: Change[] = [];
  const effects: TrackEffect[] = [];

  const at = (time: number, run: () => void): void => {
    queue.push({ at: Math.max(now, time), run });
  };
  const probe = (target: string, seq: number, burst: number | null, timeoutMs: number, gen: number): void => {
    const latencyMs = currentPath(target, now, seq);
    const answered = latencyMs !== null && latencyMs <= timeoutMs;
    at(now + (answered ? latencyMs : timeoutMs), () => {
      if (gen !== generation) return;
      send(
        answered
          ? { kind: 'probeReply', target, seq, burst, latencyMs }
          : { kind: 'probeLost', target, seq, burst },
      );
    });
  };
  const round = (probing: Probing, seq: number, gen: number): void => {
    if (gen !== generation) return;
    for (const target of probing.targets) probe(target, seq, null, probing.timeoutMs, gen);
    at(now + probing.intervalMs, () => round(probing, seq + 1, gen));
  };
  const perform = (effect: TrackEffect): void => {
    effects.push(effect);
    if (effect.kind === 'changed') {
      const { from, to, reason, first } = effect;
      changes.push({ at: now, from, to, reason, first });
    } else if (effect.kind === 'setProbing') {
      generation += 1;
      if (effect.probing !== null) round(effect.probing, 0, generation);
    } else if (effect.kind === 'burst') {
      const gen = generation;
      for (let seq = 0; seq < effect.count; seq += 1) {
        at(now + seq * effect.spacingMs, () => {
          for (const target of effect.targets) probe(target, seq, effect.id, effect.timeoutMs, gen);
        });
      }
    }
  };
  const send = (event: TrackEvent): void => {
    const step = stepTracker(state, event, now);
    state = step.state;
    for (const effect of step.effects) perform(effect);
  };
  return {
    state: () => state,
    changes,
    effects,
    now: () => now,
    send,
    runTo(end) {
      for (;;) {
        const next = queue.reduce<Due | null>(
          (best, due) => (best === null || due.at < best.at ? due : best),
          null,
        );
        const deadline = nextDeadline(state);
        const at = Math.min(next?.at ?? Number.POSITIVE_INFINITY, deadline);
        if (at > end) break;
        now = Math.max(now, at);
        if (next !== null && next.at <= deadline) {
          queue = queue.filter((due) => due !== next);
          next.run();
        } else send({ kind: 'tick' });
      }
      now = end;
    },
    setPath: (next) => {
      currentPath = next;
    },
    at,
  };
}

/** A path that answers after 1 ms from the targets that `isDead` does not name. */
export function answering(isDead: (target: string, at: number, seq: number) => boolean): Path {
  return (target, at, seq) => (isDead(target, at, seq) ? null : 1);
}
