/**
 * Vrrp through keepalived's own dump: a signal makes it write /tmp/keepalived.json. The number of the signal depends on
 * the C library, so keepalived itself is asked for it (`keepalived --signum=JSON`), once. A keepalived without any
 * vrrp_instance writes no dump: its configuration says so.
 */
import { decodeDump } from '../core/keepalived/decode.ts';
import type { VrrpFacts } from '../core/keepalived/facts.ts';
import { type ReadError, readError } from '../core/neighbours/read-error.ts';
import { fail, ok, type Result } from '../lib/result.ts';
import { decodeText } from '../lib/text.ts';
import type { Bus } from '../ports/bus.ts';
import type { Clock, Timers } from '../ports/clock.ts';
import type { FileInfo, Files } from '../ports/files.ts';
import type { Processes } from '../ports/processes.ts';
import type { Vrrp } from '../ports/vrrp.ts';
import { findKeepalived, isKeepalived, isWithoutInstance, takesSignal } from './keepalived-process.ts';

export interface KeepalivedPorts {
  readonly bus: Bus;
  readonly files: Files;
  readonly processes: Processes;
  readonly clock: Clock;
  readonly timers: Timers;
}

export interface KeepalivedOptions {
  /** Where keepalived writes the dump; by default /tmp/keepalived.json. */
  readonly dumpFile?: string;
  /** From the signal to the complete dump, milliseconds; by default 1000. A dump takes some 10 ms. */
  readonly timeoutMs?: number;
}

type Outcome = Result<VrrpFacts, ReadError>;

/** Between two looks at the dump file. */
const POLL_MS = 10;
/** For `keepalived --signum` and `kill`, which end at once. */
const COMMAND_TIMEOUT_MS = 2000;
/**
 * A new dump is told by its time of change. The kernel's clock for that ticks every 4 to 10 ms: a dump that follows
 * another one sooner could bear the same time.
 */
const TIME_STEP_MS = 20;
/** Some 1200 bytes an instance; there are at most 255 on an interface. */
const MAX_DUMP_BYTES = 4 * 1024 * 1024;

export function createKeepalivedVrrp(ports: KeepalivedPorts, options: KeepalivedOptions = {}): Vrrp {
  const { bus, files, processes, clock, timers } = ports;
  const dumpFile = options.dumpFile ?? '/tmp/keepalived.json';
  const timeoutMs = options.timeoutMs ?? 1000;
  let signalNumber: number | null = null;
  let running: { readonly outcome: Promise<Outcome>; signalled: boolean } | null = null;
  let next: Promise<Outcome> | null = null;

  /** Reads share a dump as long as it is not under way: one that was asked for earlier may be older than the question. */
  function read(): Promise<Outcome> {
    if (running === null) return start();
    if (!running.signalled) return running.outcome;
    next ??= running.outcome.then(() => {
      next = null;
      return read();
    });
    return next;
  }

  function start(): Promise<Outcome> {
    const dump = { outcome: Promise.resolve<Outcome>(fail(gone())), signalled: false };
    running = dump;
    dump.outcome = readOnce(() => {
      dump.signalled = true;
    }).then((outcome) => {
      if (running === dump) running = null;
      return outcome;
    });
    return dump.outcome;
  }

  async function readOnce(onSignal: () => void): Promise<Outcome> {
    const pid = await findKeepalived(bus, files);
    if (pid === null) return fail(gone());
    if (isWithoutInstance(files, pid)) return ok({ pid, instances: [] });
    const signal = await askSignal();
    if (!signal.ok) return signal;
    const deadline = clock.monotonicMs() + timeoutMs;
    while (!takesSignal(files, pid, signal.value)) {
      if (!isKeepalived(files, pid)) return fail(gone());
      if (clock.monotonicMs() >= deadline) {
        return fail(readError('failed', `keepalived (process ${pid}) does not take signal ${signal.value}.`));
      }
      await pause(POLL_MS);
    }
    const before = infoOf(dumpFile);
    if (before !== null && Math.abs(clock.wallMs() - before.modifiedMs) < TIME_STEP_MS)
      await pause(TIME_STEP_MS);
    onSignal();
    const argv = ['kill', `-${signal.value}`, String(pid)];
    const sent = await processes.run(argv, { timeoutMs: COMMAND_TIMEOUT_MS });
    if (!sent.ok)
      return fail(readError('failed', `\`${argv.join(' ')}\` cannot be started: ${sent.error.message}`));
    const { exit, timedOut } = sent.value;
    if (timedOut || exit.kind !== 'exited' || exit.code !== 0) {
      if (!isKeepalived(files, pid)) return fail(gone());
      return fail(
        readError('failed', `keepalived (process ${pid}) could not be signalled by \`${argv.join(' ')}\`.`),
      );
    }
    return await waitForDump(pid, before, clock.monotonicMs() + timeoutMs);
  }

  async function waitForDump(pid: number, before: FileInfo | null, deadline: number): Promise<Outcome> {
    let wanting = `wrote nothing to ${dumpFile}; it does so only if it has a vrrp_instance`;
    for (;;) {
      const info = infoOf(dumpFile);
      if (info !== null && isNew(info, before)) {
        if (info.kind !== 'file')
          return fail(readError('failed', `keepalived's dump ${dumpFile} is no plain file.`));
        const content = files.read(dumpFile, MAX_DUMP_BYTES);
        if (content.ok) {
          const decoded = decodeDump(decodeText(content.value));
          if (decoded.ok) return ok({ pid, instances: decoded.value });
          if (decoded.error.code === 'malformed') {
            const place = `keepalived's dump ${dumpFile}`;
            return fail(readError('malformed', `${place} is not understood: ${decoded.error.message}.`));
          }
          wanting = `left ${dumpFile} unfinished: ${decoded.error.message}`;
        } else if (content.error.code !== 'ENOENT') {
          return fail(
            readError('failed', `keepalived's dump ${dumpFile} cannot be read: ${content.error.message}`),
          );
        }
      }
      if (!isKeepalived(files, pid)) return fail(gone());
      if (clock.monotonicMs() >= deadline) {
        return fail(readError('timeout', `keepalived (process ${pid}) ${wanting} (after ${timeoutMs} ms).`));
      }
      await pause(POLL_MS);
    }
  }

  async function askSignal(): Promise<Result<number, ReadError>> {
    if (signalNumber !== null) return ok(signalNumber);
    const argv = ['keepalived', '--signum=JSON'];
    const completed = await processes.run(argv, { timeoutMs: COMMAND_TIMEOUT_MS, maxOutputBytes: 4096 });
    if (!completed.ok) {
      return fail(readError('failed', `\`${argv.join(' ')}\` cannot be started: ${completed.error.message}`));
    }
    const { exit, stdout } = completed.value;
    const match = /^(\d{1,2})\s*$/.exec(decodeText(stdout));
    const number = Number(match?.[1] ?? 0);
    // Signals end at 64; below 32 none is a real-time one, and several of those would end or stop keepalived.
    if (exit.kind !== 'exited' || exit.code !== 0 || number < 32 || number > 64) {
      return fail(
        readError(
          'failed',
          `\`${argv.join(' ')}\` named no real-time signal: this keepalived was built without JSON.`,
        ),
      );
    }
    signalNumber = number;
    return ok(number);
  }

  function infoOf(path: string): FileInfo | null {
    const info = files.info(path);
    return info.ok ? info.value : null;
  }

  function pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      timers.after(delayMs, resolve);
    });
  }

  return { read };
}

function isNew(info: FileInfo, before: FileInfo | null): boolean {
  return before === null || info.modifiedMs !== before.modifiedMs || info.sizeBytes !== before.sizeBytes;
}

function gone(): ReadError {
  return readError(
    'absent',
    'keepalived does not run: neither its pid file nor procd names a process of it.',
  );
}
