/** Processes on Node. What is checked before the start, and when a child counts as ended, is common to both runtimes. */
import { type ChildProcess as NodeChild, type SpawnOptions, spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import { fail, ok, type Result } from '../../lib/result.ts';
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
import { guarded } from '../common/guard.ts';
import { createRun } from '../common/run.ts';
import { statOf } from './files.ts';
import { nodeTimers, report } from './timers.ts';

function exitOf(code: number | null, signal: NodeJS.Signals | null): ProcessExit {
  if (signal !== null) return { kind: 'signalled', signal: constants.signals[signal] };
  return { kind: 'exited', code: code ?? 0 };
}

function spawnOptions(
  argv: readonly string[],
  handlers: ProcessHandlers,
  options: ProcessOptions,
): SpawnOptions {
  return {
    argv0: argv[0],
    ...(options.env === undefined ? {} : { env: options.env }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    stdio: [
      options.input === 'pipe' ? 'pipe' : 'ignore',
      handlers.onStdout ? 'pipe' : 'ignore',
      handlers.onStderr ? 'pipe' : 'ignore',
    ],
  };
}

function start(
  argv: readonly string[],
  handlers: ProcessHandlers,
  options: ProcessOptions = {},
): Result<ChildProcess, StartError> {
  const program = findProgram(argv, options, { stat: statOf, env: (name) => process.env[name] });
  if (!program.ok) return program;
  const refuse = (code: string) =>
    fail({ code, argv, message: `Cannot start ${argv[0]}: ${describeCode(code)}.` });
  let child: NodeChild;
  try {
    child = spawn(program.value, argv.slice(1), spawnOptions(argv, handlers, options));
  } catch (error) {
    return refuse((error as NodeJS.ErrnoException).code ?? 'EUNKNOWN');
  }
  child.on('error', () => undefined);
  // Node tells the reason only later, as an event; what can be known before was checked before.
  if (child.pid === undefined) return refuse('EUNKNOWN');
  const { stdin, stdout, stderr } = child;
  // EPIPE: the child is gone, which its exit tells.
  stdin?.on('error', () => undefined);
  let over = false;
  const outputs = [stdout, stderr].filter((output) => output !== null);
  const gate = new ExitGate(
    nodeTimers,
    outputs.length,
    () => {
      for (const output of outputs) output.destroy();
    },
    (exit) => {
      over = true;
      stdin?.destroy();
      guarded(report, () => handlers.onExit(exit));
    },
  );
  const read = (output: Readable | null, onData: (bytes: Uint8Array) => void): void => {
    output?.on('data', (bytes: Buffer) => {
      if (over) return;
      gate.heard();
      // A copy: Buffers may be pieces of a pool, and Buffer is no plain Uint8Array to those who compare.
      guarded(report, () => onData(new Uint8Array(bytes)));
    });
    output?.on('error', () => undefined);
    output?.on('close', () => gate.outputEnded());
  };
  read(stdout, (bytes) => handlers.onStdout?.(bytes));
  read(stderr, (bytes) => handlers.onStderr?.(bytes));
  child.on('exit', (code, signal) => gate.exited(exitOf(code, signal)));
  return ok({
    pid: child.pid,
    write(bytes) {
      if (!over && stdin?.writable) stdin.write(bytes.slice());
    },
    queuedBytes: () => (over ? 0 : (stdin?.writableLength ?? 0)),
    closeInput() {
      stdin?.end();
    },
    kill(signal) {
      if (!over && child.exitCode === null && child.signalCode === null) child.kill(signal);
    },
  });
}

export const nodeProcesses: Processes = { start, run: createRun(start, nodeTimers) };
