/**
 * The prober of a WAN: the methods of its spec side by side. A probe is answered as soon as one method got an answer, and
 * lost when all were silent; a method that cannot probe at all leaves it to the others.
 */
import type { TrackMethod } from '../core/policy/model.ts';
import type { ProbeResult, Prober } from '../ports/probe.ts';
import { createFping, type ProbeTools } from './fping.ts';
import { createProgramProber } from './probe-programs.ts';

export function createProber(tools: ProbeTools): Prober {
  const fping = createFping(tools);
  const proberOf = (method: TrackMethod): Prober =>
    method === 'ping' ? fping : createProgramProber(tools, method);
  return {
    start(spec, onResult) {
      const methods = [...new Set(spec.methods)];
      const reports = combine(methods.length, onResult);
      const running = methods.map((method, at) =>
        proberOf(method).start(spec, (result) => reports[at]?.(result)),
      );
      return {
        stop: () => {
          for (const one of running) one.stop();
        },
        burst: (burst) => {
          for (const one of running) one.burst(burst);
        },
      };
    },
  };
}

/** Probes whose outcome some method still owes; older ones are forgotten. */
const MAX_OPEN = 256;

/** Joins the results of several methods: the first answer counts, silence only when it is everybody's who can probe. */
export function combine(
  methods: number,
  onResult: (result: ProbeResult) => void,
): readonly ((result: ProbeResult) => void)[] {
  /** Silent methods for each probe; −1 = it has its outcome. */
  const open = new Map<string, number>();
  const failed = new Set<number>();
  return Array.from({ length: methods }, (_, method) => (result: ProbeResult) => {
    if (methods === 1) return onResult(result);
    if (result.kind === 'proberFailed') {
      failed.add(method);
      return onResult(result);
    }
    failed.delete(method);
    const key = `${result.target} ${result.seq} ${result.burst ?? ''}`;
    const silent = open.get(key) ?? 0;
    if (silent < 0) return;
    const isOver = result.kind === 'probeReply' || silent + 1 >= methods - failed.size;
    open.set(key, isOver ? -1 : silent + 1);
    for (const oldest of open.keys()) {
      if (open.size <= MAX_OPEN) break;
      open.delete(oldest);
    }
    if (isOver) onResult(result);
  });
}
