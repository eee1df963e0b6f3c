import { describe, expect, it } from 'vitest';
import type { Events, Health, Status } from '../../../src/api/status.ts';
import { readError } from '../../../src/core/neighbours/read-error.ts';
import { fail, ok } from '../../../src/lib/result.ts';
import type { BusTable } from '../../../src/ports/bus.ts';
import {
  ABSENT_KEEPALIVED,
  createFakeRouter,
  type FakeRouter,
  HAGW,
  interfaceFacts,
  vrrpFacts,
} from '../../fakes/router.ts';

async function ask<T>(router: FakeRouter, method: string, args: BusTable = {}): Promise<T> {
  const reply = await router.bus.call('hagw', method, args);
  if (!reply.ok) throw new Error(reply.error.message);
  return reply.value as unknown as T;
}

async function started(change: (router: FakeRouter) => void = () => undefined): Promise<FakeRouter> {
  const router = createFakeRouter();
  change(router);
  router.start();
  router.bus.connect();
  await router.time.settle();
  return router;
}

describe('the service', () => {
  it('tells the truth about a healthy router', async () => {
    const router = await started();
    const status = await ask<Status>(router, 'status');
    expect(status.router).toMatchObject({ known: true, name: 'gw-a', role: 'active', priority: 250 });
    expect(status.vrrp.groups).toMatchObject([{ name: 'gw', state: 'active', members: ['lan', 'wan'] }]);
    expect(status.wans.map(({ name, state }) => [name, state])).toEqual([
      ['wan', 'online'],
      ['wanb', 'online'],
    ]);
    expect(status.conntrack).toMatchObject({ known: true, running: true, internal_entries: 7 });
    expect(status.partner).toMatchObject({ known: false, name: 'gw-b', sync_address: '10.255.255.2' });
    expect(status.problems.map(({ code }) => code)).toEqual(['partner-unknown']);
    // keepalived's own time of the transition, not the start of the service.
    expect(status.router.since).toBe(Date.UTC(2026, 10, 21, 3, 59, 0));
  });

  it('answers before anything could be read, and says so', async () => {
    const router = createFakeRouter();
    router.start();
    router.bus.connect();
    const status = await ask<Status>(router, 'status');
    expect(status.vrrp).toMatchObject({ known: false, reason: 'keepalived has not been asked yet.' });
    expect(status.router.known).toBe(false);
  });

  it('tells of a WAN what was found, not that nobody has looked yet', async () => {
    const router = await started();
    const { events } = await ask<Events>(router, 'events');
    expect(events.filter(({ kind }) => kind === 'wan').map(({ subject, to }) => [subject, to])).toEqual([
      ['wan', 'online'],
      ['wanb', 'online'],
    ]);
  });

  it('takes a notification at once and lets the dump correct it', async () => {
    const router = await started((fresh) => {
      fresh.answers.vrrp = ok(vrrpFacts('backup'));
    });
    const say = (type: string, name: string) =>
      router.bus.call('hagw.vrrp', 'notify', { type, name, action: 'NOTIFY_MASTER' });
    await say('INSTANCE', 'lan');
    let status = await ask<Status>(router, 'status');
    expect(status.vrrp.instances.map(({ state }) => state)).toEqual(['active', 'backup']);
    expect(status.router.role).toBe('backup');
    // The dump still says backup for both: it began after the notification, so it corrects the hint.
    await router.time.settle();
    status = await ask<Status>(router, 'status');
    expect(status.vrrp.instances[0]).toMatchObject({ state: 'backup', last_transition: { source: 'dump' } });

    router.answers.vrrp = ok(vrrpFacts('active'));
    await say('GROUP', 'gw');
    status = await ask<Status>(router, 'status');
    expect(status.router.role).toBe('active');
    await router.time.settle();
    status = await ask<Status>(router, 'status');
    expect(status.vrrp.instances.map(({ state }) => state)).toEqual(['active', 'active']);
    expect(status.router).toMatchObject({ role: 'active', role_reason: expect.stringContaining("'gw'") });
  });

  it('tells subscribers and listeners what happened', async () => {
    const router = await started();
    router.bus.notified.length = 0;
    router.bus.sent.length = 0;
    router.answers.vrrp = ok(vrrpFacts('fault'));
    await router.bus.call('hagw.vrrp', 'notify', { type: 'GROUP', name: 'gw', action: 'NOTIFY_FAULT' });
    await router.time.settle();
    const told = router.bus.notified.map(({ path, name, data }) => [path, name, data['kind'], data['to']]);
    expect(told).toContainEqual(['hagw', 'state.changed', 'router', 'fault']);
    expect(router.bus.sent.map(({ data }) => data['seq'])).toEqual(
      router.bus.notified.map(({ data }) => data['seq']),
    );
    expect(router.log.some(({ message }) => message.includes('gw-a is in fault'))).toBe(true);
  });

  it('lets only root notify', async () => {
    const router = await started();
    const args = { type: 'GROUP', name: 'gw', action: 'NOTIFY_FAULT' };
    const reply = await router.bus.call('hagw.vrrp', 'notify', args, 'hagw');
    expect(reply).toMatchObject({ ok: false, error: { status: 6 } });
    expect((await ask<Status>(router, 'status')).router.role).toBe('active');
  });

  it.each<[string, BusTable]>([
    ["Argument 'colour' is unknown.", { colour: 'red' }],
    ["Argument 'since' must be an integer.", { since: '1' }],
    ["Argument 'since' must be an integer.", { since: true }],
    ["Argument 'limit' must be from 1 to 500.", { limit: 0 }],
    ["Argument 'limit' must be from 1 to 500.", { limit: 501 }],
  ])('refuses arguments: %s', async (message, args) => {
    const router = await started();
    const reply = await router.bus.call('hagw', 'events', args);
    expect(reply).toMatchObject({ ok: false, error: { status: 2, message } });
    expect(router.log.at(-1)).toMatchObject({ level: 'warning', message: expect.stringContaining(message) });
  });

  it('accepts the session that uhttpd adds', async () => {
    const router = await started();
    const events = await ask<Events>(router, 'events', { ubus_rpc_session: '00', limit: 2 });
    expect(events.events).toHaveLength(2);
    expect(events.gap).toBe(true);
  });

  it('reads the configuration as soon as procd tells of a change', async () => {
    const router = await started();
    router.files.write('/etc/config/hagw', HAGW.replace("'gw-a'", "'left'"));
    router.bus.notify('service', 'config.change', { config: 'hagw' });
    await router.time.settle();
    expect((await ask<Status>(router, 'status')).router.name).toBe('left');
  });

  it('keeps the running configuration when the new one is dangerous', async () => {
    const router = await started();
    router.files.write('/etc/config/hagw', HAGW.replace("vrid '10'", "vrid '0'"));
    router.bus.notify('service', 'config.change', { config: 'hagw' });
    await router.time.settle();
    const health = await ask<Health>(router, 'health');
    expect(health.problems[0]).toMatchObject({ code: 'config-invalid', where: 'hagw.lan.vrid' });
    expect((await ask<Status>(router, 'status')).router.name).toBe('gw-a');
    router.files.write('/etc/config/hagw', HAGW);
    await router.bus.call('hagw', 'reload');
    await router.time.settle();
    expect((await ask<Health>(router, 'health')).state).toBe('notice');
  });

  it.each(['hagw', 'mwan3', 'keepalived'])('says that /etc/config/%s is missing or broken', async (name) => {
    const router = await started((fresh) => fresh.files.remove(`/etc/config/${name}`));
    const codes = async () => (await ask<Health>(router, 'health')).problems.map(({ code }) => code);
    expect(await codes()).toContain(name === 'hagw' ? 'config-missing' : `${name}-config-missing`);
    router.files.write(`/etc/config/${name}`, "config x 'y\n");
    await router.bus.call('hagw', 'reload');
    await router.time.settle();
    expect(await codes()).toContain(name === 'hagw' ? 'config-broken' : `${name}-config-broken`);
  });

  it('says that keepalived does not run, after the time a restart takes', async () => {
    const router = await started((fresh) => {
      fresh.answers.vrrp = fail(ABSENT_KEEPALIVED);
    });
    const status = await ask<Status>(router, 'status');
    expect(status.vrrp).toMatchObject({ known: true, running: false });
    expect(status.vrrp.instances.map(({ state }) => state)).toEqual(['stop', 'stop']);
    expect(status.router.role).toBe('stop');
    expect(status.problems.map(({ code }) => code)).not.toContain('keepalived-not-running');
    await router.time.advance(3000);
    expect((await ask<Health>(router, 'health')).problems[0]?.code).toBe('keepalived-not-running');
    router.answers.vrrp = ok(vrrpFacts('backup'));
    router.bus.notify('service', 'instance.start', { service: 'keepalived', instance: 'main' });
    await router.time.settle();
    expect((await ask<Status>(router, 'status')).router.role).toBe('backup');
  });

  it('bridges one failed read and gives up after three', async () => {
    const router = await started();
    router.answers.vrrp = fail(readError('timeout', 'keepalived did not answer.'));
    await router.bus.call('hagw', 'reload');
    await router.time.settle();
    expect((await ask<Status>(router, 'status')).vrrp.known).toBe(true);
    await router.time.advance(2000);
    const status = await ask<Status>(router, 'status');
    expect(status.vrrp).toMatchObject({ known: false, running: null, reason: 'keepalived did not answer.' });
    expect(status.router.role).toBe('unknown');
  });

  it('follows netifd by event and polls slowly', async () => {
    const router = await started();
    const before = router.reads['interfaces'] ?? 0;
    router.answers.interfaces = ok([interfaceFacts('sync', 'sync', '10.255.255.2')]);
    router.linkChanged('sync', 'ifup');
    await router.time.settle();
    expect((await ask<Status>(router, 'status')).router.name).toBe('gw-b');
    expect(router.reads['interfaces']).toBe(before + 1);
    const conntrack = router.reads['conntrack'] ?? 0;
    await router.time.advance(10_000);
    expect((router.reads['conntrack'] ?? 0) - conntrack).toBe(2);
  });

  it('outlives a restart of ubusd and reads anew', async () => {
    const router = await started();
    router.bus.disconnect();
    router.answers.vrrp = ok(vrrpFacts('backup'));
    await router.time.advance(20_000);
    router.bus.connect();
    await router.time.settle();
    const status = await ask<Status>(router, 'status');
    expect(status.router).toMatchObject({ known: true, role: 'backup' });
    const { events } = await ask<Events>(router, 'events');
    const bus = events.filter(({ subject }) => subject === 'ubus').map(({ to }) => to);
    expect(bus).toEqual(['lost', 'connected']);
  });

  it('reads after a restart of ubusd what procd told of while nobody listened', async () => {
    const router = await started();
    router.bus.disconnect();
    router.files.write('/etc/config/hagw', HAGW.replace("'gw-a'", "'left'"));
    await router.time.settle();
    router.bus.connect();
    await router.time.settle();
    expect((await ask<Status>(router, 'status')).router.name).toBe('left');
  });

  it('reads at its first connection what changed since it began', async () => {
    const router = createFakeRouter();
    router.start();
    await router.time.settle();
    router.files.write('/etc/config/hagw', HAGW.replace("'gw-a'", "'left'"));
    router.bus.connect();
    await router.time.settle();
    expect((await ask<Status>(router, 'status')).router.name).toBe('left');
  });

  it('logs at the level that fits: a fault and a lost bus warn, an error is one', async () => {
    const router = await started();
    router.answers.vrrp = ok(vrrpFacts('fault'));
    await router.bus.call('hagw.vrrp', 'notify', { type: 'INSTANCE', name: 'lan', action: 'NOTIFY_FAULT' });
    await router.time.advance(2000);
    router.bus.disconnect();
    const levelOf = (text: RegExp) => router.log.find(({ message }) => text.test(message))?.level;
    expect(levelOf(/^hagw .* has started/)).toBe('info');
    expect(levelOf(/^Instance 'lan' is active/)).toBe('notice');
    expect(levelOf(/^Instance 'lan' is in fault/)).toBe('warning');
    expect(levelOf(/^A virtual router is in fault/)).toBe('err');
    expect(levelOf(/^The connection to ubus is lost/)).toBe('warning');
  });

  it('survives a neighbour whose port throws', async () => {
    const router = createFakeRouter();
    const broken = {
      ...router.ports,
      leases: {
        read: () => {
          throw new Error('a defect');
        },
      },
    };
    const { startService } = await import('../../../src/app/service.ts');
    startService(broken, { version: '0.1.0', hostname: 'gw-a' }, 42);
    router.bus.connect();
    await router.time.settle();
    const status = await ask<Status>(router, 'status');
    expect(status.leases).toMatchObject({ known: false, reason: expect.stringContaining('a defect') });
  });

  it('gives up on a neighbour that never answers', async () => {
    const router = createFakeRouter();
    const mute = { ...router.ports, conntrack: { read: () => new Promise<never>(() => undefined) } };
    const { startService } = await import('../../../src/app/service.ts');
    startService(mute, { version: '0.1.0', hostname: 'gw-a' }, 42);
    router.bus.connect();
    await router.time.advance(20_000);
    const status = await ask<Status>(router, 'status');
    expect(status.conntrack.reason).toContain('did not end within 20 s');
  });

  it('keeps times right when NTP sets the clock', async () => {
    const router = await started();
    await router.time.advance(1000);
    router.answers.vrrp = ok({ ...vrrpFacts('backup'), instances: vrrpFacts('backup').instances });
    await router.bus.call('hagw.vrrp', 'notify', { type: 'GROUP', name: 'gw', action: 'NOTIFY_BACKUP' });
    await router.time.settle();
    const before = await ask<Status>(router, 'status');
    router.time.stepWall(3_600_000);
    const after = await ask<Status>(router, 'status');
    const age = (status: Status) => status.time - (status.router.since ?? 0);
    expect(after.time - before.time).toBe(3_600_000);
    expect(age(after)).toBe(age(before));
  });

  it('tells of another service under its name, once it answers, and never of itself', async () => {
    const { startService } = await import('../../../src/app/service.ts');
    for (const [reply, expected] of [
      [{ run: 'other-1' }, ['another hagw service (run other-1) answers on ubus; this one ends.']],
      ['silence', []],
      ['own', []],
    ] as const) {
      const router = createFakeRouter();
      const told: string[] = [];
      const ask = () => (reply === 'own' ? { run: service.reactor.state().program.run } : reply);
      router.bus.offer('hagw', { events: ask });
      const service = startService(router.ports, { version: '0.1.0', hostname: 'gw-a' }, 42, (sentence) =>
        told.push(sentence),
      );
      router.bus.connect();
      await router.time.settle();
      expect(told).toEqual(expected);
    }
  });

  it('says good-bye and stops', async () => {
    const router = createFakeRouter();
    const service = router.start();
    router.bus.connect();
    await router.time.settle();
    service.stop();
    expect(router.bus.isClosed()).toBe(true);
    expect(router.log.at(-1)?.message).toBe('hagw has been told to stop.');
    await router.time.settle();
    expect(router.time.pending()).toBe(0);
  });
});
