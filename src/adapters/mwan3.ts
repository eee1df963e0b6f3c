/** Mwan3 over ubus: the object `mwan3` of the mwan3 package (rpcd). Nothing is started and nothing is changed. */
import { decodeMwan3Status } from '../core/mwan3/decode.ts';
import { fail } from '../lib/result.ts';
import type { Bus } from '../ports/bus.ts';
import type { Mwan3 } from '../ports/mwan3.ts';
import { busReadError } from './read-failure.ts';

/** @param timeoutMs for one answer; the package takes 16 ms for two WANs and forks for each rule table. */
export function createMwan3(bus: Bus, timeoutMs = 5000): Mwan3 {
  return {
    async read() {
      const reply = await bus.call('mwan3', 'status', {}, timeoutMs);
      if (!reply.ok) return fail(busReadError('the mwan3 package', 'mwan3 status', reply.error));
      return decodeMwan3Status(reply.value);
    },
  };
}
