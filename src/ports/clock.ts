/** Time, as the outside gives it. Nothing below `ports` reads a clock: `now` is passed in. */
export interface Clock {
  /** Wall clock in ms since 1970-01-01 UTC. It steps when NTP sets it: for showing, never for measuring. */
  wallMs(): number;
  /** Milliseconds since an arbitrary moment; never steps back. For deadlines and durations. */
  monotonicMs(): number;
}

/** A timer that has been set and may still be taken back. */
export interface Timer {
  /** Takes the timer back; without effect once it has run. */
  cancel(): void;
}

export interface Timers {
  /**
   * Runs `run` once, not before `delayMs` (≥ 0, milliseconds) have passed. A loop of 0-ms timers starves every
   * file descriptor under QuickJS, so adapters raise 0 to 1.
   */
  after(delayMs: number, run: () => void): Timer;
}
