/**
 * What a LAN client feels of its gateway's WANs: one router, WAN 1 before WAN 2, everything of the client by WAN 1.
 *
 * Under traffic, the client's streams of 10 ms are the traffic. On an idle link they must not be: they would raise the suspicion that
 * decides sooner than the probes. There, new flows are measured by the moment of nft's transaction after the black hole
 * began, and the existing flow sends every 50 ms, which is part of its silence.
 */
import { type Gateway, mwan3Config, reconfigure, startGateway, waitForWans } from '../lab/multiwan.ts';
import { start } from '../lab/programs.ts';
import type { Router } from '../lab/router.ts';
import type { StreamKind } from '../lab/silence.ts';
import type { BenchGroup } from './group.ts';
import { type Row, rowOf } from './rows.ts';

const RUNS = 10;
const RELOADS = 5;
const CONNECTIONS = 200;
/** Slow enough to be no traffic in the engine's eyes (src/core/track/suspicion.ts). */
const IDLE_MS = 50;
const RULES = 300;
const KINDS = ['udp', 'udp-new'] as const;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function waitForBoth(gateway: Gateway): Promise<void> {
  await waitForWans(gateway.router, () => 'online');
}

/** The longest silence of each stream around something that ends with WAN 1 offline, seconds. */
async function gapsOf(
  gateway: Gateway,
  kinds: readonly StreamKind[],
  intervalMs: number,
  blow: () => Promise<void>,
): Promise<ReadonlyMap<StreamKind, number>> {
  const { lab, router } = gateway;
  const watch = await lab.client.watch({ kinds, intervalMs });
  await watch.answering();
  // The beat of the probes and the beginning of the blow shall not be in step.
  await pause(500 + Math.random() * 500);
  await blow();
  await pause(1000);
  await watch.answering();
  const reports = await watch.stop();
  await waitForWans(router, (wan) => (wan === 'wan1' ? 'offline' : 'online'));
  return new Map([...reports].map(([kind, { longest }]) => [kind, (longest?.ms ?? Number.NaN) / 1000]));
}

/** Tells of the next transaction in the router's nft. Ends with the lab. */
function watchTransactions(router: Router): { next(): Promise<number> } {
  const monitor = start([...router.enter(), 'nft', 'monitor'], { stdio: ['ignore', 'pipe', 'ignore'] });
  let tell: ((atMs: number) => void) | null = null;
  monitor.stdout?.on('data', () => {
    tell?.(performance.now());
    tell = null;
  });
  return {
    next: () =>
      new Promise((resolve) => {
        tell = resolve;
      }),
  };
}

/** Time from the beginning of a black hole to the transaction that moves new flows, seconds. */
async function idleSwitch(gateway: Gateway, transactions: { next(): Promise<number> }): Promise<number> {
  const { lab, router } = gateway;
  await pause(500 + Math.random() * 500);
  const switched = transactions.next();
  const beganMs = performance.now();
  await lab.isps[0]?.blackHole(true);
  const tookMs = (await switched) - beganMs;
  await waitForWans(router, (wan) => (wan === 'wan1' ? 'offline' : 'online'));
  return tookMs / 1000;
}

/** Packets that no stream got an answer to, while `act` happens and until two seconds after it. */
async function lostDuring(gateway: Gateway, act: () => Promise<void>): Promise<number> {
  const watch = await gateway.lab.client.watch();
  await watch.answering();
  await act();
  await pause(2000);
  const reports = [...(await watch.stop()).values()];
  return reports.reduce((sum, { sent, answered }) => sum + sent - answered, 0);
}

async function blackHoles(gateway: Gateway, say: (line: string) => void): Promise<Row[]> {
  const { lab } = gateway;
  const samples = { switch: [], idle: [], flow: [], fresh: [], back: [] } as Record<string, number[]>;
  const heal = async (): Promise<void> => {
    await lab.isps[0]?.blackHole(false);
    await waitForBoth(gateway);
  };
  const transactions = watchTransactions(gateway.router);
  for (let run = 1; run <= RUNS; run += 1) {
    samples['switch']?.push(await idleSwitch(gateway, transactions));
    await heal();
    const blow = async (): Promise<void> => {
      await lab.isps[0]?.blackHole(true);
    };
    samples['idle']?.push((await gapsOf(gateway, ['udp'], IDLE_MS, blow)).get('udp') ?? Number.NaN);
    await heal();
    const busy = await gapsOf(gateway, KINDS, 10, blow);
    samples['flow']?.push(busy.get('udp') ?? Number.NaN);
    samples['fresh']?.push(busy.get('udp-new') ?? Number.NaN);
    samples['back']?.push(await lostDuring(gateway, heal));
    say(
      `black hole ${run} of ${RUNS}: ${Object.values(samples)
        .map((one) => one.at(-1)?.toFixed(3))
        .join(' ')}`,
    );
  }
  return [
    rowOf('wan-black-hole-idle-new-flows', 's', samples['switch'] ?? [], 0.45),
    rowOf('wan-black-hole-idle-udp-flow', 's', samples['idle'] ?? [], 0.45),
    rowOf('wan-black-hole-busy-new-flows', 's', samples['fresh'] ?? [], 0.25),
    rowOf('wan-black-hole-busy-udp-flow', 's', samples['flow'] ?? [], 0.25),
    rowOf('wan-recovery-lost', 'packets', samples['back'] ?? [], 0),
  ];
}

async function carriers(gateway: Gateway, say: (line: string) => void): Promise<Row[]> {
  const { router } = gateway;
  const [flow, fresh, back] = [[], [], []] as [number[], number[], number[]];
  for (let run = 1; run <= RUNS; run += 1) {
    const gaps = await gapsOf(gateway, KINDS, 10, () => router.cutLink('wan1'));
    flow.push(gaps.get('udp') ?? Number.NaN);
    fresh.push(gaps.get('udp-new') ?? Number.NaN);
    back.push(
      await lostDuring(gateway, async () => {
        await router.healLink('wan1');
        await waitForBoth(gateway);
      }),
    );
    say(`carrier ${run} of ${RUNS}: ${[flow, fresh, back].map((one) => one.at(-1)?.toFixed(3)).join(' ')}`);
  }
  return [
    rowOf('wan-carrier-new-flows', 's', fresh, 0.1),
    rowOf('wan-carrier-udp-flow', 's', flow, 0.1),
    rowOf('wan-carrier-recovery-lost', 'packets', back, 0),
  ];
}

/** Both WANs dead, then WAN 2 comes back: from its return to the first new flow that is answered, seconds. */
async function bothDead(gateway: Gateway, say: (line: string) => void): Promise<Row[]> {
  const { lab, router } = gateway;
  const took: number[] = [];
  while (took.length < RUNS / 2) {
    await Promise.all(lab.isps.map((isp) => isp.blackHole(true)));
    await waitForWans(router, () => 'offline');
    const watch = await lab.client.watch({ kinds: ['udp-new'] });
    await pause(300);
    const beganMs = performance.now();
    await lab.isps[1]?.blackHole(false);
    await watch.answering();
    took.push((performance.now() - beganMs) / 1000);
    await watch.stop();
    await lab.isps[0]?.blackHole(false);
    await waitForBoth(gateway);
    say(`both dead, one back: ${took.at(-1)?.toFixed(3)} s`);
  }
  return [rowOf('wan-both-dead-one-back', 's', took)];
}

/** Rules that no packet of the lab matches. `last` is in the last one. */
function manyRules(last: string): string[] {
  return Array.from({ length: RULES }, (_, at) => {
    const address = at === RULES - 1 ? last : `10.${77 + (at >> 8)}.${at & 255}.0/24`;
    return `config rule 'r${at}'\n\toption dest_ip '${address}'\n\toption family 'ipv4'\n\toption use_policy 'main'\n`;
  });
}

async function reloads(gateway: Gateway, say: (line: string) => void): Promise<Row[]> {
  const { lab, router } = gateway;
  const lost = { same: [] as number[], changed: [] as number[] };
  const dead = { same: [] as number[], changed: [] as number[] };
  const config = (last: string): string => mwan3Config([1, 2], { rules: manyRules(last) });
  await reconfigure(router, config('10.99.0.0/24'));
  await pause(3000);
  const population = await lab.client.populate(CONNECTIONS, { everyMs: 500 });
  for (let run = 1; run <= RELOADS; run += 1) {
    for (const what of ['same', 'changed'] as const) {
      const text = what === 'same' ? router.read('/etc/config/mwan3') : config(`10.98.${run}.0/24`);
      lost[what].push(await lostDuring(gateway, () => reconfigure(router, text)));
      await population.mark();
      const count = await population.survivors(5000);
      dead[what].push(count.total - count.alive);
    }
    const table = await router.must(['nft', 'list', 'chain', 'inet', 'hagw', 'rules4']);
    if (!table.includes(`10.98.${run}.0/24`)) throw new Error('The changed rule is not in force.');
    say(`reload ${run} of ${RELOADS}: lost ${lost.same.at(-1)}, ${lost.changed.at(-1)} packets`);
  }
  await population.close();
  return [
    rowOf('wan-reload-unchanged-lost', 'packets', lost.same, 0),
    rowOf('wan-reload-unchanged-tcp-lost', 'connections', dead.same, 0),
    rowOf('wan-reload-rule-lost', 'packets', lost.changed, 0),
    rowOf('wan-reload-rule-tcp-lost', 'connections', dead.changed, 0),
  ];
}

export const multiwanGaps: BenchGroup = {
  names: [
    'wan-black-hole-idle-new-flows',
    'wan-black-hole-idle-udp-flow',
    'wan-black-hole-busy-new-flows',
    'wan-black-hole-busy-udp-flow',
    'wan-recovery-lost',
    'wan-carrier-new-flows',
    'wan-carrier-udp-flow',
    'wan-carrier-recovery-lost',
    'wan-both-dead-one-back',
    'wan-reload-unchanged-lost',
    'wan-reload-unchanged-tcp-lost',
    'wan-reload-rule-lost',
    'wan-reload-rule-tcp-lost',
  ],
  async run({ say }) {
    const gateway = await startGateway({ mwan3: mwan3Config([1, 2]) });
    try {
      const rows: Row[] = [];
      for (const part of [blackHoles, carriers, bothDead, reloads]) rows.push(...(await part(gateway, say)));
      return rows;
    } finally {
      await gateway.lab.close();
    }
  },
};
