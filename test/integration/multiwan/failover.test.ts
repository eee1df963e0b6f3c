/**
 * The multi-WAN engine in the lab, from the package: a client's flows move off a WAN that is dead, however it died, and nothing is
 * felt when it comes back. What is asserted is that it comes about; how long it takes is for `make bench`.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { LinkStatus, Status } from '../../../src/api/status.ts';
import type { Watch } from '../../lab/client.ts';
import { createLab, type Lab } from '../../lab/lab.ts';
import { statusOf, waitForPair } from '../../lab/pair.ts';
import { until } from '../../lab/programs.ts';
import type { Router } from '../../lab/router.ts';

let lab: Lab;
let router: Router;

function waitForWans(wanted: Readonly<Record<string, LinkStatus>>): Promise<Status> {
  return until(`WANs ${JSON.stringify(wanted)}`, 30_000, async () => {
    const status = await statusOf(router);
    const fits = Object.entries(wanted).every(([name, state]) =>
      status.wans.some((wan) => wan.name === name && wan.state === state),
    );
    return status.engine.running && fits ? status : undefined;
  });
}

/** How many of each stream were not answered at all; one that came late is none. */
async function lossesOf(watch: Watch): Promise<Record<string, number>> {
  const reports = [...(await watch.stop()).values()];
  return Object.fromEntries(reports.map(({ kind, sent, answered }) => [kind, sent - answered]));
}
const NO_LOSS = { ping: 0, udp: 0, 'udp-new': 0 };

const BOTH = { wan1: 'online', wan2: 'online' } as const;

async function events(): Promise<string> {
  return router.must(['hagw', 'events', '--limit', '500']);
}

/** The table without counters, handles and what rules and others put into sets. */
async function table(): Promise<string> {
  const { stdout } = await router.exec(['nft', '-s', 'list', 'table', 'inet', 'hagw']);
  return stdout;
}

/** The table once both WANs are used: the status tells a state when it is decided, the kernel follows. */
async function settled(): Promise<string> {
  await waitForWans(BOTH);
  return until('both WANs in the kernel', 30_000, async () => {
    const now = await table();
    return now.includes('0 : goto wan_wan1, 1 : goto wan_wan2') ? now : undefined;
  });
}

beforeAll(async () => {
  lab = await createLab({ engine: 'hagw' });
  router = (await waitForPair(lab)).active;
  // A flow from before the first table has a WAN that the engine does not know.
  await settled();
});
afterEach(async () => {
  // What one test broke is not the next one's.
  for (const isp of lab.isps) await isp.blackHole(false);
});
afterAll(async () => {
  await lab?.close();
});

describe('a WAN that dies', () => {
  for (const [at, name] of (['wan1', 'wan2'] as const).entries()) {
    it(`behind its modem: all flows leave ${name}, and come to no harm when it is back`, async () => {
      const other = name === 'wan1' ? 'wan2' : 'wan1';
      await settled();
      const watch = await lab.client.watch();
      await watch.answering();
      await lab.isps[at]?.blackHole(true);
      const status = await waitForWans({ [name]: 'offline', [other]: 'online' });
      expect(status.wans.find((wan) => wan.name === name)?.reason).toMatch(/\w/);
      await watch.answering();
      const during = await watch.stop();
      // The path is still dead: what is answered now goes by the other WAN, the existing flow too.
      for (const { answered } of during.values()) expect(answered).toBeGreaterThan(0);
      const after = await lab.client.watch();
      await after.answering();
      await lab.isps[at]?.blackHole(false);
      await waitForWans(BOTH);
      await after.answering();
      expect(await lossesOf(after)).toEqual(NO_LOSS);
    });
  }

  it("with its carrier: its reason says so; the rest is the other router's, whose group moves with the cable", async () => {
    await router.cutLink('wan2');
    const status = await waitForWans({ wan1: 'online', wan2: 'offline' });
    expect(status.wans.find((wan) => wan.name === 'wan2')?.reason).toMatch(/carrier|down/);
    await router.healLink('wan2');
    await waitForWans(BOTH);
    router = (await waitForPair(lab)).active;
    await settled();
  });
});

describe('faults', () => {
  it('the service is killed: traffic goes on, the next run changes nothing', async () => {
    const before = await settled();
    const population = await lab.client.populate(20);
    await population.mark();
    const pid = (await router.must(['pgrep', '-f', 'hagw.js service'])).trim().split('\n')[0] ?? '';
    await router.must(['kill', '-9', pid]);
    const watch = await lab.client.watch();
    await watch.answering();
    expect(await table()).toBe(before);
    await until('another run', 60_000, async () => {
      const now = (await router.exec(['pgrep', '-f', 'hagw.js service'])).stdout.trim();
      return now !== '' && now !== pid ? now : undefined;
    });
    await waitForWans(BOTH);
    await watch.answering();
    expect(await lossesOf(watch)).toEqual(NO_LOSS);
    const count = await population.survivors(20_000);
    expect(count.alive).toBe(20);
    await population.close();
    expect(await table()).toBe(before);
  });

  it('fping is killed: it comes back, and no WAN is taken for dead', async () => {
    await settled();
    // One that learns its path's time-out makes room for another by itself: they must be there when they are killed.
    const pids = await until('two that are killed', 30_000, async () => {
      const found = (await router.exec(['pgrep', 'fping'])).stdout.trim().split('\n');
      if (found.length < 2) return undefined;
      return (await router.exec(['kill', '-9', ...found])).code === 0 ? found : undefined;
    });
    await until('another fping', 30_000, async () => {
      const now = (await router.exec(['pgrep', 'fping'])).stdout.trim().split('\n');
      return now.length >= 2 && !now.some((pid) => pids.includes(pid)) ? true : undefined;
    });
    const { wans } = await statusOf(router);
    expect(wans.map(({ state }) => state)).toEqual(['online', 'online']);
  });

  it('somebody flushes the whole ruleset: ours comes back, and the timeline says it', async () => {
    const before = await settled();
    await router.must(['nft', 'flush', 'ruleset']);
    // What is not ours, fw4 brings back.
    await router.must(['fw4', 'reload']);
    await until('the table', 30_000, async () => ((await table()) === before ? true : undefined));
    const watch = await lab.client.watch();
    await watch.answering();
    await watch.stop();
    await until('the line in the timeline', 30_000, async () =>
      /hagw was gone/.test(await events()) ? true : undefined,
    );
  });

  it('somebody removes an ip rule and a route of ours: they come back', async () => {
    await settled();
    const rules = await router.must(['ip', 'rule']);
    const routes = await router.must(['ip', 'route', 'show', 'table', '2']);
    await router.must(['ip', 'rule', 'del', 'pref', '2002']);
    await router.must(['ip', 'route', 'flush', 'table', '2']);
    await until('rules and routes', 30_000, async () => {
      const now = [
        await router.must(['ip', 'rule']),
        (await router.exec(['ip', 'route', 'show', 'table', '2'])).stdout,
      ];
      return now[0] === rules && now[1] === routes ? true : undefined;
    });
  });

  it('stop leaves all in the kernel; switching the engine off takes it away, and nothing else', async () => {
    const before = await settled();
    await router.must(['/etc/init.d/hagw', 'stop']);
    await until('the end of the service', 30_000, async () =>
      (await router.exec(['pgrep', '-f', 'hagw.js service'])).stdout === '' ? true : undefined,
    );
    expect(await table()).toBe(before);
    await until('the end of its fping', 30_000, async () =>
      (await router.exec(['pgrep', 'fping'])).stdout === '' ? true : undefined,
    );
    await router.must(['/etc/init.d/hagw', 'start']);
    expect(await settled()).toBe(before);
    await router.must(['uci', 'set', 'hagw.globals.engine=none']);
    await router.must(['uci', 'commit', 'hagw']);
    await router.must(['/etc/init.d/hagw', 'reload']);
    await until('the end of what is ours', 30_000, async () => {
      const rules = await router.must(['ip', 'rule']);
      return (await table()) === '' && !/^[123]\d\d\d:/m.test(rules) ? true : undefined;
    });
    expect((await router.must(['nft', 'list', 'tables'])).trim()).toContain('inet fw4');
  });
});
