import type { Result } from '../lib/result.ts';

/** Why a file operation failed; `code` is the errno name (`ENOENT`, `EACCES`, …) or `EUNKNOWN`. */
export interface FileError {
  readonly code: string;
  readonly path: string;
  /** A whole sentence with the path. */
  readonly message: string;
}

export interface FileInfo {
  readonly kind: 'file' | 'directory' | 'symlink' | 'other';
  readonly sizeBytes: number;
  /** Permission bits, e.g. 0o644. */
  readonly mode: number;
  /** Last change of the content, ms since 1970. */
  readonly modifiedMs: number;
}

/**
 * The file system, synchronous: what hagw reads are small files on a RAM disk or flash, and QuickJS has
 * no other way. Paths are absolute.
 */
export interface Files {
  /** The whole file; `EFBIG` if it is longer than `maxBytes` (default 4 MiB). */
  read(path: string, maxBytes?: number): Result<Uint8Array, FileError>;
  /**
   * Replaces the file at once: a temporary file in the same folder, synced where the runtime can, then renamed.
   * Readers see the old or the new content, never a part. Keeps the mode of an existing file, else `mode`
   * (default 0o644); a symbolic link stays and its target is replaced.
   */
  replace(path: string, content: Uint8Array, mode?: number): Result<void, FileError>;
  /** Creates the file or adds to its end in one write. */
  append(path: string, content: Uint8Array, mode?: number): Result<void, FileError>;
  /** Names in the folder without `.` and `..`, sorted by code point. */
  list(path: string): Result<readonly string[], FileError>;
  /** Of the path itself: symbolic links are not followed. */
  info(path: string): Result<FileInfo, FileError>;
  /** Creates the folder and missing parents; an existing one is no error. */
  makeFolder(path: string, mode?: number): Result<void, FileError>;
  rename(from: string, to: string): Result<void, FileError>;
  /** Removes a file or symbolic link; one that is missing is an error (`ENOENT`). */
  remove(path: string): Result<void, FileError>;
  /** Where a symbolic link points, as it is written there. */
  readLink(path: string): Result<string, FileError>;
}
