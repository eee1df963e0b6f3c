/** Objects of ours: registration, argument checks, replies now and later, notifications. */
import { type Method, type MethodResult, Status } from '@openwrt/ubus-client';
import {
  decodeBlobmsg,
  forwardedInvokeMessage,
  MAX_BLOB_BYTES,
  type Message,
  notifyStatusMessage,
  providerStatusMessage,
  replyMessage,
  statusMessage,
  subscribersChangedMessage,
} from '@openwrt/ubus-client/wire';
import { describe, expect, it } from 'vitest';
import { type PeerConnection, payload, ScriptedBus, settle } from './scripted-peer.ts';

const CALLER = 0x1234_5678;
const ROOT = { user: 'root', group: 'root' };
const ok = <T>(value: T) => ({ ok: true, value }) as const;

const echo: Method = {
  name: 'echo',
  args: { s: 'string', b: 'boolean', i: 'int32', l: 'int64', d: 'double', a: 'array', t: 'table' },
  handle: (args, caller) => ok({ args, caller: caller.user }),
};

async function provide(
  ...methods: Method[]
): Promise<{ bus: ScriptedBus; peer: PeerConnection; id: number }> {
  const bus = new ScriptedBus();
  bus.client.provide('t.x', methods);
  await bus.ready();
  return { bus, peer: bus.peer, id: bus.peer.idOf('t.x') };
}

function call(peer: PeerConnection, id: number, method: string, data: Uint8Array, seq = 77): void {
  peer.send(forwardedInvokeMessage(seq, CALLER, id, method, ROOT, data));
}

const reply = (id: number, table: Parameters<typeof payload>[0], seq = 77): Message =>
  replyMessage(seq, CALLER, id, payload(table));
const status = (id: number, value: number, seq = 77): Message =>
  providerStatusMessage(seq, CALLER, value, id);

describe('registration', () => {
  it('declares methods with the numbers of their argument types, boolean as int8', async () => {
    const bus = new ScriptedBus();
    bus.answersChores = false;
    bus.client.provide('t.x', [echo, { name: 'none', args: {}, handle: () => ok({}) }]);
    bus.client.start();
    await settle();
    const { attributes } = await bus.peer.next('addObject');
    expect(attributes.objpath).toBe('t.x');
    const signature = decodeBlobmsg(attributes.signature ?? new Uint8Array(0));
    expect(signature.ok && signature.value).toMatchObject([
      {
        name: 'echo',
        type: 'table',
        value: [
          ['s', 3],
          ['b', 7],
          ['i', 5],
          ['l', 4],
          ['d', 8],
          ['a', 1],
          ['t', 2],
        ].map(([name, value]) => ({ name, type: 'int32', value })),
      },
      { name: 'none', type: 'table', value: [] },
    ]);
  });

  it('tries again when the path is taken, and is ready meanwhile', async () => {
    const bus = new ScriptedBus();
    bus.taken.add('t.x');
    const object = bus.client.provide('t.x', [echo]);
    await bus.ready();
    expect(object.id()).toBeUndefined();
    const told = () =>
      bus.log.filter((line) => line.startsWith('err: ubus: The object t.x: Invalid argument'));
    expect(told()).toHaveLength(1);
    await bus.time.advance(6000);
    expect(told()).toHaveLength(1);
    bus.taken.clear();
    await bus.time.advance(2000);
    expect(object.id()).toBe(bus.peer.idOf('t.x'));
  });

  it('registers what is provided later, and takes back what is removed', async () => {
    const bus = await new ScriptedBus().ready();
    const object = bus.client.provide('t.late', [echo]);
    await settle();
    const id = bus.peer.idOf('t.late');
    object.remove();
    expect((await bus.peer.next('removeObject')).attributes).toEqual({ objid: id });
    call(bus.peer, id, 'echo', payload({}));
    expect(bus.peer.received).toEqual([status(id, Status.notFound)]);
  });
});

describe('a call to us', () => {
  it('is answered with DATA and STATUS, and knows its caller', async () => {
    const { peer, id } = await provide(echo);
    call(peer, id, 'echo', payload({ s: 'x', b: false, i: -1, l: 1, d: 2, a: [1], t: {} }));
    const args = { s: 'x', b: false, i: -1, l: 1, d: 2, a: [1], t: {} };
    expect(peer.received).toEqual([reply(id, { args, caller: 'root' }), status(id, 0)]);
  });

  it.each([
    ['unknown', { unknown: 1 }, "there is no argument 'unknown'"],
    ['a name that every object has', { constructor: 1 }, "there is no argument 'constructor'"],
    ['text instead of a number', { i: '5' }, "argument 'i' has type string, not int32"],
    ['a boolean instead of a number', { i: true }, "argument 'i' has type boolean, not int32"],
    ['a number instead of a boolean', { b: 1 }, "argument 'b' has type int32, not boolean"],
    ['a too big number', { i: 2 ** 31 }, "argument 'i' has type int64, not int32"],
    ['a broken number', { i: 0.5 }, "argument 'i' has type double, not int32"],
    ['null', { s: null }, "argument 's' has type unspec, not string"],
    ['a table instead of an array', { a: {} }, "argument 'a' has type table, not array"],
    ['a name with control characters', { 'x\ny': 1 }, "there is no argument 'x?y'"],
  ])('with %s is refused with 2, and the log names it', async (_, args, words) => {
    const { bus, peer, id } = await provide(echo);
    call(peer, id, 'echo', payload(args));
    expect(peer.received).toEqual([status(id, Status.invalidArgument)]);
    expect(bus.log).toContain(`warning: ubus: t.x 'echo', called by user 'root': ${words}.`);
  });

  it("loses uhttpd's session id, unless the method declares it", async () => {
    const { peer, id } = await provide(echo, {
      name: 'who',
      args: { ubus_rpc_session: 'string' },
      handle: (args) => ok(args),
    });
    call(peer, id, 'echo', payload({ ubus_rpc_session: 'abc' }));
    call(peer, id, 'who', payload({ ubus_rpc_session: 'abc' }));
    expect(peer.received).toEqual([
      reply(id, { args: {}, caller: 'root' }),
      status(id, 0),
      reply(id, { ubus_rpc_session: 'abc' }),
      status(id, 0),
    ]);
  });

  it('of a method that does not exist gets 3', async () => {
    const { peer, id } = await provide(echo);
    call(peer, id, 'toString', payload({}));
    expect(peer.received).toEqual([status(id, Status.methodNotFound)]);
  });

  it('with arguments that are no blobmsg gets 2 and costs nobody the connection', async () => {
    const { bus, peer, id } = await provide(echo);
    call(peer, id, 'echo', new Uint8Array([0xff, 0xff, 0xff, 0xff]));
    expect(peer.received).toEqual([status(id, Status.invalidArgument)]);
    expect(bus.client.state().kind).toBe('ready');
  });

  it.each([
    ['a status of its own', () => ({ ok: false, error: { status: 6 } }) as MethodResult, [6]],
    ['status 9 for an error of status 0', () => ({ ok: false, error: { status: 0 } }) as MethodResult, [9]],
    ['no data for undefined', () => ok(undefined), [0]],
    [
      'status 9 for an exception',
      () => {
        throw new Error('broken');
      },
      [9],
    ],
    ['status 9 for a rejection', () => Promise.reject(new Error('broken')), [9]],
    ['status 9 for a reply beyond the limit', () => ok({ s: 'x'.repeat(MAX_BLOB_BYTES) }), [9]],
    ['status 9 for a reply that has no form', () => ok({ n: BigInt(2) ** BigInt(64) }), [9]],
  ])('answers %s', async (_, handle: Method['handle'], [expected]) => {
    const { bus, peer, id } = await provide({ name: 'm', args: {}, handle });
    call(peer, id, 'm', payload({}));
    await settle();
    expect(peer.received).toEqual([status(id, expected as number)]);
    expect(bus.client.state().kind).toBe('ready');
  });

  it('can be answered later, in any order', async () => {
    const open: ((result: MethodResult) => void)[] = [];
    const { peer, id } = await provide({
      name: 'slow',
      args: {},
      handle: () => new Promise<MethodResult>((resolve) => open.push(resolve)),
    });
    call(peer, id, 'slow', payload({}), 1);
    call(peer, id, 'slow', payload({}), 2);
    open[1]?.(ok({ n: 2 }));
    await settle();
    open[0]?.(ok({ n: 1 }));
    await settle();
    expect(peer.received).toEqual([
      reply(id, { n: 2 }, 2),
      status(id, 0, 2),
      reply(id, { n: 1 }, 1),
      status(id, 0, 1),
    ]);
  });

  it('is not answered on a later connection', async () => {
    let answer: (result: MethodResult) => void = () => {};
    const { bus, peer, id } = await provide({
      name: 'slow',
      args: {},
      handle: () =>
        new Promise<MethodResult>((resolve) => {
          answer = resolve;
        }),
    });
    call(peer, id, 'slow', payload({}));
    peer.end();
    await bus.time.advance(200);
    expect(bus.connections).toHaveLength(2);
    answer(ok({}));
    await settle();
    expect(bus.peer.received).toEqual([]);
  });

  it('is served when it comes in the same piece as the registration', async () => {
    const bus = new ScriptedBus();
    bus.answersChores = false;
    bus.client.provide('t.x', [echo]);
    bus.client.start();
    await settle();
    const { seq } = await bus.peer.next('addObject');
    bus.peer.send(
      { type: 2, seq, peer: 0, attributes: { objid: 5000, objtype: 1 } },
      statusMessage(seq, 0, 0),
      forwardedInvokeMessage(9, CALLER, 5000, 'echo', ROOT, payload({})),
    );
    expect(bus.peer.received).toContainEqual(status(5000, 0, 9));
  });
});

describe('notifications', () => {
  it('go out without asking for answers, and only while somebody is subscribed', async () => {
    const bus = new ScriptedBus();
    const object = bus.client.provide('t.x', [echo]);
    await bus.ready();
    const id = bus.peer.idOf('t.x');
    object.notify('changed', { n: 1 });
    expect(bus.peer.received).toEqual([]);
    bus.peer.send(subscribersChangedMessage(1, id, true));
    expect(object.hasSubscribers()).toBe(true);
    object.notify('changed', { n: 2 });
    const sent = await bus.peer.next('notify');
    expect(sent.peer).toBe(id);
    expect(sent.attributes).toEqual({ objid: id, method: 'changed', data: payload({ n: 2 }), noReply: true });
    // ucode's subscribers answer all the same.
    bus.peer.send(providerStatusMessage(sent.seq, 4711, 0, 4711));
    bus.peer.send(subscribersChangedMessage(2, id, false));
    object.notify('changed', { n: 3 });
    expect(bus.peer.received).toEqual([]);
    expect(bus.client.state().kind).toBe('ready');
  });

  it('can collect the answers of all subscribers', async () => {
    const bus = new ScriptedBus();
    const object = bus.client.provide('t.x', [echo]);
    await bus.ready();
    const id = bus.peer.idOf('t.x');
    const answers = object.ask('ready?', {});
    const { seq } = await bus.peer.next('notify');
    bus.peer.send(
      notifyStatusMessage(seq, id, id, [71, 72]),
      replyMessage(seq, 72, 72, payload({ yes: true })),
      providerStatusMessage(seq, 72, 0, 72),
      providerStatusMessage(seq, 71, 6, 71),
    );
    expect(await answers).toEqual({
      ok: true,
      value: [
        { subscriber: 72, replies: [{ yes: true }], status: 0 },
        { subscriber: 71, replies: [], status: 6 },
      ],
    });
  });

  it('asked without subscribers end at once; with silent ones after the time', async () => {
    const bus = new ScriptedBus();
    const object = bus.client.provide('t.x', [echo]);
    await bus.ready();
    const id = bus.peer.idOf('t.x');
    const nobody = object.ask('x', {});
    bus.peer.send(notifyStatusMessage((await bus.peer.next('notify')).seq, id, id, []));
    expect(await nobody).toEqual({ ok: true, value: [] });
    const silent = object.ask('x', {}, { timeoutMs: 300 });
    const { seq } = await bus.peer.next('notify');
    bus.peer.send(notifyStatusMessage(seq, id, id, [71, 72]), providerStatusMessage(seq, 72, 0, 72));
    await bus.time.advance(300);
    expect(await silent).toEqual({ ok: true, value: [{ subscriber: 72, replies: [], status: 0 }] });
  });
});
