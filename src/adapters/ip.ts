/**
 * Rules and routes by the program ip of iproute2 (ip-rule(8), ip-route(8), ip-monitor(8)). Reading is numeric (`-N`), so that
 * nothing depends on the names in /etc/iproute2. busybox' ip has no JSON: the package depends on ip-full.
 */
import { decodeRoutes } from '../core/plan/decode-routes.ts';
import { decodeRules } from '../core/plan/decode-rules.ts';
import { isBatchWord } from '../core/plan/words.ts';
import type { Family } from '../core/policy/model.ts';
import { fail, ok, type Result } from '../lib/result.ts';
import type { Timers } from '../ports/clock.ts';
import type { Processes } from '../ports/processes.ts';
import type { BatchError, KernelError, Routing } from '../ports/routing.ts';
import { watchRouting } from './ip-monitor.ts';
import { refusal, runProgram } from './kernel-program.ts';

/** A full table of the internet is about 150 MiB; whoever has one does not run it on a router of this kind. */
const MAX_LIST_BYTES = 32 * 1024 * 1024;

const flag = (family: Family): string => (family === 'ipv4' ? '-4' : '-6');

/** A kernel without IPv6, or with it switched off. */
const NO_FAMILY = /Address family not supported|Operation not supported/;

/** @param timeoutMs for each run. */
export function createRouting(processes: Processes, timers: Timers, timeoutMs = 10_000): Routing {
  const list = async <T>(
    family: Family,
    what: readonly string[],
    decode: (text: string, family: Family) => Result<readonly T[], string>,
  ): Promise<Result<readonly T[], KernelError>> => {
    const argv = ['ip', flag(family), '-N', '-j', ...what];
    const outcome = await runProgram(processes, { argv, timeoutMs, maxOutputBytes: MAX_LIST_BYTES });
    if (!outcome.ok) return outcome;
    const { exitCode, stdout, stderr } = outcome.value;
    if (exitCode !== 0) {
      if (family === 'ipv6' && NO_FAMILY.test(stderr)) return ok([]);
      return fail(refusal(argv, outcome.value));
    }
    const decoded = decode(stdout, family);
    return decoded.ok ? decoded : fail({ code: 'malformed', message: decoded.error });
  };
  return {
    rules: (family) => list(family, ['rule', 'show'], decodeRules),
    routes: (family) => list(family, ['route', 'show', 'table', 'all'], decodeRoutes),
    batch: (family, lines) => runBatch(processes, timeoutMs, family, lines),
    watch: (changed, quietMs = 10) => watchRouting(processes, timers, changed, quietMs),
  };
}

async function runBatch(
  processes: Processes,
  timeoutMs: number,
  family: Family,
  lines: readonly (readonly string[])[],
): Promise<Result<void, BatchError>> {
  if (lines.length === 0) return ok(undefined);
  const odd = lines.findIndex((words) => !words.every(isBatchWord));
  if (odd >= 0)
    return fail({
      code: 'refused',
      message: `Line ${odd + 1} for ip cannot be written; nothing was done.`,
      line: 1,
    });
  const argv = ['ip', flag(family), '-batch', '-'];
  const stdin = lines.map((words) => `${words.join(' ')}\n`).join('');
  const outcome = await runProgram(processes, { argv, stdin, timeoutMs });
  if (!outcome.ok) return fail({ ...outcome.error, line: null });
  if (outcome.value.exitCode === 0) return ok(undefined);
  const said = /^Command failed -:(\d+)$/m.exec(outcome.value.stderr);
  const line = said === null ? null : Number(said[1]);
  const words = line === null ? undefined : lines[line - 1];
  const { code, message } = refusal(argv, outcome.value);
  return fail({
    code,
    message: words === undefined ? message : `${message} The line was '${words.join(' ')}'.`,
    line,
  });
}
