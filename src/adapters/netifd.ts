/**
 * Links over ubus: netifd's `network.interface` and `network.device`. netifd announces the same change by notification
 * and by event, in no fixed order; updates while up come by notification alone. Carrier loss under a static interface is
 * announced by nobody.
 */
import { decodeDevices, decodeInterfaces } from '../core/netifd/decode.ts';
import { fail } from '../lib/result.ts';
import type { Bus, BusTable } from '../ports/bus.ts';
import type { LinkChange, Links } from '../ports/links.ts';
import { busReadError } from './read-failure.ts';

const OBJECT = 'network.interface';

/** @param timeoutMs how long netifd has for one answer. */
export function createNetifdLinks(bus: Bus, timeoutMs = 2000): Links {
  const listeners: ((change: LinkChange) => void)[] = [];
  const tell = (change: LinkChange) => {
    for (const listener of listeners) listener(change);
  };
  const follow = () => {
    bus.subscribe(
      OBJECT,
      (name, data) => tell({ interface: interfaceOf(data), action: name }),
      () => tell({ interface: null, action: 'attached' }),
    );
    bus.listen(OBJECT, (_, data) => {
      const action = data['action'];
      tell({ interface: interfaceOf(data), action: typeof action === 'string' ? action : 'event' });
    });
  };

  return {
    async interfaces() {
      const reply = await bus.call(OBJECT, 'dump', {}, timeoutMs);
      if (!reply.ok) return fail(busReadError('netifd', `${OBJECT} dump`, reply.error));
      return decodeInterfaces(reply.value);
    },
    async devices() {
      const reply = await bus.call('network.device', 'status', {}, timeoutMs);
      if (!reply.ok) return fail(busReadError('netifd', 'network.device status', reply.error));
      return decodeDevices(reply.value);
    },
    onChange(changed) {
      listeners.push(changed);
      if (listeners.length === 1) follow();
    },
  };
}

function interfaceOf(data: BusTable): string | null {
  const name = data['interface'];
  return typeof name === 'string' ? name : null;
}
