/** The stand-in uhttpd: HTTP/1.1 on one or more ports, ubus, LuCI's dispatcher, static files. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { entriesToTable, tableToEntries } from '@openwrt/ubus-client/wire';
import type { Bus } from '../../../src/ports/bus.ts';
import { connectLink, type Link, STATUS } from '../common/link.ts';
import { handleLuci } from '../luci/dispatcher.ts';
import { sendFile } from './static.ts';
import { answerUbus, readBody } from './ubus.ts';

export interface Listening {
  /** Undefined: all addresses, IPv6 and IPv4. */
  readonly host?: string;
  readonly port: number;
}

export interface UhttpdOptions {
  readonly socket: string;
  readonly documentRoot: string;
  /** /usr/share/luci/menu.d */
  readonly menuFolder: string;
  readonly listen: readonly Listening[];
}

export interface Uhttpd {
  /** The ports in the order of `listen`; a port 0 became a free one. */
  readonly ports: readonly number[];
  close(): Promise<void>;
}

const LUCI = '/cgi-bin/luci';
/** uhttpd's default `http_keepalive` and `max_connections`. */
const KEEP_ALIVE_MS = 20_000;
const MAX_CONNECTIONS = 100;

/** The dispatcher only calls; the rest of the port is for services. */
function callingBus(link: Link): Bus {
  const unused = (): never => {
    throw new Error('The web server offers its dispatcher calls, nothing else of ubus.');
  };
  return {
    async call(path, method, args, timeoutMs) {
      const { status, replies } = await link.call(path, method, tableToEntries(args), timeoutMs);
      const data = replies.at(-1);
      if (status === STATUS.ok) return { ok: true, value: data === undefined ? {} : entriesToTable(data) };
      const message = `ubus call ${path} ${method} ended with status ${status}.`;
      return { ok: false, error: { code: 'status', status, message } };
    },
    provide: unused,
    subscribe: unused,
    listen: unused,
    send: unused,
    onConnection: unused,
    close: () => {},
  };
}

async function answerLuci(
  bus: Bus,
  menuFolder: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await readBody(request);
  if (body === null) {
    response.writeHead(413, { Connection: 'close' }).end();
    return;
  }
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : value,
    ]),
  );
  const path = (request.url ?? '').split('?')[0]?.slice(LUCI.length) ?? '';
  const answer = await handleLuci(
    { method: request.method ?? 'GET', path, headers, body },
    { bus, menuFolder },
  );
  response.writeHead(answer.status, { ...answer.headers });
  response.end(request.method === 'HEAD' ? undefined : answer.body);
}

/** Starts listening; fails if a port cannot be had. */
export async function startUhttpd(options: UhttpdOptions): Promise<Uhttpd> {
  const link = connectLink(options.socket);
  const bus = callingBus(link);

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '').split('?')[0] ?? '';
    if (path === '/ubus' || path.startsWith('/ubus/')) await answerUbus(link, request, response);
    else if (path === LUCI || path.startsWith(`${LUCI}/`)) {
      await answerLuci(bus, options.menuFolder, request, response);
    } else sendFile(request, response, options.documentRoot);
  }

  const servers: Server[] = [];
  const close = async (): Promise<void> => {
    link.close();
    await Promise.all(
      servers.map(
        (server) =>
          new Promise((done) => {
            server.close(done);
            server.closeAllConnections();
          }),
      ),
    );
  };
  try {
    for (const { host, port } of options.listen) {
      const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
        answer(request, response).catch((error: unknown) => {
          process.stderr.write(`uhttpd: ${request.method} ${request.url} failed: ${String(error)}\n`);
          if (!response.headersSent) response.writeHead(500);
          response.end();
        });
      });
      server.maxConnections = MAX_CONNECTIONS;
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen({ port, ...(host === undefined ? {} : { host }) }, resolve);
      });
      servers.push(server);
    }
  } catch (error) {
    await close();
    throw error;
  }
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  });
  return { ports, close };
}
