/** keepalived, nft, fw4 and the init scripts, as the pair's applier needs them. */
import { fail, ok, type Result } from '../lib/result.ts';
import { encodeText } from '../lib/text.ts';
import type { Files } from '../ports/files.ts';
import type { PairTools } from '../ports/pair-tools.ts';
import type { Processes } from '../ports/processes.ts';
import { refusal, runProgram } from './kernel-program.ts';

/** In RAM, and below no symbolic link: keepalived would say so. */
const CANDIDATE = '/tmp/hagw-keepalived.conf';
const CHECK_MS = 10_000;
/** dnsmasq's script may look for other servers for 3 s on each network. */
const RELOAD_MS = 30_000;

const COMMANDS = {
  firewall: ['/etc/init.d/firewall', 'reload'],
  conntrackd: ['/etc/init.d/conntrackd', 'restart'],
  handover: ['/usr/lib/hagw/handover', 'load'],
  dnsmasq: ['/etc/init.d/dnsmasq', 'reload'],
  keepalived: ['/etc/init.d/keepalived', 'reload'],
} as const;

/** Without the file and the line, so that two runs can be compared. */
function complaintsOf(output: string): readonly string[] {
  return output
    .split('\n')
    .map((line) =>
      line
        .replace(/^\(\S*: Line \d+\) /, '')
        .replace(/[^\x20-\x7e]/g, '?')
        .trim(),
    )
    .filter((line) => line !== '');
}

export function createPairTools(processes: Processes, files: Files): PairTools {
  const run = async (
    argv: readonly string[],
    timeoutMs: number,
    stdin?: string,
  ): Promise<Result<void, string>> => {
    const outcome = await runProgram(processes, {
      argv,
      timeoutMs,
      ...(stdin === undefined ? {} : { stdin }),
    });
    if (!outcome.ok) return fail(outcome.error.message);
    return outcome.value.exitCode === 0 ? ok(undefined) : fail(refusal(argv, outcome.value).message);
  };
  return {
    async keepalivedComplaints(text) {
      const written = files.replace(CANDIDATE, encodeText(text), 0o600);
      if (!written.ok) return fail(`${written.error.message}.`);
      const argv = ['keepalived', '-t', '-f', CANDIDATE];
      const outcome = await runProgram(processes, { argv, timeoutMs: CHECK_MS });
      files.remove(CANDIDATE);
      if (!outcome.ok) return fail(outcome.error.message);
      const { exitCode, stdout, stderr } = outcome.value;
      if (exitCode === 0) return ok([]);
      const complaints = complaintsOf(`${stdout}\n${stderr}`);
      return ok(complaints.length > 0 ? complaints : [`it ended with ${exitCode}`]);
    },
    checkTable: (text) => run(['nft', '-c', '-f', '-'], CHECK_MS, text),
    checkFirewall: async () =>
      files.info('/sbin/fw4').ok || files.info('/usr/sbin/fw4').ok
        ? run(['fw4', 'check'], CHECK_MS)
        : ok(undefined),
    reload: (service) => run(COMMANDS[service], RELOAD_MS),
  };
}
