/** A clock that stands still until it is moved, and timers that run when it passes them, in order. */
import type { Clock, Timers } from '../../src/ports/clock.ts';

export interface FakeTime {
  readonly clock: Clock;
  readonly timers: Timers;
  /** Lets time pass; runs what comes due, and what promises want, on the way. */
  advance(ms: number): Promise<void>;
  /** Lets promises settle, without time. */
  settle(): Promise<void>;
  /** NTP: the wall clock jumps, the monotonic one does not. */
  stepWall(ms: number): void;
  /** Timers that are set. */
  pending(): number;
}

/** Enough turns of the microtask queue for the longest chain of promises between two timers. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
}

export function createFakeTime(wallMs = Date.UTC(2026, 10, 21, 4, 0, 0), monotonicMs = 1000): FakeTime {
  let monotonic = monotonicMs;
  let wallOffset = wallMs - monotonicMs;
  let waiting: { readonly at: number; readonly run: () => void }[] = [];
  return {
    clock: { wallMs: () => monotonic + wallOffset, monotonicMs: () => monotonic },
    timers: {
      after(delayMs, run) {
        const item = { at: monotonic + Math.max(1, delayMs), run };
        waiting.push(item);
        return {
          cancel: () => {
            waiting = waiting.filter((other) => other !== item);
          },
        };
      },
    },
    async advance(ms) {
      const end = monotonic + ms;
      await settle();
      for (;;) {
        const [next] = waiting.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
        if (next === undefined) break;
        waiting = waiting.filter((item) => item !== next);
        monotonic = Math.max(monotonic, next.at);
        next.run();
        await settle();
      }
      monotonic = end;
    },
    settle,
    stepWall: (ms) => {
      wallOffset += ms;
    },
    pending: () => waiting.length,
  };
}
