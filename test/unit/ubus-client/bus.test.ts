/**
 * The port Bus over real Unix sockets and the stand-in for ubusd: what one program provides, another one uses, also
 * after ubusd was restarted.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConnectionState, createClient } from '@openwrt/ubus-client';
import { nodeSurroundings, unixTransport } from '@openwrt/ubus-client/node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nodeStreams } from '../../../src/adapters/node/streams.ts';
import { nodeTimers } from '../../../src/adapters/node/timers.ts';
import { createUbusBus } from '../../../src/adapters/ubus-bus.ts';
import { fail, ok } from '../../../src/lib/result.ts';
import type { Bus, BusTable } from '../../../src/ports/bus.ts';
import { startUbusd, type Ubusd } from '../../openwrt/ubusd/server.ts';

const ROOT = { uid: 0, user: 'root', group: 'root' };

let folder: string;
let socketPath: string;
let ubusd: Ubusd;
let buses: Bus[];
let log: string[];

const startBus = async () => {
  ubusd = await startUbusd([{ path: socketPath, user: ROOT }], join(folder, 'acl'));
};

function connect(): { bus: Bus; connected(): Promise<void> } {
  let isConnected = false;
  const waiting: (() => void)[] = [];
  const bus = createUbusBus({
    streams: nodeStreams,
    timers: nodeTimers,
    clock: { wallMs: () => Date.now(), monotonicMs: () => performance.now() },
    log: { write: (level, message) => log.push(`${level}: ${message}`) },
    socketPath,
  });
  bus.onConnection((now) => {
    isConnected = now;
    if (now) for (const resolve of waiting.splice(0)) resolve();
  });
  buses.push(bus);
  return {
    bus,
    connected: () => (isConnected ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
  };
}

/** The next value that `on` gives. */
function next<T>(): { promise: Promise<T>; give: (value: T) => void } {
  let give: (value: T) => void = () => {};
  const promise = new Promise<T>((resolve) => {
    give = resolve;
  });
  return { promise, give };
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bus-'));
  socketPath = join(folder, 'ubus.sock');
  buses = [];
  log = [];
  await startBus();
});

afterEach(async () => {
  for (const bus of buses) bus.close();
  await ubusd.close();
  rmSync(folder, { recursive: true, force: true });
});

const provideEcho = (bus: Bus) =>
  bus.provide('t.x', [
    { name: 'echo', args: { v: 'table' }, handle: (args) => ok(args) },
    { name: 'who', args: {}, handle: async (_, caller) => ok({ ...caller }) },
    {
      name: 'refuse',
      args: {},
      handle: () => fail({ code: 'status', status: 6, message: 'no' }),
    },
  ]);

describe('Bus', () => {
  it('calls what another program provides', async () => {
    const provider = connect();
    provideEcho(provider.bus);
    const caller = connect();
    await Promise.all([provider.connected(), caller.connected()]);
    const v: BusTable = {
      s: 'ä\udcff',
      n: [1, 0.5, null, true],
      big: BigInt('9007199254740993'),
      t: { e: {} },
    };
    expect(await caller.bus.call('t.x', 'echo', { v }, 1000)).toEqual({ ok: true, value: { v } });
    expect(await caller.bus.call('t.x', 'who', {}, 1000)).toEqual({
      ok: true,
      value: { user: 'root', group: 'root' },
    });
    expect(await caller.bus.call('t.x', 'refuse', {}, 1000)).toMatchObject({
      ok: false,
      error: { code: 'status', status: 6 },
    });
    expect(await caller.bus.call('t.x', 'echo', { w: 1 }, 1000)).toMatchObject({
      ok: false,
      error: { code: 'status', status: 2 },
    });
    expect(await caller.bus.call('t.none', 'm', {}, 1000)).toMatchObject({
      ok: false,
      error: { code: 'status', status: 4 },
    });
  });

  it('passes a reply of 900 KiB', async () => {
    const provider = connect();
    provideEcho(provider.bus);
    const caller = connect();
    await Promise.all([provider.connected(), caller.connected()]);
    const v = { s: 'x'.repeat(900 * 1024) };
    expect(await caller.bus.call('t.x', 'echo', { v }, 5000)).toEqual({ ok: true, value: { v } });
  });

  it('tells subscribers, from the moment at which the object comes', async () => {
    const subscriber = connect();
    const attached = next<void>();
    const seen = next<[string, BusTable]>();
    subscriber.bus.subscribe(
      't.x',
      (name, data) => seen.give([name, data]),
      () => attached.give(),
    );
    await subscriber.connected();
    const provider = connect();
    const object = provideEcho(provider.bus);
    await attached.promise;
    await provider.connected();
    // ubusd tells the provider of its first subscriber before it answers this.
    await provider.bus.call('t.none', 'x', {}, 1000);
    object.notify('changed', { n: 1 });
    expect(await seen.promise).toEqual(['changed', { n: 1 }]);
  });

  it('sends events to listeners', async () => {
    const listener = connect();
    const seen = next<[string, BusTable]>();
    listener.bus.listen('t.*', (name, data) => seen.give([name, data]));
    const sender = connect();
    await Promise.all([listener.connected(), sender.connected()]);
    sender.bus.send('other', {});
    sender.bus.send('t.event', { a: [1, 2] });
    expect(await seen.promise).toEqual(['t.event', { a: [1, 2] }]);
  });

  it('ends a call at once when its provider goes', async () => {
    const provider = connect();
    const called = next<void>();
    provider.bus.provide('t.slow', [
      {
        name: 'never',
        args: {},
        handle: () => {
          called.give();
          return new Promise(() => {});
        },
      },
    ]);
    const caller = connect();
    await Promise.all([provider.connected(), caller.connected()]);
    const result = caller.bus.call('t.slow', 'never', {}, 60_000);
    await called.promise;
    provider.bus.close();
    expect(await result).toMatchObject({ ok: false, error: { code: 'status', status: 5 } });
  });

  it('goes on after a restart of ubusd: objects, subscriptions, patterns', async () => {
    const provider = connect();
    const object = provideEcho(provider.bus);
    const user = connect();
    let attachments = 0;
    let attached = next<void>();
    const notified = next<BusTable>();
    const heard = next<BusTable>();
    user.bus.subscribe(
      't.x',
      (_, data) => notified.give(data),
      () => {
        attachments += 1;
        attached.give();
      },
    );
    user.bus.listen('t.event', (_, data) => heard.give(data));
    await Promise.all([provider.connected(), user.connected(), attached.promise]);
    attached = next<void>();
    const lost = next<boolean>();
    provider.bus.onConnection((now) => {
      if (!now) lost.give(now);
    });
    await ubusd.close();
    await lost.promise;
    expect(await provider.bus.call('t.x', 'echo', {}, 1000)).toMatchObject({
      ok: false,
      error: { code: 'disconnected' },
    });
    await startBus();
    await Promise.all([provider.connected(), user.connected(), attached.promise]);
    expect(attachments).toBe(2);
    expect(await user.bus.call('t.x', 'echo', {}, 1000)).toEqual({ ok: true, value: {} });
    await provider.bus.call('t.none', 'x', {}, 1000);
    object.notify('changed', { again: true });
    provider.bus.send('t.event', { again: true });
    expect(await notified.promise).toEqual({ again: true });
    expect(await heard.promise).toEqual({ again: true });
  });
});

describe("the package's own transport on Node", () => {
  it('connects, and says why it can not', async () => {
    const provider = connect();
    provideEcho(provider.bus);
    await provider.connected();
    const ready = next<ConnectionState>();
    const client = createClient({
      ...nodeSurroundings,
      transport: unixTransport(socketPath),
      onConnection: ready.give,
    });
    client.start();
    expect(await ready.promise).toMatchObject({ kind: 'ready' });
    const found = await client.lookup('t.*').result;
    expect(found.ok && found.value.map(({ path }) => path)).toEqual(['t.x']);
    client.close();

    const lost = next<ConnectionState>();
    const nowhere = createClient({
      ...nodeSurroundings,
      transport: unixTransport(join(folder, 'nowhere')),
      onConnection: lost.give,
    });
    nowhere.start();
    const state = await lost.promise;
    nowhere.close();
    expect(state.kind === 'lost' && state.reason).toContain('ENOENT');
  });
});
