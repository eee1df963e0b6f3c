/**
 * What the store needs of a file system. A structural type: any object with these methods will do, and this package
 * imports none. Paths are absolute; failures are values with the errno's name in `code`.
 */
import type { UciResult } from './model.ts';

export interface UciFileError {
  readonly code: string;
  readonly path: string;
  readonly message: string;
}

export interface UciFileInfo {
  readonly kind: 'file' | 'directory' | 'symlink' | 'other';
  /** Permission bits. */
  readonly mode: number;
}

export interface UciFiles {
  read(path: string, maxBytes?: number): UciResult<Uint8Array, UciFileError>;
  /** Atomic: readers see the old or the new content. Keeps the mode of an existing file, else `mode`. */
  replace(path: string, content: Uint8Array, mode?: number): UciResult<void, UciFileError>;
  /** Creates the file or adds to its end in one write. */
  append(path: string, content: Uint8Array, mode?: number): UciResult<void, UciFileError>;
  list(path: string): UciResult<readonly string[], UciFileError>;
  info(path: string): UciResult<UciFileInfo, UciFileError>;
  makeFolder(path: string, mode?: number): UciResult<void, UciFileError>;
  /**
   * flock(2) on the file, exclusive or shared, waiting; gives the function that lets go. Absent where the runtime has no
   * flock: then nothing keeps a libuci process from writing between our last read and our rename.
   */
  lock?(path: string, exclusive: boolean): UciResult<() => void, UciFileError>;
}
