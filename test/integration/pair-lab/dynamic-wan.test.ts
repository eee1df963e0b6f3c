/** A pair whose WAN has no address of its own: the ISP's DHCP server gives one address to one MAC address. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FAULTS } from '../../lab/faults.ts';
import { createLab, type Lab } from '../../lab/lab.ts';
import { wansOf } from '../../lab/multiwan.ts';
import { type Roles, waitForPair } from '../../lab/pair.ts';
import { linkPartners, type PartnerLink } from '../../lab/partners.ts';
import { until } from '../../lab/programs.ts';
import type { Router } from '../../lab/router.ts';
import { survive } from '../../lab/survival.ts';
import { sharedMac } from '../../lab/topology.ts';

describe('a WAN by DHCP', () => {
  let lab: Lab;
  let link: PartnerLink;

  beforeAll(async () => {
    lab = await createLab({
      managed: true,
      engine: 'hagw',
      wans: 1,
      dynamicWans: ['wan1'],
      packages: ['hagw'],
    });
    link = linkPartners(lab);
    await settled();
  });
  afterAll(async () => {
    link?.stop();
    await lab?.close();
  });

  const addressOf = async (router: Router): Promise<string> =>
    (await router.must(['ip', '-4', '-o', 'addr', 'show', 'dev', 'wan1'])).split(/ +/)[3] ?? '';

  /**
   * The pair is up, the WAN is judged, the backup knows the lease; the active router alone has the address and runs a DHCP client. The
   * roles may still change while it comes to that.
   */
  async function settled(): Promise<Roles> {
    return until('A pair with its WAN on one router', 90_000, async () => {
      const roles = await waitForPair(lab, 10_000);
      const { active, backup } = roles;
      const lease = ['grep', '-q', '^wan1 203.0.113.10/24 203.0.113.1 ', '/var/run/hagw/wan-leases'];
      const codes = await Promise.all([
        backup.exec(lease),
        active.exec(['pidof', 'udhcpc']),
        backup.exec(['pidof', 'udhcpc']),
      ]);
      const addresses = [await addressOf(active), await addressOf(backup)];
      const isSo =
        codes.map(({ code }) => code === 0).join() === 'true,true,false' &&
        addresses.join() === '203.0.113.10/24,' &&
        (await wansOf(active))['wan1']?.state === 'online';
      return isSo ? roles : undefined;
    });
  }

  it('runs on the active router alone, and nobody complains', async () => {
    const { active } = await settled();
    for (const router of Object.values(lab.routers)) {
      expect((await router.must(['cat', '/sys/class/net/wan1/address'])).trim()).toBe(
        sharedMac({ name: 'wan1' }),
      );
      const { problems } = JSON.parse(JSON.stringify(await router.ubus('hagw', 'plan'))) as {
        problems: unknown[];
      };
      expect(problems).toEqual([]);
    }
    const map = await active.must(['nft', 'list', 'map', 'inet', 'hagw_pair', 'leased']);
    expect(map).toContain('"wan1" : 203.0.113.10');
    // The address goes with the WAN: its connections are synced.
    expect(await active.must(['cat', '/etc/conntrackd/conntrackd.conf'])).not.toContain('203.0.113.10');
  });

  it('runs on one router again, be it the other one, after the network of the active one was started anew', async () => {
    const { active } = await settled();
    // As /etc/init.d/network restart leaves it, with `auto 0`.
    await active.must(['ubus', 'call', 'network.interface.wan1', 'down']);
    await until('The WAN without an address', 15_000, async () =>
      (await addressOf(active)) === '' ? true : undefined,
    );
    await settled();
  }, 120_000);

  it.each(['switchover', 'powerLoss', 'switchover'] as const)(
    'keeps its address and all connections: %s',
    async (fault) => {
      const { active, backup } = await settled();
      const result = await survive(lab, { connections: 60, waitMs: 30_000 }, async () => {
        await FAULTS[fault].strike(active, backup);
        await until(`${backup.name} with the address`, 15_000, async () =>
          (await addressOf(backup)) === '203.0.113.10/24' ? true : undefined,
        );
      });
      expect(result).toMatchObject({ alive: 60, total: 60, closed: 0, downloads: 1, flows: 1 });
      await FAULTS[fault].repair(active, backup);
      await settled();
    },
    180_000,
  );

  it('uses the lease although no DHCP server answers any more', async () => {
    const { active } = await settled();
    await lab.runIn('isp1', [
      'nft',
      'add table inet mute; add chain inet mute in { type filter hook input priority 0; }; add rule inet mute in udp dport 67 drop',
    ]);
    const result = await survive(lab, { connections: 20, waitMs: 30_000 }, () =>
      FAULTS.switchover.strike(active),
    );
    expect(result).toMatchObject({ alive: 20, total: 20, closed: 0 });
    await lab.runIn('isp1', ['nft', 'delete table inet mute']);
    await settled();
  }, 180_000);
});
