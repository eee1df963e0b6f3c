/**
 * The routers' pages on a port of this computer's loopback. For each connection a socat in the router's own namespace
 * carries the bytes to its web server, so the page is reachable although the lab has no link to this computer.
 */
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { start } from './programs.ts';
import type { Router } from './router.ts';

export interface Page {
  readonly url: string;
  close(): void;
}

async function listen(server: Server, port: number): Promise<void> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
}

/** Forwards `port` of 127.0.0.1, or any free one if that is taken. */
export async function forwardPage(router: Router, port: number): Promise<Page> {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    if (!router.hasPower) {
      socket.destroy();
      return;
    }
    const child = start([...router.enter(), 'socat', '-', 'TCP:127.0.0.1:80'], {
      stdio: ['pipe', 'pipe', 'ignore'],
      detached: true,
    });
    child.on('error', () => socket.destroy());
    child.stdin?.on('error', () => socket.destroy());
    child.once('close', () => socket.destroy());
    if (child.stdin !== null) socket.pipe(child.stdin);
    child.stdout?.pipe(socket);
  });
  try {
    await listen(server, port);
  } catch {
    await listen(server, 0);
  }
  const address = server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  return {
    url: `http://127.0.0.1:${bound}/`,
    close: () => server.close(),
  };
}
