/**
 * The port Bus over @openwrt/ubus-client: connects the client to the runtime's streams, timers and clock, and turns
 * its words into the port's. It decides nothing.
 */
import { createClient, type Transport } from '@openwrt/ubus-client';
import type { Bus } from '../ports/bus.ts';
import type { Clock, Timers } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Streams } from '../ports/streams.ts';

export interface UbusBusOptions {
  readonly streams: Streams;
  readonly timers: Timers;
  readonly clock: Clock;
  readonly log: Log;
  /** ubusd's socket, /var/run/ubus/ubus.sock on a router. */
  readonly socketPath: string;
  /** A number in [0, 1), for the jitter of reconnections. Default Math.random. */
  readonly random?: () => number;
}

/** Connects at once and keeps connecting until `close`. */
export function createUbusBus(options: UbusBusOptions): Bus {
  const { log } = options;
  const watchers = new Set<(connected: boolean) => void>();
  let connected = false;
  const transport: Transport = (handlers) => options.streams.connectUnix(options.socketPath, handlers);
  const client = createClient({
    transport,
    timers: options.timers,
    monotonicMs: () => options.clock.monotonicMs(),
    random: options.random ?? Math.random,
    log: (level, message) => log.write(level, message),
    onConnection: (state) => {
      const now = state.kind === 'ready';
      if (now === connected) return;
      connected = now;
      for (const watcher of [...watchers]) watcher(now);
    },
  });
  // Later, so that the caller can provide and subscribe before: the first connection then registers all of it.
  options.timers.after(0, () => client.start());
  return {
    call: (path, method, args, timeoutMs) => client.call(path, method, args, { timeoutMs }),
    provide: (path, methods) => client.provide(path, methods),
    subscribe: (path, onNotify, onAttached) => {
      client.subscribe(path, { onNotify, onAttached });
    },
    listen: (pattern, onEvent) => {
      client.listen(pattern, onEvent);
    },
    send: (name, data) => {
      void client.send(name, data).then((sent) => {
        if (!sent.ok && sent.error.code !== 'disconnected')
          log.write('warning', `ubus: ${sent.error.message}`);
      });
    },
    onConnection: (changed) => {
      watchers.add(changed);
      if (connected) changed(true);
    },
    close: () => client.close(),
  };
}
