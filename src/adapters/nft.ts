/** nftables by the program nft (nft(8)); only our own table is ever read or written. Ruleset text goes by standard input. */
import { decodeTable } from '../core/plan/decode-nft.ts';
import { TABLE_NAME } from '../core/policy/compile.ts';
import { fail, ok, type Result } from '../lib/result.ts';
import type { KernelError, Nft } from '../ports/nft.ts';
import type { Processes } from '../ports/processes.ts';
import { refusal, runProgram } from './kernel-program.ts';

/** 250 WANs with 1000 rules are about 1 MiB; sets that dnsmasq fills can hold many times that. */
const MAX_TABLE_BYTES = 32 * 1024 * 1024;
const LIST = ['nft', '-j', 'list', 'table', 'inet', TABLE_NAME];

/** @param timeoutMs for each run; a ruleset of the largest size takes below 200 ms on a slow router. */
export function createNft(processes: Processes, timeoutMs = 10_000): Nft {
  const run = async (argv: readonly string[], stdin: string): Promise<Result<void, KernelError>> => {
    const outcome = await runProgram(processes, { argv, stdin, timeoutMs });
    if (!outcome.ok) return outcome;
    return outcome.value.exitCode === 0 ? ok(undefined) : fail(refusal(argv, outcome.value));
  };
  return {
    check: (text) => run(['nft', '-c', '-f', '-'], text),
    apply: (text) => run(['nft', '-f', '-'], text),
    async readTable() {
      const outcome = await runProgram(processes, { argv: LIST, timeoutMs, maxOutputBytes: MAX_TABLE_BYTES });
      if (!outcome.ok) return outcome;
      const { exitCode, stdout, stderr } = outcome.value;
      if (exitCode !== 0)
        return stderr.includes('No such file or directory') ? ok(null) : fail(refusal(LIST, outcome.value));
      const facts = decodeTable(stdout);
      return facts.ok ? facts : fail({ code: 'malformed', message: facts.error });
    },
  };
}
