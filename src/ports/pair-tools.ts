import type { PairService } from '../core/pair/plan.ts';
import type { Result } from '../lib/result.ts';

/** The programs that judge what the pair's files say, and the services that take them over. Errors are whole sentences. */
export interface PairTools {
  /** What `keepalived -t` has to say of a configuration: its lines, without places in the file; none if all is well. */
  keepalivedComplaints(text: string): Promise<Result<readonly string[], string>>;
  /** `nft -c`. */
  checkTable(text: string): Promise<Result<void, string>>;
  /** `fw4 check`, of the file as it is; a router without fw4 has nothing to check. */
  checkFirewall(): Promise<Result<void, string>>;
  /** Has the service read its configuration again. */
  reload(service: PairService): Promise<Result<void, string>>;
}
