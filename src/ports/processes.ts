import type { Result } from '../lib/result.ts';

/** A program could not be started; `code` is an errno name (`ENOENT`, `EACCES`, …) or `EUNKNOWN`. */
export interface StartError {
  readonly code: string;
  readonly argv: readonly string[];
  /** A whole sentence with the program's name. */
  readonly message: string;
}

/** How a process ended. Signals by number, as `kill -l` lists them (15 = SIGTERM). */
export type ProcessExit =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'signalled'; readonly signal: number };

export interface ProcessOptions {
  /** The whole environment of the child; by default ours. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** `pipe` gives `write` and `closeInput`; by default the child reads /dev/null. */
  readonly input?: 'none' | 'pipe';
}

/** Without a handler, that output goes to /dev/null. `onExit` comes once, after the last output. */
export interface ProcessHandlers {
  onStdout?(bytes: Uint8Array): void;
  onStderr?(bytes: Uint8Array): void;
  onExit(exit: ProcessExit): void;
}

export interface ChildProcess {
  readonly pid: number;
  /** Queues bytes for the child's standard input; never blocks. Dropped silently once the child is gone. */
  write(bytes: Uint8Array): void;
  /** Bytes queued for its standard input and not yet handed to the kernel. */
  queuedBytes(): number;
  /** Closes the child's standard input after what is queued. */
  closeInput(): void;
  /** Sends a signal by number; without effect once the child is gone. */
  kill(signal: number): void;
}

export interface RunOptions extends ProcessOptions {
  /** Written to standard input, which is then closed. */
  readonly stdin?: Uint8Array;
  /** After this time the child gets SIGKILL and `timedOut` is set. Milliseconds. */
  readonly timeoutMs: number;
  /** Output beyond this is read and dropped, `truncated` is set. Default 1 MiB, for each of the two streams. */
  readonly maxOutputBytes?: number;
}

export interface Completed {
  readonly exit: ProcessExit;
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
  readonly timedOut: boolean;
  readonly truncated: boolean;
}

/** Programs are started with an argument array; nothing ever goes through a shell. argv[0] is looked up in PATH. */
export interface Processes {
  start(
    argv: readonly string[],
    handlers: ProcessHandlers,
    options?: ProcessOptions,
  ): Result<ChildProcess, StartError>;
  /** Runs a program to its end and collects its output. */
  run(argv: readonly string[], options: RunOptions): Promise<Result<Completed, StartError>>;
}
