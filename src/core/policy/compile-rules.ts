/**
 * The user's rules: `rules4` and `rules6`, first match wins (each rule goes to its target and does not come back), and for a
 * sticky rule a chain of its own with one set of sources for each WAN. One set for each WAN, since an element that exists cannot
 * be given another WAN by a rule; the sets of a dead WAN are emptied in the transaction that switches it off.
 */
import { nameOf, plain } from '../nft/names.ts';
import type { NftChain, NftMatch, NftRule, NftSet, NftStatement } from '../nft/objects.ts';
import { BUILTIN_CHAINS, policyChain, sharesOf, wansOf } from './compile-policies.ts';
import type { Marks } from './marks.ts';
import type { CompileInput, Family, PolicyConfig, RuleConfig } from './model.ts';
import { type AddressPattern, parsePattern, prefixText, withoutCovered } from './prefixes.ts';
import { portProtocol, protocolNumber } from './protocols.ts';
import { digit, type Wan } from './wans.ts';

export interface RulesContext {
  readonly input: CompileInput;
  readonly marks: Marks;
  readonly wans: readonly Wan[];
  readonly note: (where: string, text: string) => void;
}

interface RuleParts {
  readonly chains: readonly NftChain[];
  readonly sets: readonly NftSet[];
}

/** A user's rule in one family. */
export interface CompiledRule {
  readonly rule: RuleConfig;
  /** Lists of matches of which one must hold; empty = the rule has no side in this family. */
  readonly alternatives: readonly (readonly NftMatch[])[];
  /** Chain that it goes to. */
  readonly chain: string;
}

export interface CompiledRules extends RuleParts {
  /** The rules in order, as `explain` needs them. */
  readonly rules: readonly CompiledRule[];
}

/** Set of destinations that a user's rule names; others fill it. */
export function userSet(name: string, family: Family): string {
  return `${family === 'ipv4' ? 'ipset_' : 'ipset6_'}${nameOf(name)}`;
}

export function stickySet(rule: string, wan: Wan): string {
  return `sticky${digit(wan.family)}_${wan.number}_${nameOf(rule)}`;
}

/** Alternatives of an address match in one family, each one nft match; null = no address of this family fits. */
function addressMatches(
  side: 'source' | 'destination',
  family: Family,
  patterns: readonly AddressPattern[],
): readonly (readonly NftMatch[])[] {
  if (patterns.length === 0) return [[]];
  const own = patterns.filter(
    (pattern) => (pattern.kind === 'odd' ? 'ipv4' : pattern.prefix.family) === family,
  );
  const prefixes = withoutCovered(
    own.flatMap((pattern) => (pattern.kind === 'prefix' ? [pattern.prefix] : [])),
  );
  if (prefixes.some(({ length }) => length === 0)) return [[]];
  const match = (any: readonly { address: string; mask: number | string }[]): readonly NftMatch[] => [
    { kind: 'address', side, family, any },
  ];
  return [
    ...(prefixes.length === 0
      ? []
      : [
          match(
            prefixes.map((item) => ({
              address: prefixText({ ...item, length: item.bytes.length * 8 }),
              mask: item.length,
            })),
          ),
        ]),
    ...own.flatMap((pattern) =>
      pattern.kind === 'odd' ? [match([{ address: pattern.value, mask: pattern.mask }])] : [],
    ),
  ];
}

function portMatch(
  rule: RuleConfig,
  side: 'source' | 'destination',
  protocol: number | null,
  note: RulesContext['note'],
): readonly NftMatch[] {
  const ports = side === 'source' ? rule.sourcePorts : rule.destinationPorts;
  if (ports.length === 0) return [];
  const keyword = protocol === null ? null : portProtocol(protocol);
  const option = side === 'source' ? 'src_port' : 'dest_port';
  if (keyword === null) {
    note(`${rule.where}.${option}`, 'Is ignored, since proto is none that has ports (tcp, udp).');
    return [];
  }
  const sorted = [...ports].sort((a, b) => a.first - b.first || a.last - b.last);
  const merged: { first: number; last: number }[] = [];
  for (const { first, last } of sorted) {
    const previous = merged[merged.length - 1];
    if (previous !== undefined && first <= previous.last + 1) previous.last = Math.max(previous.last, last);
    else merged.push({ first, last });
  }
  return [{ kind: 'port', side, protocol: keyword, any: merged }];
}

/** What a rule matches, without family: null = it can match nothing, and a note says why. */
interface RuleMatch {
  readonly sources: readonly AddressPattern[];
  readonly destinations: readonly AddressPattern[];
  readonly rest: readonly NftMatch[];
}

function matchOf(rule: RuleConfig, { input, note }: RulesContext): RuleMatch | null {
  const patterns = (list: RuleConfig['sources'], option: string): readonly AddressPattern[] | null => {
    const parsed = list.map(parsePattern);
    const good = parsed.flatMap((pattern) => (pattern === null ? [] : [pattern]));
    if (good.length === parsed.length) return good;
    note(`${rule.where}.${option}`, 'Is no address: the rule is left out.');
    return null;
  };
  const sources = patterns(rule.sources, 'src_ip');
  const destinations = patterns(rule.destinations, 'dest_ip');
  if (sources === null || destinations === null) return null;
  const rest: NftMatch[] = [];
  if (rule.sourceInterface !== null) {
    const device = Object.keys(input.devices).includes(rule.sourceInterface)
      ? input.devices[rule.sourceInterface]
      : undefined;
    if (device === undefined) {
      note(
        `${rule.where}.src_iface`,
        `Is '${rule.sourceInterface}', which has no device: the rule is left out.`,
      );
      return null;
    }
    rest.push({ kind: 'iif', devices: [device] });
  }
  const protocol = rule.protocol === null ? null : protocolNumber(rule.protocol);
  if (rule.protocol !== null && protocol === null) {
    note(`${rule.where}.proto`, `Is '${rule.protocol}', which is no protocol: the rule is left out.`);
    return null;
  }
  const ports = [
    ...portMatch(rule, 'source', protocol, note),
    ...portMatch(rule, 'destination', protocol, note),
  ];
  if (protocol !== null && ports.length === 0) rest.push({ kind: 'protocol', protocol });
  return { sources, destinations, rest: [...rest, ...ports] };
}

/** The rule's matches in one family: alternatives, any of which may hold. */
function alternatives(rule: RuleConfig, match: RuleMatch, family: Family): readonly (readonly NftMatch[])[] {
  const set: readonly NftMatch[] =
    rule.ipset === null
      ? []
      : [{ kind: 'set', side: 'destination', family, set: userSet(rule.ipset, family) }];
  return addressMatches('source', family, match.sources).flatMap((source) =>
    addressMatches('destination', family, match.destinations).map((destination) => [
      ...source,
      ...destination,
      ...set,
      ...match.rest,
    ]),
  );
}

/** Look-ups for the WANs that the policy chooses now, then the policy, then the source is remembered. */
export function stickyChain(
  rule: RuleConfig,
  policy: PolicyConfig,
  family: Family,
  { marks, wans }: { readonly marks: Marks; readonly wans: readonly Wan[] },
): NftChain {
  const remember = (wan: Wan): NftStatement => ({
    kind: 'remember-source',
    set: stickySet(rule.name, wan),
    family,
    timeoutS: rule.stickyTimeoutS,
  });
  return {
    name: `sticky${digit(family)}_${nameOf(rule.name)}`,
    base: null,
    comment: plain(`rule ${rule.name}: a source keeps its WAN for ${rule.stickyTimeoutS} s`),
    rules: [
      ...sharesOf(policy, family, wans).map(
        ({ wan }): NftRule => ({
          matches: [{ kind: 'set', side: 'source', family, set: stickySet(rule.name, wan) }],
          statements: [remember(wan), { kind: 'goto', chain: wan.chain }],
          comment: plain(`seen on ${wan.name} before`),
        }),
      ),
      {
        matches: [],
        statements: [{ kind: 'jump', chain: policyChain(policy.name, family) }],
        comment: plain(`else policy ${policy.name}`),
      },
      ...wansOf(policy, family, wans).map(
        (wan): NftRule => ({
          matches: [{ kind: 'mark', mask: marks.mask, value: wan.mark, negated: false }],
          statements: [remember(wan)],
          comment: plain(`remember ${wan.name}`),
        }),
      ),
    ],
  };
}

/** What a rule does in one family: the chain it goes to, with what that chain needs. */
function targetOf(
  rule: RuleConfig,
  family: Family,
  context: RulesContext,
): RuleParts & { readonly chain: string } {
  const none = { chains: [], sets: [] };
  if (rule.use.kind !== 'policy') return { ...none, chain: BUILTIN_CHAINS[rule.use.kind] };
  const wanted = rule.use.policy;
  const policy = context.input.config.policies.find(({ name }) => name === wanted);
  if (policy === undefined) throw new Error(`${rule.where} uses the policy '${wanted}', which is not there.`);
  const stickyWans = rule.sticky ? wansOf(policy, family, context.wans) : [];
  if (stickyWans.length === 0) return { ...none, chain: policyChain(wanted, family) };
  const chain = stickyChain(rule, policy, family, context);
  const sets = stickyWans.map(
    (wan): NftSet => ({
      name: stickySet(rule.name, wan),
      type: family === 'ipv4' ? 'ipv4_addr' : 'ipv6_addr',
      flags: ['dynamic', 'timeout'],
      autoMerge: false,
      elements: null,
      comment: plain(`rule ${rule.name}: sources that use ${wan.name}`),
    }),
  );
  return { chain: chain.name, chains: [chain], sets };
}

/** All rules of one family. */
export function compileRules(family: Family, context: RulesContext): CompiledRules {
  const { config } = context.input;
  const rules: NftRule[] = [];
  const chains: NftChain[] = [];
  const sets = new Map<string, NftSet>();
  const compiled: CompiledRule[] = [];
  for (const rule of config.rules) {
    const match = rule.family !== 'any' && rule.family !== family ? null : matchOf(rule, context);
    const found = match === null ? [] : alternatives(rule, match, family);
    const target = targetOf(rule, family, context);
    compiled.push({ rule, alternatives: found, chain: target.chain });
    if (found.length === 0) continue;
    chains.push(...target.chains);
    for (const set of target.sets) sets.set(set.name, set);
    if (rule.ipset !== null)
      sets.set(userSet(rule.ipset, family), {
        name: userSet(rule.ipset, family),
        type: family === 'ipv4' ? 'ipv4_addr' : 'ipv6_addr',
        flags: ['interval'],
        autoMerge: true,
        elements: null,
        comment: plain(`ipset ${rule.ipset}, filled by others`),
      });
    const log: readonly NftStatement[] =
      config.logging && rule.logging
        ? [{ kind: 'log', prefix: plain(`MWAN3(${rule.name})`), level: config.logLevel }]
        : [];
    for (const matches of found)
      rules.push({
        matches,
        statements: [{ kind: 'counter' }, ...log, { kind: 'goto', chain: target.chain }],
        comment: plain(`rule ${rule.name}`),
      });
  }
  return {
    chains: [
      {
        name: `rules${digit(family)}`,
        base: null,
        rules,
        comment: plain(`the user's rules, ${family === 'ipv4' ? 'IPv4' : 'IPv6'}`),
      },
      ...chains,
    ],
    sets: [...sets.values()],
    rules: compiled,
  };
}
