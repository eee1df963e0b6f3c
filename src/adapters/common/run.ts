/** `Processes.run` on top of `start`, the same on both runtimes. */
import { ok, type Result } from '../../lib/result.ts';
import type { Timer, Timers } from '../../ports/clock.ts';
import type { Completed, Processes, RunOptions, StartError } from '../../ports/processes.ts';

const SIGKILL = 9;
const DEFAULT_MAX_OUTPUT_BYTES = 1024 * 1024;

/** One output, kept up to a limit. */
class Collected {
  private readonly chunks: Uint8Array[] = [];
  private length = 0;
  truncated = false;

  constructor(private readonly maxBytes: number) {}

  add(bytes: Uint8Array): void {
    const room = this.maxBytes - this.length;
    if (bytes.length > room) this.truncated = true;
    const kept = bytes.length > room ? bytes.slice(0, room) : bytes;
    if (kept.length === 0) return;
    this.chunks.push(kept);
    this.length += kept.length;
  }

  bytes(): Uint8Array {
    const all = new Uint8Array(this.length);
    let at = 0;
    for (const chunk of this.chunks) {
      all.set(chunk, at);
      at += chunk.length;
    }
    return all;
  }
}

export function createRun(start: Processes['start'], timers: Timers): Processes['run'] {
  return (argv, options) => runProgram(start, timers, argv, options);
}

function runProgram(
  start: Processes['start'],
  timers: Timers,
  argv: readonly string[],
  options: RunOptions,
): Promise<Result<Completed, StartError>> {
  return new Promise((resolve) => {
    const maxBytes = options.maxOutputBytes ?? DEFAULT_MAX_OUTPUT_BYTES;
    const stdout = new Collected(maxBytes);
    const stderr = new Collected(maxBytes);
    let timer: Timer | undefined;
    let timedOut = false;
    const started = start(
      argv,
      {
        onStdout: (bytes) => stdout.add(bytes),
        onStderr: (bytes) => stderr.add(bytes),
        onExit: (exit) => {
          timer?.cancel();
          resolve(
            ok({
              exit,
              stdout: stdout.bytes(),
              stderr: stderr.bytes(),
              timedOut,
              truncated: stdout.truncated || stderr.truncated,
            }),
          );
        },
      },
      { ...options, input: options.stdin === undefined ? (options.input ?? 'none') : 'pipe' },
    );
    if (!started.ok) {
      resolve(started);
      return;
    }
    const child = started.value;
    if (options.stdin !== undefined) child.write(options.stdin);
    child.closeInput();
    timer = timers.after(options.timeoutMs, () => {
      timedOut = true;
      child.kill(SIGKILL);
    });
  });
}
