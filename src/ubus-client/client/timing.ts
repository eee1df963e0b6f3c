/** Default times of the client, and the delay before a reconnection. Each number is ours unless it says otherwise. */
import type { ClientTiming } from './types.ts';

export const DEFAULT_TIMING: ClientTiming = {
  helloTimeoutMs: 5000,
  reconnectMinMs: 100,
  reconnectMaxMs: 5000,
  heartbeatMs: 15000,
  requestTimeoutMs: 5000,
  // The `ubus` command's default (-t).
  callTimeoutMs: 30000,
  retryMs: 2000,
};

/** A connection that does not take what we write is given up at this many queued bytes: 4 messages of full length. */
export const MAX_QUEUED_BYTES = 4 * 1048576;

/** Milliseconds before attempt number `attempt` (from 1): doubled each time, bounded, ± 25 %. `random` in [0, 1). */
export function reconnectDelayMs(attempt: number, random: number, timing: ClientTiming): number {
  const doubled = timing.reconnectMinMs * 2 ** Math.min(attempt - 1, 20);
  return Math.min(doubled, timing.reconnectMaxMs) * (0.75 + random / 2);
}
