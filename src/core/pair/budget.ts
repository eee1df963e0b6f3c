/** How long the virtual addresses are nobody's, by RFC 9568, 6.1. */
import type { HagwConfig } from '../config/hagw.ts';

/** Milliseconds, rounded up. */
export interface Budget {
  readonly advertIntervalMs: number;
  /** Skew_Time = (256 - Priority) × Advertisement_Interval / 256, of the router that takes over. */
  readonly cleanStopMs: number;
  /** Active_Down_Interval = 3 × Advertisement_Interval + Skew_Time. A port that is lost costs as much. */
  readonly powerLossMs: number;
}

/** Either router may be the one that takes over: the slower one counts. */
export function budgetOf(config: HagwConfig): Budget {
  const { advertIntervalMs } = config;
  const priority = Math.min(...config.routers.map((router) => router.priority));
  const skew = ((256 - priority) * advertIntervalMs) / 256;
  return {
    advertIntervalMs,
    cleanStopMs: Math.ceil(skew),
    powerLossMs: Math.ceil(3 * advertIntervalMs + skew),
  };
}
