/**
 * TCP connections that talk in both directions, and UDP echo. Each side of a connection sends a line of its own accord
 * every so often; the server also answers each line of the client. A connection is alive if, after a moment that the
 * test marks, a line of the client was answered and a line of the server came.
 *
 *   client → server   c N          N counts the client's lines
 *   server → client   e N | s      echo of line N | the server's own line
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** RFC 862 has echo on port 7, for UDP and TCP alike. */
export const ECHO_PORT = 7;

function onLines(socket: Socket, each: (line: string) => void): void {
  let rest = '';
  socket.on('data', (bytes: Buffer) => {
    const lines = (rest + bytes.toString('latin1')).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) each(line);
  });
}

/** Serves UDP echo and talking TCP on each address; answers leave by the address they were asked at. */
export async function serve(addresses: readonly string[], everyMs: number): Promise<void> {
  for (const address of addresses) {
    const echo = createSocket('udp4');
    echo.on('message', (bytes, from) => echo.send(bytes, from.port, from.address));
    echo.bind(ECHO_PORT, address);
    await once(echo, 'listening');
    const server = createServer((socket) => {
      const timer = setInterval(() => socket.write('s\n'), everyMs);
      onLines(socket, (line) => socket.write(`e${line.slice(1)}\n`));
      socket.on('error', () => {});
      socket.on('close', () => clearInterval(timer));
    });
    server.listen({ port: ECHO_PORT, host: address, backlog: 4096 });
    await once(server, 'listening');
  }
}

export interface Population {
  /** Resolves when all connections stand; rejects with the first that could not be made. */
  readonly standing: Promise<void>;
  /** From now on a connection has to prove itself anew. */
  mark(): void;
  count(): { readonly total: number; readonly alive: number; readonly closed: number };
  close(): void;
}

interface Connection {
  readonly socket: Socket;
  sent: number;
  /** Greatest line that was sent before the mark. */
  markedAt: number;
  answered: boolean;
  heard: boolean;
  closed: boolean;
}

/** Begins so many connects at a time, so that the backlog does not overflow. */
const AT_ONCE = 200;

export function populate(target: string, count: number, everyMs: number): Population {
  const all: Connection[] = [];
  const timers: NodeJS.Timeout[] = [];

  function add(): Promise<void> {
    const socket = connect({ host: target, port: ECHO_PORT, noDelay: true });
    const own: Connection = { socket, sent: 0, markedAt: 0, answered: false, heard: false, closed: false };
    all.push(own);
    onLines(socket, (line) => {
      if (line === 's') own.heard = true;
      else if (line.startsWith('e') && Number(line.slice(1)) > own.markedAt) own.answered = true;
    });
    return new Promise((resolve, reject) => {
      socket.once('error', reject);
      socket.on('close', () => {
        own.closed = true;
      });
      socket.once('connect', () => {
        socket.off('error', reject);
        socket.on('error', () => {});
        const timer = setInterval(() => {
          own.sent += 1;
          if (!own.closed) socket.write(`c${own.sent}\n`);
        }, everyMs);
        timers.push(timer);
        socket.on('close', () => clearInterval(timer));
        resolve();
      });
    });
  }

  async function addAll(): Promise<void> {
    for (let made = 0; made < count; made += AT_ONCE) {
      await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - made) }, add));
    }
  }

  const alive = (one: Connection): boolean => one.answered && one.heard && !one.closed;
  return {
    standing: addAll(),
    mark() {
      for (const one of all) Object.assign(one, { markedAt: one.sent, answered: false, heard: false });
    },
    count: () => ({
      total: all.length,
      alive: all.filter(alive).length,
      closed: all.filter(({ closed }) => closed).length,
    }),
    close() {
      for (const timer of timers) clearInterval(timer);
      for (const { socket } of all) socket.destroy();
    },
  };
}
