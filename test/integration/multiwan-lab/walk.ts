/**
 * Random walks of the real service in the lab: providers die and come back, cables, interfaces, configurations, kills of the service,
 * and others who change the kernel. Wherever a walk ends, the kernel must have what the same inputs give from nothing.
 */
import { decodeTable } from '../../../src/core/plan/decode-nft.ts';
import { type Gateway, reconfigure, servicePid, wansOf } from '../../lab/multiwan.ts';
import { LabError, until } from '../../lab/programs.ts';
import type { Router } from '../../lab/router.ts';

export const WANS = ['wan1', 'wan2', 'wan3'] as const;

/** Marsaglia's xorshift32: the same numbers for the same seed. */
export function numbers(seed: number): (below: number) => number {
  let state = (seed * 2_654_435_761) | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

interface Config {
  readonly mask: string;
  /** The WANs in the order of the file. */
  readonly order: readonly string[];
  readonly disabled: readonly string[];
  readonly metrics: readonly number[];
  readonly rules: readonly string[];
  readonly lastResort: string;
}

export const FIRST: Config = {
  mask: '0x3F00',
  order: WANS,
  disabled: [],
  metrics: [1, 1, 2],
  rules: [],
  lastResort: 'unreachable',
};

const RULES: readonly string[] = [
  "config rule 'pinned'\n\toption dest_ip '192.0.2.2'\n\toption family 'ipv4'\n\toption sticky '1'\n\toption use_policy 'main'\n",
  "config rule 'web'\n\toption dest_port '80,443'\n\toption proto 'tcp'\n\toption use_policy 'last'\n",
  "config rule 'films'\n\toption ipset 'streaming'\n\toption use_policy 'main'\n",
  "config rule 'past'\n\toption dest_ip '10.99.0.0/16'\n\toption use_policy 'default'\n",
];

export function configText({ mask, order, disabled, metrics, rules, lastResort }: Config): string {
  const members = order.map((wan) => `\tlist use_member 'm_${wan}'\n`).join('');
  return [
    `config globals 'globals'\n\toption mmx_mask '${mask}'\n`,
    ...order.map(
      (wan, at) =>
        `config interface '${wan}'\n\toption enabled '${disabled.includes(wan) ? 0 : 1}'\n\tlist track_ip '192.0.2.3'\n\tlist track_ip '192.0.2.4'\n\toption reliability '1'\n\n` +
        `config member 'm_${wan}'\n\toption interface '${wan}'\n\toption metric '${metrics[at]}'\n\toption weight '${at + 1}'\n`,
    ),
    `config policy 'main'\n${members}\toption last_resort '${lastResort}'\n`,
    `config policy 'last'\n\tlist use_member 'm_${order[order.length - 1]}'\n`,
    ...rules,
    "config rule 'all'\n\toption dest_ip '0.0.0.0/0'\n\toption family 'ipv4'\n\toption use_policy 'main'\n",
  ].join('\n');
}

function nextConfig(before: Config, pick: (below: number) => number): Config {
  const wan = WANS[pick(WANS.length)] ?? 'wan1';
  switch (pick(7)) {
    case 0:
      return { ...before, mask: before.mask === '0x3F00' ? '0xFF0000' : '0x3F00' };
    case 1:
      return { ...before, metrics: WANS.map(() => 1 + pick(3)) };
    case 2:
      return { ...before, rules: RULES.filter(() => pick(2) === 0) };
    case 3:
      return { ...before, disabled: before.disabled.includes(wan) ? [] : [wan] };
    case 4: {
      // Removed, added at the end, or moved: the others get other numbers.
      const others = before.order.filter((name) => name !== wan);
      return {
        ...before,
        order: before.order.includes(wan) && others.length > 0 && pick(2) === 0 ? others : [...others, wan],
      };
    }
    case 5:
      return { ...before, lastResort: ['unreachable', 'blackhole', 'default'][pick(3)] ?? 'default' };
    default:
      return FIRST;
  }
}

/** What others do to the kernel; it may fail. */
const ACCIDENTS: readonly (readonly string[])[] = [
  ['sh', '-c', 'nft flush ruleset; nft -f /etc/lab-firewall.nft'],
  ['nft', 'delete', 'table', 'inet', 'hagw'],
  ['nft', 'flush', 'chain', 'inet', 'hagw', 'main'],
  ['nft', 'add', 'chain', 'inet', 'hagw', 'stray'],
  ['ip', 'rule', 'del', 'pref', '2001'],
  ['ip', 'route', 'flush', 'table', '1'],
];

export interface Walk {
  readonly seed: number;
  readonly steps: number;
  /** Whether the service may be killed: each costs procd's five seconds. */
  readonly kills: boolean;
}

/** What the walk has done to the world so far. */
class World {
  config = FIRST;
  readonly dead = new Set<string>();
  readonly cut = new Set<string>();
  readonly down = new Set<string>();
  readonly trail: string[] = [];
  readonly counts = new Map<string, number>();

  constructor(private readonly gateway: Gateway) {}

  /** The state that a WAN must come to. */
  wanted(wan: string): string {
    if (this.config.disabled.includes(wan)) return 'disabled';
    return this.dead.has(wan) || this.cut.has(wan) || this.down.has(wan) ? 'offline' : 'online';
  }

  private note(kind: string, what: string): void {
    this.trail.push(`${kind}${what === '' ? '' : ` ${what}`}`);
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
  }

  private async toggle(
    set: Set<string>,
    wan: string,
    kind: string,
    act: (on: boolean) => Promise<unknown>,
  ): Promise<void> {
    const on = !set.has(wan);
    if (on) set.add(wan);
    else set.delete(wan);
    this.note(kind, `${wan} ${on ? 'on' : 'off'}`);
    await act(on);
  }

  async step(pick: (below: number) => number, kills: boolean): Promise<void> {
    const { lab, router } = this.gateway;
    const at = pick(WANS.length);
    const wan = WANS[at] ?? 'wan1';
    const kind = pick(kills ? 12 : 11);
    if (kind < 3) return this.toggle(this.dead, wan, 'black hole', async (on) => lab.isps[at]?.blackHole(on));
    if (kind < 5)
      return this.toggle(this.cut, wan, 'cut', (on) => (on ? router.cutLink(wan) : router.healLink(wan)));
    if (kind < 6)
      return this.toggle(this.down, wan, 'ifdown', (on) => router.must([on ? 'ifdown' : 'ifup', wan]));
    if (kind < 9) {
      this.config = nextConfig(this.config, pick);
      this.note('config', JSON.stringify(this.config));
      return reconfigure(router, configText(this.config));
    }
    if (kind < 11) {
      const accident = ACCIDENTS[pick(ACCIDENTS.length)] ?? [];
      this.note('accident', accident.join(' '));
      await router.exec(accident);
      return;
    }
    const pid = await servicePid(router).catch(() => null);
    this.note('kill', '');
    if (pid !== null) await router.exec(['kill', '-9', String(pid)]);
  }

  async heal(): Promise<void> {
    const { lab, router } = this.gateway;
    for (const [at, wan] of WANS.entries()) {
      if (this.dead.has(wan)) await lab.isps[at]?.blackHole(false);
      if (this.cut.has(wan)) await router.healLink(wan);
      if (this.down.has(wan)) await router.must(['ifup', wan]);
    }
    for (const set of [this.dead, this.cut, this.down]) set.clear();
    this.config = FIRST;
    await reconfigure(router, configText(FIRST));
  }
}

const lines = (text: string): string[] =>
  text
    .split('\n')
    .map((line) =>
      line
        .replace(/\[detached\] ?|\b(linkdown|dead) ?/g, '')
        .replace(/\s+/g, ' ')
        .trim(),
    )
    .filter((line) => line !== '')
    .sort();

/** The table without what changes by itself and what rules and others put into sets. */
function tableOf(json: string): string {
  const facts = decodeTable(json);
  if (!facts.ok) throw new LabError(facts.error);
  const sets = facts.value.sets.map((set) => (/^(sticky|dynamic|ipset)/.test(set.name) ? set.name : set));
  const sorted = (items: readonly unknown[]) => items.map((item) => JSON.stringify(item)).sort();
  return JSON.stringify([sorted(facts.value.chains), sorted(sets), facts.value.others], null, 1);
}

interface Kernel {
  readonly table: string;
  readonly rules: readonly string[];
  readonly routes: readonly string[];
}

async function kernelOf(router: Router): Promise<Kernel> {
  const both = async (args: readonly string[]): Promise<string[]> =>
    (
      await Promise.all(['-4', '-6'].map(async (family) => lines(await router.must(['ip', family, ...args]))))
    ).flat();
  const routes = await both(['route', 'show', 'table', 'all']);
  return {
    table: tableOf(await router.must(['nft', '-j', 'list', 'table', 'inet', 'hagw'])),
    rules: (await both(['rule'])).filter((line) => /^[123]\d\d\d:/.test(line)).sort(),
    // Tables of WANs; the kernel names a family by itself where a route has none.
    routes: routes.filter((line) => / table ([1-9]|[1-9]\d)\b/.test(line)).sort(),
  };
}

/** What the inputs of this moment give from nothing, in an empty network namespace for nft and the rules. */
async function fromNothing(router: Router): Promise<Kernel> {
  const wans = await wansOf(router);
  const { interface: interfaces } = (await router.ubus('network.interface', 'dump')) as {
    interface: readonly { interface: string; up: boolean; l3_device?: string }[];
  };
  const up = interfaces.filter((item) => item.up && item.l3_device !== undefined);
  const deviceOf = (name: string): string | null =>
    up.find((item) => item.interface === name)?.l3_device ?? null;
  const json = async (family: string): Promise<unknown> =>
    JSON.parse(await router.must(['ip', family, '-N', '-j', 'route', 'show', 'table', 'all']));
  const links = {
    wans: Object.fromEntries(
      Object.values(wans).map(({ name, state }) => [name, { device: deviceOf(name), state }]),
    ),
    devices: Object.fromEntries(up.map((item) => [item.interface, item.l3_device])),
    routes: { ipv4: await json('-4'), ipv6: await json('-6') },
  };
  router.write('/tmp/links.json', JSON.stringify(links));
  const script =
    'hagw print nft --links /tmp/links.json 2>/dev/null >/tmp/want.nft; hagw print rules --links /tmp/links.json 2>/dev/null >/tmp/want.rules; ' +
    'unshare -n sh -c "nft -f /tmp/want.nft; sh -e /tmp/want.rules; nft -j list table inet hagw >/tmp/want.json; ip -4 rule; ip -6 rule"';
  const rules = await router.must(['sh', '-c', script]);
  const routes = await router.must(['sh', '-c', 'hagw print routes --links /tmp/links.json 2>/dev/null']);
  return {
    table: tableOf(await router.must(['cat', '/tmp/want.json'])),
    rules: lines(rules)
      .filter((line) => /^[123]\d\d\d:/.test(line))
      .sort(),
    routes: lines(routes)
      .map((line) => line.replace(/^ip -[46] route add /, ''))
      .sort(),
  };
}

/** A route as its words, whatever their order, without what the kernel adds. */
const words = (route: string): string =>
  route
    .replace(/ (pref medium|scope link|scope 253|scope 0|metric 1024)\b/g, '')
    .split(' ')
    .sort()
    .join(' ');

/** What is different; '' = nothing. */
function difference(is: Kernel, wanted: Kernel): string {
  const minus = (a: readonly string[], b: readonly string[]) => a.filter((item) => !b.includes(item));
  const routes = (kernel: Kernel) => kernel.routes.map(words);
  const parts = {
    'table has': minus(is.table.split('\n'), wanted.table.split('\n')),
    'table lacks': minus(wanted.table.split('\n'), is.table.split('\n')),
    'rules have': minus(is.rules, wanted.rules),
    'rules lack': minus(wanted.rules, is.rules),
    'routes have': minus(routes(is), routes(wanted)),
    'routes lack': minus(routes(wanted), routes(is)),
  };
  return Object.entries(parts)
    .filter(([, items]) => items.length > 0)
    .map(([what, items]) => `${what}: ${items.join(' | ').slice(0, 1500)}`)
    .join('\n');
}

/** Waits until every WAN is in the state that it must be in and the kernel has what follows. Throws LabError with the difference. */
async function settle(gateway: Gateway, world: World): Promise<void> {
  const { router } = gateway;
  let last = 'nothing yet';
  const say = (): string => `last: ${last}\nafter: ${world.trail.join('; ')}`;
  try {
    await until('The end of a walk', 40_000, async () => {
      try {
        const wans = await wansOf(router);
        const wrong = Object.values(wans).filter(({ name, state }) => state !== world.wanted(name));
        const isAll = world.config.order.every((name) => wans[name] !== undefined);
        last = wrong.map(({ name, state, reason }) => `${name} is ${state}: ${reason}`).join(' ');
        if (wrong.length > 0 || !isAll || Object.keys(wans).length !== world.config.order.length)
          return undefined;
        last = difference(await kernelOf(router), await fromNothing(router));
        return last === '' ? true : undefined;
      } catch (error) {
        // The service or its table is not there at the moment.
        last = error instanceof Error ? error.message : String(error);
        return undefined;
      }
    });
  } catch {
    throw new LabError(`A walk did not come to what a fresh start gives.\n${say()}`);
  }
}

/** One walk, compared at half way and at its end. @returns how often what was done. */
export async function walk(
  gateway: Gateway,
  { seed, steps, kills }: Walk,
): Promise<ReadonlyMap<string, number>> {
  const world = new World(gateway);
  const pick = numbers(seed);
  try {
    await world.heal();
    for (let step = 1; step <= steps; step += 1) {
      await world.step(pick, kills);
      await new Promise((resolve) => setTimeout(resolve, [0, 0, 30, 150, 400, 900][pick(6)]));
      if (step === steps >> 1) await settle(gateway, world);
    }
    await settle(gateway, world);
    await world.heal();
    await settle(gateway, world);
  } catch (error) {
    await world.heal();
    throw new LabError(`SEED=${seed}: ${error instanceof Error ? error.message : String(error)}`);
  }
  return world.counts;
}
