/**
 * Decides when a child has really ended for its owner: its status is known and its output has been read to the end.
 * A grandchild may hold the pipes open after the child is gone (a program that goes into the background); then the
 * output counts as ended once it has been quiet for QUIET_TICKS ticks, at the latest after MAX_TICKS.
 */
import type { Timers } from '../../ports/clock.ts';
import type { ProcessExit } from '../../ports/processes.ts';

const TICK_MS = 40;
/** Several short ticks, not one long: timers come before descriptors, and each tick lets descriptors have a turn. */
const QUIET_TICKS = 5;
const MAX_TICKS = 50;

export class ExitGate {
  private exit: ProcessExit | undefined;
  private quietTicks = 0;
  private ticks = 0;
  private done = false;

  constructor(
    private readonly timers: Timers,
    private openOutputs: number,
    private readonly closeOutputs: () => void,
    private readonly ended: (exit: ProcessExit) => void,
  ) {}

  /** Output came: the pipes are still in use. */
  heard(): void {
    this.quietTicks = 0;
  }

  /** One of the outputs has ended. */
  outputEnded(): void {
    this.openOutputs -= 1;
    this.finishIfComplete();
  }

  exited(exit: ProcessExit): void {
    if (this.exit !== undefined) return;
    this.exit = exit;
    this.finishIfComplete();
    if (!this.done) this.timers.after(TICK_MS, () => this.tick());
  }

  private tick(): void {
    if (this.done) return;
    this.quietTicks += 1;
    this.ticks += 1;
    if (this.quietTicks > QUIET_TICKS || this.ticks > MAX_TICKS) {
      this.closeOutputs();
      this.openOutputs = 0;
      this.finishIfComplete();
    } else {
      this.timers.after(TICK_MS, () => this.tick());
    }
  }

  private finishIfComplete(): void {
    if (this.done || this.exit === undefined || this.openOutputs > 0) return;
    this.done = true;
    this.ended(this.exit);
  }
}
