/**
 * The pair as a whole: keepalived, the stand-ins and the service from the package, and a client behind them. What is
 * asserted is that things come about and that the status tells the truth; how long they take is for `make bench`.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Status } from '../../../src/api/status.ts';
import { createLab, type Lab } from '../../lab/lab.ts';
import { type Roles, statusOf, waitForPair, waitForRole } from '../../lab/pair.ts';
import { until } from '../../lab/programs.ts';
import type { Router } from '../../lab/router.ts';

let lab: Lab;
let roles: Roles;
beforeAll(async () => {
  lab = await createLab();
  roles = await waitForPair(lab);
});
afterAll(async () => {
  await lab?.close();
});

/** IPv4 addresses with prefix length that the router's kernel has. */
async function addressesOf(router: Router): Promise<string[]> {
  const lines = (await router.must(['ip', '-4', '-oneline', 'address'])).split('\n');
  return lines.flatMap((line) => /\sinet (\S+)/.exec(line)?.[1] ?? []);
}

const VIRTUAL = ['192.168.1.1/24', '203.0.113.10/24', '198.51.100.10/24'];

/** The status against the kernel of the same router. */
async function expectTruth(router: Router, role: 'active' | 'backup'): Promise<Status> {
  const status = await statusOf(router);
  const has = await addressesOf(router);
  const set = status.vrrp.instances.flatMap(({ virtual_addresses }) =>
    virtual_addresses.filter((one) => one.set === true).map(({ address }) => address),
  );
  expect(status.router).toMatchObject({ known: true, name: router.name, hostname: router.name, role });
  expect(status.vrrp.running).toBe(true);
  expect(status.vrrp.instances.map(({ name, state }) => `${name} ${state}`).sort()).toEqual(
    ['lan', 'wan1', 'wan2'].map((name) => `${name} ${role}`),
  );
  expect(status.vrrp.groups).toMatchObject([{ name: 'gateway', state: role }]);
  expect([...set].sort()).toEqual(role === 'active' ? [...VIRTUAL].sort() : []);
  expect(VIRTUAL.filter((address) => has.includes(address))).toEqual(role === 'active' ? VIRTUAL : []);
  for (const instance of status.vrrp.instances) {
    expect(instance).toMatchObject({ version: 3, advert_interval_ms: 100, priority: router.plan.priority });
  }
  return status;
}

describe('a pair with power', () => {
  it('has one active and one backup router, and both say so', async () => {
    await expectTruth(roles.active, 'active');
    await expectTruth(roles.backup, 'backup');
  });

  it('knows its WANs from netifd and UCI', async () => {
    const { wans } = await statusOf(roles.active);
    expect(wans).toMatchObject([
      { name: 'wan1', device: 'wan1', up: true, carrier: true, gateway: '203.0.113.1', family: 'ipv4' },
      { name: 'wan2', device: 'wan2', up: true, carrier: true, gateway: '198.51.100.1', family: 'ipv4' },
    ]);
  });

  it('has conntrackd at work on the sync link', async () => {
    const status = await until('conntrackd of the active router', 60_000, async () => {
      const now = await statusOf(roles.active);
      return now.conntrack.running === true && now.conntrack.link_running === true ? now : undefined;
    });
    expect(status.conntrack).toMatchObject({ known: true, link_device: 'sync' });
  });
});

describe('the active router loses its power', () => {
  it('and the other takes over; the client goes on', async () => {
    const { active, backup } = roles;
    const before = await statusOf(backup);
    const watch = await lab.client.watch();
    await watch.answering();
    await active.powerOff();
    const after = await waitForRole(backup, ['active']);
    await watch.answering();
    const reports = await watch.stop();
    for (const report of reports.values()) {
      // The blow was felt, and it was over before the streams ended.
      expect(report.silences.length).toBeGreaterThan(0);
      expect(report.answered).toBeGreaterThan(0);
    }
    await expectTruth(backup, 'active');
    expect(after.router.since).not.toBeNull();
    expect(after.router.since ?? 0).toBeGreaterThan(before.router.since ?? 0);
    for (const { last_transition } of after.vrrp.instances) {
      expect(last_transition).toMatchObject({ from: 'backup', to: 'active' });
      expect(last_transition?.at ?? 0).toBeGreaterThan(before.time);
    }
    const text = await backup.must(['hagw', 'events']);
    expect(text).toContain('active');
  });

  it('and gets it back: it stays backup, nothing moves', async () => {
    const { active, backup } = roles;
    const before = await statusOf(backup);
    await active.powerOn();
    await waitForRole(active, ['backup']);
    await expectTruth(active, 'backup');
    const holder = await expectTruth(backup, 'active');
    // The wall clock of a moment is worked out anew for each answer, and differs by what lay between two readings.
    expect(Math.abs((holder.router.since ?? 0) - (before.router.since ?? 0))).toBeLessThan(1000);
    const transitions = ({ vrrp }: Status): unknown =>
      vrrp.instances.map(({ name, counters }) => [
        name,
        counters['become_master'],
        counters['release_master'],
      ]);
    expect(transitions(holder)).toEqual(transitions(before));
    roles = await waitForPair(lab);
    expect(roles.active.name).toBe(backup.name);
  });
});

describe('the active router loses its LAN cable', () => {
  it('and the sync group moves as a whole; the client goes on', async () => {
    const { active, backup } = roles;
    const watch = await lab.client.watch();
    await watch.answering();
    await active.cutLink('lan');
    await waitForRole(backup, ['active']);
    await watch.answering();
    await watch.stop();
    await expectTruth(backup, 'active');
    const without = await waitForRole(active, ['fault']);
    expect(
      without.vrrp.instances.flatMap(({ virtual_addresses }) => virtual_addresses.map((one) => one.set)),
    ).not.toContain(true);
    await active.healLink('lan');
    await waitForRole(active, ['backup']);
    await expectTruth(active, 'backup');
    await expectTruth(backup, 'active');
    roles = await waitForPair(lab);
  });
});
