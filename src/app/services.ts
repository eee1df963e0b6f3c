/** procd's `service list`: which services have a running instance. */
import type { ServiceFacts } from '../core/engine/state.ts';
import { type ReadError, readError } from '../core/neighbours/read-error.ts';
import { fail, ok, type Result } from '../lib/result.ts';
import type { Bus, BusTable, BusValue } from '../ports/bus.ts';

const TIMEOUT_MS = 3000;

function asTable(value: BusValue | undefined): BusTable {
  // Arrays are lists in ubus and no tables; an unexpected one has nothing of what is looked for.
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as BusTable) : {};
}

function isRunning(service: BusValue | undefined): boolean {
  const instances = asTable(asTable(service)['instances']);
  return Object.values(instances).some((instance) => asTable(instance)['running'] === true);
}

/** Asks procd. Services without instances are not listed as running; mwan3 runs one per tracked interface. */
export async function readServices(bus: Bus): Promise<Result<ServiceFacts, ReadError>> {
  const reply = await bus.call('service', 'list', {}, TIMEOUT_MS);
  if (!reply.ok) {
    const code = reply.error.code === 'timeout' ? 'timeout' : reply.error.status === 4 ? 'absent' : 'failed';
    return fail(readError(code, `procd's services could not be listed: ${reply.error.message}`));
  }
  const running = Object.keys(reply.value).filter((name) => isRunning(reply.value[name]));
  return ok({ running: running.sort() });
}
