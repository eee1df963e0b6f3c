/** The connection to ubus, as the daemon and the command line make it. */
import { createUbusBus } from './adapters/ubus-bus.ts';
import type { Bus } from './ports/bus.ts';
import type { Log } from './ports/log.ts';
import type { Runtime } from './ports/runtime.ts';

export function socketPath(runtime: Runtime): string {
  return runtime.env('UBUS_SOCKET') ?? '/var/run/ubus/ubus.sock';
}

export function connect(runtime: Runtime, log: Log): Bus {
  const { streams, timers, clock } = runtime;
  return createUbusBus({ streams, timers, clock, log, socketPath: socketPath(runtime) });
}
