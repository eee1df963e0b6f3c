import type { PartnerMessage } from '../core/engine/pair-types.ts';
import type { Result } from '../lib/result.ts';

/** What passes between the two services of a pair; by files in RAM, which the peer link carries. */
export interface Partner {
  /** What the partner last said, again and again the same if need be; else why there is nothing, without a full stop. */
  read(): Result<PartnerMessage, string>;
  /** Leaves a message for it; the newest takes the place of the one before. */
  tell(message: PartnerMessage): Result<void, string>;
}

/** How this router is kept out of service: keepalived's script /usr/lib/hagw/ready fails while the lease holds. */
export interface Standby {
  /** @param forMs from now on; null = serve. @param reason a word. */
  hold(forMs: number | null, reason: string): Result<void, string>;
  /** Has keepalived look at once instead of within a second. */
  kick(): Promise<void>;
  isMaintenance(): boolean;
  /** Survives a reboot. */
  setMaintenance(on: boolean): Result<void, string>;
}

/** conntrackd's part of a handover. Whole sentences if it fails. */
export interface Flush {
  /** Sends the partner all that is known. */
  send(): Promise<Result<void, string>>;
  /** Takes over into the kernel what the partner had of its own. */
  adopt(): Promise<Result<void, string>>;
}
