/**
 * Timers on top of one timer of the runtime. QuickJS serves due timers before any file descriptor and one callback
 * per turn, so a chain of short timers would starve every descriptor for ever. Here all timers that are due run in
 * one batch, and the next batch is at least 1 ms away: between two batches descriptors get their turn.
 */
import type { Timer, Timers } from '../../ports/clock.ts';
import { guarded, type Report } from './guard.ts';

export interface TimerSource {
  monotonicMs(): number;
  /** Sets the runtime's timer; returns how to take it back. */
  arm(delayMs: number, fire: () => void): () => void;
  /** The longest single sleep. A signal that comes just before select() is only seen after it. Milliseconds. */
  readonly maxSleepMs: number;
}

interface Entry {
  readonly dueMs: number;
  readonly run: () => void;
  cancelled: boolean;
}

/** The shortest delay; 0 would be a loop that nothing else gets through. */
const MIN_DELAY_MS = 1;

export function createTimers(source: TimerSource, report: Report): Timers {
  /** Sorted by due time; equal times in the order in which they were set. */
  const entries: Entry[] = [];
  let armedFor = Number.POSITIVE_INFINITY;
  let disarm: () => void = () => {};
  let running = false;

  const arm = (): void => {
    const next = entries[0];
    if (running) return;
    if (next === undefined) {
      disarm();
      armedFor = Number.POSITIVE_INFINITY;
      return;
    }
    if (next.dueMs === armedFor) return;
    disarm();
    armedFor = next.dueMs;
    const delayMs = Math.min(
      source.maxSleepMs,
      Math.max(MIN_DELAY_MS, Math.ceil(next.dueMs - source.monotonicMs())),
    );
    disarm = source.arm(delayMs, fire);
  };

  const fire = (): void => {
    armedFor = Number.POSITIVE_INFINITY;
    disarm = () => {};
    running = true;
    const nowMs = source.monotonicMs();
    let due = 0;
    while (due < entries.length && (entries[due] as Entry).dueMs <= nowMs) due += 1;
    for (const entry of entries.splice(0, due)) {
      if (!entry.cancelled) guarded(report, entry.run);
    }
    running = false;
    arm();
  };

  return {
    after(delayMs: number, run: () => void): Timer {
      const wanted = Number.isFinite(delayMs) ? Math.max(MIN_DELAY_MS, delayMs) : MIN_DELAY_MS;
      const entry: Entry = { dueMs: source.monotonicMs() + wanted, run, cancelled: false };
      let at = entries.length;
      while (at > 0 && (entries[at - 1] as Entry).dueMs > entry.dueMs) at -= 1;
      entries.splice(at, 0, entry);
      arm();
      return {
        cancel() {
          if (entry.cancelled) return;
          entry.cancelled = true;
          const index = entries.indexOf(entry);
          if (index >= 0) entries.splice(index, 1);
          arm();
        },
      };
    },
  };
}
