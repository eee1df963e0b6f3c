import type { UciFiles } from '../files.ts';

/** All that the command needs of the world. */
export interface UciIo {
  readonly files: UciFiles;
  stdout(text: string): void;
  stderr(text: string): void;
  /** Standard input to its end. */
  readStdin(): Uint8Array;
}
