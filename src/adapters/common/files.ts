/**
 * `Files` on top of the few calls that the runtimes have, so that both behave alike: which file is replaced, what is
 * refused, what the messages say. Does no caching. Text of errors: `describeCode`.
 */
import { fail, ok, type Result } from '../../lib/result.ts';
import type { FileError, FileInfo, Files } from '../../ports/files.ts';
import { describeCode } from './errno-text.ts';

/** A value, or the errno name of the failure. */
export type Call<T> = Result<T, string>;

/** System calls, one to one; paths as given, results without interpretation. */
export interface FileCalls {
  openRead(path: string): Call<number>;
  /** O_CREAT | O_EXCL | O_WRONLY. */
  openNew(path: string, mode: number): Call<number>;
  /** O_CREAT | O_APPEND | O_WRONLY. */
  openAppend(path: string, mode: number): Call<number>;
  /** Fills from the start; 0 = end of file. */
  read(fd: number, into: Uint8Array): Call<number>;
  write(fd: number, bytes: Uint8Array): Call<number>;
  /** fsync, where the runtime has it. */
  sync(fd: number): Call<void>;
  close(fd: number): void;
  /** Makes sure that the file has exactly this mode, whatever the umask. */
  setMode(fd: number, path: string, mode: number): Call<void>;
  lstat(path: string): Call<FileInfo>;
  stat(path: string): Call<FileInfo>;
  list(path: string): Call<string[]>;
  makeOne(path: string, mode: number): Call<void>;
  rename(from: string, to: string): Call<void>;
  unlink(path: string): Call<void>;
  readLink(path: string): Call<string>;
  readonly pid: number;
}

const DEFAULT_MAX_BYTES = 4 * 1024 * 1024;
const READ_BYTES = 64 * 1024;
/** As the kernel's MAXSYMLINKS. */
const MAX_LINKS = 40;

const folderOf = (path: string): string => path.replace(/\/+[^/]*\/*$/, '') || '/';

/** By code point, as the port says; the plain `<` on strings compares UTF-16 units. */
function byCodePoint(a: string, b: string): number {
  const left = Array.from(a, (char) => char.codePointAt(0) ?? 0);
  const right = Array.from(b, (char) => char.codePointAt(0) ?? 0);
  const differs = left.findIndex((point, index) => point !== right[index]);
  if (differs < 0) return left.length - right.length;
  return (left[differs] as number) - (right[differs] ?? -1);
}

export function createFiles(calls: FileCalls): Files {
  let temporaries = 0;

  const failure = (
    verb: string,
    path: string,
    code: string,
  ): { readonly ok: false; readonly error: FileError } =>
    fail({ code, path, message: `Cannot ${verb} ${path}: ${describeCode(code)}.` });

  /** C strings end at NUL: such a path would name another file. */
  const checked = <T>(verb: string, path: string, run: () => Result<T, FileError>): Result<T, FileError> =>
    path === '' || path.includes('\0')
      ? failure(verb, path.replace(/\0/g, '?'), path === '' ? 'ENOENT' : 'EINVAL')
      : run();

  const simple = <T>(verb: string, path: string, run: () => Call<T>): Result<T, FileError> =>
    checked(verb, path, () => {
      const result = run();
      return result.ok ? result : failure(verb, path, result.error);
    });

  const readAll = (fd: number, maxBytes: number): Call<Uint8Array> => {
    const chunks: Uint8Array[] = [];
    let length = 0;
    for (;;) {
      const chunk = new Uint8Array(Math.min(READ_BYTES, maxBytes + 1 - length));
      const got = calls.read(fd, chunk);
      if (!got.ok) return got;
      if (got.value === 0) break;
      chunks.push(chunk.subarray(0, got.value));
      length += got.value;
      if (length > maxBytes) return fail('EFBIG');
    }
    const all = new Uint8Array(length);
    let at = 0;
    for (const chunk of chunks) {
      all.set(chunk, at);
      at += chunk.length;
    }
    return ok(all);
  };

  const writeAll = (fd: number, content: Uint8Array): Call<void> => {
    let at = 0;
    while (at < content.length) {
      const written = calls.write(fd, content.subarray(at));
      if (!written.ok) return written;
      if (written.value === 0) return fail('EIO');
      at += written.value;
    }
    return ok(undefined);
  };

  /** The file that a write to `path` would reach, also if it does not exist yet. */
  const followLinks = (path: string): Call<string> => {
    let current = path;
    for (let hops = 0; hops <= MAX_LINKS; hops += 1) {
      const info = calls.lstat(current);
      if (!info.ok) return info.error === 'ENOENT' ? ok(current) : info;
      if (info.value.kind !== 'symlink') return ok(current);
      const target = calls.readLink(current);
      if (!target.ok) return target;
      current = target.value.startsWith('/') ? target.value : `${folderOf(current)}/${target.value}`;
    }
    return fail('ELOOP');
  };

  /** A dot in front: globs of UCI and of shell scripts in the folder do not see it. */
  const openTemporary = (folder: string, mode: number): Call<{ fd: number; path: string }> => {
    for (let attempt = 0; attempt < 100; attempt += 1) {
      temporaries += 1;
      const path = `${folder === '/' ? '' : folder}/.hagw-${calls.pid}-${temporaries}.tmp`;
      const fd = calls.openNew(path, mode);
      if (fd.ok) return ok({ fd: fd.value, path });
      if (fd.error !== 'EEXIST') return fd;
    }
    return fail('EEXIST');
  };

  const replaceFile = (path: string, content: Uint8Array, mode: number): Call<void> => {
    const target = followLinks(path);
    if (!target.ok) return target;
    const old = calls.lstat(target.value);
    if (old.ok && old.value.kind !== 'file')
      return fail(old.value.kind === 'directory' ? 'EISDIR' : 'EINVAL');
    if (!old.ok && old.error !== 'ENOENT') return old;
    const wantedMode = old.ok ? old.value.mode : mode;
    const folder = folderOf(target.value);
    // Never more open than the file that it becomes; what the umask takes away comes back below.
    const temporary = openTemporary(folder, wantedMode);
    if (!temporary.ok) return temporary;
    const { fd, path: temporaryPath } = temporary.value;
    let result = writeAll(fd, content);
    if (result.ok) result = calls.setMode(fd, temporaryPath, wantedMode);
    if (result.ok) result = calls.sync(fd);
    calls.close(fd);
    if (result.ok) result = calls.rename(temporaryPath, target.value);
    if (!result.ok) {
      calls.unlink(temporaryPath);
      return result;
    }
    const folderFd = calls.openRead(folder);
    if (folderFd.ok) {
      calls.sync(folderFd.value);
      calls.close(folderFd.value);
    }
    return ok(undefined);
  };

  const appendTo = (path: string, content: Uint8Array, mode: number): Call<void> => {
    const info = calls.stat(path);
    if (info.ok && info.value.kind !== 'file')
      return fail(info.value.kind === 'directory' ? 'EISDIR' : 'EINVAL');
    const fd = calls.openAppend(path, mode);
    if (!fd.ok) return fd;
    const written = calls.write(fd.value, content);
    calls.close(fd.value);
    if (!written.ok) return written;
    return written.value === content.length ? ok(undefined) : fail('ENOSPC');
  };

  const makeFolders = (path: string, mode: number): Call<void> => {
    const existing = calls.stat(path);
    if (existing.ok) return existing.value.kind === 'directory' ? ok(undefined) : fail('EEXIST');
    if (existing.error !== 'ENOENT') return existing;
    const parent = folderOf(path);
    if (parent !== path) {
      const made = makeFolders(parent, mode);
      if (!made.ok) return made.error === 'EEXIST' ? fail('ENOTDIR') : made;
    }
    const made = calls.makeOne(path, mode);
    // Another process may have been faster.
    return made.ok || (made.error === 'EEXIST' && calls.stat(path).ok) ? ok(undefined) : made;
  };

  return {
    read: (path, maxBytes = DEFAULT_MAX_BYTES) =>
      simple('read', path, () => {
        // Opening a FIFO would block for good, and QuickJS opens folders without complaint.
        const info = calls.stat(path);
        if (!info.ok) return info;
        if (info.value.kind !== 'file') return fail(info.value.kind === 'directory' ? 'EISDIR' : 'EINVAL');
        const fd = calls.openRead(path);
        if (!fd.ok) return fd;
        const content = readAll(fd.value, maxBytes);
        calls.close(fd.value);
        return content;
      }),
    replace: (path, content, mode = 0o644) => simple('write', path, () => replaceFile(path, content, mode)),
    append: (path, content, mode = 0o644) => simple('add to', path, () => appendTo(path, content, mode)),
    list: (path) =>
      simple('list', path, () => {
        const names = calls.list(path);
        if (!names.ok) return names;
        return ok(names.value.filter((name) => name !== '.' && name !== '..').sort(byCodePoint));
      }),
    info: (path) => simple('look at', path, () => calls.lstat(path)),
    makeFolder: (path, mode = 0o755) => simple('make the folder', path, () => makeFolders(path, mode)),
    rename: (from, to) =>
      checked('rename', from, () =>
        checked('rename to', to, () => simple('rename', from, () => calls.rename(from, to))),
      ),
    remove: (path) => simple('remove', path, () => calls.unlink(path)),
    readLink: (path) => simple('read the link', path, () => calls.readLink(path)),
  };
}
