/** How nft, ip and conntrack are run: arguments in an array, input by a pipe, bounded output, bounded time, one way to say what went wrong. */
import { fail, ok, type Result } from '../lib/result.ts';
import { decodeText, encodeText } from '../lib/text.ts';
import type { KernelError } from '../ports/kernel-error.ts';
import type { Processes } from '../ports/processes.ts';

export interface ProgramRun {
  readonly argv: readonly string[];
  readonly stdin?: string;
  readonly timeoutMs: number;
  /** Of each output; more is an error of the code `malformed`. */
  readonly maxOutputBytes?: number;
}

export interface ProgramOutput {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs it to its end, whatever it ends with. */
export async function runProgram(
  processes: Processes,
  { argv, stdin, timeoutMs, maxOutputBytes = 65536 }: ProgramRun,
): Promise<Result<ProgramOutput, KernelError>> {
  const name = argv[0] ?? '';
  const completed = await processes.run(argv, {
    timeoutMs,
    maxOutputBytes,
    ...(stdin === undefined ? {} : { stdin: encodeText(stdin) }),
  });
  if (!completed.ok) {
    return completed.error.code === 'ENOENT'
      ? fail({ code: 'absent', message: `${name} is not installed: there is no program of that name.` })
      : fail({ code: 'refused', message: `${name} cannot be started: ${completed.error.message}.` });
  }
  const { exit, timedOut, truncated, stdout, stderr } = completed.value;
  const command = argv.join(' ');
  if (timedOut)
    return fail({
      code: 'timeout',
      message: `\`${command}\` was ended after ${timeoutMs} ms without an end of its own.`,
    });
  if (truncated)
    return fail({
      code: 'malformed',
      message: `The output of \`${command}\` is longer than ${maxOutputBytes} bytes.`,
    });
  if (exit.kind === 'signalled')
    return fail({ code: 'refused', message: `\`${command}\` was ended by signal ${exit.signal}.` });
  return ok({ exitCode: exit.code, stdout: decodeText(stdout), stderr: decodeText(stderr) });
}

/** A refusal with the program's own first words. */
export function refusal(argv: readonly string[], { exitCode, stderr }: ProgramOutput): KernelError {
  const reason = reasonOf(stderr);
  return {
    code: 'refused',
    message: `\`${argv.join(' ')}\` failed: ${reason === '' ? `it ended with ${exitCode}` : reason}.`,
  };
}

/** The first two lines that say something (nft and ip draw arrows and name the line after them), printable, at most 300 characters. */
export function reasonOf(stderr: string): string {
  return stderr
    .split('\n')
    .map((line) => line.replace(/[^\x20-\x7e]/g, '?').trim())
    .filter((line) => line !== '' && !/^[\^~ ]+$/.test(line))
    .slice(0, 2)
    .join('; ')
    .replace(/\.$/, '')
    .slice(0, 300);
}
