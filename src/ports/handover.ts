import type { Result } from '../lib/result.ts';

/** The handover script and its table. Errors are whole sentences. */
export interface Handover {
  /** Devices on which this router does not serve; null = there is no table. */
  standby(): Promise<Result<readonly string[] | null, string>>;
  /** Runs the script to its end; its own journal says what came of it. */
  run(words: readonly string[]): Promise<Result<void, string>>;
}
