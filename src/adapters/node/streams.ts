/** Unix sockets on Node. */
import { connect } from 'node:net';
import type { ByteStream, StreamEnd, StreamHandlers, Streams } from '../../ports/streams.ts';
import { guarded } from '../common/guard.ts';
import { report } from './timers.ts';

export const nodeStreams: Streams = {
  connectUnix(path: string, handlers: StreamHandlers): ByteStream {
    let ended = false;
    let closing = false;
    const socket = connect(path);
    const end = (reason: StreamEnd): void => {
      if (ended) return;
      ended = true;
      socket.destroy();
      guarded(report, () => handlers.onEnd(reason));
    };
    socket.on('connect', () => {
      if (!closing) guarded(report, () => handlers.onOpen?.());
    });
    socket.on('data', (bytes) => {
      if (!ended) guarded(report, () => handlers.onData(new Uint8Array(bytes)));
    });
    socket.on('error', (cause) => end({ kind: 'error', message: `${path}: ${cause.message}` }));
    socket.on('end', () => end({ kind: 'remote', message: `${path}: closed by the other end` }));
    return {
      write(bytes) {
        if (!ended && !closing) socket.write(bytes.slice());
      },
      queuedBytes: () => (ended || closing ? 0 : socket.writableLength),
      close() {
        if (ended || closing) return;
        closing = true;
        // Not from inside the call: the owner hears of every end in the same way. Data may still come until then.
        setTimeout(() => end({ kind: 'local', message: `${path}: closed` }), 1);
      },
    };
  },
};
