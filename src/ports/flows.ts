import type { Family } from '../core/policy/model.ts';
import type { Result } from '../lib/result.ts';
import type { KernelError } from './kernel-error.ts';

export type { KernelError } from './kernel-error.ts';

/** Connections that the kernel tracks, of both families, by the program conntrack. The numbers are how many entries it was. */
export interface Flows {
  /**
   * Removes the entries whose mark has these bits within the mask, of one family or of both. Their next packet makes a new entry.
   */
  deleteByMark(mark: number, mask: number, family?: Family): Promise<Result<number, KernelError>>;
  /** Removes the entries of one client (the address that opened the connection). */
  deleteBySource(address: string): Promise<Result<number, KernelError>>;
  deleteAll(): Promise<Result<void, KernelError>>;
  countByMark(mark: number, mask: number): Promise<Result<number, KernelError>>;
  /** All entries. */
  count(): Promise<Result<number, KernelError>>;
}
