/**
 * A long-running program whose lines are hints that something changed: kept running, heard line by line, what is heard told
 * at most once in a while. When it ends, it is started again, and everything counts as changed.
 */
import { decodeText } from '../lib/text.ts';
import type { Timer, Timers } from '../ports/clock.ts';
import type { ChildProcess, Processes } from '../ports/processes.ts';

/** Before the program is started again. */
const PAUSE_MS = 1000;
const SIGTERM = 15;
/** What is kept of a line that has not ended yet. */
const LONGEST_LINE = 4096;

export interface LineWatchOptions<Hint> {
  readonly argv: readonly string[];
  /** The hint in a line; undefined = none. Called for the first 4096 characters of a line that came in pieces. */
  hintOf(line: string): Hint | undefined;
  /** What counts after the program had to be started again. */
  readonly afterRestart: Hint;
  /** Milliseconds from the first hint to the call. */
  readonly quietMs: number;
  /** Called for each hint of the program at once. */
  heard?(): void;
}

export function watchLines<Hint>(
  processes: Processes,
  timers: Timers,
  changed: (hints: ReadonlySet<Hint>) => void,
  options: LineWatchOptions<Hint>,
): { stop(): void } {
  let child: ChildProcess | null = null;
  let stopped = false;
  let restart: Timer | null = null;
  let telling: Timer | null = null;
  let waiting = new Set<Hint>();
  let rest = '';

  const note = (hint: Hint): void => {
    waiting.add(hint);
    if (telling !== null || stopped) return;
    telling = timers.after(options.quietMs, () => {
      telling = null;
      const news = waiting;
      waiting = new Set();
      changed(news);
    });
  };
  const hear = (bytes: Uint8Array): void => {
    const lines = (rest + decodeText(bytes)).split('\n');
    rest = (lines.pop() ?? '').slice(0, LONGEST_LINE);
    for (const line of lines) {
      const hint = options.hintOf(line);
      if (hint === undefined) continue;
      options.heard?.();
      note(hint);
    }
  };
  const later = (): void => {
    child = null;
    if (stopped) return;
    restart = timers.after(PAUSE_MS, () => {
      restart = null;
      begin();
      note(options.afterRestart);
    });
  };
  const begin = (): void => {
    rest = '';
    const started = processes.start(options.argv, { onStdout: hear, onExit: later });
    if (started.ok) child = started.value;
    else later();
  };
  begin();
  return {
    stop() {
      stopped = true;
      restart?.cancel();
      telling?.cancel();
      child?.kill(SIGTERM);
    },
  };
}
