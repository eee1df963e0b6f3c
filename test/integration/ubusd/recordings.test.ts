import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MESSAGE, putMessage } from '../../openwrt/ubusd/blob.ts';
import { startUbusd, type Ubusd } from '../../openwrt/ubusd/server.ts';
import { bytesOf, createIdMap, Peer, type Recording, until } from './replay.ts';

/**
 * Every recorded conversation with the real ubusd: the clients' bytes are sent again, in their order, and each message of
 * the stand-in must be the recorded one up to the ids.
 */

/** Recordings without a message of ubusd in them. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  '87-socket-missing': 'no ubusd at all: nothing to compare; the client and its command are tested with it',
};

/** The accounts that the recordings' clients had; an account is a socket of its own. */
const ACCOUNTS: Readonly<Record<number, { user: string; group: string }>> = {
  0: { user: 'root', group: 'root' },
  453: { user: 'dnsmasq', group: 'nogroup' },
  65534: { user: 'nobody', group: 'nogroup' },
};

/** Messages that were on their way when the client closed, by their types: the recorder did not see them any more. */
const UNREAD: Readonly<Record<string, readonly number[]>> = {
  'frame 21 of 39-no-reply-invoke, connection 2': [MESSAGE.status],
};

type AclFolder = Readonly<Record<string, unknown>>;
const OTHER_FILE = { user: 'nobody', send: ['*'] };

/**
 * What was done to the ACL folder before the command with that label first connected (the recording tells it by labels and
 * outcomes only). `reload` = SIGHUP.
 */
const ACL_CHANGES: Readonly<Record<string, Readonly<Record<string, { files: AclFolder; reload: boolean }>>>> =
  {
    '36b-acl-group': {
      'after-change-before-sighup': {
        files: { '20-group.json': { group: 'nogroup', access: { 't.echo': { methods: ['nothing'] } } } },
        reload: false,
      },
      'after-change-and-sighup': {
        files: { '20-group.json': { group: 'nogroup', access: { 't.echo': { methods: ['nothing'] } } } },
        reload: true,
      },
      'file-removed-another-left': { files: { '30-other.json': OTHER_FILE }, reload: true },
      'last-file-removed': { files: {}, reload: true },
    },
  };

const captures = join(import.meta.dirname, '../../captures/ubus');
const recordings: Recording[] = readdirSync(captures)
  .filter((name) => name.endsWith('.json'))
  .sort()
  .map((name) => JSON.parse(readFileSync(join(captures, name), 'utf8')));

const LAST_SEQ = 0xfffe;
let folder = '';
let ubusd: Ubusd;
const socketOf = (uid: number): string => join(folder, `ubus.${uid}.sock`);
const aclFolder = (): string => join(folder, 'acl.d');

function writeAcl(files: AclFolder): void {
  rmSync(aclFolder(), { recursive: true, force: true });
  if (Object.keys(files).length === 0) return;
  mkdirSync(aclFolder());
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(aclFolder(), name), JSON.stringify(content));
  }
}

function start(): Promise<Ubusd> {
  const listenings = Object.entries(ACCOUNTS).map(([uid, account]) => ({
    path: socketOf(Number(uid)),
    user: { uid: Number(uid), ...account },
  }));
  return startUbusd(listenings, aclFolder());
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hagw-ubusd-'));
});
afterEach(async () => {
  await ubusd.close();
  rmSync(folder, { recursive: true, force: true });
});

async function replay(recording: Recording): Promise<number> {
  writeAcl(recording.ubusdAcl ?? {});
  ubusd = await start();
  const ids = createIdMap(recording.frames);
  const peers = new Map<number, Peer>();
  const peer = (conn: number): Peer => peers.get(conn) as Peer;
  const changes = { ...ACL_CHANGES[recording.name] };
  let running = true;
  let compared = 0;
  for (const [index, frame] of recording.frames.entries()) {
    const where = `frame ${index} of ${recording.name}, connection ${frame.conn}`;
    if (frame.event === 'connect') {
      const change = changes[frame.by ?? ''];
      delete changes[frame.by ?? ''];
      if (change !== undefined) writeAcl(change.files);
      if (change?.reload) ubusd.acl.load(aclFolder());
      if (!running) ubusd = await start();
      running = true;
      peers.set(frame.conn, new Peer(socketOf(frame.uid ?? 0)));
    } else if (frame.event === 'close' && frame.from === 'server') {
      if (running) await ubusd.close();
      running = false;
      await until(() => peer(frame.conn).ended, `the end of the connection (${where})`);
      expect(peer(frame.conn).received, `unexpected messages (${where})`).toEqual([]);
      peers.delete(frame.conn);
    } else if (frame.event === 'close') {
      const { connections } = ubusd.counts();
      const closing = peer(frame.conn);
      closing.socket.end();
      await until(
        () => closing.ended && ubusd.counts().connections < connections,
        `both to see the end (${where})`,
      );
      const types = closing.received.map((bytes) => bytes.readUInt8(1));
      expect(types, `types of unexpected messages (${where})`).toEqual(UNREAD[where] ?? []);
      peers.delete(frame.conn);
    } else if (frame.from === 'client') {
      const { messages } = ubusd.counts();
      const bytes = ids.translate(bytesOf(frame));
      const pieces =
        recording.name === '84-split-writes' ? [...bytes].map((byte) => Buffer.from([byte])) : [bytes];
      for (const piece of pieces) peer(frame.conn).socket.write(piece);
      await until(() => ubusd.counts().messages > messages, `ubusd to take a message (${where})`);
    } else {
      const expected = bytesOf(frame);
      const actual = await peer(frame.conn).next(`a message (${where})`);
      ids.learn(expected, actual);
      const shown = `${where}: ${JSON.stringify(frame.decoded).slice(0, 300)}`;
      expect(actual.toString('hex'), shown).toBe(ids.translate(expected).toString('hex'));
      compared += 1;
    }
  }
  expect(Object.keys(changes), 'steps that found no command').toEqual([]);
  for (const [conn, one] of peers) {
    one.socket.write(putMessage(MESSAGE.ping, LAST_SEQ, 0, []));
    const next = await one.next(`the answer to a last ping on connection ${conn}`);
    expect([next.readUInt8(1), next.readUInt16BE(2)], `left over on ${conn}`).toEqual([
      MESSAGE.data,
      LAST_SEQ,
    ]);
  }
  for (const { socket } of peers.values()) socket.destroy();
  return compared;
}

describe('ubusd answers as the real one was recorded to', () => {
  const played = recordings.filter((recording) => LEFT_OUT[recording.name] === undefined);
  it.each(played.map((recording) => [recording.name, recording] as const))('%s', async (_name, recording) => {
    expect(await replay(recording)).toBeGreaterThan(0);
  });

  it.each(Object.keys(LEFT_OUT))('%s is left out, and exists', (name) => {
    ubusd = { ...ubusd, close: async () => {} };
    expect(recordings.map((recording) => recording.name)).toContain(name);
  });
});
