/** Calls: look-up, several replies, time-out, abort, what comes too late or from the wrong side. */
import {
  invokeMessage,
  lookupDataMessage,
  MAX_BLOB_BYTES,
  providerStatusMessage,
  replyMessage,
  statusMessage,
} from '@openwrt/ubus-client/wire';
import { describe, expect, it } from 'vitest';
import { type PeerConnection, payload, ScriptedBus, settle } from './scripted-peer.ts';

const OBJECT = 0xfff0_0001;
const NO_METHODS = new Uint8Array(0);

/** ubusd finds t.x. */
async function find(peer: PeerConnection, id = OBJECT): Promise<void> {
  const { seq, attributes } = await peer.next('lookup');
  expect(attributes).toEqual({ objpath: 't.x' });
  peer.send(lookupDataMessage(seq, 't.x', id, 7, NO_METHODS), statusMessage(seq, 0, 0));
}

async function connected(): Promise<{ bus: ScriptedBus; peer: PeerConnection }> {
  const bus = await new ScriptedBus().ready();
  return { bus, peer: bus.peer };
}

describe('a call', () => {
  it('looks the object up, sends its arguments and gives the reply', async () => {
    const { bus, peer } = await connected();
    const result = bus.client.call('t.x', 'get', { n: 5, b: true });
    await find(peer);
    const invoke = await peer.next('invoke');
    expect(invoke).toEqual(invokeMessage(invoke.seq, OBJECT, 'get', payload({ n: 5, b: true })));
    peer.send(
      replyMessage(invoke.seq, OBJECT, OBJECT, payload({ r: [1, 'two', null] })),
      providerStatusMessage(invoke.seq, OBJECT, 0, OBJECT),
    );
    expect(await result).toEqual({ ok: true, value: { r: [1, 'two', null] } });
  });

  it('remembers the id, and looks it up again when ubusd does not know it any more', async () => {
    const { bus, peer } = await connected();
    const first = bus.client.call('t.x', 'get');
    await find(peer);
    const one = await peer.next('invoke');
    peer.send(providerStatusMessage(one.seq, OBJECT, 0, OBJECT));
    expect(await first).toEqual({ ok: true, value: {} });

    const second = bus.client.call('t.x', 'get');
    const two = await peer.next('invoke');
    peer.send(statusMessage(two.seq, OBJECT, 4));
    await find(peer, OBJECT + 1);
    const three = await peer.next('invoke');
    expect(three.peer).toBe(OBJECT + 1);
    peer.send(providerStatusMessage(three.seq, OBJECT + 1, 0, OBJECT + 1));
    expect((await second).ok).toBe(true);
  });

  it('does not call twice when the provider itself says "not found"', async () => {
    const { bus, peer } = await connected();
    const warm = bus.client.call('t.x', 'get');
    await find(peer);
    peer.send(providerStatusMessage((await peer.next('invoke')).seq, OBJECT, 0, OBJECT));
    await warm;
    const result = bus.client.call('t.x', 'get');
    peer.send(providerStatusMessage((await peer.next('invoke')).seq, OBJECT, 4, OBJECT));
    expect(await result).toMatchObject({ ok: false, error: { code: 'status', status: 4 } });
    expect(peer.received).toEqual([]);
  });

  it.each([
    ['nothing is found', [4]],
    ['the object is hidden by an ACL (status 0 without data)', [0]],
  ])('is "not found" when %s', async (_, [status]) => {
    const { bus, peer } = await connected();
    const result = bus.client.call('t.x', 'get');
    const { seq } = await peer.next('lookup');
    peer.send(statusMessage(seq, 0, status as number));
    expect(await result).toMatchObject({ ok: false, error: { code: 'status', status: 4 } });
  });

  it('gives all replies of a method that sends several', async () => {
    const { bus, peer } = await connected();
    const { result } = bus.client.request('t.x', 'get');
    await find(peer);
    const { seq } = await peer.next('invoke');
    for (const n of [1, 2, 3]) peer.send(replyMessage(seq, OBJECT, OBJECT, payload({ n })));
    peer.send(providerStatusMessage(seq, OBJECT, 0, OBJECT));
    const replies = await result;
    expect(replies.ok && replies.value.map(([entry]) => entry?.value)).toEqual([1, 2, 3]);
  });

  it('tells answers in any order apart by their seq', async () => {
    const { bus, peer } = await connected();
    const one = bus.client.call('t.x', 'one');
    await find(peer);
    const first = await peer.next('invoke');
    const two = bus.client.call('t.x', 'two');
    const second = await peer.next('invoke');
    expect(second.seq).not.toBe(first.seq);
    for (const [{ seq }, n] of [
      [second, 2],
      [first, 1],
    ] as const)
      peer.send(
        replyMessage(seq, OBJECT, OBJECT, payload({ n })),
        providerStatusMessage(seq, OBJECT, 0, OBJECT),
      );
    expect(await one).toEqual({ ok: true, value: { n: 1 } });
    expect(await two).toEqual({ ok: true, value: { n: 2 } });
  });

  it('ends after its time with "timeout"; the late answer is ignored', async () => {
    const { bus, peer } = await connected();
    const result = bus.client.call('t.x', 'slow', {}, { timeoutMs: 700 });
    await find(peer);
    const { seq } = await peer.next('invoke');
    await bus.time.advance(699);
    let ended = false;
    void result.then(() => {
      ended = true;
    });
    await settle();
    expect(ended).toBe(false);
    await bus.time.advance(1);
    expect(await result).toMatchObject({ ok: false, error: { code: 'timeout', status: 7 } });
    peer.send(
      replyMessage(seq, OBJECT, OBJECT, payload({ late: true })),
      providerStatusMessage(seq, OBJECT, 0, OBJECT),
    );
    expect(bus.client.state().kind).toBe('ready');
    expect(bus.log.filter((line) => line.includes('nobody waits'))).toHaveLength(2);
  });

  it('each ends at its own time, in whatever order they began', async () => {
    const { bus } = await connected();
    const ended: string[] = [];
    for (const timeoutMs of [500, 100, 300]) {
      void bus.client.lookup('t.mute', { timeoutMs }).result.then((reply) => {
        ended.push(`${timeoutMs} ${reply.ok ? 'ok' : reply.error.code}`);
      });
    }
    for (const [ms, count] of [
      [100, 1],
      [200, 2],
      [200, 3],
    ] as const) {
      await bus.time.advance(ms);
      await settle();
      expect(ended).toHaveLength(count);
    }
    expect(ended).toEqual(['100 timeout', '300 timeout', '500 timeout']);
  });

  it('can be given up, before and after the object is found', async () => {
    const { bus, peer } = await connected();
    const early = bus.client.request('t.x', 'get');
    const { seq } = await peer.next('lookup');
    early.abort();
    expect(await early.result).toMatchObject({ ok: false, error: { code: 'aborted' } });
    peer.send(lookupDataMessage(seq, 't.x', OBJECT, 7, NO_METHODS), statusMessage(seq, 0, 0));
    await settle();
    expect(peer.received).toEqual([]);

    const late = bus.client.request('t.x', 'get');
    await find(peer);
    await peer.next('invoke');
    late.abort();
    late.abort();
    expect(await late.result).toMatchObject({ ok: false, error: { code: 'aborted' } });
  });

  it('does not believe an answer that comes from another object', async () => {
    const { bus, peer } = await connected();
    const result = bus.client.call('t.x', 'get');
    await find(peer);
    const { seq } = await peer.next('invoke');
    peer.send(
      replyMessage(seq, 0xbad, 0xbad, payload({ forged: true })),
      providerStatusMessage(seq, 0xbad, 0, 0xbad),
    );
    peer.send(replyMessage(seq, OBJECT, OBJECT, payload({ forged: false })));
    peer.send(providerStatusMessage(seq, OBJECT, 0, OBJECT));
    expect(await result).toEqual({ ok: true, value: { forged: false } });
  });

  it('ends at once when its provider goes', async () => {
    const { bus, peer } = await connected();
    const result = bus.client.call('t.x', 'get');
    await find(peer);
    await peer.next('invoke');
    // The id is sent as int32, with a sign.
    const data = payload({ id: OBJECT | 0, path: 't.x' });
    peer.send({
      type: 5,
      seq: 1,
      peer: 0,
      attributes: { objid: peer.idOf(''), method: 'ubus.object.remove', data },
    });
    expect(await result).toMatchObject({
      ok: false,
      error: { status: 5, message: 't.x: its provider has gone.' },
    });
  });

  it('fails alone when its reply can not be read: that is its provider’s doing, not ubusd’s', async () => {
    const { bus, peer } = await connected();
    const result = bus.client.call('t.x', 'get');
    await find(peer);
    const { seq } = await peer.next('invoke');
    peer.send(
      replyMessage(seq, OBJECT, OBJECT, new Uint8Array([0x83, 0, 0, 9, 0, 0, 0, 0, 65, 0, 0, 0])),
      providerStatusMessage(seq, OBJECT, 0, OBJECT),
    );
    expect(await result).toMatchObject({ ok: false, error: { code: 'protocol', status: 9 } });
    expect(bus.client.state().kind).toBe('ready');
  });

  it('refuses arguments that no message can carry, and stays connected', async () => {
    const { bus, peer } = await connected();
    expect(await bus.client.call('t.x', 'get', { s: 'x'.repeat(MAX_BLOB_BYTES) })).toMatchObject({
      ok: false,
      error: { code: 'protocol', status: 2 },
    });
    expect(await bus.client.call('t.x', 'get', { n: BigInt(2) ** BigInt(63) })).toMatchObject({
      ok: false,
      error: { code: 'protocol', status: 2 },
    });
    expect(peer.received).toEqual([]);
  });

  it('fails at once without a connection', async () => {
    const bus = new ScriptedBus();
    expect(await bus.client.call('t.x', 'get')).toMatchObject({
      ok: false,
      error: { code: 'disconnected', status: 10 },
    });
  });
});

describe('lookup', () => {
  it('gives objects with their methods, and nothing for "not found"', async () => {
    const { bus, peer } = await connected();
    const some = bus.client.lookup('t.*').result;
    const { seq } = await peer.next('lookup');
    peer.send(
      lookupDataMessage(seq, 't.a', 1000, 7, payload({ m: { n: 5 } })),
      lookupDataMessage(seq, 't.b', 1001, 8, NO_METHODS),
      statusMessage(seq, 0, 0),
    );
    expect(await some).toMatchObject({
      ok: true,
      value: [
        { path: 't.a', id: 1000, typeId: 7, signature: [{ name: 'm', type: 'table' }] },
        { path: 't.b', id: 1001, signature: [] },
      ],
    });
    const none = bus.client.lookup('u.*').result;
    peer.send(statusMessage((await peer.next('lookup')).seq, 0, 4));
    expect(await none).toEqual({ ok: true, value: [] });
  });
});
