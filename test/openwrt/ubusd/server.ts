/**
 * ubusd's sockets. One listening socket asks the kernel who connects; further ones may stand for a fixed user, which is
 * how tests play an account that this machine does not have.
 */
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { type Acl, type Credentials, createAcl } from './acl.ts';
import { createFramer } from './blob.ts';
import { peerCredentials } from './credentials.ts';
import { createHub } from './hub.ts';

export interface Listening {
  readonly path: string;
  /** Everybody who connects is this user; without it, the kernel says who it is. */
  readonly user?: Credentials;
}

export interface Ubusd {
  readonly acl: Acl;
  /** Messages taken in and connections open: a test that plays several clients waits for them to keep its order. */
  counts(): { readonly messages: number; readonly connections: number };
  close(): Promise<void>;
}

/** A message for a client that has this much unread is dropped, as ubusd does; a full message fits behind another. */
const MAX_QUEUED_BYTES = 2 * 1_048_584;

/** Opens the sockets; resolves once all listen. Leftover socket files of an earlier run are replaced. */
export async function startUbusd(listenings: readonly Listening[], aclFolder: string): Promise<Ubusd> {
  const acl = createAcl();
  for (const complaint of acl.load(aclFolder)) process.stderr.write(`ubusd: ${complaint}\n`);
  const hub = createHub(acl);
  const sockets = new Set<Socket>();
  let received = 0;

  async function accept(socket: Socket, fixed: Credentials | undefined): Promise<void> {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    const who = fixed ?? (await peerCredentials(socket));
    if (who === null || socket.destroyed) {
      socket.destroy();
      return;
    }
    const client = hub.connect(who, (bytes) => {
      if (!socket.destroyed && socket.writableLength + bytes.length <= MAX_QUEUED_BYTES) socket.write(bytes);
    });
    const framer = createFramer();
    socket.on('data', (chunk: Buffer) => {
      const messages = framer.push(chunk);
      if (messages === null) socket.destroy();
      for (const message of messages ?? []) {
        received += 1;
        hub.receive(client, message);
      }
    });
    socket.on('end', () => socket.destroy());
    socket.on('close', () => hub.disconnect(client));
    socket.resume();
  }

  const servers = await Promise.all(
    listenings.map(
      ({ path, user }) =>
        new Promise<Server>((resolve, reject) => {
          mkdirSync(dirname(path), { recursive: true });
          rmSync(path, { force: true });
          const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => {
            void accept(socket, user);
          });
          server.on('error', reject);
          server.listen(path, () => {
            chmodSync(path, 0o666);
            resolve(server);
          });
        }),
    ),
  );
  return {
    acl,
    counts: () => ({ messages: received, connections: sockets.size }),
    async close() {
      for (const socket of sockets) socket.destroy();
      await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
    },
  };
}
