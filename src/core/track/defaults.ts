/**
 * Numbers of the tracker that no option sets, and the timing a WAN gets whose section sets none. Each with its reason; the
 * measurements are in docs/tracking.md.
 */
import type { TrackConfig } from '../policy/model.ts';

/**
 * Timing of a WAN without timing options. `silentNeeded` is how many targets must be silent at once for a bad round:
 * targets − reliability + 1.
 *
 * The goal: a black hole is known within 350 ms on an idle link, and 5 % random loss makes less than one false alarm in ten
 * minutes. A black hole is known at most interval + (down − 1) · interval + timeout after it begins. A false alarm
 * needs silentNeeded · down lost probes at the least:
 *
 *   silentNeeded ≥ 2: 100 ms, down 2, timeout 150 → at most 350 ms; at most 6000 · 0.05^4 = 0.038 alarms in 10 minutes
 *   silentNeeded = 1:  50 ms, down 4, timeout 150 → at most 350 ms; at most 12000 · 0.05^4 = 0.075 alarms in 10 minutes
 *
 * A reply to a later probe clears an earlier one that is still open, so the real figures are far lower (a third and
 * up to seventh probe is on its way when the decision falls).
 * Coming up needs a second without a bad round: a WAN that comes back in pieces shall not take the traffic yet.
 */
export function defaultTiming(
  silentNeeded: number,
): Pick<
  TrackConfig,
  'intervalMs' | 'failureIntervalMs' | 'recoveryIntervalMs' | 'timeoutMs' | 'up' | 'down'
> {
  const intervalMs = silentNeeded >= 2 ? 100 : 50;
  return {
    intervalMs,
    failureIntervalMs: intervalMs,
    recoveryIntervalMs: intervalMs,
    timeoutMs: 150,
    up: 1000 / intervalMs,
    down: silentNeeded >= 2 ? 2 : 4,
  };
}

/**
 * From here on a configured time-out is taken as it is (mwan3's are whole seconds). A shorter one is the least: a link whose
 * round trip is longer gets more, or a satellite link would never come up.
 */
export const FIXED_TIMEOUT_FROM_MS = 1000;
/** What a short time-out may grow to; longer round trips are a dead line for interactive traffic. */
export const MAX_ADAPTED_TIMEOUT_MS = 2000;
/** Until this many replies have been seen the round trip is unknown and LEARNING_TIMEOUT_MS applies. */
export const LEARNING_REPLIES = 8;
export const LEARNING_TIMEOUT_MS = 1000;
/** A time-out is lowered only after this many replies that would have been in time: no restart of a prober for a breeze. */
export const LOWER_AFTER_REPLIES = 600;

/** A burst: four probes to each target, so that 5 % loss alone fails it once in 160 000; 15 ms apart, 45 ms in all. */
export const BURST_COUNT = 4;
export const BURST_SPACING_MS = 15;
/** With the 45 ms of sending, a burst decides within 145 ms where the round trip allows it. */
export const BURST_MAX_TIMEOUT_MS = 100;
export const BURST_MIN_TIMEOUT_MS = 40;
/** A burst that has no verdict this long after its last time-out was never sent (the prober could not start). */
export const BURST_GRACE_MS = 200;
/** One-way traffic looks suspicious for ever: a burst that was answered is followed by a pause. */
export const BURST_PAUSE_MS = 1000;

/** Rounds that may be open at once; the longest are time-out / interval = 2000 / 50 and a few that came late. */
export const MAX_OPEN_ROUNDS = 64;
/** With a `count` below 5 the loss of one round says nothing: quality looks at this many of the last probes instead. */
export const QUALITY_WINDOW = 20;
/** Probes that the loss shown for a target is taken from. */
export const LOSS_WINDOW = 32;

/** A prober that tells nothing for so much longer than it should is asked to start anew. */
export const QUIET_GRACE_MS = 2000;
