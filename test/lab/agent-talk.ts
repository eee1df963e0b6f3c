/**
 * TCP connections that talk in both directions, and UDP echo. Each side of a connection sends a line of its own accord
 * every so often, unless it shall be silent; the server also answers each line of the client. A connection is alive if, after a
 * moment that the test marks, a line of the client was answered and a line of the server came.
 *
 *   client → server   c N | q | t  N counts the client's lines | be silent | talk
 *   server → client   e N | s      echo of line N | the server's own line
 *
 * Port 19 sends bytes without end (RFC 864, but binary): downloads.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** RFC 862 has echo on port 7, for UDP and TCP alike. */
export const ECHO_PORT = 7;
export const DOWNLOAD_PORT = 19;

/** Who talks of its own accord, until the connections are woken: both ends, the server alone, nobody. */
export type Talk = 'both' | 'server' | 'none';

function onLines(socket: Socket, each: (line: string) => void): void {
  let rest = '';
  socket.on('data', (bytes: Buffer) => {
    const lines = (rest + bytes.toString('latin1')).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) each(line);
  });
}

/** A download's bytes: the one at position n is n modulo this prime, so that a hole or a repetition shows. */
export const DOWNLOAD_PERIOD = 251;
const DOWNLOAD_CHUNK = Buffer.from(
  Array.from({ length: DOWNLOAD_PERIOD * 32 }, (_, at) => at % DOWNLOAD_PERIOD),
);
const DOWNLOAD_EVERY_MS = 5;
/** What may wait in the server for a slow way: the rest is not sent, but for later. */
const DOWNLOAD_WAITING = 1 << 20;

/** 1.6 MB a second to each who connects: enough to notice, little enough for two cores. */
async function serveDownloads(address: string): Promise<void> {
  const server = createServer((socket) => {
    const timer = setInterval(() => {
      if (socket.writableLength < DOWNLOAD_WAITING) socket.write(DOWNLOAD_CHUNK);
    }, DOWNLOAD_EVERY_MS);
    socket.on('error', () => {});
    socket.on('close', () => clearInterval(timer));
  });
  server.listen(DOWNLOAD_PORT, address);
  await once(server, 'listening');
}

/** Serves UDP echo and talking TCP on each address; answers leave by the address they were asked at. */
export async function serve(addresses: readonly string[], everyMs: number): Promise<void> {
  for (const address of addresses) {
    const echo = createSocket('udp4');
    // What the sender is here, behind all translation, follows its own words.
    echo.on('message', (bytes, from) =>
      echo.send(Buffer.concat([bytes, Buffer.from(`${from.address}:${from.port}`)]), from.port, from.address),
    );
    echo.bind(ECHO_PORT, address);
    await once(echo, 'listening');
    const server = createServer((socket) => {
      let timer: NodeJS.Timeout | undefined;
      const talk = (on: boolean): void => {
        clearInterval(timer);
        timer = on ? setInterval(() => socket.write('s\n'), everyMs) : undefined;
      };
      talk(true);
      onLines(socket, (line) => {
        if (line.startsWith('c')) socket.write(`e${line.slice(1)}\n`);
        else talk(line === 't');
      });
      socket.on('error', () => {});
      socket.on('close', () => talk(false));
    });
    server.listen({ port: ECHO_PORT, host: address, backlog: 4096 });
    await once(server, 'listening');
    await serveDownloads(address);
  }
}

export interface Population {
  /** Resolves when all connections stand; rejects with the first that could not be made. */
  readonly standing: Promise<void>;
  /** From now on a connection has to prove itself anew. */
  mark(): void;
  /** From now on all talk, both ends, or nobody does. */
  wake(): void;
  hush(): void;
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

export function populate(target: string, count: number, everyMs: number, talk: Talk): Population {
  const all: Connection[] = [];
  const timers: NodeJS.Timeout[] = [];
  let mode = talk;

  function startTalking(own: Connection): void {
    const { socket } = own;
    const timer = setInterval(() => {
      own.sent += 1;
      if (!own.closed) socket.write(`c${own.sent}\n`);
    }, everyMs);
    timers.push(timer);
    socket.on('close', () => clearInterval(timer));
  }

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
        if (mode === 'both') startTalking(own);
        if (mode === 'none') socket.write('q\n');
        resolve();
      });
    });
  }

  async function addAll(): Promise<void> {
    for (let made = 0; made < count; made += AT_ONCE) {
      await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - made) }, add));
    }
  }

  function change(to: Talk, word: 't' | 'q'): void {
    if (mode === to) return;
    mode = to;
    for (const own of all) {
      if (own.closed) continue;
      own.socket.write(`${word}\n`);
      if (to === 'both') startTalking(own);
    }
  }

  const alive = (one: Connection): boolean => one.heard && !one.closed && (one.answered || mode === 'server');
  return {
    standing: addAll(),
    mark() {
      for (const one of all) Object.assign(one, { markedAt: one.sent, answered: false, heard: false });
    },
    wake() {
      change('both', 't');
    },
    hush() {
      for (const timer of timers.splice(0)) clearInterval(timer);
      change('none', 'q');
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
