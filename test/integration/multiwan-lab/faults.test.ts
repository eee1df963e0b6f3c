/**
 * What can go wrong around the engine on a router: a WAN's device that is deleted and made anew, a RAM disk without room, a wall clock
 * that jumps, a configuration cut in half, and a kill in the midst of a switch. Each time the client's packets go on or come back, the
 * timeline says what happened, and in the end nothing is wrong.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Events } from '../../../src/api/status.ts';
import {
  type Gateway,
  mwan3Config,
  reconfigure,
  servicePid,
  startGateway,
  waitForWans,
} from '../../lab/multiwan.ts';
import { until } from '../../lab/programs.ts';
import type { Router } from '../../lab/router.ts';

const CONFIG = mwan3Config([1, 2]);
const MEMORY = '/var/run/hagw/multiwan.json';
/** The router's program, and the file with the milliseconds by which its wall clock is wrong. */
const PROGRAM = '/usr/lib/hagw/hagw.js';
const WRONG = '/tmp/wrong-clock';
const YEAR_MS = 365 * 86_400_000;

let gateway: Gateway;
let router: Router;
beforeAll(async () => {
  gateway = await startGateway({ wans: 2, mwan3: CONFIG });
  ({ router } = gateway);
}, 120_000);
afterAll(async () => {
  await gateway?.lab.close();
});

const allOnline = (): Promise<void> => waitForWans(router, () => 'online', 30_000);
const firstDead = (): Promise<void> =>
  waitForWans(router, (wan) => (wan === 'wan1' ? 'offline' : 'online'), 30_000);

/** Codes of what is wrong, without what one router alone in a lab has. */
async function problems(): Promise<readonly string[]> {
  const { problems: found } = (await router.ubus('hagw', 'health')) as {
    problems: readonly { code: string; text: string }[];
  };
  const alone = ['partner-unknown', 'keepalived-unreadable', 'sync-partner-silent'];
  return found.filter(({ code }) => !alone.includes(code)).map(({ code, text }) => `${code}: ${text}`);
}

async function untilWell(): Promise<void> {
  await allOnline();
  await until('an empty health', 15_000, async () =>
    (await problems()).length === 0 && (await policy()).includes('goto wan_wan1') ? true : undefined,
  );
}

const policy = (): Promise<string> => router.must(['nft', 'list', 'chain', 'inet', 'hagw', 'policy4_main']);

/** What the timeline tells since this was called, of the run that is there in the end. */
async function timeline(): Promise<() => Promise<string>> {
  const { newest, run } = (await router.ubus('hagw', 'events', { limit: 1 })) as Events;
  return async () => {
    const now = (await router.ubus('hagw', 'events', { limit: 500 })) as Events;
    const news = now.events.filter(({ seq }) => now.run !== run || seq > newest);
    return news.map(({ text }) => text).join('\n');
  };
}

/** Ends the service and waits until another one does its work. */
async function kill(): Promise<void> {
  const pid = await servicePid(router);
  await router.must(['kill', '-9', String(pid)]);
  await until('another run of the service', 30_000, async () =>
    (await servicePid(router)) !== pid ? true : undefined,
  );
}

describe('around the engine', () => {
  it("a WAN's device is deleted and made anew under the same name", async () => {
    const news = await timeline();
    const watch = await gateway.lab.client.watch();
    await watch.answering();
    await router.removeDevice('wan1');
    await firstDead();
    await watch.answering();
    await router.makeDevice('wan1');
    await untilWell();
    await watch.answering();
    await watch.stop();
    expect(await news()).toMatch(/'wan1' is offline: The device of wan1 has lost its carrier/);
    // Probes are bound to the new device: a black hole is seen by them.
    await gateway.lab.isps[0]?.blackHole(true);
    await firstDead();
    await gateway.lab.isps[0]?.blackHole(false);
    await untilWell();
  });

  it('no room on the RAM disk: switches go on, nothing is half written, and it is remembered later', async () => {
    const news = await timeline();
    const watch = await gateway.lab.client.watch();
    const memory = (): Promise<string> => router.must(['cat', MEMORY]);
    const before = await memory();
    const used = (await router.must(['df', '-k', '--output=used', '/run'])).trim().split('\n')[1]?.trim();
    await router.must(['mount', '-o', `remount,size=${used}k`, '/run']);
    await gateway.lab.isps[0]?.blackHole(true);
    await firstDead();
    await watch.answering();
    await until('a word on what cannot be kept', 15_000, async () =>
      (await problems()).some((text) => /^engine-trouble.*cannot be kept.*no space/.test(text))
        ? true
        : undefined,
    );
    // Whole or as before, and nothing beside it. (What a transaction will write is short: there may have been room for it.)
    const files = (await router.must(['ls', '-A', '/run/hagw'])).trim().split('\n');
    for (const name of files)
      expect(typeof JSON.parse(await router.must(['cat', `/run/hagw/${name}`]))).toBe('object');
    expect(files.every((name) => /^multiwan(-next)?\.json$/.test(name))).toBe(true);
    expect(await memory()).toBe(before);
    await router.must(['mount', '-o', 'remount,size=50%', '/run']);
    await gateway.lab.isps[0]?.blackHole(false);
    await untilWell();
    await until('a memory of the state', 15_000, async () => {
      const isThere = (await router.must(['ls', '-A', '/run/hagw'])).trim() === 'multiwan.json';
      return isThere && JSON.parse(await memory()).states.wan1 === 'online' ? true : undefined;
    });
    await watch.answering();
    await watch.stop();
    expect(await news()).toMatch(/cannot be kept for the next start/);
  });

  it('a configuration cut in half, or emptied: what runs goes on, the health says it, and all is well with the whole one', async () => {
    const watch = await gateway.lab.client.watch();
    await watch.answering();
    const before = await router.must(['nft', 'list', 'chain', 'inet', 'hagw', 'rules4']);
    for (const [text, code] of [
      [CONFIG.slice(0, CONFIG.length >> 1), 'mwan3-config-broken'],
      [CONFIG.slice(0, -4), 'mwan3-config-broken'],
      ['', 'engine-trouble: Has no interface section any more'],
    ] as const) {
      await reconfigure(router, text);
      await until(code, 15_000, async () =>
        (await problems()).some((one) => one.startsWith(code)) ? true : undefined,
      );
      expect(await policy()).toContain('goto wan_wan1');
    }
    // A switch is possible all the same.
    await gateway.lab.isps[0]?.blackHole(true);
    await until('the switch', 15_000, async () =>
      (await policy()).includes('goto wan_wan2') ? true : undefined,
    );
    await watch.answering();
    await gateway.lab.isps[0]?.blackHole(false);
    await reconfigure(router, CONFIG);
    await untilWell();
    await watch.answering();
    await watch.stop();
    const rules = (text: string): string => text.replace(/packets \d+ bytes \d+/g, '');
    expect(rules(await router.must(['nft', 'list', 'chain', 'inet', 'hagw', 'rules4']))).toBe(rules(before));
  });

  it('a wall clock that jumps by a year, forth and back: no WAN falls, and a dead one is still found', async () => {
    const seam = `import { loadFile as wrongBy } from 'std';\nconst rightNow = Date.now;\nDate.now = () => rightNow() + Number(wrongBy('${WRONG}') || 0);\n`;
    router.write(PROGRAM, seam + router.read(PROGRAM));
    await kill();
    await untilWell();
    const watch = await gateway.lab.client.watch();
    await watch.answering();
    const time = async (): Promise<number> =>
      ((await router.ubus('hagw', 'status')) as { time: number }).time;
    for (const jump of [YEAR_MS, -YEAR_MS, 0]) {
      const news = await timeline();
      await router.must(['sh', '-c', 'echo "$0" > "$1"', String(jump), WRONG]);
      // The reactor has seen it.
      await until('the new time', 15_000, async () =>
        Math.abs((await time()) - Date.now() - jump) < 60_000 ? true : undefined,
      );
      if (jump !== 0) {
        await gateway.lab.isps[0]?.blackHole(true);
        await firstDead();
        await watch.answering();
        await gateway.lab.isps[0]?.blackHole(false);
      }
      await untilWell();
      const offline = (await news()).match(/is offline/g) ?? [];
      expect(offline.length).toBe(jump === 0 ? 0 : 1);
    }
    await watch.stop();
  });

  it('kill -9 at any moment around a switch: the next run brings it to the end, and blames nobody', async () => {
    const news = await timeline();
    // About when it is decided and written, and soon after.
    for (const afterMs of [300 + Math.random() * 100, 600]) {
      const watch = await gateway.lab.client.watch();
      await watch.answering();
      await gateway.lab.isps[0]?.blackHole(true);
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      await kill();
      await firstDead();
      await watch.answering();
      await watch.stop();
      await gateway.lab.isps[0]?.blackHole(false);
      await untilWell();
    }
    expect(await news()).not.toMatch(/Somebody|put right|unknown origin/);
  });
});
