/// <reference path="./modules.d.ts" />
/** The runtime on the router: QuickJS. What it promises and what it cannot is in docs/runtime.md. */
import * as os from 'os';
import { exit, getenv } from 'std';
import { decodeText, encodeText } from '../../lib/text.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Runtime } from '../../ports/runtime.ts';
import { guarded } from '../common/guard.ts';
import { createTimers } from '../common/timer-queue.ts';
import { keepOpen, ownPid, qjsFiles, readWhole, writeWhole } from './files.ts';
import { createQjsProcesses } from './processes.ts';
import { createQjsStreams } from './streams.ts';
import { createSyslog } from './syslog.ts';

/** A shell's status for a program that SIGPIPE ended: 128 + 13. */
const EXIT_PIPE = 141;
const MAX_SLEEP_MS = 1000;

/** /proc/uptime has 10 ms: what there is where performance.now() is missing (QuickJS of 2021). */
function uptimeMs(): number {
  const content = qjsFiles.read('/proc/uptime');
  return content.ok ? Number(decodeText(content.value).split(' ')[0]) * 1000 : 0;
}

export function createQjsRuntime(): Runtime {
  const ticks = typeof performance === 'undefined' ? undefined : performance;
  const clock: Clock = {
    wallMs: () => Date.now(),
    monotonicMs: ticks === undefined ? uptimeMs : () => ticks.now(),
  };
  const stderr = (bytes: Uint8Array): void => {
    // Nobody is left to hear that nobody hears.
    writeWhole(2, bytes);
  };
  const report = (text: string): void => stderr(encodeText(text));
  const timers = createTimers(
    {
      monotonicMs: clock.monotonicMs,
      arm(delayMs, fire) {
        const timer = os.setTimeout(fire, delayMs);
        return () => os.clearTimeout(timer);
      },
      maxSleepMs: MAX_SLEEP_MS,
    },
    report,
  );
  const processes = createQjsProcesses(timers, report);
  const pid = ownPid();
  const syslog = createSyslog(processes, clock, pid, stderr);
  const leave = (code: number): never => {
    syslog.flush();
    return exit(code);
  };
  return {
    name: 'qjs',
    clock,
    timers,
    files: qjsFiles,
    keepOpen,
    processes,
    streams: createQjsStreams(processes, timers, report),
    args: scriptArgs.slice(1),
    env: (name) => getenv(name),
    pid,
    stdoutIsTerminal: os.isatty(1),
    stdout(bytes) {
      if (!writeWhole(1, bytes).ok) leave(EXIT_PIPE);
    },
    stderr,
    readStdin: () => readWhole(0),
    onSignal: (signal, handler) => os.signal(signal, () => guarded(report, handler)),
    exit: leave,
    log: syslog.log,
  };
}
