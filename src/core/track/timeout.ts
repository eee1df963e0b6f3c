/** How long a reply may take: learnt from the link's own round trip, smoothed as TCP does (RFC 6298, section 2). */
import {
  BURST_MAX_TIMEOUT_MS,
  BURST_MIN_TIMEOUT_MS,
  FIXED_TIMEOUT_FROM_MS,
  LEARNING_REPLIES,
  LEARNING_TIMEOUT_MS,
  LOWER_AFTER_REPLIES,
  MAX_ADAPTED_TIMEOUT_MS,
} from './defaults.ts';
import type { RoundTrip } from './types.ts';

/** Steps between the time-outs: each costs a restart of the prober, so they double. */
function stepped(configuredMs: number, neededMs: number): number {
  let stepMs = configuredMs;
  while (stepMs < neededMs && stepMs < MAX_ADAPTED_TIMEOUT_MS) stepMs *= 2;
  return Math.min(stepMs, MAX_ADAPTED_TIMEOUT_MS);
}

/** The time in which practically all replies come: RFC 6298's retransmission time-out without its floor of a second. */
function expectedMs(trip: RoundTrip): number {
  return trip.smoothedMs + 4 * trip.variationMs;
}

/** Takes one reply into account. */
export function observe(before: RoundTrip | null, latencyMs: number, timeoutMs: number): RoundTrip {
  const needed = latencyMs * 2 > timeoutMs / 2;
  if (before === null)
    return { smoothedMs: latencyMs, variationMs: latencyMs / 2, replies: 1, calm: needed ? 0 : 1 };
  const variationMs = 0.75 * before.variationMs + 0.25 * Math.abs(before.smoothedMs - latencyMs);
  return {
    smoothedMs: 0.875 * before.smoothedMs + 0.125 * latencyMs,
    variationMs,
    replies: Math.min(before.replies + 1, LOWER_AFTER_REPLIES),
    calm: needed ? 0 : Math.min(before.calm + 1, LOWER_AFTER_REPLIES),
  };
}

/**
 * The time-out that shall apply.
 * @param configuredMs the option; from FIXED_TIMEOUT_FROM_MS on it is the answer.
 * @param currentMs what applies now.
 */
export function adaptTimeout(configuredMs: number, currentMs: number, trip: RoundTrip | null): number {
  if (configuredMs >= FIXED_TIMEOUT_FROM_MS) return configuredMs;
  if (trip === null || trip.replies < LEARNING_REPLIES) return Math.max(currentMs, LEARNING_TIMEOUT_MS);
  // The first replies include address resolution, so that their variation is no measure: half of it is enough.
  const wantedMs = stepped(configuredMs, Math.max(expectedMs(trip), trip.smoothedMs * 1.5));
  if (wantedMs >= currentMs) return wantedMs;
  // No step is LEARNING_TIMEOUT_MS: it is left as soon as the round trip is known.
  return currentMs === LEARNING_TIMEOUT_MS || trip.calm >= LOWER_AFTER_REPLIES ? wantedMs : currentMs;
}

/** Time-out of a burst: as short as the link's round trip allows. */
export function burstTimeoutMs(trip: RoundTrip | null, timeoutMs: number): number {
  if (trip === null) return Math.min(timeoutMs, BURST_MAX_TIMEOUT_MS);
  return Math.min(timeoutMs, Math.ceil(expectedMs(trip)) + BURST_MIN_TIMEOUT_MS);
}
