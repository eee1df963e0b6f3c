/** One way to say why a neighbour could not be read, for the readers over ubus. */
import { type ReadError, readError } from '../core/neighbours/read-error.ts';
import type { BusError } from '../ports/bus.ts';

/** ubusmsg.h */
const STATUS_METHOD_NOT_FOUND = 3;
const STATUS_NOT_FOUND = 4;
const STATUS_TIMEOUT = 7;

/**
 * A failed ubus call as a sentence.
 * @param who the program that offers the object, e.g. `netifd`.
 * @param call object and method, e.g. `network.interface dump`.
 */
export function busReadError(who: string, call: string, error: BusError): ReadError {
  const missing = error.status === STATUS_NOT_FOUND || error.status === STATUS_METHOD_NOT_FOUND;
  if (error.code === 'status' && missing) {
    return readError('absent', `Nobody on ubus answers to ${call}: ${who} does not run or is not installed.`);
  }
  if (error.code === 'timeout' || (error.code === 'status' && error.status === STATUS_TIMEOUT)) {
    return readError('timeout', `The ubus call ${call} to ${who} was not answered in time.`);
  }
  if (error.code === 'protocol') {
    return readError('malformed', `The reply of ${who} to ${call} is no ubus message: ${error.message}`);
  }
  if (error.code === 'disconnected') {
    return readError('failed', `The ubus call ${call} to ${who} failed because ubus is not connected.`);
  }
  return readError(
    'failed',
    `The ubus call ${call} to ${who} failed (status ${error.status}): ${error.message}`,
  );
}
