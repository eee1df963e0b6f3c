/**
 * Tracked connections by the program conntrack (conntrack(8)). It prints every entry that it removes, which may be tens of
 * thousands: that output goes nowhere, the number comes from its last words.
 */
import type { Family } from '../core/policy/model.ts';
import { parseIpAddress } from '../lib/ip.ts';
import { fail, ok, type Result } from '../lib/result.ts';
import { decodeText } from '../lib/text.ts';
import type { Timers } from '../ports/clock.ts';
import type { Flows, KernelError } from '../ports/flows.ts';
import type { ProcessExit, Processes } from '../ports/processes.ts';
import { reasonOf, refusal, runProgram } from './kernel-program.ts';

const SIGKILL = 9;
const MOST_WORDS = 4096;
/**
 * Removing goes by a list that the kernel gave; an entry that expires meanwhile makes conntrack give up with the rest still there.
 * Each further run begins with a shorter list.
 */
const ATTEMPTS = 4;
const FAMILIES: readonly Family[] = ['ipv4', 'ipv6'];

interface Ended {
  readonly exit: ProcessExit;
  readonly stderr: string;
  readonly timedOut: boolean;
}

/** @param timeoutMs for each run of conntrack. */
export function createFlows(processes: Processes, timers: Timers, timeoutMs = 10_000): Flows {
  const quietly = (argv: readonly string[]): Promise<Result<Ended, KernelError>> =>
    new Promise((resolve) => {
      let stderr = '';
      let timedOut = false;
      const started = processes.start(argv, {
        onStderr: (bytes) => {
          if (stderr.length < MOST_WORDS) stderr += decodeText(bytes);
        },
        onExit: (exit) => {
          timer.cancel();
          resolve(ok({ exit, stderr, timedOut }));
        },
      });
      const timer = timers.after(timeoutMs, () => {
        timedOut = true;
        if (started.ok) started.value.kill(SIGKILL);
      });
      if (started.ok) return;
      timer.cancel();
      const absent = started.error.code === 'ENOENT';
      resolve(
        fail({
          code: absent ? 'absent' : 'refused',
          message: absent
            ? 'conntrack is not installed: there is no program of that name.'
            : `conntrack cannot be started: ${started.error.message}.`,
        }),
      );
    });

  /** Entries as conntrack counts them at its end; it ends with 1 if there was none. */
  const counted = async (argv: readonly string[]): Promise<Result<number, KernelError>> => {
    const ended = await quietly(argv);
    if (!ended.ok) return ended;
    const { exit, stderr, timedOut } = ended.value;
    const command = argv.join(' ');
    if (timedOut)
      return fail({ code: 'timeout', message: `\`${command}\` was ended after ${timeoutMs} ms.` });
    const said = /(\d+) flow entries have been (?:deleted|shown)/.exec(stderr);
    if (said !== null) return ok(Number(said[1]));
    const code = exit.kind === 'exited' ? exit.code : exit.signal;
    return fail({
      code: 'refused',
      message: `\`${command}\` failed: ${reasonOf(stderr) || `it ended with ${code}`}.`,
    });
  };

  const remove = async (argv: readonly string[]): Promise<Result<number, KernelError>> => {
    let outcome = await counted(argv);
    for (let attempt = 1; attempt < ATTEMPTS && isOvertaken(outcome); attempt += 1)
      outcome = await counted(argv);
    return outcome;
  };
  const inFamilies = async (
    act: (argv: readonly string[]) => Promise<Result<number, KernelError>>,
    verb: '-D' | '-L',
    selector: readonly string[],
    families: readonly Family[] = FAMILIES,
  ): Promise<Result<number, KernelError>> => {
    let sum = 0;
    for (const family of families) {
      const outcome = await act(['conntrack', verb, '-f', family, ...selector]);
      if (!outcome.ok) return outcome;
      sum += outcome.value;
    }
    return ok(sum);
  };
  const plain = async (argv: readonly string[]): Promise<Result<string, KernelError>> => {
    const outcome = await runProgram(processes, { argv, timeoutMs });
    if (!outcome.ok) return outcome;
    return outcome.value.exitCode === 0 ? ok(outcome.value.stdout) : fail(refusal(argv, outcome.value));
  };
  const marked = (mark: number, mask: number): readonly string[] => [
    '-m',
    `0x${mark.toString(16)}/0x${mask.toString(16)}`,
  ];

  return {
    deleteByMark: (mark, mask, family) =>
      inFamilies(remove, '-D', marked(mark, mask), family === undefined ? FAMILIES : [family]),
    countByMark: (mark, mask) => inFamilies(counted, '-L', marked(mark, mask)),
    async deleteBySource(address) {
      const parsed = parseIpAddress(address);
      if (parsed === null)
        return fail({ code: 'refused', message: `'${address.slice(0, 64)}' is no IP address.` });
      return remove(['conntrack', '-D', '-f', parsed.family, '-s', parsed.text]);
    },
    async deleteAll() {
      const outcome = await plain(['conntrack', '-F']);
      return outcome.ok ? ok(undefined) : outcome;
    },
    async count() {
      const outcome = await plain(['conntrack', '-C']);
      if (!outcome.ok) return outcome;
      return /^\d+\s*$/.test(outcome.value)
        ? ok(Number(outcome.value))
        : fail({ code: 'malformed', message: '`conntrack -C` answered something that is no number.' });
    },
  };
}

/** An entry of the list was gone before it could be removed. */
function isOvertaken(outcome: Result<number, KernelError>): boolean {
  return !outcome.ok && outcome.error.message.includes('Operation failed');
}
