/// <reference path="./modules.d.ts" />
/** Processes under QuickJS: started with os.exec, reaped in one place, so that no status is lost or taken away. */
import * as os from 'os';
import { getenv } from 'std';
import { fail, ok, type Result } from '../../lib/result.ts';
import type { Timers } from '../../ports/clock.ts';
import type {
  ChildProcess,
  ProcessExit,
  Processes,
  ProcessHandlers,
  ProcessOptions,
  StartError,
} from '../../ports/processes.ts';
import { describeCode } from '../common/errno-text.ts';
import { ExitGate } from '../common/exit-gate.ts';
import { findProgram } from '../common/find-program.ts';
import { guarded, type Report } from '../common/guard.ts';
import { createRun } from '../common/run.ts';
import { errnoName } from './errno.ts';
import { statOf } from './files.ts';
import { type Reader, readPipe, writePipe } from './pipes.ts';

/** select() has room for descriptors below 1024; beyond, it would overwrite memory. */
const MAX_FD = 1023;
/**
 * While children live, this keeps the event loop going, and reaps what no signal told of: one that comes just before
 * select() is seen only when select() returns. Milliseconds.
 */
const WATCH_MS = 1000;
const NONE = -1;

export interface QjsChild extends ChildProcess {
  /** Writes what is queued for the child's standard input and closes it; blocks. For the end of the program. */
  flushInput(): void;
}

export interface QjsProcesses extends Processes {
  start(
    argv: readonly string[],
    handlers: ProcessHandlers,
    options?: ProcessOptions,
  ): Result<QjsChild, StartError>;
}

interface Child {
  reaped: boolean;
  readonly gate: ExitGate;
}

/** wait(2)'s status word, as the W* macros take it apart. */
function exitOf(status: number): ProcessExit {
  const signal = status & 0x7f;
  return signal === 0 ? { kind: 'exited', code: (status >> 8) & 0xff } : { kind: 'signalled', signal };
}

/** The descriptors of one start: all are closed again if it comes to nothing. */
class Plumbing {
  private readonly ours: number[] = [];
  private readonly theirs: number[] = [];

  /** /dev/null for the child. */
  nothing(flags: number): [number, number] {
    const fd = os.open('/dev/null', flags);
    if (fd >= 0) this.theirs.push(fd);
    return [NONE, fd];
  }

  /** A pipe: our end and the child's. */
  pipe(childReads: boolean): [number, number] {
    const pair = os.pipe();
    if (pair === null) return [NONE, NONE];
    const [ourEnd, theirEnd] = childReads ? [pair[1], pair[0]] : [pair[0], pair[1]];
    this.ours.push(ourEnd);
    this.theirs.push(theirEnd);
    return [ourEnd, theirEnd];
  }

  get usable(): boolean {
    return this.theirs.length === 3 && [...this.ours, ...this.theirs].every((fd) => fd <= MAX_FD);
  }

  /** Our copies of the child's ends, or its end-of-file would never come. */
  closeTheirs(): void {
    for (const fd of this.theirs) os.close(fd);
  }

  closeOurs(): void {
    for (const fd of this.ours) os.close(fd);
  }
}

export function createQjsProcesses(timers: Timers, report: Report): QjsProcesses {
  const children = new Map<number, Child>();
  let watching = false;

  /** The only place that waits: a blanket waitpid elsewhere would take statuses away. */
  function reap(): void {
    for (;;) {
      const [pid, status] = os.waitpid(-1, os.WNOHANG);
      if (pid <= 0) return;
      const child = children.get(pid);
      children.delete(pid);
      if (child === undefined) continue;
      child.reaped = true;
      child.gate.exited(exitOf(status));
    }
  }

  function watch(): void {
    if (watching) return;
    watching = true;
    timers.after(WATCH_MS, () => {
      watching = false;
      reap();
      if (children.size > 0) watch();
    });
  }

  os.signal(os.SIGCHLD, reap);
  // Not ignored but caught: what is ignored stays ignored in every child, what is caught is reset by exec.
  os.signal(os.SIGPIPE, () => undefined);

  function start(
    argv: readonly string[],
    handlers: ProcessHandlers,
    options: ProcessOptions = {},
  ): Result<QjsChild, StartError> {
    const program = findProgram(argv, options, { stat: statOf, env: getenv });
    if (!program.ok) return program;
    const plumbing = new Plumbing();
    const [inFd, stdin] = options.input === 'pipe' ? plumbing.pipe(true) : plumbing.nothing(os.O_RDONLY);
    const [outFd, stdout] = handlers.onStdout ? plumbing.pipe(false) : plumbing.nothing(os.O_WRONLY);
    const [errFd, stderr] = handlers.onStderr ? plumbing.pipe(false) : plumbing.nothing(os.O_WRONLY);
    const refuse = (code: string): Result<never, StartError> => {
      plumbing.closeTheirs();
      plumbing.closeOurs();
      return fail({ code, argv, message: `Cannot start ${argv[0]}: ${describeCode(code)}.` });
    };
    if (!plumbing.usable) return refuse('EMFILE');
    let pid: number;
    try {
      pid = os.exec(argv, {
        block: false,
        file: program.value,
        stdin,
        stdout,
        stderr,
        ...(options.env === undefined ? {} : { env: options.env }),
        ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      });
    } catch {
      // fork failed: QuickJS throws without saying why.
      return refuse('EAGAIN');
    }
    if (pid < 0) return refuse(errnoName(pid));
    plumbing.closeTheirs();
    const writer = inFd === NONE ? undefined : writePipe(inFd);
    const readers: Reader[] = [];
    const gate = new ExitGate(
      timers,
      (outFd === NONE ? 0 : 1) + (errFd === NONE ? 0 : 1),
      () => {
        for (const reader of readers) reader.close();
      },
      (exit) => {
        writer?.close();
        guarded(report, () => handlers.onExit(exit));
      },
    );
    const child: Child = { reaped: false, gate };
    children.set(pid, child);
    watch();
    const read = (fd: number, onData: (bytes: Uint8Array) => void): void => {
      const onBytes = (bytes: Uint8Array): void => {
        gate.heard();
        guarded(report, () => onData(bytes));
      };
      const onEnd = (): void => {
        gate.outputEnded();
        reap();
      };
      readers.push(readPipe(fd, onBytes, onEnd));
    };
    if (outFd !== NONE) read(outFd, (bytes) => handlers.onStdout?.(bytes));
    if (errFd !== NONE) read(errFd, (bytes) => handlers.onStderr?.(bytes));
    return ok({
      pid,
      write: (bytes) => writer?.write(bytes),
      queuedBytes: () => writer?.queuedBytes() ?? 0,
      closeInput: () => writer?.finish(),
      flushInput: () => writer?.flush(),
      kill(signal) {
        // Once reaped, the number may be another process'.
        if (!child.reaped) os.kill(pid, signal);
      },
    });
  }

  return { start, run: createRun(start, timers) };
}
