/**
 * What is checked before a program is started, so that both runtimes refuse in the same words. QuickJS' child can
 * only say "127" when exec fails; Node says why a moment later.
 */
import { fail, ok, type Result } from '../../lib/result.ts';
import type { FileInfo } from '../../ports/files.ts';
import type { ProcessOptions, StartError } from '../../ports/processes.ts';

/** As busybox and OpenWrt's /etc/profile have it, for an environment without PATH. */
const DEFAULT_PATH = '/usr/sbin:/usr/bin:/sbin:/bin';
const ANY_EXECUTE = 0o111;

export interface Surroundings {
  /** Of what the path leads to; symbolic links are followed. */
  stat(path: string): FileInfo | undefined;
  env(name: string): string | undefined;
}

/** The file that argv[0] means. `ENOENT`, `EACCES` (not executable, a folder) or `EINVAL` (empty, NUL inside). */
export function findProgram(
  argv: readonly string[],
  options: ProcessOptions,
  surroundings: Surroundings,
): Result<string, StartError> {
  const refuse = (code: string, message: string) => fail({ code, argv, message });
  const name = argv[0];
  if (name === undefined || name === '') return refuse('EINVAL', 'No program was named.');
  const texts = [
    ...argv,
    options.cwd ?? '',
    ...Object.entries(options.env ?? {}).map((pair) => pair.join('=')),
  ];
  if (texts.some((text) => text.includes('\0'))) {
    return refuse('EINVAL', `Cannot start ${name.replace(/\0/g, '?')}: an argument holds a NUL byte.`);
  }
  if (options.cwd !== undefined && surroundings.stat(options.cwd)?.kind !== 'directory') {
    return refuse('ENOENT', `Cannot start ${name} in ${options.cwd}: there is no such folder.`);
  }
  const candidates: string[] = [];
  if (name.includes('/')) {
    candidates.push(name.startsWith('/') || options.cwd === undefined ? name : `${options.cwd}/${name}`);
  } else {
    const path = (options.env === undefined ? surroundings.env('PATH') : options.env['PATH']) || DEFAULT_PATH;
    candidates.push(...path.split(':').map((folder) => `${folder === '' ? '.' : folder}/${name}`));
  }
  let forbidden: string | undefined;
  for (const candidate of candidates) {
    const info = surroundings.stat(candidate);
    if (info === undefined) continue;
    if (info.kind === 'file' && (info.mode & ANY_EXECUTE) !== 0) return ok(candidate);
    forbidden ??= candidate;
  }
  if (forbidden !== undefined) {
    return refuse('EACCES', `Cannot start ${name}: ${forbidden} is not an executable file.`);
  }
  return refuse('ENOENT', `Cannot start ${name}: there is no such program.`);
}
