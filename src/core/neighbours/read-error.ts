/**
 * Why facts about a neighbour (netifd, keepalived, conntrackd, dnsmasq, mwan3) could not be had. One shape for all
 * readers, so that the status can say "unknown, because …" without knowing whom it asked.
 */

/**
 * - `absent`: the program, its object or its file is not there; on most routers no fault.
 * - `failed`: it is there and refused, or could not be started.
 * - `timeout`: it did not answer in time.
 * - `malformed`: it answered something that this version does not understand.
 */
export type ReadErrorCode = 'absent' | 'failed' | 'timeout' | 'malformed';

export interface ReadError {
  readonly code: ReadErrorCode;
  /** A whole sentence that names the program and the place, e.g. `dnsmasq's lease file /tmp/dhcp.leases is missing.` */
  readonly message: string;
}

/** A `ReadError`; `message` must be a whole sentence. */
export function readError(code: ReadErrorCode, message: string): ReadError {
  return { code, message };
}
