/** /usr/lib/hagw/handover, and the set of the table that it fills. */
import { PAIR_TABLE } from '../core/pair/compile-files.ts';
import { fail, ok } from '../lib/result.ts';
import type { Handover } from '../ports/handover.ts';
import type { Processes } from '../ports/processes.ts';
import { refusal, runProgram } from './kernel-program.ts';

const SCRIPT = '/usr/lib/hagw/handover';
const LIST = ['nft', '-j', 'list', 'set', 'inet', PAIR_TABLE, 'standby'];
const LIST_MS = 5000;
/** It waits for a run that is under way, and its own steps have limits of 35 s together. */
const SCRIPT_MS = 90_000;

/** nft leaves `elem` out where there is none. */
function elementsOf(text: string): readonly string[] | null {
  try {
    const { nftables } = JSON.parse(text) as { nftables: readonly { set?: { elem?: readonly unknown[] } }[] };
    const found = nftables.find(({ set }) => set !== undefined)?.set;
    return found === undefined ? null : (found.elem ?? []).map(String);
  } catch {
    return null;
  }
}

export function createHandover(processes: Processes): Handover {
  return {
    async standby() {
      const outcome = await runProgram(processes, { argv: LIST, timeoutMs: LIST_MS });
      if (!outcome.ok) return fail(outcome.error.message);
      const { exitCode, stdout, stderr } = outcome.value;
      if (exitCode !== 0)
        return /No such file/.test(stderr) ? ok(null) : fail(refusal(LIST, outcome.value).message);
      const elements = elementsOf(stdout);
      return elements === null ? fail('nft did not list the set of the pair.') : ok(elements);
    },
    async run(words) {
      const argv = [SCRIPT, ...words];
      const outcome = await runProgram(processes, { argv, timeoutMs: SCRIPT_MS });
      if (!outcome.ok) return fail(outcome.error.message);
      return outcome.value.exitCode === 0 ? ok(undefined) : fail(refusal(argv, outcome.value).message);
    },
  };
}
