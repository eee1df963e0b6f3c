/**
 * The multi-WAN engine in the lab: a router by itself, what its engine says of the WANs, what a provider can do to packets, and
 * configurations of mwan3. For the tests and the measurements; asserts nothing.
 */
import type { WanStatus } from '../../src/api/status.ts';
import { createLab, type Lab } from './lab.ts';
import { statusOf } from './pair.ts';
import { LabError, until } from './programs.ts';
import type { Router } from './router.ts';
import type { TopologyOptions } from './topology.ts';

export interface Gateway {
  readonly lab: Lab;
  readonly router: Router;
}

/** A lab with one router, whose engine has found every WAN online and rules in the kernel. The caller closes `lab`. */
export async function startGateway(options: TopologyOptions): Promise<Gateway> {
  const lab = await createLab({ engine: 'hagw', packages: ['hagw'], ...options, alone: true });
  try {
    const router = lab.routers['gw-a'];
    await until('The first answer of the service', 60_000, () => statusOf(router));
    await waitForWans(router, () => 'online', 60_000);
    // A flow that is older than the table stays on the WAN that table main gave it, whatever the policy says.
    await until('The table of the engine', 60_000, async () =>
      (await router.exec(['nft', 'list', 'chain', 'inet', 'hagw', 'main'])).code === 0 ? true : undefined,
    );
    return { lab, router };
  } catch (error) {
    await lab.close();
    throw error;
  }
}

/** What `hagw status` says of each WAN. */
export async function wansOf(router: Router): Promise<Readonly<Record<string, WanStatus>>> {
  const { wans } = await statusOf(router);
  return Object.fromEntries(wans.map((wan) => [wan.name, wan]));
}

/**
 * Waits until each WAN is said to be in the state that `wanted` gives for its name (undefined = any), and is judged by its probes.
 * Throws LabError with what was said last and the log.
 */
export async function waitForWans(
  router: Router,
  wanted: (wan: string) => string | undefined,
  timeoutMs = 40_000,
): Promise<void> {
  let last = 'nothing';
  try {
    await until(`The wanted states of the WANs of ${router.name}`, timeoutMs, async () => {
      const wans = Object.values(await wansOf(router));
      last = wans.map(({ name, state, reason }) => `${name} ${state} (${reason})`).join(', ');
      const isThere = wans.every(
        ({ name, state, reason }) => (wanted(name) ?? state) === state && !reason.includes('not judged yet'),
      );
      return isThere ? true : undefined;
    });
  } catch (error) {
    const log = await router.exec(['logread', '-l', '15']);
    const why = error instanceof Error ? error.message : String(error);
    throw new LabError(`${why} It said: ${last}\n${log.stdout}`);
  }
}

/** One WAN for each number, which is its metric; all of them in the policy `main`, by which everything goes. */
export function mwan3Config(metrics: readonly number[], options: MwanOptions = {}): string {
  const targets = (options.targets ?? ['192.0.2.3', '192.0.2.4'])
    .map((ip) => `\tlist track_ip '${ip}'\n`)
    .join('');
  const more = Object.entries(options.wan ?? {}).map(([key, value]) => `\toption ${key} '${value}'\n`);
  const wans = metrics.map(
    (metric, at) =>
      `config interface 'wan${at + 1}'\n\toption enabled '1'\n\toption family 'ipv4'\n${targets}\toption reliability '1'\n${more.join('')}\n` +
      `config member 'm${at + 1}'\n\toption interface 'wan${at + 1}'\n\toption metric '${metric}'\n\toption weight '${options.weights?.[at] ?? 1}'\n`,
  );
  const members = metrics.map((_, at) => `\tlist use_member 'm${at + 1}'\n`).join('');
  return [
    "config globals 'globals'\n\toption mmx_mask '0x3F00'\n",
    ...wans,
    `config policy 'main'\n${members}\toption last_resort 'unreachable'\n`,
    ...(options.rules ?? []),
    "config rule 'all'\n\toption dest_ip '0.0.0.0/0'\n\toption family 'ipv4'\n\toption use_policy 'main'\n",
  ].join('\n');
}

export interface MwanOptions {
  /** By WAN; default 1. */
  readonly weights?: readonly number[];
  /** Sections of rules before the one for all. */
  readonly rules?: readonly string[];
  /** Options of every WAN. */
  readonly wan?: Readonly<Record<string, string | number>>;
  /** Default: the lab's third and fourth server; the clients' streams go to the first. */
  readonly targets?: readonly string[];
}

/** Writes /etc/config/mwan3 and has procd tell of it, as `reload_config` does. */
export async function reconfigure(router: Router, mwan3: string): Promise<void> {
  router.write('/etc/config/mwan3', mwan3, 0o600);
  await router.ubus('service', 'event', { type: 'config.change', data: { package: 'mwan3' } });
}

/**
 * The ISP loses so many of a hundred packets, at random and each for itself: of those that come from the WAN, or of both
 * directions. 0 ends it.
 */
export async function loseAt(
  lab: Lab,
  isp: string,
  percent: number,
  direction: 'up' | 'both' = 'up',
): Promise<void> {
  const from = direction === 'up' ? 'iifname "wan" ' : '';
  const lines = [
    'add table inet loss',
    'delete table inet loss',
    ...(percent === 0
      ? []
      : [
          'add table inet loss',
          'add chain inet loss forward { type filter hook forward priority 0; }',
          `add rule inet loss forward ${from}numgen random mod 100 < ${percent} counter drop`,
        ]),
  ];
  await lab.runIn(isp, ['nft', lines.join('; ')]);
}

/** Number of the service's process, in the router's own counting. Throws LabError if procd runs none. */
export async function servicePid(router: Router): Promise<number> {
  const reply = (await router.ubus('service', 'list', { name: 'hagw' })) as {
    hagw?: { instances?: Record<string, { pid?: number; running?: boolean }> };
  };
  const pid = Object.values(reply.hagw?.instances ?? {}).find(
    (one) => one.running !== false && one.pid !== undefined,
  )?.pid;
  if (pid === undefined) throw new LabError(`${router.name}: procd runs no instance of hagw.`);
  return pid;
}
