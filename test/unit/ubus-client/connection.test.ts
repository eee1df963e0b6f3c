/** The connection that comes back: registrations, back-off, the end of pending requests, hangs, breaches. */
import {
  eventMessage,
  forwardedInvokeMessage,
  invokeMessage,
  lookupDataMessage,
  pongMessage,
  statusMessage,
  unsubscribeMessage,
} from '@openwrt/ubus-client/wire';
import { describe, expect, it } from 'vitest';
import { type PeerConnection, payload, ScriptedBus, settle } from './scripted-peer.ts';

const NO_METHODS = new Uint8Array(0);

/** Answers the look-up and the subscription of t.pub; returns the subscriber's object. */
async function attach(peer: PeerConnection, target: number): Promise<number> {
  const lookup = await peer.next('lookup');
  expect(lookup.attributes.objpath).toBe('t.pub');
  peer.send(lookupDataMessage(lookup.seq, 't.pub', target, 1, NO_METHODS), statusMessage(lookup.seq, 0, 0));
  const { seq, attributes } = await peer.next('subscribe');
  expect(attributes.target).toBe(target);
  peer.send(statusMessage(seq, 0, 0));
  await settle();
  return attributes.objid as number;
}

async function absent(peer: PeerConnection): Promise<void> {
  peer.send(statusMessage((await peer.next('lookup')).seq, 0, 4));
  await settle();
}

describe('the connection', () => {
  it('registers objects and patterns, then says that it is ready', async () => {
    const bus = new ScriptedBus();
    bus.client.provide('t.one', []);
    bus.client.listen('t.*', () => {});
    await bus.ready();
    expect(bus.peer.objects.map(({ path }) => path)).toEqual(['t.one', '']);
    expect(bus.peer.patterns).toEqual(['ubus.object.*', 't.*']);
    expect(bus.states).toEqual([{ kind: 'ready', clientId: 1 }]);
  });

  it('comes back after ubusd ended, and registers everything again under new ids', async () => {
    const events: unknown[] = [];
    const bus = new ScriptedBus();
    const object = bus.client.provide('t.one', []);
    bus.client.listen('t.*', (name, data) => events.push([name, data]));
    await bus.ready();
    const before = object.id();
    bus.peer.end('ubusd has gone');
    expect(bus.states[1]).toEqual({ kind: 'lost', reason: 'ubusd has gone' });
    expect(object.id()).toBeUndefined();
    await bus.time.advance(99);
    expect(bus.connections).toHaveLength(1);
    await bus.time.advance(1);
    await bus.ready();
    expect(bus.connections).toHaveLength(2);
    expect(bus.peer.patterns).toEqual(['ubus.object.*', 't.*']);
    expect(object.id()).not.toBe(before);
    bus.peer.send(eventMessage(1, bus.peer.idOf(''), 't.x', payload({ n: 1 })));
    expect(events).toEqual([['t.x', { n: 1 }]]);
  });

  it('fails all pending requests together, and tells its owner', async () => {
    const bus = await new ScriptedBus().ready();
    const pending = [
      bus.client.call('t.x', 'a'),
      bus.client.lookup().result,
      bus.client.send('e'),
      bus.client.ping(),
    ];
    await settle();
    bus.peer.end();
    for (const result of await Promise.all(pending))
      expect(result).toMatchObject({ ok: false, error: { code: 'disconnected', status: 10 } });
    expect(bus.states.map(({ kind }) => kind)).toEqual(['ready', 'lost']);
  });

  it('waits twice as long after each failure, up to the maximum, and begins anew after success', async () => {
    const bus = new ScriptedBus({ reconnectMinMs: 100, reconnectMaxMs: 500 });
    bus.isDown = true;
    bus.client.start();
    const at: number[] = [];
    let seen = 0;
    for (let ms = 0; ms < 2200; ms += 10) {
      if (bus.attempts > seen) at.push(bus.time.now - 1000);
      seen = bus.attempts;
      await bus.time.advance(10);
    }
    expect(at).toEqual([0, 100, 300, 700, 1200, 1700]);
    // Six attempts, one reason, one line.
    expect(bus.log.filter((line) => line.includes('connection'))).toHaveLength(1);
    bus.isDown = false;
    await bus.time.advance(500);
    await bus.ready();
    const attempts = bus.attempts;
    bus.peer.end();
    await bus.time.advance(100);
    expect(bus.attempts).toBe(attempts + 1);
  });

  it('gives a ubusd up that does not say HELLO', async () => {
    const bus = new ScriptedBus({ helloTimeoutMs: 400 });
    bus.saysHello = false;
    bus.client.start();
    await bus.time.advance(399);
    expect(bus.peer.closedByClient).toBe(false);
    await bus.time.advance(1);
    expect(bus.peer.closedByClient).toBe(true);
    expect(bus.states).toEqual([{ kind: 'lost', reason: 'ubusd did not say HELLO in time' }]);
  });

  it('asks a silent ubusd whether it is there, and reconnects when it is not', async () => {
    const bus = await new ScriptedBus({ heartbeatMs: 1000, requestTimeoutMs: 200 }).ready();
    const { peer } = bus;
    await bus.time.advance(1000);
    const ping = await peer.next('ping');
    peer.send(pongMessage(ping.seq, ping.peer, {}), statusMessage(ping.seq, ping.peer, 0));
    await bus.time.advance(900);
    expect(peer.received).toEqual([]);
    await bus.time.advance(100);
    await peer.next('ping');
    await bus.time.advance(200);
    expect(bus.states[1]).toEqual({ kind: 'lost', reason: 'ubusd did not answer a PING in time' });
    expect(peer.closedByClient).toBe(true);
  });

  it('gives a ubusd up that takes nothing any more', async () => {
    const bus = await new ScriptedBus().ready();
    bus.peer.queued = 5 << 20;
    const result = await bus.client.ping();
    expect(result).toMatchObject({ ok: false, error: { code: 'disconnected' } });
    expect(bus.states[1]).toEqual({ kind: 'lost', reason: 'ubusd does not take what is sent to it' });
  });

  it.each([
    [
      'a length beyond the limit',
      Buffer.from('0001000100000000001000010100000800000000', 'hex'),
      'message-length',
    ],
    [
      'an attribute that is too long',
      Buffer.from('00010001000000000000000c0100ffff00000000', 'hex'),
      'attribute-length',
    ],
    ['a second HELLO', Buffer.from('000000000000000100000004', 'hex'), 'message-type'],
    ['a request', Buffer.from('000400010000000000000004', 'hex'), 'message-type'],
    [
      'a call without a method',
      Buffer.from('00050001000000000000000c0300000800000001', 'hex'),
      'attribute-missing',
    ],
  ])('ends with a named error at %s', async (_, bytes, code) => {
    const bus = await new ScriptedBus().ready();
    const pending = bus.client.ping();
    bus.peer.sendBytes(bytes);
    expect(bus.states[1]).toMatchObject({ kind: 'lost', error: { name: 'RemoteProtocolError', code } });
    expect(await pending).toMatchObject({ ok: false, error: { code: 'disconnected' } });
    expect(bus.connections[0]?.closedByClient).toBe(true);
    await bus.time.advance(100);
    await bus.ready();
  });

  it('closes for good: nothing reconnects, nothing is left', async () => {
    const bus = await new ScriptedBus({ heartbeatMs: 1000 }).ready();
    const pending = bus.client.ping();
    bus.client.close();
    bus.client.close();
    expect(await pending).toMatchObject({ ok: false, error: { code: 'disconnected' } });
    expect(bus.states.map(({ kind }) => kind)).toEqual(['ready', 'closed']);
    await bus.time.advance(100_000);
    expect(bus.attempts).toBe(1);
    expect(bus.time.pending()).toBe(0);
  });

  it('closes also while it waits for its next attempt', async () => {
    const bus = await new ScriptedBus().ready();
    bus.peer.end();
    bus.client.close();
    await bus.time.advance(100_000);
    expect(bus.attempts).toBe(1);
  });
});

describe('events', () => {
  it('reach each fitting listener, and none when they can not be read', async () => {
    const seen: string[] = [];
    const bus = new ScriptedBus();
    bus.client.listen('t.ev*', (name) => seen.push(`prefix ${name}`));
    bus.client.listen('t.event', () => {
      throw new Error('a broken listener');
    });
    const closing = bus.client.listen('*', (name) => seen.push(`all ${name}`));
    await bus.ready();
    const id = bus.peer.idOf('');
    bus.peer.send(eventMessage(1, id, 't.event', payload({})), eventMessage(2, id, 'x', payload({})));
    expect(seen).toEqual(['prefix t.event', 'all t.event', 'all x']);
    closing.close();
    bus.peer.send(eventMessage(3, id, 'x', payload({})), eventMessage(4, id, 't.ev', new Uint8Array([1])));
    expect(seen).toHaveLength(3);
    expect(bus.log).toContain('err: ubus: the handler for events t.event failed: a broken listener');
    expect(bus.client.state().kind).toBe('ready');
  });

  it('are sent as ubusd wants them, and a refusal is told', async () => {
    const bus = await new ScriptedBus().ready();
    const result = bus.client.send('t.ev', { n: 1 });
    const { seq, ...sent } = await bus.peer.next('invoke');
    const { seq: _, ...expected } = invokeMessage(0, 1, 'send', payload({ id: 't.ev', data: { n: 1 } }));
    expect(sent).toEqual(expected);
    bus.peer.send(statusMessage(seq, 1, 6));
    expect(await result).toMatchObject({ ok: false, error: { code: 'status', status: 6 } });
  });
});

describe('a subscription', () => {
  const TARGET = 0xdead_0001;

  function subscribed(): { bus: ScriptedBus; log: unknown[] } {
    const log: unknown[] = [];
    const bus = new ScriptedBus();
    bus.client.subscribe('t.pub', {
      onNotify: (name, data) => log.push([name, data]),
      onAttached: () => log.push('attached'),
      onDetached: () => log.push('detached'),
    });
    bus.client.start();
    return { bus, log };
  }

  it('gets notifications, and answers those that want it', async () => {
    const { bus, log } = subscribed();
    await settle();
    const own = await attach(bus.peer, TARGET);
    const root = { user: 'root', group: 'root' };
    bus.peer.send(
      forwardedInvokeMessage(7, 99, own, 'changed', root, payload({ n: 1 })),
      forwardedInvokeMessage(8, 99, own, 'changed', root, payload({ n: 2 }), true),
    );
    expect(log).toEqual(['attached', ['changed', { n: 1 }], ['changed', { n: 2 }]]);
    expect(bus.peer.received).toMatchObject([
      { type: 1, seq: 7, peer: 99, attributes: { status: 0, objid: own } },
    ]);
  });

  it('waits for an object that is not there, and comes back with it', async () => {
    const { bus, log } = subscribed();
    await settle();
    await absent(bus.peer);
    expect(bus.client.state().kind).toBe('ready');
    const events = bus.peer.objects[0]?.id as number;
    const added = (id: number) =>
      eventMessage(1, events, 'ubus.object.add', payload({ id: id | 0, path: 't.pub' }));
    bus.peer.send(added(TARGET));
    const own = await attach(bus.peer, TARGET);
    bus.peer.send(unsubscribeMessage(1, own, TARGET));
    await absent(bus.peer);
    bus.peer.send(added(TARGET + 1));
    await attach(bus.peer, TARGET + 1);
    expect(log).toEqual(['attached', 'detached', 'attached']);
  });

  it('does not miss that its object goes while it subscribes', async () => {
    const { bus, log } = subscribed();
    await settle();
    const lookup = await bus.peer.next('lookup');
    bus.peer.send(
      lookupDataMessage(lookup.seq, 't.pub', TARGET, 1, NO_METHODS),
      statusMessage(lookup.seq, 0, 0),
    );
    const { seq, attributes } = await bus.peer.next('subscribe');
    bus.peer.send(statusMessage(seq, 0, 0), unsubscribeMessage(1, attributes.objid as number, TARGET));
    await attach(bus.peer, TARGET + 1);
    expect(log).toEqual(['attached']);
  });

  it('is made again on the next connection', async () => {
    const { bus, log } = subscribed();
    await settle();
    await attach(bus.peer, TARGET);
    bus.peer.end();
    await bus.time.advance(100);
    await settle();
    await attach(bus.peer, TARGET + 7);
    expect(log).toEqual(['attached', 'detached', 'attached']);
    expect(bus.client.state().kind).toBe('ready');
  });

  it('looks now and then where the account may not hear of objects', async () => {
    const { bus, log } = subscribed();
    bus.refusedPatterns.add('ubus.object.*');
    await settle();
    await absent(bus.peer);
    await bus.time.advance(2000);
    await attach(bus.peer, TARGET);
    expect(log).toEqual(['attached']);
    expect(bus.log.filter((line) => line.startsWith('err'))).toEqual([]);
  });

  it('ends when it is closed', async () => {
    const bus = await new ScriptedBus().ready();
    const subscription = bus.client.subscribe('t.pub', { onNotify: () => {} });
    const own = await attach(bus.peer, TARGET);
    expect(subscription.attached()).toBe(true);
    subscription.close();
    expect((await bus.peer.next('unsubscribe')).attributes).toEqual({ objid: own, target: TARGET });
    expect((await bus.peer.next('removeObject')).attributes).toEqual({ objid: own });
    expect(subscription.attached()).toBe(false);
  });
});

describe('monitor', () => {
  it('asks ubusd as libubus does and shows what it sends', async () => {
    const bus = await new ScriptedBus().ready();
    const seen: unknown[] = [];
    const result = bus.client.monitor((message) => seen.push(message));
    const { seq, attributes } = await bus.peer.next('invoke');
    expect(Buffer.from(attributes.data as Uint8Array).toString('hex')).toBe(
      '03000008000000030400000861646400',
    );
    const monitor = { client: 1, peer: 2, seq: 3, type: 4, send: true, data: new Uint8Array(0) };
    bus.peer.send(statusMessage(seq, 3, 0), { type: 11, seq: 1, peer: 0, attributes: {}, monitor });
    expect(await result).toEqual({ ok: true, value: undefined });
    expect(seen).toEqual([monitor]);
  });
});
