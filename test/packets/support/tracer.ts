/**
 * Walks a virtual packet through nft objects, ip rules and routes: a naive reading of nft(8) and ip-rule(8) that shares
 * nothing with the compiler but the types. Addresses are big integers; every look-up is a linear search.
 */
import type { NftMatch, NftRule, NftStatement, NftTable } from '../../../src/core/nft/objects.ts';
import type { Desired, Family, KernelRoute } from '../../../src/core/policy/model.ts';

export interface Packet {
  readonly family: Family;
  readonly source: string;
  readonly destination: string;
  readonly protocol: number;
  readonly sourcePort?: number;
  readonly destinationPort?: number;
  readonly icmp6Type?: number;
  /** Of a connection that has been answered or translated: where its first packet went, and where the answers go. */
  readonly settled?: { readonly original: string; readonly reply: string };
}

/** What changes while the packet goes through; `sets` are the elements that rules or others have added. */
export interface Walk {
  readonly packet: Packet;
  readonly iif: string | null;
  oif: string | null;
  mark: number;
  ctMark: number;
  readonly sets: Map<string, Set<string>>;
  /** Gives the random number of numgen below a bound. */
  readonly draw: (bound: number) => number;
  /** Kinds of matches and statements that were met. */
  readonly seen?: Set<string>;
  /** Lines that `log` wrote. */
  readonly logged?: string[];
  /** Comments of the rules that matched, in order. */
  readonly trail?: string[];
}

export function addressNumber(text: string): bigint {
  if (!text.includes(':')) return text.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n);
  const [left = '', right] = text.split('::');
  const words = (part: string | undefined) => (part ? part.split(':') : []);
  const middle = right === undefined ? 0 : 8 - words(left).length - words(right).length;
  return [...words(left), ...new Array<string>(middle).fill('0'), ...words(right)].reduce(
    (sum, word) => sum * 65536n + BigInt(`0x${word}`),
    0n,
  );
}

export function inPrefix(address: string, prefix: string): boolean {
  const [base = '', length] = prefix.split('/');
  if (address.includes(':') !== base.includes(':')) return false;
  const width = base.includes(':') ? 128 : 32;
  const shift = BigInt(width - (length === undefined ? width : Number(length)));
  return addressNumber(address) >> shift === addressNumber(base) >> shift;
}

function matches(table: NftTable, match: NftMatch, walk: Walk): boolean {
  const { packet } = walk;
  const side = (which: 'source' | 'destination') => (which === 'source' ? packet.source : packet.destination);
  walk.seen?.add(`match ${match.kind}`);
  switch (match.kind) {
    case 'family':
      return packet.family === match.family;
    case 'mark':
      return ((walk.mark & match.mask) >>> 0 === match.value) !== match.negated;
    case 'iif':
      return walk.iif !== null && match.devices.includes(walk.iif);
    case 'oif':
      return walk.oif === match.device;
    case 'address':
      return (
        packet.family === match.family &&
        match.any.some(({ address, mask }) =>
          typeof mask === 'number'
            ? inPrefix(side(match.side), `${address}/${mask}`)
            : (addressNumber(side(match.side)) & addressNumber(mask)) === addressNumber(address),
        )
      );
    case 'set': {
      const set = table.sets.find(({ name }) => name === match.set);
      if (set === undefined) throw new Error(`no set ${match.set}`);
      const elements = [...(set.elements ?? []), ...(walk.sets.get(set.name) ?? [])];
      return (
        packet.family === match.family && elements.some((element) => inPrefix(side(match.side), element))
      );
    }
    case 'protocol':
      return packet.protocol === match.protocol;
    case 'port': {
      const numbers = { tcp: 6, udp: 17, udplite: 136, sctp: 132, dccp: 33 };
      const port = match.side === 'source' ? packet.sourcePort : packet.destinationPort;
      return (
        packet.protocol === numbers[match.protocol] &&
        port !== undefined &&
        match.any.some(({ first, last }) => first <= port && port <= last)
      );
    }
    case 'icmp6-type':
      return (
        packet.protocol === 58 && packet.family === 'ipv6' && match.types.includes(packet.icmp6Type ?? -1)
      );
    case 'settled':
      return packet.settled !== undefined;
  }
}

/** `next`: the chain goes on; `done`: this chain is left (goto, return). */
function run(table: NftTable, statement: NftStatement, walk: Walk): 'next' | 'done' {
  walk.seen?.add(`statement ${statement.kind}`);
  const go = (chain: string | undefined, verdict: 'jump' | 'goto'): 'next' | 'done' => {
    if (chain === undefined) return 'next';
    walkChain(table, chain, walk);
    return verdict === 'goto' ? 'done' : 'next';
  };
  switch (statement.kind) {
    case 'set-mark':
      walk.mark = ((walk.mark & ~statement.mask) | statement.value) >>> 0;
      return 'next';
    case 'set-ct-mark':
      walk.ctMark = ((walk.ctMark & ~statement.mask) | statement.value) >>> 0;
      return 'next';
    case 'balance': {
      let drawn = walk.draw(statement.shares.reduce((sum, { weight }) => sum + weight, 0));
      for (const { chain, weight } of statement.shares) {
        if (drawn < weight) return go(chain, 'goto');
        drawn -= weight;
      }
      throw new Error('numgen drew a number beyond its bound');
    }
    case 'mark-map': {
      const key = ((statement.key === 'mark' ? walk.mark : walk.ctMark) & statement.mask) >>> 0;
      return go(statement.chains.find(({ value }) => value === key)?.chain, statement.verdict);
    }
    case 'iif-map':
      return go(statement.chains.find(({ device }) => device === walk.iif)?.chain, 'goto');
    case 'address-map': {
      const { family, settled } = walk.packet;
      const address = family === statement.family ? settled?.[statement.direction] : undefined;
      return go(statement.chains.find((entry) => entry.address === address)?.chain, 'goto');
    }
    case 'remember-source': {
      const elements = walk.sets.get(statement.set) ?? new Set<string>();
      walk.sets.set(statement.set, elements.add(walk.packet.source));
      return 'next';
    }
    case 'log':
      walk.logged?.push(`${statement.level} ${statement.prefix}`);
      return 'next';
    case 'counter':
      return 'next';
    case 'jump':
    case 'goto':
      return go(statement.chain, statement.kind);
    case 'return':
      return 'done';
  }
}

function runRule(table: NftTable, rule: NftRule, walk: Walk): 'next' | 'done' {
  if (!rule.matches.every((match) => matches(table, match, walk))) return 'next';
  walk.trail?.push(rule.comment);
  for (const statement of rule.statements) if (run(table, statement, walk) === 'done') return 'done';
  return 'next';
}

function walkChain(table: NftTable, name: string, walk: Walk): void {
  const chain = table.chains.find((item) => item.name === name);
  if (chain === undefined) throw new Error(`no chain ${name}`);
  for (const rule of chain.rules) if (runRule(table, rule, walk) === 'done') return;
}

/** Runs a hook's base chains, by priority. */
export function runHook(table: NftTable, hook: 'prerouting' | 'output', walk: Walk): void {
  const bases = table.chains.filter(({ base }) => base?.hook === hook);
  for (const { name } of bases.sort((a, b) => (a.base?.priority ?? 0) - (b.base?.priority ?? 0)))
    walkChain(table, name, walk);
}

export type Routed =
  | {
      readonly kind: 'device';
      readonly device: string;
      readonly gateway: string | null;
      readonly table: number;
    }
  | { readonly kind: 'local' | 'unreachable' | 'blackhole' };

interface TableRoute {
  readonly destination: string;
  readonly metric: number;
  readonly type: string;
  readonly device: string | null;
  readonly gateway: string | null;
}

function wordAfter(words: readonly string[], key: string): string | null {
  const at = words.indexOf(key);
  return at < 0 ? null : (words[at + 1] ?? null);
}

function fromWords(words: readonly string[]): TableRoute {
  const types = ['unicast', 'unreachable', 'blackhole', 'prohibit', 'throw', 'local', 'broadcast'];
  const [first = '', second = ''] = words;
  return {
    type: types.includes(first) ? first : 'unicast',
    destination: types.includes(first) ? second : first,
    metric: Number(wordAfter(words, 'metric') ?? 0),
    device: wordAfter(words, 'dev'),
    gateway: wordAfter(words, 'via'),
  };
}

function tableRoutes(
  desired: Desired,
  kernel: readonly KernelRoute[],
  family: Family,
  table: number,
): TableRoute[] {
  const own = desired.tables.find((item) => item.family === family && item.table === table);
  if (own !== undefined) return own.routes.map(fromWords);
  return kernel
    .filter((route) => route.family === family && route.table === table)
    .map((route) => ({ ...route, metric: route.metric ?? 0 }));
}

function lookUp(routes: readonly TableRoute[], destination: string): TableRoute | null {
  const lengthOf = ({ destination: text }: TableRoute) =>
    text === 'default' ? 0 : Number(text.split('/')[1] ?? (text.includes(':') ? 128 : 32));
  const found = routes.filter(
    (route) => route.destination === 'default' || inPrefix(destination, route.destination),
  );
  found.sort((a, b) => lengthOf(b) - lengthOf(a) || a.metric - b.metric);
  return found[0] ?? null;
}

/** Where a packet goes by the ip rules and tables. */
export function routePacket(
  desired: Desired,
  kernel: readonly KernelRoute[],
  { packet, mark, iif }: Pick<Walk, 'packet' | 'mark' | 'iif'>,
): Routed {
  const { family } = packet;
  const rules = [
    { preference: 0, match: null, action: { table: 255 } as const },
    ...desired.rules.filter((rule) => rule.family === family),
    { preference: 32766, match: null, action: { table: 254 } as const },
  ].sort((a, b) => a.preference - b.preference);
  for (const { match, action } of rules) {
    if (match !== null && 'iif' in match && match.iif !== iif) continue;
    if (match !== null && 'oif' in match) continue;
    if (match !== null && 'mark' in match && (mark & match.mask) >>> 0 !== match.mark) continue;
    if (action === 'unreachable' || action === 'blackhole') return { kind: action };
    const route = lookUp(tableRoutes(desired, kernel, family, action.table), packet.destination);
    if (route === null || route.type === 'throw') continue;
    if (route.type === 'local' || route.type === 'broadcast') return { kind: 'local' };
    if (route.type === 'blackhole') return { kind: 'blackhole' };
    if (route.type !== 'unicast' || route.device === null) return { kind: 'unreachable' };
    return { kind: 'device', device: route.device, gateway: route.gateway, table: action.table };
  }
  return { kind: 'unreachable' };
}
