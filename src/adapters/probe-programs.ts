/**
 * Probes by one short program each (probe-commands.ts): arping, tcp, dns, http, https. The time a probe takes is measured
 * here, from the start of the program, so that it includes a few milliseconds of the router's own. Probes of a target may
 * overlap; there are never more than time-out / interval of them.
 */
import type { TrackMethod } from '../core/policy/model.ts';
import { decodeText } from '../lib/text.ts';
import type { Timer } from '../ports/clock.ts';
import type { ProbeResult, Prober, ProbeSpec, RunningProbe } from '../ports/probe.ts';
import type { ChildProcess } from '../ports/processes.ts';
import type { ProbeTools } from './fping.ts';
import { specProblem } from './probe-checks.ts';
import { type ProbeCommand, probeCommand } from './probe-commands.ts';

const SIGKILL = 9;
/** An answer is known by its first bytes. */
const MAX_OUTPUT_BYTES = 512;

type Outcome =
  | { readonly kind: 'answer'; readonly latencyMs: number }
  | { readonly kind: 'silence' }
  | { readonly kind: 'failure'; readonly reason: string };

/** Runs one probe; `done` comes once, unless it is ended from outside before. Returns how to end it. */
function probeOnce(
  { processes, timers, clock }: ProbeTools,
  command: ProbeCommand,
  timeoutMs: number,
  done: (outcome: Outcome) => void,
): () => void {
  const begunMs = clock.monotonicMs();
  let output = new Uint8Array(0);
  let errors = '';
  let isOver = false;
  let timer: Timer | null = null;
  let child: ChildProcess | null = null;
  const end = (outcome: Outcome | null): void => {
    if (isOver) return;
    isOver = true;
    timer?.cancel();
    child?.kill(SIGKILL);
    if (outcome !== null) done(outcome);
  };
  const answer = (): void => end({ kind: 'answer', latencyMs: clock.monotonicMs() - begunMs });
  const started = processes.start(
    command.argv,
    {
      onStdout: (bytes) => {
        if (isOver || output.length >= MAX_OUTPUT_BYTES) return;
        const joined = new Uint8Array(output.length + bytes.length);
        joined.set(output);
        joined.set(bytes, output.length);
        output = joined;
        if (command.isAnswer(output)) answer();
      },
      onStderr: (bytes) => {
        errors = `${errors}${decodeText(bytes)}`.slice(-1000);
      },
      onExit: (exit) => {
        if (isOver) return;
        const code = exit.kind === 'exited' ? exit.code : -1;
        if (command.isAnswerAtExit(code, errors)) return answer();
        const failure = command.failure(errors);
        end(
          failure === null
            ? { kind: 'silence' }
            : { kind: 'failure', reason: `${command.argv[0] ?? ''}: ${failure}.` },
        );
      },
    },
    { input: command.input === null ? 'none' : 'pipe' },
  );
  if (!started.ok) {
    // Not at once: the caller has not got its handle yet.
    timer = timers.after(1, () => end({ kind: 'failure', reason: started.error.message }));
    return () => end(null);
  }
  child = started.value;
  if (command.input !== null) child.write(command.input);
  timer = timers.after(timeoutMs, () => end({ kind: 'silence' }));
  return () => end(null);
}

/** A prober of one method. */
export function createProgramProber(tools: ProbeTools, method: Exclude<TrackMethod, 'ping'>): Prober {
  return {
    start(spec, onResult) {
      const problem = specProblem(spec);
      if (problem === null) return runPrograms(tools, method, spec, onResult);
      onResult({ kind: 'proberFailed', reason: problem });
      return { stop: () => undefined, burst: () => undefined };
    },
  };
}

function runPrograms(
  tools: ProbeTools,
  method: Exclude<TrackMethod, 'ping'>,
  spec: ProbeSpec,
  onResult: (result: ProbeResult) => void,
): RunningProbe {
  let isStopped = false;
  const open = new Set<() => void>();
  const timersSet = new Set<Timer>();
  const later = (delayMs: number, run: () => void): void => {
    const timer = tools.timers.after(delayMs, () => {
      timersSet.delete(timer);
      if (!isStopped) run();
    });
    timersSet.add(timer);
  };
  const probe = (target: string, seq: number, burst: number | null, timeoutMs: number): void => {
    const stop = probeOnce(tools, probeCommand(method, spec, target), timeoutMs, (outcome) => {
      open.delete(stop);
      if (isStopped) return;
      if (outcome.kind === 'failure') onResult({ kind: 'proberFailed', reason: outcome.reason });
      else if (outcome.kind === 'silence') onResult({ kind: 'probeLost', target, seq, burst });
      else onResult({ kind: 'probeReply', target, seq, burst, latencyMs: outcome.latencyMs });
    });
    open.add(stop);
  };
  const round = (seq: number): void => {
    for (const target of spec.targets) probe(target, seq, null, spec.timeoutMs);
    later(spec.intervalMs, () => round(seq + 1));
  };
  later(1, () => round(0));
  return {
    stop: () => {
      isStopped = true;
      for (const timer of timersSet) timer.cancel();
      for (const stop of open) stop();
    },
    burst: ({ id, targets, count, spacingMs, timeoutMs }) => {
      for (let seq = 0; seq < count; seq += 1) {
        later(1 + seq * spacingMs, () => {
          for (const target of targets) probe(target, seq, id, timeoutMs);
        });
      }
    },
  };
}
