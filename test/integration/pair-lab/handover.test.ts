/** The handover with the real keepalived, conntrackd, nft and dnsmasq: after each fault one router serves, and only that one. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Events, Health } from '../../../src/api/status.ts';
import { decodeJournal, type HandoverRun } from '../../../src/core/pair/journal.ts';
import { createLab, type Lab } from '../../lab/lab.ts';
import { waitForPair } from '../../lab/pair.ts';
import { until } from '../../lab/programs.ts';
import type { Router } from '../../lab/router.ts';

const JOURNAL = '/var/run/hagw/handover.journal';
const VIRTUAL = '192.168.1.1';

interface Settled {
  readonly active: Router;
  readonly others: readonly Router[];
}

const powered = (lab: Lab): readonly Router[] =>
  Object.values(lab.routers).filter(({ hasPower }) => hasPower);

async function hasAddress(router: Router): Promise<boolean> {
  return (await router.must(['ip', '-4', '-o', 'addr', 'show'])).includes(` ${VIRTUAL}/24 `);
}

/** Devices on which the router does not serve; null without the table. */
async function standbyOf(router: Router): Promise<readonly string[] | null> {
  const listed = await router.exec(['nft', '-j', 'list', 'set', 'inet', 'hagw_pair', 'standby']);
  if (listed.code !== 0) return null;
  const { nftables } = JSON.parse(listed.stdout) as { nftables: { set?: { elem?: string[] } }[] };
  return nftables.flatMap(({ set }) => set?.elem ?? []);
}

async function journalOf(router: Router): Promise<readonly HandoverRun[]> {
  return decodeJournal((await router.exec(['cat', JOURNAL])).stdout);
}

/** What is not as it should be, in words; empty if all is well. */
async function troubles(
  lab: Lab,
): Promise<{ readonly words: readonly string[]; readonly active: Router | null }> {
  const words: string[] = [];
  const active: Router[] = [];
  for (const router of powered(lab)) {
    const isActive = await hasAddress(router);
    if (isActive) active.push(router);
    const standby = await standbyOf(router);
    if (standby === null || (standby.length === 0) !== isActive)
      words.push(
        `${router.name} ${isActive ? 'active' : 'not active'}, but standby on ${standby?.join() ?? 'no table'}`,
      );
    const running = await router.exec(['pgrep', '-x', 'handover']);
    if (running.stdout.trim() !== '') words.push(`${router.name} still runs a handover`);
    const steps = await router.exec(['pgrep', '-f', '^conntrackd -[cfRBtn]$']);
    if (steps.stdout.trim() !== '') words.push(`${router.name} still runs a step`);
    const last = (await journalOf(router)).filter(({ state }) => state !== 'LOAD').at(-1);
    if (last?.end !== 'done' || (last.state === 'MASTER') !== isActive)
      words.push(
        `${router.name} ${isActive ? 'active' : 'not active'}, last handover ${last?.state} ${last?.end}`,
      );
  }
  if (active.length !== 1) words.push(`${active.length} active routers`);
  return { words, active: active[0] ?? null };
}

async function settled(lab: Lab, timeoutMs = 60_000): Promise<Settled> {
  let said: readonly string[] = [];
  try {
    return await until('One active router', timeoutMs, async () => {
      const { words, active } = await troubles(lab);
      said = words;
      return words.length > 0 || active === null
        ? undefined
        : { active, others: powered(lab).filter((router) => router !== active) };
    });
  } catch (error) {
    const logs = await Promise.all(
      powered(lab).map(
        async (router) => `--- ${router.name}\n${(await router.exec(['logread', '-l', '40'])).stdout}`,
      ),
    );
    throw new Error(`${String(error)} ${said.join('; ')}\n${logs.join('\n')}`);
  }
}

/** Source addresses of the DHCP answers in a capture of Ethernet frames (pcap, little endian). */
function answersIn(file: string): readonly string[] {
  const bytes = readFileSync(file);
  const found: string[] = [];
  for (let at = 24; at + 16 <= bytes.length; at += 16 + bytes.readUInt32LE(at + 8))
    found.push([...bytes.subarray(at + 16 + 26, at + 16 + 30)].join('.'));
  return [...new Set(found)].sort();
}

describe.each([
  ['present', 'auto'],
  ['24.10', 'multicast'],
] as const)('handovers, init script of %s, adverts by %s', (keepalivedScript, transport) => {
  let lab: Lab;
  const folder = mkdtempSync(join(tmpdir(), 'hagw-handover-lab-'));

  beforeAll(async () => {
    lab = await createLab({
      managed: true,
      engine: 'hagw',
      keepalivedScript,
      globals: { vrrp_transport: transport },
    });
    await waitForPair(lab, 90_000);
    await settled(lab);
  }, 180_000);
  afterAll(async () => {
    await lab?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** What depends neither on the script's age nor on the way of the adverts is tried once. */
  function once(name: string, test: () => Promise<void>, timeoutMs = 60_000): void {
    if (transport === 'auto') it(name, test, timeoutMs);
  }

  /** Asks for a lease as a new client does, and gives the addresses of all that answer. */
  async function dhcp(): Promise<readonly string[]> {
    const file = join(folder, 'dhcp.pcap');
    const capture = await lab.capture('client1', 'lan', file, ['udp', 'and', 'src', 'port', '67']);
    const ask = ['udhcpc', '-f', '-n', '-q', '-t', '4', '-T', '5', '-i', 'lan', '-s', '/bin/true'];
    await lab.runIn('client1', ask);
    // dnsmasq looks for 3 s whether an address is in use before it offers it: a second server would come late.
    await new Promise((resolve) => setTimeout(resolve, 5000));
    await capture.stop();
    return answersIn(file);
  }
  const addressOf = (router: Router): string =>
    router.plan.ports.find(({ device }) => device === 'lan')?.address.split('/')[0] ?? '';
  async function onlyTheActiveServes({ active }: Settled): Promise<void> {
    expect(await dhcp()).toEqual([addressOf(active)]);
  }

  it('leaves one router that serves, at the start', async () => {
    const now = await settled(lab);
    await onlyTheActiveServes(now);
    for (const router of powered(lab)) {
      const steps = (await journalOf(router)).flatMap((run) => run.steps);
      expect(steps.filter(({ outcome }) => outcome !== 'ok')).toEqual([]);
    }
  }, 120_000);

  once(
    'only because the other one is kept from it',
    async () => {
      const { active, others } = await settled(lab);
      await others[0]?.must(['nft', 'flush', 'set', 'inet', 'hagw_pair', 'standby']);
      expect(await dhcp()).toEqual([addressOf(active), addressOf(others[0] ?? active)].sort());
      await settled(lab);
    },
    120_000,
  );

  it('by a loss of power, and the return of the old router', async () => {
    const { active, others } = await settled(lab);
    await active.powerOff();
    const after = await settled(lab);
    expect(after.active).toBe(others[0]);
    await onlyTheActiveServes(after);
    const run = (await journalOf(after.active)).at(-1);
    expect(run?.steps.map(({ step }) => step).slice(0, 4)).toEqual(['commit', 'flush', 'resync', 'bulk']);
    await active.powerOn();
    await waitForPair(lab, 90_000);
    const back = await settled(lab);
    expect(back.active).toBe(after.active);
    await onlyTheActiveServes(back);
  }, 240_000);

  once(
    "by kill -9 of keepalived's child: from MASTER to BACKUP without a word",
    async () => {
      const { active, others } = await settled(lab);
      const pids = (await active.must(['pgrep', '-x', 'keepalived'])).trim().split('\n').map(Number);
      await active.must(['kill', '-KILL', String(Math.max(...pids))]);
      await until('The other router', 30_000, async () =>
        (await hasAddress(others[0] ?? active)) ? true : undefined,
      );
      const after = await settled(lab);
      expect(after.active).toBe(others[0]);
      await onlyTheActiveServes(after);
    },
    120_000,
  );

  it('by a restart of keepalived', async () => {
    const { active, others } = await settled(lab);
    await active.must(['/etc/init.d/keepalived', 'restart']);
    await until('The other router', 30_000, async () =>
      (await hasAddress(others[0] ?? active)) ? true : undefined,
    );
    const after = await settled(lab);
    await onlyTheActiveServes(after);
  }, 120_000);

  once(
    'with a conntrackd that hangs on the new router: it serves all the same, and the service says so',
    async () => {
      const { active, others } = await settled(lab);
      const [next = active] = others;
      const pid = (await next.must(['pidof', 'conntrackd'])).trim();
      await next.must(['kill', '-STOP', pid]);
      await active.must(['/etc/init.d/keepalived', 'restart']);
      await until('The other router', 30_000, async () => ((await hasAddress(next)) ? true : undefined));
      const after = await settled(lab);
      expect(after.active).toBe(next);
      await onlyTheActiveServes(after);
      const cut = (await journalOf(next)).filter(({ steps }) =>
        steps.some(({ outcome }) => outcome === 'cut'),
      );
      expect(cut.length).toBeGreaterThan(0);
      await until('The problem', 30_000, async () => {
        const { problems } = (await next.ubus('hagw', 'health')) as Health;
        return problems.some(({ code }) => code === 'handover-incomplete') ? true : undefined;
      });
      await next.must(['kill', '-CONT', pid]);
      await until('Its repair', 90_000, async () => {
        const { problems } = (await next.ubus('hagw', 'health')) as Health;
        return problems.some(({ code }) => code === 'handover-incomplete') ? undefined : true;
      });
      await settled(lab);
    },
    240_000,
  );

  once(
    'loses no connection while the commit is held up: what comes from inside waits, too',
    async () => {
      const { active, others } = await settled(lab);
      const [next = active] = others;
      const population = await lab.client.populate(200);
      await population.mark();
      expect((await population.survivors(20_000)).alive).toBe(200);
      await until('The states on the other router', 30_000, async () => {
        const said = await next.must(['conntrackd', '-s']);
        const [, held = '0'] = /cache external:\ncurrent active connections:\s+(\d+)/.exec(said) ?? [];
        return Number(held) >= 200 ? true : undefined;
      });
      const pid = (await next.must(['pidof', 'conntrackd'])).trim();
      await next.must(['kill', '-STOP', pid]);
      await active.must(['/etc/init.d/keepalived', 'restart']);
      await until('The other router', 30_000, async () => ((await hasAddress(next)) ? true : undefined));
      // Until packets of both directions have come too early.
      await until('Strays', 8000, async () => {
        const chain = await next.must(['nft', 'list', 'chain', 'inet', 'hagw_pair', 'strays']);
        const counts = [...chain.matchAll(/packets (\d+)/g)].map((match) => Number(match[1]));
        return counts.length === 2 && counts.every((count) => count > 20) ? true : undefined;
      });
      await next.must(['kill', '-CONT', pid]);
      await settled(lab);
      await population.mark();
      expect(await population.survivors(40_000)).toEqual({ total: 200, alive: 200, closed: 0 });
      await population.close();
    },
    240_000,
  );

  once('is told in the timeline, with its steps', async () => {
    const { active } = await settled(lab);
    const { events } = (await active.ubus('hagw', 'events', { limit: 500 })) as Events;
    const told = events.filter(({ subject }) => subject === 'handover').map(({ text }) => text);
    expect(told.at(-1)).toMatch(/^The handover to active took \d+ ms: commit \d+ ms/);
  });

  once(
    'puts back what somebody flushed, without a handover',
    async () => {
      for (const router of powered(lab)) {
        await router.must(['nft', 'delete', 'table', 'inet', 'hagw_pair']);
        await until('The table', 60_000, async () => ((await standbyOf(router)) === null ? undefined : true));
      }
      await onlyTheActiveServes(await settled(lab));
    },
    180_000,
  );

  once(
    'starts a conntrackd that was killed and whose lock file is in its way',
    async () => {
      const { active } = await settled(lab);
      await active.must(['pkill', '-KILL', '-x', 'conntrackd']);
      await until('conntrackd', 90_000, async () =>
        (await active.exec(['conntrackd', '-s'])).code === 0 ? true : undefined,
      );
      await settled(lab);
    },
    180_000,
  );

  once(
    'needs no service',
    async () => {
      const { active, others } = await settled(lab);
      for (const router of powered(lab)) await router.must(['/etc/init.d/hagw', 'stop']);
      await active.must(['/etc/init.d/keepalived', 'restart']);
      await until('The other router', 30_000, async () =>
        (await hasAddress(others[0] ?? active)) ? true : undefined,
      );
      await onlyTheActiveServes(await settled(lab));
      for (const router of powered(lab)) await router.must(['/etc/init.d/hagw', 'start']);
    },
    180_000,
  );
});
