/// <reference path="./modules.d.ts" />
/**
 * The calls of `os` behind `Files`. QuickJS has no fsync: a replaced file is whole for every reader at every moment,
 * but may be the old or an empty one after a loss of power (docs/runtime.md).
 */
import * as os from 'os';
import { fail, ok } from '../../lib/result.ts';
import type { FileInfo } from '../../ports/files.ts';
import { type Call, createFiles, type FileCalls } from '../common/files.ts';
import { errnoName } from './errno.ts';
import { mayBeTriedAgain } from './pipes.ts';

const PERMISSIONS = 0o7777;

function numberOf(result: number): Call<number> {
  return result < 0 ? fail(errnoName(result)) : ok(result);
}

function nothingOf(result: number): Call<void> {
  return result < 0 ? fail(errnoName(result)) : ok(undefined);
}

function infoOf([found, errno]: [os.Stat | null, number]): Call<FileInfo> {
  if (errno !== 0 || found === null) return fail(errnoName(errno));
  const type = found.mode & os.S_IFMT;
  const kinds: Readonly<Record<number, FileInfo['kind']>> = {
    [os.S_IFREG]: 'file',
    [os.S_IFDIR]: 'directory',
    [os.S_IFLNK]: 'symlink',
  };
  return ok({
    kind: kinds[type] ?? 'other',
    sizeBytes: found.size,
    mode: found.mode & PERMISSIONS,
    modifiedMs: found.mtime,
  });
}

/** The number of our process; QuickJS of 2021 has no getpid. */
export function ownPid(): number {
  const [target, errno] = os.readlink('/proc/self');
  return errno === 0 ? Number(target) : 0;
}

const calls: FileCalls = {
  openRead: (path) => numberOf(os.open(path, os.O_RDONLY)),
  openNew: (path, mode) => numberOf(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)),
  openAppend: (path, mode) => numberOf(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, mode)),
  read: (fd, into) => numberOf(os.read(fd, into.buffer, into.byteOffset, into.length)),
  write: (fd, bytes) => numberOf(os.write(fd, bytes.buffer, bytes.byteOffset, bytes.length)),
  sync: () => ok(undefined),
  close: (fd) => {
    os.close(fd);
  },
  setMode(_fd, path, mode) {
    const info = infoOf(os.lstat(path));
    if (!info.ok || info.value.mode === mode) return info.ok ? ok(undefined) : info;
    // Neither chmod nor umask in QuickJS; busybox and coreutils have the program.
    const exit = os.exec(['chmod', mode.toString(8), path], { block: true });
    return exit === 0 ? ok(undefined) : fail('EPERM');
  },
  lstat: (path) => infoOf(os.lstat(path)),
  stat: (path) => infoOf(os.stat(path)),
  list(path) {
    const [names, errno] = os.readdir(path);
    return errno === 0 ? ok(names) : fail(errnoName(errno));
  },
  makeOne: (path, mode) => nothingOf(os.mkdir(path, mode)),
  rename: (from, to) => nothingOf(os.rename(from, to)),
  unlink(path) {
    // remove(3) takes empty folders away, too; this is for files.
    const info = infoOf(os.lstat(path));
    if (!info.ok) return info;
    return info.value.kind === 'directory' ? fail('EISDIR') : nothingOf(os.remove(path));
  },
  readLink(path) {
    const [target, errno] = os.readlink(path);
    return errno === 0 ? ok(target) : fail(errnoName(errno));
  },
  pid: ownPid(),
};

export const qjsFiles = createFiles(calls);

/** What a path leads to, links followed. */
export function statOf(path: string): FileInfo | undefined {
  const info = calls.stat(path);
  return info.ok ? info.value : undefined;
}

/** Writes all, blocking; errno name of the failure. For standard output and error. */
export function writeWhole(fd: number, bytes: Uint8Array): Call<void> {
  for (let done = 0; done < bytes.length; ) {
    const written = os.write(fd, bytes.buffer, bytes.byteOffset + done, bytes.length - done);
    if (written >= 0) done += written;
    else if (mayBeTriedAgain(written)) os.sleep(1);
    else return fail(errnoName(written));
  }
  return ok(undefined);
}

/** Runtime.keepOpen. A call of `open`, `stat` or `close` would cost as much as the read. */
export function keepOpen(path: string): () => string | null {
  const buffer = new Uint8Array(4096);
  let fd = -1;
  return () => {
    if (fd < 0) fd = os.open(path, os.O_RDONLY);
    let text = '';
    let got = fd < 0 ? fd : os.seek(fd, 0, 0);
    while (got >= 0) {
      got = os.read(fd, buffer.buffer, 0, buffer.length);
      if (got === 0) return text;
      text += String.fromCharCode(...buffer.subarray(0, Math.max(0, got)));
    }
    if (fd >= 0) os.close(fd);
    fd = -1;
    return null;
  };
}

/** Reads to the end of the descriptor, blocking. What fails ends it. */
export function readWhole(fd: number): Uint8Array {
  let all = new Uint8Array(65536);
  let length = 0;
  for (;;) {
    if (length === all.length) {
      const more = new Uint8Array(all.length * 2);
      more.set(all);
      all = more;
    }
    const got = os.read(fd, all.buffer, length, all.length - length);
    if (got > 0) length += got;
    else if (mayBeTriedAgain(got)) os.sleep(1);
    else return all.slice(0, length);
  }
}
