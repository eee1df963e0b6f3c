import type { Clock, Timers } from './clock.ts';
import type { Files } from './files.ts';
import type { Log } from './log.ts';
import type { Processes } from './processes.ts';
import type { Streams } from './streams.ts';

/** What the two runtimes, QuickJS and Node, give: all that `main-*` and the command lines need of the world. */
export interface Runtime {
  readonly name: 'qjs' | 'node';
  readonly clock: Clock;
  readonly timers: Timers;
  readonly files: Files;
  /**
   * A file that the kernel makes up (/proc) and that is looked at often: kept open. Each call gives its text as it is now, in
   * ASCII; null = it cannot be read.
   */
  keepOpen(path: string): () => string | null;
  readonly processes: Processes;
  readonly streams: Streams;
  /** Arguments after the program's own name. */
  readonly args: readonly string[];
  env(name: string): string | undefined;
  readonly pid: number;
  /** Whether standard output is a terminal (colours). */
  readonly stdoutIsTerminal: boolean;
  /** Writes all and flushes before it returns. */
  stdout(bytes: Uint8Array): void;
  stderr(bytes: Uint8Array): void;
  /** Reads standard input to its end. */
  readStdin(): Uint8Array;
  /** Runs `handler` at SIGTERM (15), SIGINT (2) or SIGHUP (1) instead of ending. */
  onSignal(signal: 1 | 2 | 15, handler: () => void): void;
  /** Ends the program at once. */
  exit(code: number): never;
  /** A log that goes to syslog on the router (`logger`-less: standard error under procd), with `tag` in front. */
  log(tag: string): Log;
}
