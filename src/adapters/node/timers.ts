import { writeSync } from 'node:fs';
import type { Timers } from '../../ports/clock.ts';
import { guarded } from '../common/guard.ts';

/** Where a defect in a callback is told; see common/guard.ts. */
export const report = (text: string): void => {
  writeSync(2, text);
};

export const nodeTimers: Timers = {
  after(delayMs, run) {
    const id = setTimeout(() => guarded(report, run), Math.max(1, Math.ceil(delayMs)));
    return { cancel: () => clearTimeout(id) };
  },
};
