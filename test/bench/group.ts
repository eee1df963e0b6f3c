/** What a module of measurements is: its rows' names, known before anything runs, and how to measure them. */
import type { Lab } from '../lab/lab.ts';
import type { Row } from './rows.ts';

export interface BenchContext {
  /** The pair, up and settled; made at the first call and shared by all groups of this run. */
  lab(): Promise<Lab>;
  /** The repository. */
  readonly root: string;
  /** What is being done, for a person who waits; not part of the result. */
  say(line: string): void;
}

export interface BenchGroup {
  /** Names of all rows that `run` gives. */
  readonly names: readonly string[];
  run(context: BenchContext): Promise<readonly Row[]>;
}
