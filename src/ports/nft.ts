import type { TableFacts } from '../core/plan/decode-nft.ts';
import type { Result } from '../lib/result.ts';
import type { KernelError } from './kernel-error.ts';

export type { TableFacts } from '../core/plan/decode-nft.ts';
export type { KernelError } from './kernel-error.ts';

/** nftables by the program nft (1.0.6 and later, built with JSON). */
export interface Nft {
  /** Asks the kernel whether it would take the text; changes nothing. */
  check(text: string): Promise<Result<void, KernelError>>;
  /**
   * Runs the text as one transaction: all of it or nothing. It needs no check before it; that is for texts
   * that other changes have to wait for.
   */
  apply(text: string): Promise<Result<void, KernelError>>;
  /** Our table; null = there is none. */
  readTable(): Promise<Result<TableFacts | null, KernelError>>;
}
