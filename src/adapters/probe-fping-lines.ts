/**
 * What fping 5 prints in loop and count mode, one line for each probe, flushed at once even into a pipe:
 *
 *   198.51.100.1 : [11], 64 bytes, 0.042 ms (0.041 avg, 0% loss)
 *   198.51.100.1 : [12], timed out (0.041 avg, 8% loss)
 *
 * A probe that could not be sent (no route, device gone) has no line at all: its number is missing, or fping goes silent.
 * `ProbeSequence` finds those. Lines of another form (duplicates, ICMP errors) are no outcome.
 */
export interface FpingLine {
  readonly target: string;
  readonly seq: number;
  /** null = timed out. */
  readonly latencyMs: number | null;
}

const LINE = /^(\S+)\s*: \[(\d{1,9})\], (?:\d+ bytes, ([0-9.]+(?:e[+-]?\d+)?) ms|(timed out))/;

export function decodeFpingLine(line: string): FpingLine | null {
  const match = LINE.exec(line);
  if (match === null) return null;
  const [, target = '', seq = '', latency] = match;
  return { target, seq: Number(seq), latencyMs: latency === undefined ? null : Number(latency) };
}

/** Cuts a byte stream into lines; a line that never ends is dropped. */
export function createLineCutter(onLine: (line: string) => void): (bytes: Uint8Array) => void {
  const MAX_LINE = 4096;
  const PIECE = 1024;
  let rest = '';
  return (bytes) => {
    for (let from = 0; from < bytes.length; from += PIECE) {
      // fping prints ASCII alone. A call for each byte would cost more than all else that is done for a probe.
      const lines = String.fromCharCode(...bytes.subarray(from, from + PIECE)).split('\n');
      lines[0] = rest + lines[0];
      rest = (lines.pop() ?? '').slice(0, MAX_LINE);
      for (const line of lines) onLine(line.slice(0, MAX_LINE));
    }
  };
}

/** How long after its time-out a probe without a line is given up: fping itself may be late on a busy router. */
const SLACK_MS = 500;

/** The probes of one target that have no outcome yet. */
export class ProbeSequence {
  /** All below have an outcome. */
  private lowest = 0;
  private readonly settledAbove = new Set<number>();
  private lastSent: { readonly seq: number; readonly atMs: number };

  /** @param startMs when fping was started. */
  constructor(
    private readonly periodMs: number,
    private readonly timeoutMs: number,
    startMs: number,
  ) {
    this.lastSent = { seq: 0, atMs: startMs };
  }

  /** The outcome of `seq` has come. False = it had one before. */
  settle(seq: number, latencyMs: number | null, nowMs: number): boolean {
    this.lastSent = { seq, atMs: nowMs - (latencyMs ?? this.timeoutMs) };
    if (seq < this.lowest || this.settledAbove.has(seq)) return false;
    this.settledAbove.add(seq);
    this.advance();
    return true;
  }

  /**
   * Numbers below one whose time-out has just been printed, without a line of their own: theirs ended before it, so that no line
   * will come. An fping that gets no processor time leaves some out. They are settled with this.
   */
  skipped(seq: number): number[] {
    const missing: number[] = [];
    for (let number = this.lowest; number < seq; number += 1)
      if (!this.settledAbove.has(number)) missing.push(number);
    for (const number of missing) this.settledAbove.add(number);
    this.advance();
    return missing;
  }

  /** When `overdue` may find the first. */
  overdueAt(): number {
    const { seq, atMs } = this.lastSent;
    return atMs + (this.lowest - seq) * this.periodMs + this.timeoutMs + SLACK_MS;
  }

  /** Numbers that should have had an outcome long ago; they are settled with this. */
  overdue(nowMs: number): number[] {
    const { seq, atMs } = this.lastSent;
    const sentLongAgo = nowMs - this.timeoutMs - SLACK_MS;
    const newest = seq + Math.floor((sentLongAgo - atMs) / this.periodMs);
    const missing: number[] = [];
    for (let number = this.lowest; number <= newest; number += 1) {
      if (!this.settledAbove.has(number)) missing.push(number);
      this.settledAbove.add(number);
    }
    this.advance();
    return missing;
  }

  /** The number after the highest that has an outcome. */
  next(): number {
    return Math.max(this.lowest, ...[...this.settledAbove].map((seq) => seq + 1));
  }

  private advance(): void {
    while (this.settledAbove.delete(this.lowest)) this.lowest += 1;
  }
}
