/** UCI packages of a folder. */
import { LARGEST_CONFIG, parseConfig } from '../core/config/parse.ts';
import type { UciReading } from '../core/config/uci.ts';
import type { Files } from '../ports/files.ts';

export function readPackage(files: Files, folder: string, name: string): UciReading {
  return parseConfig(name, files.read(`${folder}/${name}`, LARGEST_CONFIG));
}
