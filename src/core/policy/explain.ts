/**
 * Which rule, policy and WAN a new flow takes, and why the rules before it do not match: by the same compiled rules, policies
 * and routes that the kernel gets, now or under a supposed set of dead WANs.
 */
import { fail, ok, type Result } from '../../lib/result.ts';
import type { NftChain, NftMatch } from '../nft/objects.ts';
import { compile, withSafeDevices } from './compile.ts';
import { NETWORKS, networkSet, TABLE_LOCAL, TABLE_MAIN } from './compile-networks.ts';
import { BUILTIN_CHAINS, policyChain } from './compile-policies.ts';
import { routesOfWan } from './compile-routes.ts';
import { type CompiledRule, compileRules } from './compile-rules.ts';
import { type Marks, marksOf } from './marks.ts';
import { type MatchedPacket, type SetElements, whyNot } from './match.ts';
import type { CompileInput, KernelRoute, LastResort } from './model.ts';
import { addressBytes, matchesPattern, parsePrefix } from './prefixes.ts';
import { protocolNumber } from './protocols.ts';
import { resolveWans, type Wan } from './wans.ts';

export interface ExplainFlow {
  /** Address; null = the router's own traffic, with the address that it would get. */
  readonly source: string | null;
  readonly destination: string;
  /** Name or number; null = not said. */
  readonly protocol: string | null;
  readonly sourcePort: number | null;
  readonly destinationPort: number | null;
  /** netifd interface that it comes in by; null = the one that the route to the source has. */
  readonly inInterface: string | null;
}

/** One way that the flow may take. */
export interface Choice {
  readonly target: 'wan' | LastResort | 'local';
  /** Name of the WAN, null for the other targets. */
  readonly wan: string | null;
  /** Percent of new flows. */
  readonly sharePct: number;
  readonly mark: number;
  /** Routing table that decides; null = none does (unreachable, blackhole). */
  readonly table: number | null;
  readonly device: string | null;
  readonly gateway: string | null;
}

export interface Explanation {
  readonly family: 'ipv4' | 'ipv6';
  /** What decided: a rule, a network that table main knows, the WAN that it came in by, or nothing (table main). */
  readonly by: 'rule' | 'network' | 'inbound' | 'none';
  /** One sentence. */
  readonly reason: string;
  readonly rule: string | null;
  /** Name of the policy or the built-in target that the rule uses. */
  readonly policy: string | null;
  /** The rule is sticky: the shares are those of a source that is new to it. */
  readonly sticky: boolean;
  readonly choices: readonly Choice[];
  /** The rules before the one that matches, in order. */
  readonly whyNot: readonly { readonly rule: string; readonly reason: string }[];
}

interface Context {
  readonly input: CompileInput;
  readonly marks: Marks;
  readonly wans: readonly Wan[];
  readonly chains: readonly NftChain[];
  readonly rules: readonly CompiledRule[];
  readonly notes: readonly { readonly where: string; readonly text: string }[];
  readonly elements: SetElements;
  readonly packet: MatchedPacket;
}

/** The route for an address: longest prefix, then (IPv6) longest source prefix, then lowest metric. @param source null = any. */
function lookUp(
  routes: readonly KernelRoute[],
  destination: string,
  source: string | null,
): KernelRoute | null {
  let best: { readonly route: KernelRoute; readonly rank: number } | null = null;
  const fits = (text: string | undefined, address: string | null): number | null => {
    const prefix = parsePrefix(text ?? '');
    if (prefix === null || address === null) return 0;
    return matchesPattern({ kind: 'prefix', prefix }, address) ? prefix.length : null;
  };
  for (const route of routes) {
    const from = route.words.indexOf('from');
    const [to, by] = [
      fits(route.destination, destination),
      from < 0 ? 0 : fits(route.words[from + 1], source),
    ];
    if (to === null || by === null) continue;
    const rank = to * 256 + by;
    const better =
      best === null ||
      rank > best.rank ||
      (rank === best.rank && (route.metric ?? 0) < (best.route.metric ?? 0));
    if (better) best = { route, rank };
  }
  return best?.route ?? null;
}

function kernelRoutes(input: CompileInput, family: 'ipv4' | 'ipv6', table: number): readonly KernelRoute[] {
  return input.routes.filter((route) => route.family === family && route.table === table);
}

/** By mark to a route; a WAN without a route for the destination is unreachable (its 3000 rule). */
function choose(context: Context, chain: string, sharePct: number): Choice {
  const { input, marks, wans, packet } = context;
  const wan = wans.find((item) => item.chain === chain) ?? null;
  const builtin = (['default', 'unreachable', 'blackhole'] as const).find(
    (kind) => BUILTIN_CHAINS[kind] === chain,
  );
  const nowhere = { sharePct, table: null, device: null, gateway: null };
  const mark = wan?.mark ?? marks[builtin ?? 'default'];
  const local = lookUp(kernelRoutes(input, packet.family, TABLE_LOCAL), packet.destination, null);
  if (local !== null) return { ...nowhere, target: 'local', wan: null, mark, table: TABLE_LOCAL };
  if (builtin === 'unreachable' || builtin === 'blackhole')
    return { ...nowhere, target: builtin, wan: null, mark };
  const table = wan?.number ?? TABLE_MAIN;
  const routes =
    wan === null
      ? kernelRoutes(input, packet.family, TABLE_MAIN)
      : routesOfWan(input, wan, wans).map(({ route, words }) => ({ ...route, words }));
  const route = lookUp(routes, packet.destination, packet.iif === null ? null : packet.source);
  const name = wan?.name ?? null;
  if (route === null || route.type !== 'unicast')
    return { ...nowhere, target: route?.type === 'blackhole' ? 'blackhole' : 'unreachable', wan: name, mark };
  const { device, gateway } = route;
  return { target: wan === null ? 'default' : 'wan', wan: name, sharePct, mark, table, device, gateway };
}

/** Where a chain leads: through its first rule that matches, to marks. */
function follow(context: Context, name: string, policy: string | null): readonly Choice[] {
  // A sticky rule's chain: for a source that is new, its policy decides.
  const start = policy === null ? name : policyChain(policy, context.packet.family);
  const chain = context.chains.find((item) => item.name === start);
  if (policy === null || chain === undefined) return [choose(context, start, 100)];
  for (const { matches, statements } of chain.rules) {
    if (matches.some((match) => whyNot(match, context.packet, context.elements) !== null)) continue;
    for (const statement of statements) {
      if (statement.kind === 'goto') return [choose(context, statement.chain, 100)];
      if (statement.kind !== 'balance') continue;
      const total = statement.shares.reduce((sum, { weight }) => sum + weight, 0);
      return statement.shares.map((share) => choose(context, share.chain, (share.weight * 100) / total));
    }
  }
  return [];
}

/** Why no alternative of a rule holds; null = one does. */
function ruleReason({ rule, alternatives }: CompiledRule, context: Context): string | null {
  const { packet, elements, notes } = context;
  const note = notes.find(
    ({ where, text }) => where.startsWith(`${rule.where}.`) && text.includes('left out'),
  );
  if (note !== undefined)
    return `It is not in force: ${note.where.slice(rule.where.length + 1)} ${lower(note.text)}`;
  if (alternatives.length === 0) return `It has no side for ${packet.family}.`;
  const failing = (matches: readonly NftMatch[]): readonly string[] =>
    matches.flatMap((match) => whyNot(match, packet, elements) ?? []);
  const reasons = alternatives.map((matches) => failing(matches)[0]);
  if (reasons.some((reason) => reason === undefined)) return null;
  return sentence([...new Set(reasons)].join('; '));
}

const lower = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);
const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

/** A network set that the address is in, with the prefix. */
function knownNetwork(context: Context, side: 'source' | 'destination'): string | null {
  const { packet, elements } = context;
  for (const kind of NETWORKS)
    for (const element of elements(networkSet(kind, packet.family))) {
      const prefix = parsePrefix(element);
      if (prefix !== null && matchesPattern({ kind: 'prefix', prefix }, packet[side]))
        return `${packet[side]} is in ${element}, a ${kind} network`;
    }
  return null;
}

function decide(context: Context): Explanation {
  const { packet, wans, rules } = context;
  const { family } = packet;
  const plain = { family, rule: null, policy: null, sticky: false, whyNot: [] };
  if (packet.iif === null && packet.oif === null) {
    const choices = [{ ...choose(context, BUILTIN_CHAINS.unreachable, 100), mark: 0 }];
    const reason = 'Table main has no route, so the router itself has nothing to send it by.';
    return { ...plain, by: 'none', reason, choices };
  }
  const inbound = wans.find(
    (wan) => wan.enabled && wan.family === family && wan.device !== null && wan.device === packet.iif,
  );
  const source = inbound === undefined ? null : knownNetwork(context, 'source');
  if (inbound !== undefined && source === null)
    return {
      ...plain,
      by: 'inbound',
      reason: `It comes in by ${inbound.name}: the connection gets its mark, so that answers leave by it.`,
      choices: [
        choose(
          context,
          knownNetwork(context, 'destination') === null ? inbound.chain : BUILTIN_CHAINS.default,
          100,
        ),
      ],
    };
  const network = source ?? knownNetwork(context, 'destination');
  if (network !== null) {
    const choices = [choose(context, BUILTIN_CHAINS.default, 100)];
    return { ...plain, by: 'network', reason: `${network}: it goes by table main.`, choices };
  }
  const before: { readonly rule: string; readonly reason: string }[] = [];
  for (const compiled of rules) {
    const { rule, chain } = compiled;
    const reason = ruleReason(compiled, context);
    if (reason !== null) {
      before.push({ rule: rule.name, reason });
      continue;
    }
    const policy = rule.use.kind === 'policy' ? rule.use.policy : null;
    return {
      family,
      by: 'rule',
      reason: `It is the first rule that matches: ${rule.name}, which uses ${policy ?? rule.use.kind}.`,
      rule: rule.name,
      policy: policy ?? rule.use.kind,
      sticky: rule.sticky && policy !== null,
      choices: follow(context, chain, policy),
      whyNot: before,
    };
  }
  const unmarked = { ...choose(context, BUILTIN_CHAINS.default, 100), mark: 0 };
  return {
    ...plain,
    by: 'none',
    reason: 'No rule matches: it goes by table main.',
    choices: [unmarked],
    whyNot: before,
  };
}

/** The packet with the devices that routing gives it, or why there is none. */
function packetOf(input: CompileInput, flow: ExplainFlow): Result<MatchedPacket, string> {
  const destination = addressBytes(flow.destination);
  if (destination === null) return fail(`'${flow.destination}' is no address.`);
  const { family } = destination;
  const source = flow.source === null ? null : addressBytes(flow.source);
  if (flow.source !== null && source === null) return fail(`'${flow.source}' is no address.`);
  if (source !== null && source.family !== family)
    return fail('Source and destination are of different families.');
  const protocol = flow.protocol === null ? null : protocolNumber(flow.protocol);
  if (flow.protocol !== null && protocol === null)
    return fail(`'${flow.protocol}' is no protocol that is known here.`);
  const main = kernelRoutes(input, family, TABLE_MAIN);
  const ports = { sourcePort: flow.sourcePort, destinationPort: flow.destinationPort };
  const common = { family, destination: flow.destination, protocol, ...ports };
  if (flow.source === null) {
    const route = lookUp(main, flow.destination, null);
    const address = kernelRoutes(input, family, TABLE_LOCAL).find(
      ({ type, device }) => type === 'local' && device !== null && device === route?.device,
    )?.destination;
    const own = route?.source ?? address ?? (family === 'ipv4' ? '0.0.0.0' : '::');
    return ok({ ...common, source: own, iif: null, oif: route?.device ?? null });
  }
  if (flow.inInterface === null)
    return ok({
      ...common,
      source: flow.source,
      iif: lookUp(main, flow.source, null)?.device ?? null,
      oif: null,
    });
  const name = flow.inInterface;
  const device = Object.keys(input.devices).includes(name) ? input.devices[name] : undefined;
  if (device === undefined) return fail(`The interface '${name}' has no device.`);
  return ok({ ...common, source: flow.source, iif: device, oif: null });
}

/**
 * Explains a flow. `downWans` are taken for offline on top of what is. `known` gives elements of sets that others
 * fill (read from the kernel); without it they count as empty. Fails with a sentence on a flow that cannot be.
 */
export function explain(
  input: CompileInput,
  flow: ExplainFlow,
  downWans: readonly string[] = [],
  known: Readonly<Record<string, readonly string[]>> = {},
): Result<Explanation, string> {
  const stranger = downWans.find((name) => !input.config.wans.some((wan) => wan.name === name));
  if (stranger !== undefined) return fail(`'${stranger}' is no WAN of this router.`);
  const supposed: CompileInput = withSafeDevices({
    ...input,
    links: input.links.map((link) => (downWans.includes(link.name) ? { ...link, state: 'offline' } : link)),
  });
  const packet = packetOf(supposed, flow);
  if (!packet.ok) return packet;
  const desired = compile(supposed);
  const marks = marksOf(supposed.config.mask);
  const { wans } = resolveWans(supposed, marks);
  const elements: SetElements = (name) => [
    ...(desired.nft.sets.find((set) => set.name === name)?.elements ?? []),
    ...(Object.keys(known).includes(name) ? (known[name] ?? []) : []),
  ];
  const context = { input: supposed, marks, wans, note: () => undefined };
  const { rules } = compileRules(packet.value.family, context);
  const { chains } = desired.nft;
  return ok(decide({ ...context, chains, rules, notes: desired.notes, elements, packet: packet.value }));
}
