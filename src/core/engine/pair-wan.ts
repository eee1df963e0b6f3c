/**
 * Hold times of the WANs: a loss counts at once if they had been usable for the hold time, else after it; a return counts after it.
 * So a flapping WAN moves the routers once, and then not before it has been steady. What nobody can say
 * changes nothing, but for a loss that does not count yet.
 */
import type { WanHold } from './pair-types.ts';

export const INITIAL_WAN: WanHold = { seen: null, since: 0, counts: true, steady: false };

export function seeWan(wan: WanHold, usable: boolean | null, holdMs: number, now: number): WanHold {
  if (usable === null && wan.seen === false && wan.counts) return { ...wan, seen: null, since: now };
  if (usable === null || usable === wan.seen) return wan;
  const steady = wan.seen === true && wan.counts && now - wan.since >= holdMs;
  return { ...wan, seen: usable, since: now, steady };
}

/** When what is seen comes to count; null = it counts already. */
export function wanDueAt(wan: WanHold, holdMs: number): number | null {
  if (wan.seen === null || wan.seen === wan.counts) return null;
  return !wan.seen && wan.steady ? wan.since : wan.since + holdMs;
}

export function settleWan(wan: WanHold, holdMs: number, now: number): WanHold {
  const due = wanDueAt(wan, holdMs);
  return due === null || now < due ? wan : { ...wan, counts: wan.seen === true };
}
