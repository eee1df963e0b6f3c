/** conntrackd's truth with real conntrackd: what fails silently is named, and what `survive` predicts is what survives. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConntrackDetail, Survive } from '../../../src/api/conntrack.ts';
import { createLab, type Lab } from '../../lab/lab.ts';
import { type Roles, statusOf, waitForPair, waitForRole } from '../../lab/pair.ts';
import { linkPartners, type PartnerLink } from '../../lab/partners.ts';
import { until } from '../../lab/programs.ts';
import type { Router } from '../../lab/router.ts';

const WAIT_MS = 60_000;

let lab: Lab;
let link: PartnerLink;
let roles: Roles;

const detailOf = async (router: Router): Promise<ConntrackDetail> =>
  (await router.ubus('hagw.conntrack', 'status')) as ConntrackDetail;

function waitFor(
  router: Router,
  what: string,
  is: (detail: ConntrackDetail) => boolean,
): Promise<ConntrackDetail> {
  return until(`${router.name}: ${what}`, WAIT_MS, async () => {
    const detail = await detailOf(router);
    return is(detail) ? detail : undefined;
  });
}

const OURS = ['sync-partner-silent', 'sync-stands-still', 'sync-empty', 'sync-lost', 'sync-overload'];
const problems = async (router: Router): Promise<readonly string[]> =>
  (await statusOf(router)).problems.map(({ code }) => code).filter((code) => OURS.includes(code));

const surveyOf = async (router: Router): Promise<Survive> =>
  JSON.parse(await router.must(['hagw', 'survive', '--json'])) as Survive;

async function pidOfConntrackd(router: Router): Promise<string> {
  const list = (await router.ubus('service', 'list', { name: 'conntrackd' })) as {
    readonly conntrackd: { readonly instances: Readonly<Record<string, { readonly pid: number }>> };
  };
  const pid = Object.values(list.conntrackd.instances)[0]?.pid ?? 0;
  expect(pid).toBeGreaterThan(1);
  return String(pid);
}

beforeAll(async () => {
  lab = await createLab({ wans: 1, engine: 'hagw', managed: true });
  link = linkPartners(lab);
  roles = await waitForPair(lab, 90_000);
  for (const router of Object.values(lab.routers))
    await waitFor(router, 'a partner that tells', ({ partner }) => partner !== null);
}, 180_000);
afterAll(async () => {
  link?.stop();
  await lab?.close();
});

describe('whether conntrackd syncs', () => {
  it('is seen by a test entry where nothing else happens, on the active router alone', async () => {
    const { active, backup } = roles;
    const before = (await detailOf(backup)).external?.created ?? 0;
    const detail = await waitFor(active, 'a canary', ({ canary_at }) => canary_at !== null);
    expect(detail.state).toBe('syncs');
    await waitFor(backup, 'the canary', ({ external }) => (external?.created ?? 0) > before);
    expect((await detailOf(backup)).canary_at).toBeNull();
    expect([await problems(active), await problems(backup)]).toEqual([[], []]);
  }, 120_000);

  it("shows when the partner's conntrackd hangs, which no command of ours does, and when it is over", async () => {
    const { active, backup } = roles;
    const pid = await pidOfConntrackd(backup);
    await backup.must(['kill', '-STOP', pid]);
    try {
      await waitFor(active, 'silence', ({ state }) => state === 'partner-silent');
      expect((await detailOf(active)).link_running).toBe(true);
      expect(await problems(active)).toContain('sync-partner-silent');
      const { router } = await surveyOf(active);
      expect([router.survive, router.blocked]).toEqual([
        0,
        expect.stringMatching(/^Nothing has come from the partner's conntrackd/),
      ]);
    } finally {
      await backup.must(['kill', '-CONT', pid]);
    }
    await waitFor(active, 'syncing again', ({ state }) => state === 'syncs');
    expect(await problems(active)).toEqual([]);
  }, 180_000);

  it('shows a sync link that is cut: as that where the carrier is gone, as silence behind the switch', async () => {
    const { active, backup } = roles;
    await backup.cutLink('sync');
    try {
      await waitFor(active, 'silence', ({ state }) => state === 'partner-silent');
      await waitFor(backup, 'no link', ({ state }) => state === 'partner-silent');
      await until('the problem of each', WAIT_MS, async () => {
        const [one, other] = [await problems(active), await problems(backup)];
        return one.includes('sync-partner-silent') && other.length === 0 ? true : undefined;
      });
      expect((await detailOf(backup)).link_running).toBe(false);
    } finally {
      await backup.healLink('sync');
    }
    for (const router of [active, backup]) {
      await waitFor(router, 'syncing again', ({ state }) => state === 'syncs');
      await until(`${router.name} without a problem`, WAIT_MS, async () =>
        (await problems(router)).length === 0 ? true : undefined,
      );
    }
  }, 240_000);
});

describe('survive', () => {
  it('says beforehand how many connections outlive a loss of power, and which do not', async () => {
    const { active, backup } = roles;
    await waitFor(active, 'syncing', ({ state }) => state === 'syncs');
    const [, , own = ''] = lab.topology.servers;
    const wan = lab.topology.wans[0]?.name ?? '';
    const address = (await active.must(['uci', 'get', `network.${wan}.ipaddr`])).trim();
    // What a tutorial's masquerading does, for one server.
    await active.must([
      'nft',
      `table ip tutorial { chain c { type nat hook postrouting priority srcnat - 5; ip daddr ${own} snat to ${address}; }; }`,
    ]);
    const good = await lab.client.populate(150);
    const bad = await lab.client.populate(30, { target: own });
    const predicted = await surveyOf(active);
    const reasons = new Map(predicted.router.reasons.map(({ reason, count }) => [reason, count]));
    expect(reasons.get('own-address')).toBe(30);
    expect([...reasons.keys()].sort()).toEqual(['local', 'own-address']);
    const [first] = predicted.wans;
    expect(first?.name).toBe(wan);
    expect(first?.lost).toBeGreaterThanOrEqual(180);
    expect((await active.must(['hagw', 'survive'])).split('\n').slice(0, 2)).toEqual([
      'Connections that survive the loss of',
      expect.stringMatching(/^ {2}this router +150 of \d+$/),
    ]);
    expect((await surveyOf(backup)).router.blocked).toMatch(/^This router is not active/);
    await active.powerOff();
    await waitForRole(backup, ['active']);
    await good.mark();
    await bad.mark();
    const lived = await good.survivors(30_000);
    const died = await bad.survivors(10_000);
    expect(lived.alive + died.alive).toBe(predicted.router.survive);
    expect([lived.alive, died.alive]).toEqual([150, 0]);
    await good.close();
    await bad.close();
  }, 240_000);
});
