import { describe, expect, it } from 'vitest';
import { createTimers } from '../../../src/adapters/common/timer-queue.ts';

/** A runtime timer by hand: time passes only in `pass`. */
function rig(maxSleepMs = 1000) {
  let nowMs = 0;
  let armed: { atMs: number; fire: () => void } | undefined;
  const sleeps: number[] = [];
  const reports: string[] = [];
  const timers = createTimers(
    {
      monotonicMs: () => nowMs,
      maxSleepMs,
      arm(delayMs, fire) {
        sleeps.push(delayMs);
        const mine = { atMs: nowMs + delayMs, fire };
        armed = mine;
        return () => {
          if (armed === mine) armed = undefined;
        };
      },
    },
    (text) => reports.push(text),
  );
  const pass = (untilMs: number): void => {
    while (armed !== undefined && armed.atMs <= untilMs) {
      const { atMs, fire } = armed;
      nowMs = atMs;
      armed = undefined;
      fire();
    }
    nowMs = untilMs;
  };
  return { timers, pass, sleeps, reports, isArmed: () => armed !== undefined };
}

describe('timer queue', () => {
  it('runs in order of due times and lets the runtime end when nothing is left', () => {
    const { timers, pass, isArmed } = rig();
    const ran: string[] = [];
    for (const [name, delay] of [
      ['c', 30],
      ['a', 10],
      ['b', 10],
    ] as const)
      timers.after(delay, () => ran.push(name));
    pass(9);
    expect(ran).toEqual([]);
    pass(30);
    expect(ran).toEqual(['a', 'b', 'c']);
    expect(isArmed()).toBe(false);
  });

  it('takes the runtime timer back with the last timer', () => {
    const { timers, isArmed } = rig();
    const timer = timers.after(10, () => undefined);
    expect(isArmed()).toBe(true);
    timer.cancel();
    expect(isArmed()).toBe(false);
  });

  it('never sleeps longer than allowed, nor shorter than 1 ms', () => {
    const { timers, pass, sleeps } = rig(1000);
    let ran = 0;
    timers.after(3500, () => {
      ran += 1;
      timers.after(0, () => {
        ran += 1;
      });
    });
    pass(4000);
    expect(ran).toBe(2);
    expect(sleeps).toEqual([1000, 1000, 1000, 500, 1]);
  });

  it('leaves to the next batch what a callback sets, and goes on after one that throws', () => {
    const { timers, pass, reports } = rig();
    const ran: string[] = [];
    timers.after(1, () => {
      ran.push('first');
      throw new Error('on purpose');
    });
    timers.after(1, () => {
      ran.push('second');
      timers.after(0, () => ran.push('third'));
    });
    pass(1);
    expect(ran).toEqual(['first', 'second']);
    expect(reports.join('')).toContain('on purpose');
    pass(2);
    expect(ran).toEqual(['first', 'second', 'third']);
  });

  it('does not run what an earlier callback of the same batch cancels', () => {
    const { timers, pass } = rig();
    const ran: string[] = [];
    const later: { cancel(): void }[] = [];
    timers.after(5, () => {
      for (const timer of later) timer.cancel();
    });
    later.push(timers.after(5, () => ran.push('cancelled')));
    pass(100);
    expect(ran).toEqual([]);
  });
});
