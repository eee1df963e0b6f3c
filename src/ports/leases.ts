import type { LeaseFacts } from '../core/lease/facts.ts';
import type { ReadError } from '../core/neighbours/read-error.ts';
import type { Result } from '../lib/result.ts';

export type { DamagedLine, Lease4, Lease6, LeaseFacts } from '../core/lease/facts.ts';

/** The DHCP leases that this router's dnsmasq has given. */
export interface Leases {
  /** `absent` = there is no lease file: dnsmasq serves no DHCP here or has never started. */
  read(): Promise<Result<LeaseFacts, ReadError>>;
}
