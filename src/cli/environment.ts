/** What the command line needs of the world; `main-*` gives it. */

import type { ImportError, Imported, ImportOptions } from '../core/import/imported.ts';
import type { Result } from '../lib/result.ts';
import type { BusError, BusTable } from '../ports/bus.ts';
import type { Files } from '../ports/files.ts';

/** Exit codes, those of the monitoring plugins for `check`, of sysexits.h for mistakes in the call. */
export const EXIT = {
  ok: 0,
  warning: 1,
  error: 2,
  /** The service does not answer, so nothing is known. */
  noService: 3,
  usage: 64,
  /** The configuration cannot be read or used for what was asked. */
  badConfig: 65,
  /** The service runs already (EX_TEMPFAIL: another attempt may do once it has ended). */
  running: 75,
} as const;

/**
 * Readers of other systems' configurations. The router's program has none: such files lie elsewhere, and its flash is
 * small.
 */
export type ForeignImporters = Readonly<
  Partial<
    Record<
      'fault_tolerant_router' | 'openbsd',
      (text: string, options: ImportOptions) => Result<Imported, ImportError>
    >
  >
>;

export interface CliEnvironment {
  /** After the program's name. */
  readonly args: readonly string[];
  readonly version: string;
  readonly files: Files;
  readonly foreignImporters: ForeignImporters;
  /** Standard output is a terminal that shows colours. */
  readonly colours: boolean;
  wallMs(): number;
  stdout(text: string): void;
  stderr(text: string): void;
  /** Calls a method of the service; connects at the first call. */
  call(path: string, method: string, args: BusTable): Promise<Result<BusTable, BusError>>;
  /** Becomes the daemon: returns at once and goes on running. */
  service(): void;
}

/** A code to end with; `null` = the program goes on (the daemon). */
export type Outcome = number | null;
