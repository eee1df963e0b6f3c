/** The recordings of mwan3 (test/captures/mwan3/README.md) as input of the compiler and what its packets did. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compile } from '../../../src/core/policy/compile.ts';
import type { CompileInput, Family, KernelRoute, MultiWanConfig } from '../../../src/core/policy/model.ts';
import { readMultiWan, readSections } from './config.ts';
import type { Flow, Router } from './flows.ts';
import { inPrefix } from './tracer.ts';

const root = join(import.meta.dirname, '../../captures/mwan3');

export interface RecordedFlow {
  readonly flow: Flow;
  readonly mark: string | null;
  readonly meaning: string;
  readonly ct_mark: string | null;
  readonly out_device: string | null;
  readonly sender_saw: string;
}

export interface Recording {
  readonly name: string;
  readonly state: string;
  readonly flows: readonly RecordedFlow[];
  readonly spread: Readonly<Record<string, number>>;
}

function read(...path: string[]): string {
  return readFileSync(join(root, ...path), 'utf8');
}

/** Every state of every case that has packets. */
export const RECORDINGS: readonly Recording[] = readdirSync(root)
  .filter((name) => /^\d/.test(name))
  .sort()
  .flatMap((name) =>
    readdirSync(join(root, name))
      .filter((state) => existsSync(join(root, name, state, 'packets.json')))
      .sort()
      .map((state) => {
        const { flows, spread_of_600_udp_flows: spread } = JSON.parse(read(name, state, 'packets.json'));
        return { name, state, flows, spread };
      }),
  );

/** How many WANs, in the order of the sections, are down in a state. */
function downCount(state: string, wans: number): number {
  if (state === 'first-down') return 1;
  if (state === 'all-down') return wans;
  return Number(/^(\d+)-down$/.exec(state)?.[1] ?? 0);
}

function routeOf(family: Family, table: number, line: string): KernelRoute {
  const words = line.trim().split(/\s+/);
  const after = (key: string): string | null => {
    const at = words.indexOf(key);
    return at < 0 ? null : (words[at + 1] ?? null);
  };
  const metric = after('metric');
  return {
    family,
    table,
    type: 'unicast',
    destination: words[0] ?? '',
    gateway: after('via'),
    device: after('dev'),
    metric: metric === null ? null : Number(metric),
    protocol: after('proto'),
    scope: after('scope'),
    source: after('src'),
    words,
  };
}

/** Tables of a `routes.txt`: the lines of each, by family and number. */
export function recordedTables(name: string, state: string): ReadonlyMap<string, readonly string[]> {
  const tables = new Map<string, string[]>();
  let lines: string[] = [];
  for (const line of read(name, state, 'routes.txt').split('\n')) {
    const [, digit, table] = /^# ip -([46]) route show table (\S+)/.exec(line) ?? [];
    if (digit !== undefined) {
      lines = [];
      tables.set(`ipv${digit} ${table === 'main' ? '254' : table}`, lines);
    } else if (line.trim() !== '') lines.push(line.trim());
  }
  return tables;
}

interface Interface {
  readonly name: string;
  readonly device: string;
  readonly address: string;
}

function interfacesOf(name: string): readonly Interface[] {
  return readSections(read(name, 'network'))
    .filter(({ type }) => type === 'interface')
    .map((section) => {
      const value = (key: string) =>
        String(section.options.find((option) => option.name === key)?.value ?? '');
      return { name: section.name ?? '', device: value('device'), address: value('ipaddr') };
    });
}

/** Routes of table local: the kernel makes them of the addresses; all networks here but loopback's are /24. */
function localRoutes(interfaces: readonly Interface[]): readonly KernelRoute[] {
  return interfaces.flatMap(({ device, address }) => {
    const loopback = device === 'lo';
    const broadcast = loopback ? '127.255.255.255' : address.replace(/\.\d+$/, '.255');
    const made = (type: 'local' | 'broadcast', destination: string): KernelRoute => ({
      ...routeOf('ipv4', 255, `${type} ${destination} dev ${device}`),
      type,
      destination,
    });
    return [
      made('local', address),
      made('broadcast', broadcast),
      ...(loopback ? [made('local', '127.0.0.0/8')] : []),
    ];
  });
}

export function configOf(name: string): MultiWanConfig {
  return readMultiWan(read(name, 'mwan3'));
}

/** Elements that the recording's maker put into sets by hand (about.txt). */
const HAND_MADE: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  '11-ipset-src-iface': { ipset_streaming: ['203.0.113.11', '198.51.100.9'] },
};

export function inputOf(name: string, state: string): CompileInput {
  const config = configOf(name);
  const interfaces = interfacesOf(name);
  const down = downCount(state, config.wans.length);
  const own = config.wans.map(({ number, family }) => `${family} ${number}`);
  const routes = [...recordedTables(name, state)].flatMap(([key, lines]) => {
    const [family = '', table] = key.split(' ');
    // The WANs' tables are what shall be made, not given.
    if (own.includes(key)) return [];
    return lines.map((line) => routeOf(family as Family, Number(table), line));
  });
  return {
    config,
    links: config.wans.map((wan, index) => ({
      name: wan.name,
      device: interfaces.find((item) => item.name === wan.name)?.device ?? null,
      state: !wan.enabled ? 'unknown' : index < down ? 'offline' : 'online',
    })),
    routes: [...routes, ...localRoutes(interfaces)],
    devices: Object.fromEntries(interfaces.map((item) => [item.name, item.device])),
    tableNumbers: {},
  };
}

export function routerOf(name: string, state: string): Router {
  const input = inputOf(name, state);
  const interfaces = interfacesOf(name);
  return {
    desired: compile(input),
    input,
    sets: HAND_MADE[name] ?? {},
    deviceOf: (source) =>
      interfaces.find(({ address }) => inPrefix(source, `${address}/24`))?.device ??
      `no device for ${source}`,
    addressOf: (device) => interfaces.find((item) => item.device === device)?.address ?? '192.0.2.99',
  };
}

export function recordedIpRules(name: string, state: string): readonly string[] {
  return read(name, state, 'ip-rule.txt').split('\n').filter(Boolean);
}

export function recordedSet(name: string, state: string, set: string): readonly string[] {
  return read(name, state, 'ipset-save.txt')
    .split('\n')
    .flatMap((line) => (line.startsWith(`add ${set} `) ? [line.split(' ')[2] ?? ''] : []));
}
