/** Calls back into the program that uses the client. */
import type { ClientOptions } from './types.ts';

/**
 * Runs a handler of the owner's. What it throws is its own defect: it is logged, and neither the connection nor the
 * other handlers suffer (under QuickJS it would otherwise end up as an unhandled rejection and end the program).
 */
export function callOwner(options: ClientOptions, subject: string, run: () => void): void {
  try {
    run();
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    options.log?.('err', `ubus: the handler for ${subject} failed: ${text}`);
  }
}
