/** The runtime on Node: for development, tests and the lab. The router has adapters/qjs. */
import { readFileSync, writeSync } from 'node:fs';
import { decodeText } from '../../lib/text.ts';
import type { Log } from '../../ports/log.ts';
import type { Runtime } from '../../ports/runtime.ts';
import { guarded } from '../common/guard.ts';
import { stderrLine } from '../common/log-lines.ts';
import { nodeFiles } from './files.ts';
import { nodeProcesses } from './processes.ts';
import { nodeStreams } from './streams.ts';
import { nodeTimers, report } from './timers.ts';

/** A shell's status for a program that SIGPIPE ended: 128 + 13. */
const EXIT_PIPE = 141;
/** Something to wait on while a pipe is full. */
const PAUSE = new Int32Array(new SharedArrayBuffer(4));
const SIGNALS = { 1: 'SIGHUP', 2: 'SIGINT', 15: 'SIGTERM' } as const;

function writeAll(fd: number, bytes: Uint8Array): boolean {
  for (let done = 0; done < bytes.length; ) {
    try {
      done += writeSync(fd, bytes, done);
    } catch (cause) {
      const code = (cause as NodeJS.ErrnoException).code;
      // A pipe whose reader is slow (EAGAIN) is tried again; one whose reader is gone ends the output.
      if (code === 'EPIPE') return false;
      if (code !== 'EAGAIN') throw cause;
      Atomics.wait(PAUSE, 0, 0, 1);
    }
  }
  return true;
}

export function createNodeRuntime(): Runtime {
  return {
    name: 'node',
    clock: { wallMs: () => Date.now(), monotonicMs: () => performance.now() },
    timers: nodeTimers,
    files: nodeFiles,
    keepOpen: (path) => () => {
      const content = nodeFiles.read(path);
      return content.ok ? decodeText(content.value) : null;
    },
    processes: nodeProcesses,
    streams: nodeStreams,
    args: process.argv.slice(2),
    env: (name) => process.env[name],
    pid: process.pid,
    stdoutIsTerminal: process.stdout.isTTY === true,
    stdout(bytes) {
      if (!writeAll(1, bytes)) process.exit(EXIT_PIPE);
    },
    stderr(bytes) {
      writeAll(2, bytes);
    },
    readStdin: () => new Uint8Array(readFileSync(0)),
    onSignal(signal, handler) {
      process.on(SIGNALS[signal], () => guarded(report, handler));
    },
    exit: (code) => process.exit(code),
    log: (tag): Log => ({
      write(level, message) {
        writeAll(2, stderrLine(tag, level, message));
      },
    }),
  };
}
