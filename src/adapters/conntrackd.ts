/**
 * Conntrack through conntrackd's own client (`conntrackd -s …`), which finds the control socket in the configuration file.
 * A running conntrackd lets every command succeed, so only its absence and a wedged socket show here.
 */
import { decodeConntrackd, decodeCounters } from '../core/conntrackd/decode.ts';
import type { ConntrackFacts } from '../core/conntrackd/facts.ts';
import { CONNTRACKD_PLACES } from '../core/conntrackd/places.ts';
import { CANARY } from '../core/conntrackd/survive.ts';
import { type ReadError, readError } from '../core/neighbours/read-error.ts';
import { fail, ok, type Result } from '../lib/result.ts';
import { decodeText } from '../lib/text.ts';
import type { Conntrack } from '../ports/conntrack.ts';
import type { Processes } from '../ports/processes.ts';
import { refusal, runProgram } from './kernel-program.ts';

/** Where OpenWrt's init script of conntrackd looks. */
const CONNTRACKD_CONFIG = '/etc/conntrackd/conntrackd.conf';
/** The longest of the three outputs has about 1 KiB. */
const MAX_OUTPUT_BYTES = 65536;
/** Queue and runtime are read with one read of so many: two processes more. */
const SLOWLY = 6;

/**
 * @param configFile the one conntrackd runs with.
 * @param timeoutMs for each of the three commands.
 * @param isLocked whether `CONNTRACKD_PLACES.lockFile` exists: a killed conntrackd leaves it behind, does not start
 *   again because of it, and procd gives up after five attempts.
 */
export function createConntrackd(
  processes: Processes,
  configFile: string = CONNTRACKD_CONFIG,
  timeoutMs = 2000,
  isLocked: () => boolean = () => false,
): Conntrack {
  let reads = 0;
  let inside: Pick<ConntrackFacts, 'inside'> = {};
  const ask = async (...what: string[]): Promise<Result<string, ReadError>> => {
    const argv = ['conntrackd', '-C', configFile, '-s', ...what];
    const completed = await processes.run(argv, { timeoutMs, maxOutputBytes: MAX_OUTPUT_BYTES });
    if (!completed.ok) {
      return completed.error.code === 'ENOENT'
        ? fail(readError('absent', 'conntrackd is not installed: there is no program of that name.'))
        : fail(readError('failed', `conntrackd cannot be started: ${completed.error.message}`));
    }
    const { exit, stdout, stderr, timedOut, truncated } = completed.value;
    const command = argv.join(' ');
    if (timedOut) {
      return fail(
        readError('timeout', `conntrackd did not answer to \`${command}\` within ${timeoutMs} ms.`),
      );
    }
    if (truncated) return fail(readError('malformed', `The output of \`${command}\` is far too long.`));
    if (exit.kind === 'exited' && exit.code === 0) return ok(decodeText(stdout));
    return fail(unanswered(command, configFile, decodeText(stderr), isLocked));
  };

  return {
    async read() {
      const statistics = await ask();
      if (!statistics.ok) return statistics;
      const network = await ask('network');
      if (!network.ok) return network;
      const link = await ask('link');
      if (!link.ok) return link;
      if (reads % SLOWLY === 0) {
        const queue = await ask('queue');
        const runtime = await ask('runtime');
        if (queue.ok && runtime.ok)
          inside = { inside: { ...decodeCounters(queue.value), ...decodeCounters(runtime.value) } };
      }
      reads += 1;
      const facts = decodeConntrackd({
        statistics: statistics.value,
        network: network.value,
        link: link.value,
      });
      return facts.ok ? ok({ ...facts.value, ...inside }) : facts;
    },
    async canary() {
      const argv = ['conntrack', '-I', '-p', 'udp', '-s', CANARY.source, '-d', CANARY.destination];
      argv.push('--sport', '9', '--dport', '9', '-u', 'SEEN_REPLY', '-t', '5');
      const outcome = await runProgram(processes, { argv, timeoutMs });
      if (!outcome.ok) return fail(outcome.error.message);
      return outcome.value.exitCode === 0 || outcome.value.stderr.includes('File exists')
        ? ok(undefined)
        : fail(refusal(argv, outcome.value).message);
    },
  };
}

function unanswered(command: string, configFile: string, stderr: string, isLocked: () => boolean): ReadError {
  if (stderr.includes("can't connect")) {
    const lock = isLocked()
      ? ` Its lock file ${CONNTRACKD_PLACES.lockFile} is there: if a crash left it behind, remove it and run /etc/init.d/conntrackd restart.`
      : '';
    return readError(
      'absent',
      `conntrackd does not run: nobody answers on the control socket of ${configFile}.${lock}`,
    );
  }
  if (stderr.includes("can't open config file")) {
    return readError('absent', `conntrackd does not run: its configuration ${configFile} cannot be read.`);
  }
  return readError('failed', `\`${command}\` failed: ${firstLine(stderr) || 'it gave no reason'}.`);
}

/** The first line in characters that are safe in a log line, at most 200 of them. */
function firstLine(text: string): string {
  const [line = ''] = text.trim().split('\n');
  return line.replace(/[^\x20-\x7e]/g, '?').slice(0, 200);
}
