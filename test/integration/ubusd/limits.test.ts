import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bundle, PROGRAMS } from '../../../src/build/bundle.mjs';
import {
  ATTRIBUTE,
  BLOBMSG,
  MAX_BLOB_BYTES,
  MESSAGE,
  putAttribute,
  putMember,
  putMemberInt,
  putMemberText,
  putMessage,
  putText,
  putU32,
} from '../../openwrt/ubusd/blob.ts';
import { startUbusd, type Ubusd } from '../../openwrt/ubusd/server.ts';
import { Peer, until } from './replay.ts';

/** What the recordings do not have: lengths out of bounds, refusals of events, the real uid of a client, the program. */

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hagw-ubusd-'));
  path = join(folder, 'ubus.sock');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const statusOf = (bytes: Buffer): number => bytes.readUInt32BE(16);
const callOf = (object: number, method: string, data: Buffer): Buffer =>
  putMessage(MESSAGE.invoke, 1, object, [
    putU32(ATTRIBUTE.objid, object),
    putText(ATTRIBUTE.method, method),
    putAttribute(ATTRIBUTE.data, data),
  ]);

describe('ubusd in this process', () => {
  let ubusd: Ubusd;
  beforeEach(async () => {
    ubusd = await startUbusd([{ path, user: { uid: 0, user: 'root', group: 'root' } }], join(folder, 'none'));
  });
  afterEach(() => ubusd.close());

  async function greeted(): Promise<Peer> {
    const peer = new Peer(path);
    expect((await peer.next('HELLO')).readUInt8(1)).toBe(MESSAGE.hello);
    return peer;
  }

  it('takes a blob of 2^20 bytes and ends the connection at one more', async () => {
    const fits = await greeted();
    fits.socket.write(putMessage(MESSAGE.ping, 7, 0, [Buffer.alloc(MAX_BLOB_BYTES - 4)]));
    expect((await fits.next('the echo')).length).toBe(8 + MAX_BLOB_BYTES);
    const tooLong = await greeted();
    tooLong.socket.write(putMessage(MESSAGE.ping, 7, 0, [Buffer.alloc(MAX_BLOB_BYTES - 3)]));
    await until(() => tooLong.ended, 'the end of the connection');
    expect(tooLong.received).toEqual([]);
    fits.socket.destroy();
  });

  it('ends the connection at a blob shorter than its own header', async () => {
    const peer = await greeted();
    peer.socket.write(Buffer.from('000300010000000000000003', 'hex'));
    await until(() => peer.ended, 'the end of the connection');
  });

  it.each([
    [
      'an event named ubus.*',
      1,
      'send',
      [putMemberText('id', 'ubus.x'), putMember(BLOBMSG.table, 'data', Buffer.alloc(0))],
      6,
    ],
    ['an event without data', 1, 'send', [putMemberText('id', 'x')], 2],
    [
      'a pattern for an object that is not there',
      1,
      'register',
      [putMemberInt('object', 5000), putMemberText('pattern', '*')],
      4,
    ],
    ['a pattern without object', 1, 'register', [putMemberText('pattern', '*')], 2],
    ['an unknown method of the event object', 1, 'drop', [], 1],
    ['an unknown system object', 9, 'x', [], 4],
  ] as const)('refuses %s', async (_what, object, method, data, status) => {
    const peer = await greeted();
    peer.socket.write(callOf(object, method, Buffer.concat(data)));
    expect(statusOf(await peer.next('a status'))).toBe(status);
    peer.socket.destroy();
  });

  it('drops messages for a client that does not read, whole ones, and goes on', async () => {
    const deaf = await greeted();
    deaf.socket.pause();
    const size = 100_000;
    const count = 100;
    const before = ubusd.counts().messages;
    for (let seq = 1; seq <= count; seq += 1) {
      deaf.socket.write(putMessage(MESSAGE.ping, seq, 0, [Buffer.alloc(size)]));
    }
    await until(() => ubusd.counts().messages === before + count, 'all to be taken in');
    const other = await greeted();
    other.socket.write(putMessage(MESSAGE.ping, 1, 0, []));
    await other.next('the echo for another client');
    deaf.socket.resume();
    // More than fits the kernel's buffers, so that ubusd's queue has room again.
    await until(() => deaf.received.length >= 15, 'what was kept');
    deaf.socket.write(putMessage(MESSAGE.ping, 9999, 0, []));
    await until(() => deaf.received.some((one) => one.readUInt16BE(2) === 9999), 'the last echo');
    const sizes = new Set(deaf.received.map((one) => one.length));
    expect(deaf.received.length).toBeLessThan(2 * count);
    expect([...sizes].every((length) => [12, 20, 12 + size].includes(length))).toBe(true);
    deaf.socket.destroy();
    other.socket.destroy();
  });

  it('refuses to let a client subscribe to its own object', async () => {
    const peer = await greeted();
    peer.socket.write(
      putMessage(MESSAGE.addObject, 1, 0, [
        putText(ATTRIBUTE.objpath, 'a'),
        putAttribute(ATTRIBUTE.signature, Buffer.alloc(0)),
      ]),
    );
    const id = (await peer.next('the id')).readUInt32BE(16);
    await peer.next('the status');
    peer.socket.write(
      putMessage(MESSAGE.subscribe, 2, 0, [putU32(ATTRIBUTE.objid, id), putU32(ATTRIBUTE.target, id)]),
    );
    expect(statusOf(await peer.next('a status'))).toBe(2);
    peer.socket.destroy();
  });
});

describe('ubusd as a program', () => {
  it('knows the uid of who connects, follows SIGHUP and ends at SIGTERM', async () => {
    const row = PROGRAMS.find((program) => program.name === 'ubusd');
    if (row === undefined) throw new Error('The table of programs has no ubusd.');
    const program = await bundle(row);
    const acl = join(folder, 'acl.d');
    mkdirSync(acl);
    const child = spawn(process.execPath, [program, '-s', path, '-A', acl], { stdio: 'inherit' });
    try {
      // The socket is there before anybody listens on it.
      let listens = false;
      while (!listens) {
        await until(() => existsSync(path), 'the socket');
        listens = await new Promise<boolean>((resolve) => {
          const trial = connect(path, () => resolve(true)).on('error', () => resolve(false));
          trial.once('connect', () => trial.destroy());
        });
      }
      // A client that runs as nobody: it asks to send an event, and exits with the status that it gets.
      const script = `const s=require('net').connect(process.argv[1]);let n=0;
        s.on('data',(b)=>{ if(n++===0) s.write(Buffer.from(process.argv[2],'hex')); else process.exit(b.readUInt32BE(16)); })`;
      const event = callOf(
        1,
        'send',
        Buffer.concat([putMemberText('id', 'x'), putMember(BLOBMSG.table, 'data', Buffer.alloc(0))]),
      );
      const sendAs = (uid: number, gid: number): Promise<number | null> =>
        new Promise((resolve) => {
          spawn(process.execPath, ['-e', script, path, event.toString('hex')], {
            uid,
            gid,
            cwd: '/',
            stdio: 'ignore',
          }).on('exit', resolve);
        });
      chmodSync(folder, 0o755);
      expect(await sendAs(0, 0)).toBe(0);
      expect(await sendAs(65534, 65534)).toBe(6);
      writeFileSync(join(acl, 'n.json'), JSON.stringify({ group: 'nogroup', send: ['x'] }));
      expect(await sendAs(65534, 65534)).toBe(6);
      child.kill('SIGHUP');
      let last: number | null = 6;
      for (const end = Date.now() + 30_000; last === 6 && Date.now() < end; )
        last = await sendAs(65534, 65534);
      expect(last).toBe(0);
    } finally {
      const gone = new Promise((resolve) => child.on('exit', (code) => resolve(code)));
      child.kill('SIGTERM');
      expect(await gone).toBe(0);
    }
  });
});
