/**
 * Who is on duty, in the lab: switchover, maintenance, a lost WAN, a dead service, split brain; with real keepalived and conntrackd
 * and the configuration that hagw writes. The link between the services is `linkPartners`.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DutyStatus, Status, Switchover } from '../../../src/api/status.ts';
import { createLab, type Lab } from '../../lab/lab.ts';
import { type Roles, statusOf, waitForPair, waitForRole } from '../../lab/pair.ts';
import { linkPartners, type PartnerLink } from '../../lab/partners.ts';
import { until } from '../../lab/programs.ts';
import type { Router } from '../../lab/router.ts';

const WAIT_MS = 40_000;

let lab: Lab;
let link: PartnerLink;
let roles: Roles;

/** Until the status of a router is as wanted; the last one otherwise. */
function waitFor(router: Router, what: string, is: (status: Status) => boolean): Promise<Status> {
  return until(`${router.name}: ${what}`, WAIT_MS, async () => {
    const status = await statusOf(router);
    return is(status) ? status : undefined;
  });
}

/** Both serve, hear each other, and the backup would take over. */
async function settled(): Promise<Roles> {
  const found = await waitForPair(lab);
  await waitFor(found.active, 'a partner that is ready', ({ partner }) => partner.ready === true);
  await waitFor(found.backup, 'a partner that is heard', ({ partner }) => partner.role === 'active');
  return found;
}

const maintenance = async (router: Router, on: boolean): Promise<DutyStatus> =>
  (await router.ubus('hagw', 'maintenance', { on })) as DutyStatus;

beforeAll(async () => {
  lab = await createLab({ wans: 1, engine: 'hagw', managed: true });
  link = linkPartners(lab);
}, 120_000);
afterAll(async () => {
  link?.stop();
  await lab?.close();
});
beforeEach(async () => {
  roles = await settled();
}, 120_000);

describe('hagw switchover', () => {
  it('hands over with all connections, and says what it took', async () => {
    const { active, backup } = roles;
    const population = await lab.client.populate(200);
    const ran = await active.exec(['hagw', 'switchover', '--json']);
    expect(ran.stderr).toBe('');
    const outcome = JSON.parse(ran.stdout) as Switchover;
    expect(outcome.ok).toBe(true);
    expect(outcome.steps.map(({ step }) => step)).toEqual(['flushed', 'out', 'left', 'partner-active']);
    expect(outcome.text).toMatch(new RegExp(`^${backup.name} is active; it took \\d+ ms\\.$`));
    await waitForRole(backup, ['active']);
    await waitForRole(active, ['backup']);
    await population.mark();
    expect(await population.survivors(20_000)).toEqual({ total: 200, alive: 200, closed: 0 });
    await population.close();
    const { duty } = await statusOf(active);
    expect([duty.out, duty.switchover?.ok]).toEqual([null, true]);
  }, 120_000);

  it('is refused on the backup, and while nothing is heard, and then nothing moves', async () => {
    const { active, backup } = roles;
    const wrong = await backup.exec(['hagw', 'switchover']);
    expect([wrong.code !== 0, wrong.stderr]).toEqual([
      true,
      `${backup.name} is not active (backup); a switchover begins on the active router.\n`,
    ]);
    link.setUp(false);
    await waitFor(active, 'nothing heard', ({ partner }) => partner.reason.endsWith(' is no longer heard.'));
    const mute = await active.exec(['hagw', 'switchover']);
    link.setUp(true);
    expect(mute.stderr).toBe(`Not now: ${backup.name} is no longer heard. ${active.name} stays active.\n`);
    expect((await statusOf(active)).router.role).toBe('active');
  }, 120_000);
});

describe('maintenance', () => {
  it('survives a loss of power, and never takes both out', async () => {
    const { active, backup } = roles;
    expect((await maintenance(active, true)).maintenance).toBe(true);
    await waitFor(active, 'out', ({ duty, router }) => duty.out === 'maintenance' && router.role === 'fault');
    await waitForRole(backup, ['active']);
    const { problems } = await statusOf(active);
    expect(problems.map(({ code }) => code)).toContain('in-maintenance');
    expect(problems.map(({ code }) => code)).not.toContain('instance-fault');
    // The other one too: it goes on serving and says why, and the first one comes back to help.
    await maintenance(backup, true);
    await waitFor(active, 'back', ({ duty, router }) => duty.out === null && router.role === 'backup');
    const serving = await statusOf(backup);
    expect([serving.router.role, serving.duty.out]).toEqual(['active', null]);
    expect(serving.duty.waits).not.toBe('');
    await maintenance(backup, false);
    await waitFor(active, 'out again', ({ duty }) => duty.out === 'maintenance');
    await active.powerOff();
    await active.powerOn();
    await waitFor(active, 'out after a boot', ({ duty }) => duty.out === 'maintenance');
    expect((await statusOf(backup)).router.role).toBe('active');
    await active.must(['hagw', 'maintenance', 'off']);
    await waitForRole(active, ['backup']);
    expect((await active.exec(['ls', '/etc/hagw'])).stdout).not.toContain('maintenance');
  }, 180_000);

  it('ends with the service: the lease runs out', async () => {
    const { active, backup } = roles;
    await maintenance(active, true);
    await waitForRole(backup, ['active']);
    await waitFor(active, 'fault', ({ router }) => router.role === 'fault');
    const list = (await active.ubus('service', 'list', { name: 'hagw' })) as {
      readonly hagw: { readonly instances: Readonly<Record<string, { readonly pid: number }>> };
    };
    const pid = Object.values(list.hagw.instances)[0]?.pid ?? 0;
    expect(pid).toBeGreaterThan(1);
    await active.must(['kill', '-STOP', String(pid)]);
    await until('keepalived in backup', WAIT_MS, async () =>
      (await active.exec(['/usr/lib/hagw/ready'])).code === 0 ? true : undefined,
    );
    await active.must(['kill', '-CONT', String(pid)]);
    await waitFor(active, 'out again', ({ duty }) => duty.out === 'maintenance');
    await maintenance(active, false);
    await waitForRole(active, ['backup']);
  }, 120_000);
});

describe('the only WAN', () => {
  it('takes its router out while the partner has one, and brings it back when it has been up for long', async () => {
    const { active, backup } = roles;
    await active.cutLink('wan1');
    await waitForRole(backup, ['active']);
    const { duty } = await waitFor(active, 'out', (status) => status.duty.out === 'no-wan');
    expect(duty.maintenance).toBe(false);
    // Both without: nobody is out.
    await backup.cutLink('wan1');
    await waitFor(active, 'in', (status) => status.duty.out === null && status.router.role === 'backup');
    expect((await statusOf(backup)).router.role).toBe('active');
    await active.healLink('wan1');
    await backup.healLink('wan1');
    await waitFor(
      active,
      'a WAN',
      ({ partner, wans }) =>
        wans.every(({ state }) => state === 'online') && (partner.usable_wans?.length ?? 0) === 1,
    );
  }, 180_000);
});

describe('split brain', () => {
  const CUT =
    'table netdev cut { chain a { type filter hook egress device "lan" priority 0; ip protocol 112 drop; }; chain b { type filter hook egress device "sync" priority 0; ip protocol 112 drop; }; }';

  it.each([true, false])(
    'is resolved by priority, and the connections live (services linked: %s)',
    async (linked) => {
      const population = await lab.client.populate(200);
      const [a, b] = [lab.routers['gw-a'], lab.routers['gw-b']];
      link.setUp(linked);
      for (const router of [a, b]) await router.must(['nft', CUT]);
      if (linked) {
        await waitFor(a, 'split brain told', ({ problems }) =>
          problems.some(({ code }) => code === 'split-brain'),
        );
        await waitFor(b, 'out', ({ duty }) => duty.out === 'split-brain');
        expect((await statusOf(a)).router.role).toBe('active');
      } else {
        await waitFor(a, 'active', ({ router }) => router.role === 'active');
        await waitFor(b, 'active', ({ router }) => router.role === 'active');
      }
      for (const router of [a, b]) await router.must(['nft', 'delete', 'table', 'netdev', 'cut']);
      link.setUp(true);
      await waitForRole(a, ['active']);
      await waitForRole(b, ['backup'], 60_000);
      await population.mark();
      expect(await population.survivors(20_000)).toEqual({ total: 200, alive: 200, closed: 0 });
      await population.close();
    },
    180_000,
  );
});
