/**
 * A pair of which the administrator has written /etc/config/hagw, network, firewall, dhcp and mwan3 alone: hagw writes the rest at its
 * first start.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PairPlan } from '../../../src/api/pair.ts';
import type { Health, Status } from '../../../src/api/status.ts';
import { createLab, type Lab } from '../../lab/lab.ts';
import { type Roles, waitForPair } from '../../lab/pair.ts';
import { until } from '../../lab/programs.ts';

describe.each([
  ['present', 'auto'],
  ['24.10', 'multicast'],
] as const)('init script of %s, adverts by %s', (keepalivedScript, transport) => {
  let lab: Lab;
  let roles: Roles;

  beforeAll(async () => {
    lab = await createLab({
      managed: true,
      engine: 'hagw',
      keepalivedScript,
      globals: { vrrp_transport: transport },
    });
    try {
      roles = await waitForPair(lab, 90_000);
    } catch (error) {
      for (const router of Object.values(lab.routers)) {
        console.log((await router.exec(['logread'])).stdout);
        console.log((await router.exec(['hagw', 'check'])).stdout);
        console.log((await router.exec(['cat', '/etc/config/keepalived', '/tmp/keepalived.conf'])).stdout);
      }
      throw error;
    }
  });
  afterAll(() => lab?.close());

  it('has each virtual address on the active router alone', async () => {
    const addresses = ['192.168.1.1', '203.0.113.10', '198.51.100.10'];
    const of = async (router: Roles['active']): Promise<readonly string[]> => {
      const shown = await router.must(['ip', '-4', '-o', 'addr', 'show']);
      return addresses.filter((address) => shown.includes(` ${address}/24 `));
    };
    expect(await of(roles.active)).toEqual(addresses);
    expect(await of(roles.backup)).toEqual([]);
  });

  it('hides the LAN behind the virtual addresses and lets the router keep its own', async () => {
    const watch = await lab.client.watch();
    await watch.answering(15_000);
    const flows = await roles.active.must(['conntrack', '-L', '-s', lab.topology.clients[0]?.address ?? '']);
    await watch.stop();
    const outside = flows.split('\n').filter((line) => line.includes(' dst=192.0.2.'));
    expect(outside.length).toBeGreaterThan(0);
    for (const line of outside) expect(line).toMatch(/dst=(203\.0\.113|198\.51\.100)\.10 /);
    for (const wan of lab.topology.wans)
      expect(
        (await roles.backup.exec(['ping', '-c', '1', '-W', '5', '-I', wan.name, wan.gateway])).code,
      ).toBe(0);
  });

  it('has nothing to complain of but the partner that is not linked yet, and no defect in the log', async () => {
    for (const router of Object.values(lab.routers)) {
      // conntrackd is looked at every five seconds: it may have been between two starts.
      await until(`${router.name}: nothing to complain of`, 20_000, async () => {
        const { problems } = (await router.ubus('hagw', 'health')) as Health;
        return problems.every(({ severity }) => severity === 'notice') ? true : undefined;
      });
      expect(await router.must(['logread'])).not.toContain('by a defect');
    }
  });

  it('plans nothing more, on either router', async () => {
    for (const router of Object.values(lab.routers)) {
      const plan = (await router.ubus('hagw', 'plan')) as PairPlan;
      expect(plan).toMatchObject({ state: 'unchanged', changes: [], problems: [] });
    }
  });

  it('takes over another configuration while traffic flows, and what somebody deletes', async () => {
    const watch = await lab.client.watch({ kinds: ['ping'] });
    await watch.answering(15_000);
    const { active } = roles;
    const changed = async (name: string): Promise<unknown> =>
      active.ubus('service', 'event', { type: 'config.change', data: { package: name } });
    const holds = async (what: string, argv: readonly string[], wanted: RegExp): Promise<void> =>
      until(what, 60_000, async () =>
        wanted.test((await active.exec(argv)).stdout) ? true : undefined,
      ).then(() => undefined);
    await active.must(['uci', 'set', 'hagw.globals.preempt=1']);
    await active.must(['uci', 'commit', 'hagw']);
    await changed('hagw');
    await holds('keepalived.conf with preempt', ['cat', '/tmp/keepalived.conf'], /preempt_delay 30/);
    await active.must(['uci', 'delete', 'firewall.hagw_snat_wan1']);
    await active.must(['uci', 'commit', 'firewall']);
    await changed('firewall');
    // It was written a moment ago, so this takes up to 30 s.
    await holds(
      'The section that was deleted',
      ['uci', 'show', 'firewall.hagw_snat_wan1'],
      /snat_ip='203\.0\.113\.10'/,
    );
    await holds(
      'The rule of that section',
      ['nft', 'list', 'chain', 'inet', 'fw4', 'srcnat_wan'],
      /oifname "wan1" .*snat ip to 203\.0\.113\.10/,
    );
    expect((await active.ubus('hagw', 'status')) as Status).toMatchObject({ router: { role: 'active' } });
    const ping = (await watch.stop()).get('ping');
    expect(ping?.answered).toBe(ping?.sent);
  });

  it('keeps all connections when the active router loses its power', async () => {
    const population = await lab.client.populate(100);
    await population.mark();
    expect((await population.survivors(15_000)).alive).toBe(100);
    await roles.active.powerOff();
    await population.mark();
    expect(await population.survivors(30_000)).toMatchObject({ alive: 100, closed: 0 });
    await population.close();
  });
});
