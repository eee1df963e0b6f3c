/** A file system in memory: whole files by path, no links, no modes. Refuses what a real one refuses. */
import { fail, ok, type Result } from '../../src/lib/result.ts';
import { decodeText, encodeText } from '../../src/lib/text.ts';
import type { FileError, FileInfo, Files } from '../../src/ports/files.ts';

export interface FakeFiles {
  readonly files: Files;
  write(path: string, text: string): void;
  remove(path: string): void;
  text(path: string): string | null;
  /** The path can be read no more: `code` is an errno name. */
  damage(path: string, code: string): void;
  /** Paths that were changed through the port. */
  readonly changed: string[];
}

export function createFakeFiles(initial: Readonly<Record<string, string>> = {}): FakeFiles {
  const contents = new Map(Object.entries(initial).map(([path, text]) => [path, encodeText(text)]));
  const damages = new Map<string, string>();
  const changed: string[] = [];
  const error = (code: string, path: string): { readonly ok: false; readonly error: FileError } =>
    fail({ code, path, message: `${path}: ${code}` });
  const isFolder = (path: string): boolean =>
    [...contents.keys()].some((file) => file.startsWith(`${path}/`));
  const info = (path: string): Result<FileInfo, FileError> => {
    const content = contents.get(path);
    if (content !== undefined)
      return ok({ kind: 'file', sizeBytes: content.length, mode: 0o644, modifiedMs: 0 });
    return isFolder(path)
      ? ok({ kind: 'directory', sizeBytes: 0, mode: 0o755, modifiedMs: 0 })
      : error('ENOENT', path);
  };
  const files: Files = {
    read(path, maxBytes = 4 * 1024 * 1024) {
      const code = damages.get(path);
      if (code !== undefined) return error(code, path);
      const content = contents.get(path);
      if (content === undefined) return error(isFolder(path) ? 'EISDIR' : 'ENOENT', path);
      return content.length > maxBytes ? error('EFBIG', path) : ok(content);
    },
    replace(path, content) {
      changed.push(path);
      contents.set(path, content);
      return ok(undefined);
    },
    append(path, content) {
      changed.push(path);
      contents.set(path, new Uint8Array([...(contents.get(path) ?? []), ...content]));
      return ok(undefined);
    },
    list(path) {
      const names = [...contents.keys()]
        .filter((file) => file.startsWith(`${path}/`))
        .map((file) => file.slice(path.length + 1).split('/')[0] ?? '');
      if (contents.has(path)) return error('ENOTDIR', path);
      return names.length === 0 ? error('ENOENT', path) : ok([...new Set(names)].sort());
    },
    info,
    makeFolder: () => ok(undefined),
    rename: (from) => error('ENOSYS', from),
    remove(path) {
      changed.push(path);
      return contents.delete(path) ? ok(undefined) : error('ENOENT', path);
    },
    readLink: (path) => error('EINVAL', path),
  };
  return {
    files,
    changed,
    write: (path, text) => {
      contents.set(path, encodeText(text));
      damages.delete(path);
    },
    remove: (path) => {
      contents.delete(path);
    },
    text: (path) => {
      const content = contents.get(path);
      return content === undefined ? null : decodeText(content);
    },
    damage: (path, code) => {
      damages.set(path, code);
    },
  };
}
