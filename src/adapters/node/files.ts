/** The calls of `node:fs` behind `Files`. Replaced files and their folder are synced. */
import {
  closeSync,
  constants,
  fchmodSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  renameSync,
  type Stats,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { fail, ok } from '../../lib/result.ts';
import type { FileInfo } from '../../ports/files.ts';
import { type Call, createFiles, type FileCalls } from '../common/files.ts';

const { O_APPEND, O_CREAT, O_EXCL, O_RDONLY, O_WRONLY } = constants;

function call<T>(run: () => T): Call<T> {
  try {
    return ok(run());
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    return fail(code !== undefined && /^E[A-Z0-9]+$/.test(code) ? code : 'EUNKNOWN');
  }
}

function infoOf(found: Stats): FileInfo {
  const kind = found.isFile()
    ? 'file'
    : found.isDirectory()
      ? 'directory'
      : found.isSymbolicLink()
        ? 'symlink'
        : 'other';
  return { kind, sizeBytes: found.size, mode: found.mode & 0o7777, modifiedMs: found.mtimeMs };
}

const calls: FileCalls = {
  openRead: (path) => call(() => openSync(path, O_RDONLY)),
  openNew: (path, mode) => call(() => openSync(path, O_WRONLY | O_CREAT | O_EXCL, mode)),
  openAppend: (path, mode) => call(() => openSync(path, O_WRONLY | O_CREAT | O_APPEND, mode)),
  read: (fd, into) => call(() => readSync(fd, into)),
  write: (fd, bytes) => call(() => writeSync(fd, bytes)),
  sync: (fd) => call(() => fsyncSync(fd)),
  close: closeSync,
  setMode: (fd, _path, mode) => call(() => fchmodSync(fd, mode)),
  lstat: (path) => call(() => infoOf(lstatSync(path))),
  stat: (path) => call(() => infoOf(statSync(path))),
  list: (path) => call(() => readdirSync(path)),
  makeOne: (path, mode) => call(() => mkdirSync(path, { mode })),
  rename: (from, to) => call(() => renameSync(from, to)),
  unlink: (path) => call(() => unlinkSync(path)),
  readLink: (path) => call(() => readlinkSync(path)),
  pid: process.pid,
};

export const nodeFiles = createFiles(calls);

/** What a path leads to, links followed. */
export function statOf(path: string): FileInfo | undefined {
  const info = calls.stat(path);
  return info.ok ? info.value : undefined;
}
