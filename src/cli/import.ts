/**
 * `hagw import`: what of another system's configuration holds here, as sections for /etc/config/mwan3 and notes. Reads the one
 * file (and UCI `network`, for the names of interfaces), writes nothing.
 */

import { readDevices } from '../core/config/network.ts';
import { CONFIG_FOLDER, LARGEST_CONFIG, parseConfig } from '../core/config/parse.ts';
import type { UciReading } from '../core/config/uci.ts';
import type { ImportError, Imported, ImportNote } from '../core/import/imported.ts';
import { importMwan3 } from '../core/import/mwan3.ts';
import { printNotes, printSections } from '../core/import/print.ts';
import { fail, ok, type Result } from '../lib/result.ts';
import { decodeText } from '../lib/text.ts';
import type { Files } from '../ports/files.ts';
import type { Parsed } from './arguments.ts';
import { type CliEnvironment, EXIT, type ForeignImporters } from './environment.ts';
import { clean } from './format.ts';

const IMPORT_SYSTEMS = ['mwan3', 'fault_tolerant_router', 'openbsd'] as const;
type System = (typeof IMPORT_SYSTEMS)[number];

/** What a file is, by the line that each of them must have; null = none of the three. */
function systemOf(text: string): System | null {
  if (/^[ \t]*config[ \t]+['"]?(globals|interface|member|policy|rule)\b/m.test(text)) return 'mwan3';
  if (/^uplinks:/m.test(text)) return 'fault_tolerant_router';
  if (/^[^#\n]*\broute\b.*\badd\b.*\bdefault\b/m.test(text)) return 'openbsd';
  return null;
}

/** Names of netifd interfaces by their device; none where there is no UCI `network` (the file may be from elsewhere). */
function interfacesByDevice(files: Files, folder: string): Readonly<Record<string, string>> {
  const network = parseConfig('network', files.read(`${folder}/network`, LARGEST_CONFIG));
  if (network.kind !== 'read') return {};
  return Object.fromEntries(
    Object.entries(readDevices(network.sections)).map(([name, device]) => [device, name]),
  );
}

function mwan3(reading: UciReading): Result<Imported, string> {
  switch (reading.kind) {
    case 'read':
      return ok(importMwan3(reading.sections));
    case 'missing':
      return fail('There is no such file.');
    default:
      return fail(reading.message);
  }
}

function placed(result: Result<Imported, ImportError>): Result<Imported, string> {
  return result.ok ? result : fail(`Line ${result.error.line}: ${result.error.text}`);
}

/** The import of a file, or of the file mwan3 in a folder; errors begin with the place. */
function importFile(
  files: Files,
  path: string,
  from: System | null,
  folder: string,
  foreign: ForeignImporters,
): Result<Imported, string> {
  const info = files.info(path);
  const isFolder = info.ok && info.value.kind === 'directory';
  if (isFolder && from !== null && from !== 'mwan3')
    return fail(`${path}: Is a folder, but a configuration of ${from} is one file.`);
  const file = isFolder ? `${path.replace(/\/+$/, '')}/mwan3` : path;
  const content = files.read(file, LARGEST_CONFIG);
  if (!content.ok)
    return fail(
      content.error.code === 'ENOENT' ? `There is no file ${file}.` : `${file}: ${content.error.message}`,
    );
  const text = decodeText(content.value);
  const system = from ?? (isFolder ? 'mwan3' : systemOf(text));
  if (system === null)
    return fail(`${file}: Is none of ${IMPORT_SYSTEMS.join(', ')} by its looks; say which with --from.`);
  const read = system === 'mwan3' ? null : foreign[system];
  if (read === undefined)
    return fail(`${file}: The router's program does not read ${system}; run hagw import on another machine.`);
  const imported =
    read === null
      ? mwan3(parseConfig('mwan3', content))
      : placed(read(text, { interfaces: interfacesByDevice(files, folder) }));
  return imported.ok ? imported : fail(`${file}: ${imported.error}`);
}

/** Notes speak in the words of the file: without what a terminal would obey. */
function shownNotes(notes: readonly ImportNote[]): string {
  return printNotes(notes.map((note) => ({ ...note, from: clean(note.from), text: clean(note.text) })));
}

/** Sections on standard output, notes on standard error; an exit code, or a sentence about the call. */
export function runImport(env: CliEnvironment, parsed: Parsed): Result<number, string> {
  const wanted = parsed.options.get('from') ?? null;
  const from = IMPORT_SYSTEMS.find((system) => system === wanted) ?? null;
  if (wanted !== null && from === null)
    return fail(`Option '--from' must be ${IMPORT_SYSTEMS.slice(0, -1).join(', ')} or openbsd.`);
  const folder = parsed.options.get('config') ?? CONFIG_FOLDER;
  const imported = importFile(env.files, parsed.words[0] ?? '', from, folder, env.foreignImporters);
  if (!imported.ok) {
    env.stderr(`hagw: ${clean(imported.error)}\n`);
    return ok(EXIT.badConfig);
  }
  const { sections, notes } = imported.value;
  if (parsed.options.has('json')) {
    env.stdout(`${JSON.stringify({ sections, notes })}\n`);
    return ok(EXIT.ok);
  }
  env.stdout(printSections(sections));
  env.stderr(shownNotes(notes));
  return ok(EXIT.ok);
}
