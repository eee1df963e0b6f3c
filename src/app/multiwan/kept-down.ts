/** WANs that were switched off by hand for longer than a run: names in a file of /var/run, which a reboot empties. */
import { decodeText, encodeText } from '../../lib/text.ts';
import type { Files } from '../../ports/files.ts';

const FOLDER = '/var/run/hagw';
const PATH = `${FOLDER}/down.json`;

/** What cannot be read is as good as no file. */
export function readKeptDown(files: Files): readonly string[] {
  const content = files.read(PATH, 65_536);
  try {
    const names: unknown = content.ok ? JSON.parse(decodeText(content.value)) : [];
    return Array.isArray(names) ? names.filter((name): name is string => typeof name === 'string') : [];
  } catch {
    return [];
  }
}

/** Why they could not be kept; null if they are. */
export function writeKeptDown(files: Files, names: readonly string[]): string | null {
  const folder = files.makeFolder(FOLDER);
  const done = folder.ok ? files.replace(PATH, encodeText(JSON.stringify(names)), 0o600) : folder;
  return done.ok ? null : done.error.message;
}
