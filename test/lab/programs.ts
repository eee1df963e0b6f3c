/**
 * Starting programs of the machine the lab runs on, always with an argument array, and waiting for conditions.
 * No shell, no retries: what fails is an error with the program's own words.
 */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';

/** Something the lab needed did not come about; the message is a whole sentence for the administrator. */
export class LabError extends Error {
  override readonly name = 'LabError';
}

/** It did not come about, and waiting longer does not help. */
export class HopelessError extends LabError {}

export interface RunOptions {
  readonly stdin?: string | Uint8Array;
  /** After this the program gets SIGKILL. Milliseconds, default 30 000. */
  readonly timeoutMs?: number;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Ran {
  /** Exit status; 128 + number if a signal ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A plain environment, so that a lab is the same whoever starts it. */
export const ENVIRONMENT: Readonly<Record<string, string>> = {
  PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  LANG: 'C.UTF-8',
  TERM: process.env['TERM'] ?? 'dumb',
};

/** Starts a program in our environment. Errors of starting it reach `onError`, or end in its 'exit'. */
export function start(argv: readonly string[], options: SpawnOptions = {}): ChildProcess {
  const [program, ...args] = argv;
  if (program === undefined) throw new LabError('A program without a name cannot be started.');
  return spawn(program, args, { env: { ...ENVIRONMENT }, ...options });
}

const signals: Readonly<Record<string, number>> = { SIGKILL: 9, SIGTERM: 15, SIGINT: 2, SIGPIPE: 13 };

/** Runs a program to its end and collects what it says. Only a program that cannot be started throws. */
export function run(argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = start(argv, {
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(options.env === undefined ? {} : { env: { ...options.env } }),
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    const timeoutMs = options.timeoutMs ?? 30_000;
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill('SIGKILL');
      // Its own children may still hold the pipes.
      child.stdout?.destroy();
      child.stderr?.destroy();
    }, timeoutMs);
    child.stdout?.on('data', (bytes: Buffer) => out.push(bytes));
    child.stderr?.on('data', (bytes: Buffer) => err.push(bytes));
    child.stdin?.on('error', () => {
      // A program that does not read its input has closed it: its exit status says the rest.
    });
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(new LabError(`${argv.join(' ')} could not be started: ${error.message}.`));
    });
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      const stderr = Buffer.concat(err).toString();
      resolve({
        code: code ?? 128 + (signals[signal ?? ''] ?? 0),
        stdout: Buffer.concat(out).toString(),
        stderr: timedOut ? `${stderr}(ended after ${timeoutMs} ms without an answer)` : stderr,
      });
    });
    child.stdin?.end(options.stdin ?? '');
  });
}

/** Runs a program that must succeed, and gives its standard output. */
export async function must(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const ran = await run(argv, options);
  if (ran.code === 0) return ran.stdout;
  const words = (ran.stderr || ran.stdout).trim();
  throw new LabError(`${argv.join(' ')} failed with exit status ${ran.code}: ${words || 'no message'}.`);
}

/**
 * Asks `probe` every `everyMs` until it gives something other than undefined.
 * Throws when `timeoutMs` is over; `what` completes the sentence "… did not come about within …". A probe that
 * throws counts as "not yet"; its last message is part of the error. A HopelessError ends the waiting.
 */
export async function until<T>(
  what: string,
  timeoutMs: number,
  probe: () => Promise<T | undefined> | T | undefined,
  everyMs = 50,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  let last = '';
  for (;;) {
    try {
      const found = await probe();
      if (found !== undefined) return found;
      last = '';
    } catch (error) {
      if (error instanceof HopelessError) throw error;
      last = error instanceof Error ? ` (last: ${error.message})` : '';
    }
    if (performance.now() >= deadline) {
      throw new LabError(`${what} did not come about within ${Math.round(timeoutMs / 100) / 10} s${last}.`);
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
