import type { VrrpFacts } from '../core/keepalived/facts.ts';
import type { ReadError } from '../core/neighbours/read-error.ts';
import type { Result } from '../lib/result.ts';

export type { VipFacts, VrrpFacts, VrrpInstanceFacts } from '../core/keepalived/facts.ts';

/** keepalived's VRRP instances. */
export interface Vrrp {
  /**
   * Asks the running keepalived for its state. `absent` = keepalived does not run. Reads at the same time share one
   * dump; each dump costs a signal and a file of some KiB, so this is for changes and slow polls.
   */
  read(): Promise<Result<VrrpFacts, ReadError>>;
}
