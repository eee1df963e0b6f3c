/**
 * The command `uci`: verbs, options, output, messages and exit statuses of OpenWrt's. `runUci` needs nothing of the
 * world but what `UciIo` gives.
 */
import { UciSyntaxError } from '../scanner.ts';
import { runCommand, USAGE_STATUS } from './commands.ts';
import { type Context, createContext } from './context.ts';
import type { UciIo } from './io.ts';
import { readOptions, USAGE } from './usage.ts';

export type { UciIo } from './io.ts';

/** How many words a line of `batch` may have. */
const BATCH_WORDS = 3;

/** C's words for the errors that opening a file meets. */
const ERROR_TEXTS: Readonly<Record<string, string>> = {
  ENOENT: 'No such file or directory',
  EACCES: 'Permission denied',
  EISDIR: 'Is a directory',
};

/** Words of a batch line up to `;` or a comment: only its first command counts. */
function batchWords(context: Context): string[] | undefined {
  const words: string[] = [];
  for (;;) {
    const { value } = context.input().word();
    if (value === '') return words;
    if (words.length === BATCH_WORDS) return undefined;
    words.push(value);
  }
}

/** Commands from the input, one a line, errors passed over. `exit` ends it. */
function batch(context: Context): number {
  const { io, options } = context;
  const tell = (text: string): void => {
    if (!options.quiet) io.stderr(text);
  };
  const input = context.input();
  while (input.readLine()) {
    let words: string[] | undefined;
    try {
      words = batchWords(context);
    } catch (error) {
      if (!(error instanceof UciSyntaxError)) throw error;
      tell(`uci: ${error.message}\n`);
      continue;
    }
    if (words === undefined) {
      tell('Too many arguments\n');
      continue;
    }
    const verb = words[0]?.toLowerCase();
    if (verb === undefined) continue;
    if (verb === 'exit') return 0;
    if (verb === 'help') io.stderr(USAGE);
    else if (runCommand(context, words) === USAGE_STATUS) tell('Unknown command\n');
  }
  return 0;
}

/** Runs `uci` with these arguments (without the program's name); gives the exit status. */
export function runUci(args: readonly string[], io: UciIo): number {
  const read = readOptions(args);
  if (!read.ok || read.rest.length === 0) {
    io.stderr(`${read.ok ? '' : read.message}${USAGE}`);
    return 0;
  }
  const { options, rest } = read;
  const file = options.inputFile === null ? undefined : io.files.read(options.inputFile);
  if (file?.ok === false) {
    if (!options.quiet) io.stderr(`uci: ${ERROR_TEXTS[file.error.code] ?? file.error.message}`);
    return 1;
  }
  const context = createContext(io, options, file?.value);
  const verb = rest[0]?.toLowerCase();
  if (verb === 'batch') return batch(context);
  const status = verb === 'help' ? 0 : runCommand(context, rest);
  if (verb === 'help' || status === USAGE_STATUS) io.stderr(USAGE);
  return status;
}
