import { existsSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseJson, printJson, table } from '../../openwrt/common/values.ts';
import { until } from '../ubusd/replay.ts';
import { cryptOf, type House, openHouse } from './house.ts';

/** Methods and ends of sessions that no recording has, called over ubus as root. */

let house: House;
beforeEach(async () => {
  house = await openHouse({ 't-test': { read: { uci: ['t'] }, write: { uci: ['t'] } } }, true);
});
afterEach(() => house.close());

async function call(object: string, method: string, args: Record<string, unknown>): Promise<unknown> {
  const typed = parseJson(JSON.stringify(args));
  if (typed?.type !== 'table') throw new Error('The arguments are no table.');
  const { status, replies } = await house.link.call(object, method, typed.value);
  const data = replies.at(-1);
  return data === undefined ? status : JSON.parse(printJson(table('', data)));
}
async function create(timeout = 300): Promise<string> {
  const made = (await call('session', 'create', { timeout })) as { ubus_rpc_session: string };
  return made.ubus_rpc_session;
}

describe('session', () => {
  it('grants and revokes functions, objects by pattern, and whole scopes', async () => {
    const id = await create();
    const access = (scope: string, object: string, name: string): Promise<unknown> =>
      call('session', 'access', { ubus_rpc_session: id, scope, object, function: name });
    const objects = [
      ['net*', 'status'],
      ['net*', 'dump'],
    ];
    await call('session', 'grant', { ubus_rpc_session: id, scope: 'ubus', objects });
    expect(await access('ubus', 'network', 'status')).toEqual({ access: true });
    expect(await access('ubus', 'system', 'status')).toEqual({ access: false });
    expect(await access('uci', 'network', 'status')).toEqual({ access: false });
    await call('session', 'revoke', { ubus_rpc_session: id, scope: 'ubus', objects: [['net*', 'status']] });
    expect(await access('ubus', 'network', 'status')).toEqual({ access: false });
    expect(await access('ubus', 'network', 'dump')).toEqual({ access: true });
    await call('session', 'revoke', { ubus_rpc_session: id, scope: 'ubus' });
    expect(await call('session', 'access', { ubus_rpc_session: id })).toEqual({});
  });

  it('keeps and drops values', async () => {
    const ubus_rpc_session = await create();
    await call('session', 'set', { ubus_rpc_session, values: { a: 1, b: 'x' } });
    await call('session', 'unset', { ubus_rpc_session, keys: ['a'] });
    expect(await call('session', 'get', { ubus_rpc_session })).toEqual({ values: { b: 'x' } });
    await call('session', 'unset', { ubus_rpc_session });
    expect(await call('session', 'get', { ubus_rpc_session })).toEqual({ values: {} });
  });

  it('lists all sessions to a local caller who names none', async () => {
    const ids = [await create(), await create()];
    const { status, replies } = await house.link.call('session', 'list', []);
    const listed = replies.map((reply) => reply.find((one) => one.name === 'ubus_rpc_session')?.value);
    expect([status, listed]).toEqual([0, ['0'.repeat(32), ...ids]]);
  });

  it('is refused without an id (2) and with an unknown one (4)', async () => {
    expect(await call('session', 'get', {})).toBe(2);
    expect(await call('session', 'get', { ubus_rpc_session: 'f'.repeat(32) })).toBe(4);
  });

  it('takes its pending changes with it when its time is over', async () => {
    const ubus_rpc_session = await create(5);
    const grant = { ubus_rpc_session, scope: 'uci', objects: [['t', 'write']] };
    await call('session', 'grant', grant);
    const set = { ubus_rpc_session, config: 't', section: 'w1', values: { device: 'eth3' } };
    expect(await call('uci', 'set', set)).toBe(0);
    const delta = join(house.root, `var/run/rpcd/uci-${ubus_rpc_session}`);
    expect(readFileSync(join(delta, 't'), 'utf8')).toBe("t.w1.device='eth3'\n");
    await until(() => !existsSync(delta), 'the end of the session');
    expect(await call('session', 'list', { ubus_rpc_session })).toBe(4);
  });
});

describe('a restart of ubusd', () => {
  it('brings the objects back, and the sessions are still known', async () => {
    const ubus_rpc_session = await create();
    await house.restartUbusd();
    await house.link.ready();
    const found = async (): Promise<string[]> => (await house.link.lookup()).map((one) => one.path);
    const all = ['file', 'rc', 'service', 'session', 't.obj', 't.pub', 'uci'];
    const end = Date.now() + 30_000;
    while ((await found()).length < all.length && Date.now() < end) await new Promise(setImmediate);
    expect(await found()).toEqual(all);
    expect(await call('session', 'list', { ubus_rpc_session })).toMatchObject({ ubus_rpc_session });
  });

  it('ends an open call at once with status 10', async () => {
    let called = false;
    const never = (): Promise<never> => {
      called = true;
      return new Promise(() => {});
    };
    house.link.provide('t.never', { answer: { args: {}, handle: never } });
    await house.link.ready();
    const open = house.link.call('t.never', 'answer', []);
    await until(() => called, 'the call');
    await house.restartUbusd();
    expect((await open).status).toBe(10);
  });
});

describe('login', () => {
  const login = (password: string): Promise<unknown> =>
    call('session', 'login', { username: 'admin', password });

  it('asks /etc/shadow for a password of the form $p$user, and lets everybody in if none is set', async () => {
    const account = "config login\n\toption username 'admin'\n\toption password '$p$boss'\n\tlist read '*'\n";
    writeFileSync(join(house.root, 'etc/config/rpcd'), account);
    expect(await login('secret')).toBe(6);
    const hash = cryptOf('secret');
    writeFileSync(join(house.root, 'etc/shadow'), `root:*:1::::::\nboss:${hash}:1::::::\n`);
    expect(await login('wrong')).toBe(6);
    expect(await login('secret')).toMatchObject({ timeout: 300, data: { username: 'admin' } });
    writeFileSync(join(house.root, 'etc/shadow'), 'boss::1::::::\n');
    expect(await login('anything')).toMatchObject({ timeout: 300 });
  });
});

describe('uci', () => {
  it('announces by reload_config what changed since the last call, and nothing at the first', async () => {
    await call('uci', 'reload_config', {});
    expect(house.events).toEqual([]);
    const path = join(house.root, 'etc/config/t');
    writeFileSync(path, "config wan 'w1'\n");
    // A change is told by the file's time, and the clock for that ticks slowly.
    const later = new Date(Date.now() + 10_000);
    utimesSync(path, later, later);
    await call('uci', 'reload_config', {});
    await until(() => house.events.length > 0, 'the event');
    expect(house.events).toEqual(['{"type":"config.change","data":{"package":"t"}}']);
  });

  it('stages nothing of a call that fails', async () => {
    const values = { device: 'eth9', 'bad name': 'x' };
    expect(await call('uci', 'set', { config: 't', section: 'w1', values })).toBe(2);
    expect(await call('uci', 'changes', { config: 't' })).toEqual({ changes: [] });
  });
});

describe('rc', () => {
  it('lists a script with its numbers and whether it is enabled', async () => {
    expect(await call('rc', 'list', { skip_running_check: true })).toEqual({
      log: { start: 12, stop: 89, enabled: true },
    });
    expect(await call('rc', 'init', { name: '../../bin/sh', action: 'start' })).toBe(4);
  });
});

describe('file', () => {
  it('lists a folder, appends, digests and removes', async () => {
    const path = join(house.root, 'tmp/new.txt');
    expect(await call('file', 'write', { path, data: 'a' })).toBe(0);
    expect(await call('file', 'write', { path, data: 'Yg==', base64: true, append: true })).toBe(0);
    expect(await call('file', 'read', { path })).toEqual({ data: 'ab' });
    expect(await call('file', 'md5', { path })).toEqual({ md5: '187ef4436122d1cc2f40dc2b92f0eba0' });
    const { entries } = (await call('file', 'list', { path: join(house.root, 'tmp') })) as {
      entries: { name: string; type: string }[];
    };
    expect(entries.map(({ name, type }) => [name, type])).toEqual([
      ['allowed.txt', 'file'],
      ['new.txt', 'file'],
    ]);
    expect(await call('file', 'remove', { path })).toBe(0);
    expect(await call('file', 'stat', { path })).toBe(4);
  });
});
