/** A router of one namespace with the lab's programs, the real adapters on it, and the links that the configurations name. */
import { createFlows } from '../../../src/adapters/conntrack-flows.ts';
import { createRouting } from '../../../src/adapters/ip.ts';
import { createNft } from '../../../src/adapters/nft.ts';
import { createNodeRuntime } from '../../../src/adapters/node/runtime.ts';
import type { LinkStatus } from '../../../src/api/status.ts';
import {
  type Applier,
  type ApplyReport,
  type ApplyRequest,
  createApplier,
} from '../../../src/app/multiwan/applier.ts';
import type { KernelPorts } from '../../../src/app/multiwan/run-plan.ts';
import type { FlowDrop } from '../../../src/core/plan/steps.ts';
import { compile } from '../../../src/core/policy/compile.ts';
import { marksOf, wanMark } from '../../../src/core/policy/marks.ts';
import type { CompileInput, KernelRoute } from '../../../src/core/policy/model.ts';
import type { Result } from '../../../src/lib/result.ts';
import type { Processes } from '../../../src/ports/processes.ts';
import { createFakeFiles, type FakeFiles } from '../../fakes/files.ts';
import { everything } from '../../packets/support/situations.ts';
import { type Machine, startMachine } from '../neighbours/machine.ts';

export interface Rig {
  readonly machine: Machine;
  readonly ports: KernelPorts;
  readonly files: FakeFiles;
  /** An applier that knows nothing but what the file says, as after a restart. */
  fresh(): Applier;
  /** The kernel's routes, as the compiler takes them. */
  routes(): Promise<readonly KernelRoute[]>;
  /** The handles and rules of everything, to see whether anything was touched. */
  handles(): string;
  /** The state without handles, counters, order: equal for equal states. */
  state(): Promise<string>;
  /** Programs started so far. */
  started(): number;
  stop(): void;
}

/** Device, its addresses. */
const LINKS: readonly (readonly [string, readonly string[]])[] = [
  ['pppoe-wan', ['192.0.2.77/24', '2001:db8:1::2/64']],
  ['eth2', ['10.2.0.2/24', '2001:db8:2::2/64']],
  ['wwan0', ['10.9.0.2/24']],
  ['br-lan', ['192.168.1.1/24', '2001:db8:1:1::1/64']],
  ['br-guest.7', ['192.168.7.1/24']],
];

const MAIN_ROUTES: readonly string[] = [
  '-4 route add default via 192.0.2.1 dev pppoe-wan proto static metric 10',
  '-4 route add default via 10.2.0.1 dev eth2 proto static metric 20',
  '-4 route add default via 10.9.0.1 dev wwan0 proto static metric 30 mtu 1400',
  '-4 route add blackhole 10.64.0.0/10',
  '-4 route add 10.77.0.0/16 via 192.168.1.9 dev br-lan table 100',
  '-4 route add 10.78.0.0/16 nexthop via 192.168.1.8 dev br-lan weight 2 nexthop via 192.168.1.9 dev br-lan weight 1',
  '-6 route add default from 2001:db8:1::/56 via fe80::1 dev pppoe-wan proto static metric 512',
  '-6 route add default from 2001:db8:2::/56 via fe80::2 dev eth2 proto ra metric 640 expires 1790',
  '-6 route add unreachable 2001:db8:1::/56 dev lo proto static metric 2147483647',
];

export async function startRig(): Promise<Rig> {
  const machine = await startMachine();
  const runtime = createNodeRuntime();
  const enter = ['nsenter', '-t', String(machine.pid), '-m', '-n', '-p', '-r', '-w', '--'];
  let started = 0;
  const processes: Processes = {
    start: (argv, handlers, options) => {
      started += 1;
      return runtime.processes.start([...enter, ...argv], handlers, options);
    },
    run: (argv, options) => {
      started += 1;
      return runtime.processes.run([...enter, ...argv], options);
    },
  };
  const ports: KernelPorts = {
    nft: createNft(processes),
    routing: createRouting(processes, runtime.timers),
    flows: createFlows(processes, runtime.timers),
  };
  // Link-local addresses are there at once, too.
  machine.run('sysctl', '-qw', 'net.ipv6.conf.default.accept_dad=0', 'net.ipv6.conf.all.accept_dad=0');
  for (const [index, [name, addresses]] of LINKS.entries()) {
    machine.run('ip', 'link', 'add', name, 'type', 'veth', 'peer', 'name', `peer${index}`);
    for (const device of [name, `peer${index}`]) machine.run('ip', 'link', 'set', device, 'up');
    for (const address of addresses)
      machine.run('ip', 'address', 'add', address, 'dev', name, ...nodad(address));
  }
  for (const line of MAIN_ROUTES) machine.run('ip', ...line.split(' '));
  const files = createFakeFiles();
  const routes = async (): Promise<readonly KernelRoute[]> => {
    const both = [await ports.routing.routes('ipv4'), await ports.routing.routes('ipv6')];
    return both.flatMap((outcome) => [...good(outcome)]);
  };
  return {
    machine,
    ports,
    files,
    fresh: () => createApplier({ ...ports, files: files.files }),
    routes,
    handles: () =>
      [
        machine
          .run('nft', '-a', 'list', 'ruleset')
          .replace(/packets \d+ bytes \d+/g, '')
          .replace(/expires \w+/g, ''),
        ...['-4', '-6'].flatMap((family) => [
          machine.run('ip', family, 'rule'),
          machine.run('ip', family, 'route', 'show', 'table', 'all').replace(/expires \w+/g, ''),
        ]),
      ].join('\n'),
    state: async () => {
      const table = good(await ports.nft.readTable());
      const rules = [...good(await ports.routing.rules('ipv4')), ...good(await ports.routing.rules('ipv6'))];
      const sets = table?.sets.map((set) => (/^(sticky|dynamic|ipset)/.test(set.name) ? set.name : set));
      const sorted = (items: readonly unknown[]): readonly string[] =>
        items.map((item) => JSON.stringify(item)).sort();
      return JSON.stringify(
        [
          sorted(table?.chains ?? []),
          sorted(sets ?? []),
          table?.others,
          sorted(rules),
          sorted((await routes()).map(({ family, table: number, words }) => [family, number, words])),
        ],
        null,
        1,
      );
    },
    started: () => started,
    stop: () => machine.stop(),
  };
}

/** IPv6 addresses are usable at once. */
function nodad(address: string): readonly string[] {
  return address.includes(':') ? ['nodad'] : [];
}

export function good<T>(outcome: Result<T, { readonly message: string }>): T {
  if (!outcome.ok) throw new Error(outcome.error.message);
  return outcome.value;
}

export type States = Readonly<Record<string, LinkStatus | 'absent'>>;

/** The situation `everything` over the kernel's own routes. `lost` = WANs whose flows go. */
export function request(
  routes: readonly KernelRoute[],
  states: States = {},
  lost: readonly string[] = [],
  change?: (text: string) => string,
): ApplyRequest {
  const input: CompileInput = { ...everything(states, change), routes };
  const marks = marksOf(input.config.mask);
  const drop = lost.map((name): FlowDrop => {
    const wan = input.config.wans.find((one) => one.name === name);
    if (wan === undefined) throw new Error(`no WAN ${name}`);
    const { number, family } = wan;
    return { which: 'wan', wan: name, family, number, mark: wanMark(marks, number), mask: marks.mask };
  });
  const kept = input.links.map(({ name, state }) => [name, state] as const);
  return { desired: compile(input), marks, drop, states: Object.fromEntries(kept) };
}

/** What the report says of others, in short. */
export function findingsOf({ findings, problems }: ApplyReport): readonly string[] {
  return [...findings.map(({ code, text }) => `${code}: ${text}`), ...problems];
}
