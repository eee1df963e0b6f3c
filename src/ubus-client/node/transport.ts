/** The transport on Node: a Unix socket. Programs on QuickJS bring their own; see README.md. */
import { connect } from 'node:net';
import type { ClientTimers, Transport, TransportEnd } from '../client/types.ts';

/** Where ubusd listens on OpenWrt. */
export const UBUSD_SOCKET = '/var/run/ubus/ubus.sock';

/** Connects to the Unix socket at `path` each time the client asks for it. */
export function unixTransport(path: string = UBUSD_SOCKET): Transport {
  return (handlers) => {
    const socket = connect(path);
    let ended = false;
    const end = (reason: TransportEnd) => {
      if (ended) return;
      ended = true;
      handlers.onEnd(reason);
    };
    socket.on('data', (bytes) => {
      if (!ended) handlers.onData(bytes);
    });
    socket.on('error', (cause) => end({ kind: 'error', message: `${path}: ${cause.message}` }));
    socket.on('close', () => end({ kind: 'remote', message: `${path}: closed by the other end` }));
    return {
      write: (bytes) => {
        if (!ended) socket.write(bytes);
      },
      queuedBytes: () => socket.writableLength,
      close: () => {
        socket.destroy();
        queueMicrotask(() => end({ kind: 'local', message: `${path}: closed` }));
      },
    };
  };
}

/** Node's timers, clock and randomness, for `createClient`. */
export const nodeSurroundings: {
  readonly timers: ClientTimers;
  readonly monotonicMs: () => number;
  readonly random: () => number;
} = {
  timers: {
    after: (delayMs, run) => {
      const id = setTimeout(run, delayMs);
      return { cancel: () => clearTimeout(id) };
    },
  },
  monotonicMs: () => performance.now(),
  random: Math.random,
};
