/**
 * One router with three WANs and hagw's engine from the package, and a client behind it: where flows go, by tier, weight and rule,
 * and what they come to when a WAN or a part of the router fails. What is asserted is what happens; how long it takes is for `make bench`.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
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

/** Tier 1: wan1 and wan2, 3 to 2; tier 2: wan3. Rule `pinned` is sticky. */
const STICKY =
  "config rule 'pinned'\n\toption dest_ip '192.0.2.2'\n\toption family 'ipv4'\n\toption sticky '1'\n\toption use_policy 'main'\n";
const BALANCED = mwan3Config([1, 1, 2], { weights: [3, 2, 1], rules: [STICKY] });
const TIERS = mwan3Config([1, 2, 3]);

let gateway: Gateway;
let router: Router;
beforeAll(async () => {
  gateway = await startGateway({ wans: 3, mwan3: TIERS });
  ({ router } = gateway);
  await untilKernel(alone('wan1'));
});
afterEach(async () => {
  // What one test broke is not the next one's.
  for (const isp of gateway.lab.isps) await isp.blackHole(false);
});
afterAll(async () => {
  await gateway?.lab.close();
});

const allOnline = (): Promise<void> => waitForWans(router, () => 'online');

/** What the policy's chain holds when new flows go to this WAN alone. */
const alone = (wan: string): RegExp => new RegExp(`^\\s+goto wan_${wan} `, 'm');
const SHARES = /mod 5 vmap \{ 0-2 : goto wan_wan1, 3-4 : goto wan_wan2 \}/;

/** A state is told when it is decided; the kernel has it some milliseconds later. */
async function untilKernel(policy: RegExp): Promise<void> {
  let last = '';
  await until(`the policy ${policy}`, 30_000, async () => {
    last = (await router.exec(['nft', 'list', 'chain', 'inet', 'hagw', 'policy4_main'])).stdout;
    if (!policy.test(last)) throw new Error(last);
    return true;
  });
}

/** Takes this configuration and waits until the kernel has its policy. */
async function configure(mwan3: string, policy: RegExp): Promise<void> {
  await reconfigure(router, mwan3);
  await untilKernel(policy);
  await allOnline();
  await untilKernel(policy);
}

/** Connections of the client by WAN (by its number in the mark), to one address and UDP port of the internet. */
async function flowsByWan(destination: string): Promise<Record<string, number>> {
  const lines = (await router.must(['conntrack', '-L', '-d', destination, '-p', 'udp'])).split('\n');
  const found: Record<string, number> = {};
  for (const line of lines) {
    const mark = /\bmark=(\d+)/.exec(line)?.[1];
    if (mark === undefined) continue;
    const name = `wan${(Number(mark) & 0x3f00) >> 8}`;
    found[name] = (found[name] ?? 0) + 1;
  }
  return found;
}

/** Sends one UDP packet from each of so many ports of the client; the answers do not matter. */
async function sendFlows(destination: string, count: number): Promise<void> {
  const program = [
    'const { createSocket } = require("node:dgram");',
    `const [to, count] = [${JSON.stringify(destination)}, ${count}];`,
    'let port = 20000; const end = port + count;',
    'const next = () => { if (port === end) return; const socket = createSocket("udp4");',
    'socket.bind(port++, () => socket.send("x", 7, to, () => { socket.close(); next(); })); };',
    'for (let lane = 0; lane < 20; lane += 1) next();',
  ].join('\n');
  await gateway.lab.runIn('client1', ['node', '-e', program]);
}

const forget = (): Promise<unknown> => router.exec(['conntrack', '-D', '-p', 'udp']);
const eventsText = (): Promise<string> => router.must(['hagw', 'events', '--limit', '500']);

/** Handles and rules of our table: the same only if nothing was written. */
async function handles(): Promise<string> {
  const text = await router.must(['nft', '-a', 'list', 'table', 'inet', 'hagw']);
  return text.replace(/packets \d+ bytes \d+/g, '');
}

describe('tiers', () => {
  it('new flows and an existing one go to the next tier, and back again without a loss', async () => {
    const { lab } = gateway;
    const watch = await lab.client.watch();
    await watch.answering();
    for (const [dead, state] of [
      [1, 'wan2'],
      [2, 'wan3'],
    ] as const) {
      await lab.isps[dead - 1]?.blackHole(true);
      await waitForWans(router, (wan) => (Number(wan.slice(3)) <= dead ? 'offline' : 'online'));
      await watch.answering();
      await untilKernel(alone(state));
      await forget();
      await sendFlows('192.0.2.1', 20);
      const flows = await flowsByWan('192.0.2.1');
      expect(Object.keys(flows)).toEqual([state]);
    }
    await watch.stop();
    const back = await lab.client.watch();
    await back.answering();
    await lab.isps[1]?.blackHole(false);
    await waitForWans(router, (wan) => (wan === 'wan1' ? 'offline' : 'online'));
    await lab.isps[0]?.blackHole(false);
    await allOnline();
    await untilKernel(alone('wan1'));
    await back.answering();
    for (const { kind, sent, answered } of (await back.stop()).values())
      expect(`${kind}: ${sent - answered} lost`).toBe(`${kind}: 0 lost`);
    await forget();
    await sendFlows('192.0.2.1', 20);
    expect(Object.keys(await flowsByWan('192.0.2.1'))).toEqual(['wan1']);
  });

  it('a cable that is pulled out and put in again', async () => {
    const watch = await gateway.lab.client.watch();
    await watch.answering();
    await router.cutLink('wan1');
    await waitForWans(router, (wan) => (wan === 'wan1' ? 'offline' : 'online'));
    await watch.answering();
    await watch.stop();
    const back = await gateway.lab.client.watch();
    await back.answering();
    await router.healLink('wan1');
    await allOnline();
    await back.answering();
    for (const { kind, sent, answered } of (await back.stop()).values())
      expect(`${kind}: ${sent - answered} lost`).toBe(`${kind}: 0 lost`);
  });

  it('all WANs dead: nothing goes; the first that is back carries the flows', async () => {
    const { lab } = gateway;
    await Promise.all(lab.isps.map((isp) => isp.blackHole(true)));
    await waitForWans(router, () => 'offline');
    await untilKernel(/goto mark_unreachable/);
    const watch = await lab.client.watch({ kinds: ['udp', 'udp-new'] });
    await lab.isps[2]?.blackHole(false);
    await watch.answering();
    await watch.stop();
    await Promise.all(lab.isps.slice(0, 2).map((isp) => isp.blackHole(false)));
    await allOnline();
  });
});

describe('balance', () => {
  it('weights 3 to 2 over 3000 flows are met; the tier after gets none', async () => {
    await configure(BALANCED, SHARES);
    // However long the sending and the listing take: no flow is forgotten meanwhile.
    await router.must(['sysctl', '-qw', 'net.netfilter.nf_conntrack_udp_timeout=600']);
    await forget();
    const count = 3000;
    await sendFlows('192.0.2.1', count);
    const { wan1 = 0, wan2 = 0, ...others } = await flowsByWan('192.0.2.1');
    expect(others).toEqual({});
    expect(wan1 + wan2).toBe(count);
    const deviation = Math.sqrt(count * 0.6 * 0.4);
    // Chance alone goes beyond five standard deviations once in two million runs, beyond three once in 370.
    expect(Math.abs(wan1 - count * 0.6)).toBeLessThan(5 * deviation);
  });

  it('a sticky rule keeps a client on the WAN that its first flow got, until that WAN is dead', async () => {
    const { lab } = gateway;
    await forget();
    await sendFlows('192.0.2.2', 50);
    const [first, ...more] = Object.keys(await flowsByWan('192.0.2.2'));
    expect(more).toEqual([]);
    const at = Number(first?.slice(3)) - 1;
    await lab.isps[at]?.blackHole(true);
    await waitForWans(router, (wan) => (wan === first ? 'offline' : 'online'));
    const second = first === 'wan1' ? 'wan2' : 'wan1';
    await untilKernel(alone(second));
    await forget();
    await sendFlows('192.0.2.2', 50);
    expect(Object.keys(await flowsByWan('192.0.2.2'))).toEqual([second]);
    await lab.isps[at]?.blackHole(false);
    await allOnline();
    await configure(TIERS, alone('wan1'));
  });
});

describe('faults', () => {
  it('kill -9 of the service: traffic goes on, the next run takes over without writing anything', async () => {
    await allOnline();
    await untilKernel(alone('wan1'));
    const before = await handles();
    const watch = await gateway.lab.client.watch();
    await watch.answering();
    const pid = await servicePid(router);
    await router.must(['kill', '-9', String(pid)]);
    await until('another run of the service', 60_000, async () =>
      (await servicePid(router)) !== pid ? true : undefined,
    );
    await allOnline();
    await watch.answering();
    for (const { kind, sent, answered } of (await watch.stop()).values())
      expect(`${kind}: ${sent - answered} lost`).toBe(`${kind}: 0 lost`);
    expect(await handles()).toBe(before);
  });

  it('kill -9 of ubusd: a WAN that dies meanwhile is left all the same, and the service answers again', async () => {
    const { lab } = gateway;
    const watch = await lab.client.watch();
    await watch.answering();
    const pid = (await router.must(['pgrep', '-f', 'ubusd -s'])).trim().split('\n')[0] ?? '';
    await router.must(['kill', '-9', pid]);
    await lab.isps[0]?.blackHole(true);
    await waitForWans(router, (wan) => (wan === 'wan1' ? 'offline' : 'online'), 30_000);
    await watch.answering();
    await lab.isps[0]?.blackHole(false);
    await allOnline();
    await watch.stop();
  });

  it('nft flush ruleset by somebody else: the table comes back, and the timeline tells', async () => {
    await untilKernel(alone('wan1'));
    const rules = (text: string): string => text.replace(/ # handle \d+/g, '');
    const before = rules(await handles());
    await router.must(['nft', 'flush', 'ruleset']);
    await router.must(['fw4', 'reload']);
    await untilKernel(alone('wan1'));
    await until('the line in the timeline', 30_000, async () =>
      /put right/.test(await eventsText()) ? true : undefined,
    );
    expect(
      rules(await handles())
        .split('\n')
        .sort(),
    ).toEqual(before.split('\n').sort());
    const watch = await gateway.lab.client.watch();
    await watch.answering();
    await watch.stop();
  });

  it('connections from before the table stay on the WAN whose address they have', async () => {
    await configure(BALANCED, SHARES);
    await router.must(['/etc/init.d/hagw', 'stop']);
    await router.must(['nft', 'delete', 'table', 'inet', 'hagw']);
    await router.exec(['conntrack', '-D', '-p', 'tcp']);
    const population = await gateway.lab.client.populate(30, { everyMs: 200 });
    await router.must(['/etc/init.d/hagw', 'start']);
    await untilKernel(SHARES);
    // By table main they went to wan1; by the policy two of five would go to wan2 with wan1's address.
    await until('a mark at each of them', 30_000, async () => {
      const lines = (await router.must(['conntrack', '-L', '-p', 'tcp', '-d', '192.0.2.1'])).split('\n');
      const marks = lines.flatMap((line) => /ESTABLISHED.*\bmark=(\d+)/.exec(line)?.[1] ?? []);
      return marks.length === 30 && marks.every((mark) => (Number(mark) & 0x3f00) === 0x100)
        ? true
        : undefined;
    });
    await population.mark();
    expect(await population.survivors(30_000)).toMatchObject({ total: 30, alive: 30 });
    await population.close();
    await configure(TIERS, alone('wan1'));
  });

  it('a WAN whose interface goes down (ifdown) is left, and used again when it is up', async () => {
    const { lab } = gateway;
    const watch = await lab.client.watch({ kinds: ['udp', 'udp-new'] });
    await watch.answering();
    await router.must(['ifdown', 'wan1']);
    await waitForWans(router, (wan) => (wan === 'wan1' ? 'offline' : 'online'));
    await watch.answering();
    await router.must(['ifup', 'wan1']);
    await allOnline();
    await untilKernel(alone('wan1'));
    await watch.answering();
    await watch.stop();
    await forget();
    await sendFlows('192.0.2.1', 20);
    expect(Object.keys(await flowsByWan('192.0.2.1'))).toEqual(['wan1']);
  });
});
