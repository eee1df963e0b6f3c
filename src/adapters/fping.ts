/**
 * Pings by one long-running `fping -l` for each WAN and family (fping(8), version 5 and later): no process for a probe. A
 * burst is one short `fping -c` besides it. fping binds its socket to the device (-I) and, from version 5.2 on, marks its
 * packets (-k); whether it can is asked once (`fping --help`).
 *
 * fping that ends is started again, later each time, and its end is reported as `proberFailed`: it is no evidence against
 * the WAN. So is a device that does not exist yet. It never gets anything that was not checked, and no shell.
 */
import { decodeText } from '../lib/text.ts';
import type { Clock, Timer, Timers } from '../ports/clock.ts';
import type { BurstSpec, ProbeResult, Prober, ProbeSpec, RunningProbe } from '../ports/probe.ts';
import type { ChildProcess, Processes } from '../ports/processes.ts';
import { specProblem } from './probe-checks.ts';
import { createLineCutter, decodeFpingLine, ProbeSequence } from './probe-fping-lines.ts';

const SIGKILL = 9;
const FIRST_RESTART_MS = 100;
const LAST_RESTART_MS = 10_000;
/** How often probes without an outcome are looked for, at the most. */
const WATCH_MS = 250;
const SECOND_LOOK_MS = 50;
/** fping that could send nothing for so long may be bound to a device that was deleted and made anew: it never notices. */
const MUTE_MS = 3000;

export interface ProbeTools {
  readonly processes: Processes;
  readonly timers: Timers;
  readonly clock: Clock;
}

/** @param mode loop mode or, for a burst, count mode with that many probes. */
export function fpingArguments(
  spec: ProbeSpec,
  mode: { readonly count: number | null; readonly periodMs: number; readonly timeoutMs: number },
  canMark: boolean,
): string[] {
  return [
    'fping',
    spec.family === 'ipv6' ? '-6' : '-4',
    ...(mode.count === null ? ['-l'] : ['-c', String(mode.count)]),
    ...['-p', String(mode.periodMs), '-t', String(mode.timeoutMs), '-i', '1'],
    ...['-b', String(spec.sizeBytes), '-H', String(spec.maxTtl), '-I', spec.device],
    ...(spec.source === null ? [] : ['-S', spec.source]),
    ...(spec.mark === null || !canMark ? [] : ['-k', String(spec.mark)]),
    ...spec.targets,
  ];
}

export function createFping(tools: ProbeTools): Prober {
  let canMark: Promise<boolean> | null = null;
  const asked = (): Promise<boolean> => {
    canMark ??= tools.processes
      .run(['fping', '--help'], { timeoutMs: 10_000, maxOutputBytes: 16_384 })
      .then((done) => {
        if (done.ok && !done.value.timedOut) return decodeText(done.value.stdout).includes('--fwmark');
        // No answer, on a router that is busy booting: the next probes ask again.
        canMark = null;
        return false;
      });
    return canMark;
  };
  return {
    start(spec, onResult) {
      const problem = specProblem(spec);
      if (problem !== null) {
        onResult({ kind: 'proberFailed', reason: problem });
        return { stop: () => undefined, burst: () => undefined };
      }
      const running = new RunningFping(tools, spec, onResult);
      void asked().then((marks) => running.begin(marks));
      return running;
    },
  };
}

class RunningFping implements RunningProbe {
  private stopped = false;
  private canMark: boolean | null = null;
  private child: ChildProcess | null = null;
  private readonly bursts = new Set<ChildProcess>();
  private sequences = new Map<string, ProbeSequence>();
  /** Added to fping's numbers: those of an earlier fping are used up. */
  private base = 0;
  /** When fping last printed an outcome. */
  private heardMs = 0;
  private restartMs = FIRST_RESTART_MS;
  private restart: Timer | null = null;
  private watch: Timer | null = null;

  constructor(
    private readonly tools: ProbeTools,
    private readonly spec: ProbeSpec,
    private readonly onResult: (result: ProbeResult) => void,
  ) {}

  begin(canMark: boolean): void {
    this.canMark = canMark;
    if (this.stopped) return;
    this.spawn();
    this.lookAgain(WATCH_MS, false);
  }

  stop(): void {
    this.stopped = true;
    this.restart?.cancel();
    this.watch?.cancel();
    this.child?.kill(SIGKILL);
    for (const burst of this.bursts) burst.kill(SIGKILL);
  }

  burst(burst: BurstSpec): void {
    if (this.stopped || this.canMark === null) return;
    const { id, count, spacingMs: periodMs, timeoutMs } = burst;
    const open = new Map(burst.targets.map((target) => [target, count]));
    const argv = fpingArguments(
      { ...this.spec, targets: burst.targets },
      { count, periodMs, timeoutMs },
      this.canMark,
    );
    // Numbers of a burst are counted here: fping's are of no use to anybody.
    const tell = (target: string, latencyMs: number | null): void => {
      const left = open.get(target) ?? 0;
      if (left === 0 || this.stopped) return;
      open.set(target, left - 1);
      this.tell(target, count - left, id, latencyMs);
    };
    let errors = '';
    const cut = createLineCutter((text) => {
      const line = decodeFpingLine(text);
      if (line !== null) tell(line.target, line.latencyMs);
    });
    const started = this.tools.processes.start(argv, {
      onStdout: cut,
      onStderr: (bytes) => {
        errors = `${errors}${decodeText(bytes)}`.slice(-1000);
      },
      onExit: (exit) => {
        if (started.ok) this.bursts.delete(started.value);
        if (this.stopped) return;
        // 0 all reachable, 1 some not, 2 an address not found, 3 wrong arguments, 4 a system call failed.
        if (exit.kind === 'signalled' || exit.code > 1) {
          this.fail(`A burst of fping ended early: ${lastLine(errors)}.`);
          return;
        }
        // Without a line: it could not be sent.
        for (const [target, left] of [...open]) for (let at = 0; at < left; at += 1) tell(target, null);
      },
    });
    if (started.ok) this.bursts.add(started.value);
    else this.fail(started.error.message);
  }

  private spawn(): void {
    const { intervalMs: periodMs, timeoutMs, targets } = this.spec;
    const argv = fpingArguments(this.spec, { count: null, periodMs, timeoutMs }, this.canMark === true);
    const { base } = this;
    const nowMs = this.tools.clock.monotonicMs();
    this.heardMs = nowMs;
    const sequences = new Map(
      targets.map((target) => [target, new ProbeSequence(periodMs, timeoutMs, nowMs)]),
    );
    this.sequences = sequences;
    let errors = '';
    const cut = createLineCutter((text) => {
      const line = this.stopped ? null : decodeFpingLine(text);
      const sequence = line === null ? undefined : sequences.get(line.target);
      if (line === null || sequence === undefined) return;
      this.restartMs = FIRST_RESTART_MS;
      this.heardMs = this.tools.clock.monotonicMs();
      for (const seq of line.latencyMs === null ? sequence.skipped(line.seq) : [])
        this.tell(line.target, base + seq, null, null);
      const fresh = sequence.settle(line.seq, line.latencyMs, this.heardMs);
      if (fresh) this.tell(line.target, base + line.seq, null, line.latencyMs);
    });
    const started = this.tools.processes.start(argv, {
      onStdout: cut,
      onStderr: (bytes) => {
        errors = `${errors}${decodeText(bytes)}`.slice(-1000);
      },
      onExit: (exit) => {
        this.child = null;
        if (this.stopped) return;
        const how = exit.kind === 'exited' ? `exit code ${exit.code}` : `signal ${exit.signal}`;
        this.spawnLater(`fping ended (${how})${errors === '' ? '' : `: ${lastLine(errors)}`}.`);
      },
    });
    if (started.ok) this.child = started.value;
    else this.spawnLater(started.error.message);
  }

  private spawnLater(reason: string): void {
    this.base += Math.max(0, ...[...this.sequences.values()].map((sequence) => sequence.next()));
    this.sequences = new Map();
    this.restart = this.tools.timers.after(this.restartMs, () => this.spawn());
    this.restartMs = Math.min(LAST_RESTART_MS, this.restartMs * 2);
    this.fail(reason);
  }

  /**
   * Finds probes that fping could not send. With lines coming in it is only set anew. What seems overdue may be unread yet, after
   * a pause of our own: so the lines get a turn before it counts.
   */
  private lookAgain(afterMs: number, isSecond: boolean): void {
    const fromMs = this.tools.clock.monotonicMs();
    this.watch = this.tools.timers.after(afterMs, () => {
      if (this.stopped) return;
      const nowMs = this.tools.clock.monotonicMs();
      const muteMs = this.heardMs + this.spec.intervalMs + this.spec.timeoutMs + MUTE_MS;
      const nextMs = Math.min(
        muteMs,
        ...[...this.sequences.values()].map((sequence) => sequence.overdueAt()),
      );
      if (nowMs < nextMs) {
        this.lookAgain(Math.max(WATCH_MS, nextMs - nowMs), false);
        return;
      }
      const isPaused = nowMs - fromMs > afterMs + WATCH_MS;
      if (!isSecond || isPaused) {
        this.lookAgain(SECOND_LOOK_MS, true);
        return;
      }
      for (const [target, sequence] of this.sequences) {
        for (const seq of sequence.overdue(nowMs)) this.tell(target, this.base + seq, null, null);
      }
      if (nowMs > muteMs) this.child?.kill(SIGKILL);
      if (!this.stopped) this.lookAgain(WATCH_MS, false);
    });
  }

  private tell(target: string, seq: number, burst: number | null, latencyMs: number | null): void {
    if (this.stopped) return;
    this.onResult(
      latencyMs === null
        ? { kind: 'probeLost', target, seq, burst }
        : { kind: 'probeReply', target, seq, burst, latencyMs },
    );
  }

  private fail(reason: string): void {
    if (!this.stopped) this.onResult({ kind: 'proberFailed', reason });
  }
}

/** The last line in characters that are safe in a log line, at most 200 of them. */
function lastLine(text: string): string {
  const lines = text.trim().split('\n');
  return (lines[lines.length - 1] ?? '').replace(/[^\x20-\x7e]/g, '?').slice(0, 200);
}
