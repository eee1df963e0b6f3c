/**
 * Files for the UCI store of the stand-ins, on Node. As small as that: no fsync, and a lock is not needed, since each
 * process of the lab that writes /etc/config renames whole files.
 */
import {
  appendFileSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import type { UciFileError, UciFiles } from 'uci-parser';

const MAX_BYTES = 4 * 1024 * 1024;
let unique = 0;

function attempt<T>(
  path: string,
  work: () => T,
): { ok: true; value: T } | { ok: false; error: UciFileError } {
  try {
    return { ok: true, value: work() };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'EUNKNOWN';
    return { ok: false, error: { code, path, message: String(error) } };
  }
}

function replace(path: string, content: Uint8Array, mode: number): void {
  let target = path;
  let kept = mode;
  try {
    target = realpathSync(path);
    kept = statSync(target).mode & 0o7777;
  } catch {
    // a new file
  }
  unique += 1;
  const temporary = `${target}.${process.pid}.${unique}`;
  writeFileSync(temporary, content, { mode: kept });
  renameSync(temporary, target);
}

export const nodeFiles: UciFiles = {
  read: (path, maxBytes = MAX_BYTES) =>
    attempt(path, () => {
      const bytes = readFileSync(path);
      if (bytes.length > maxBytes) throw Object.assign(new Error('The file is too long.'), { code: 'EFBIG' });
      return new Uint8Array(bytes);
    }),
  replace: (path, content, mode = 0o644) => attempt(path, () => replace(path, content, mode)),
  append: (path, content, mode = 0o644) => attempt(path, () => appendFileSync(path, content, { mode })),
  list: (path) => attempt(path, () => readdirSync(path).sort()),
  info: (path) =>
    attempt(path, () => {
      const stat = lstatSync(path);
      const kind = stat.isFile()
        ? 'file'
        : stat.isDirectory()
          ? 'directory'
          : stat.isSymbolicLink()
            ? 'symlink'
            : 'other';
      return { kind, mode: stat.mode & 0o7777 };
    }),
  makeFolder: (path, mode = 0o755) =>
    attempt(path, () => {
      mkdirSync(path, { recursive: true, mode });
    }),
};
