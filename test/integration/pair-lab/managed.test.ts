/**
 * A pair of which the administrator has written /etc/config/hagw, network, firewall, dhcp and mwan3 alone: hagw writes the rest at its
 * first start.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PairPlan } from '../../../src/api/pair.ts';
import { createLab, type Lab } from '../../lab/lab.ts';
import { type Roles, waitForPair } from '../../lab/pair.ts';

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

  it('plans nothing more, on either router', async () => {
    for (const router of Object.values(lab.routers)) {
      const plan = (await router.ubus('hagw', 'plan')) as PairPlan;
      expect(plan).toMatchObject({ state: 'unchanged', changes: [], problems: [] });
    }
  });
});
