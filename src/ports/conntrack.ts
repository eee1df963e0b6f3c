import type { ConntrackFacts } from '../core/conntrackd/facts.ts';
import type { ReadError } from '../core/neighbours/read-error.ts';
import type { Result } from '../lib/result.ts';

export type {
  CacheFacts,
  ConntrackFacts,
  SyncLinkFacts,
  SyncTrafficFacts,
} from '../core/conntrackd/facts.ts';

/** conntrackd, which carries the connection states to the partner. */
export interface Conntrack {
  /** `absent` = conntrackd is not installed or does not run. Starts three short processes, at times five. */
  read(): Promise<Result<ConntrackFacts, ReadError>>;
  /** Has the kernel track, for 5 s, a connection that nobody has: it must be synced. A short process; a whole sentence if it fails. */
  canary?(): Promise<Result<void, string>>;
}
