/**
 * What a change of WAN states does to the ruleset: which chains differ, which sets of sticky sources lose their WAN, and the
 * desired state itself by the short way. For the same configuration these chains are the policies' and the sticky rules' alone.
 */
import type { NftChain } from '../nft/objects.ts';
import { difference, renderUpdate, same } from '../nft/update.ts';
import { compile } from './compile.ts';
import { compilePolicy } from './compile-policies.ts';
import { stickyChain } from './compile-rules.ts';
import { marksOf } from './marks.ts';
import type { CompileInput, Desired } from './model.ts';
import { FAMILIES, isUp, resolveWans } from './wans.ts';

export interface PolicySwitch {
  /** Chains whose rules differ, or that only one of the two has. */
  readonly chains: readonly string[];
  /** Sets whose sources must choose anew, since their WAN is no longer chosen by the rule. */
  readonly flushSets: readonly string[];
}

/** Sets that a rule looks sources up in and remembers them again: sticky ones whose WAN is chosen now. */
function consulted(chains: readonly NftChain[]): ReadonlySet<string> {
  return new Set(
    chains.flatMap((chain) =>
      chain.rules.flatMap(({ matches, statements }) =>
        matches.flatMap((match) =>
          match.kind === 'set' &&
          statements.some((statement) => statement.kind === 'remember-source' && statement.set === match.set)
            ? [match.set]
            : [],
        ),
      ),
    ),
  );
}

/** The difference between two desired states, as far as it concerns the choice of WANs. */
export function switchPolicies(before: Desired, after: Desired): PolicySwitch {
  const { added, removed, kept } = difference(before.nft.chains, after.nft.chains);
  const changed = kept.filter((pair) => !same(pair.before.rules, pair.after.rules));
  const was = consulted([...removed, ...changed.map((pair) => pair.before)]);
  const is = consulted([...added, ...changed.map((pair) => pair.after)]);
  const flushSets = [...was].filter((name) => !is.has(name));
  const there = flushSets.length === 0 ? null : new Set(after.nft.sets.map(({ name }) => name));
  return {
    chains: [...changed.map((pair) => pair.after), ...added, ...removed].map(({ name }) => name),
    flushSets: flushSets.filter((name) => there?.has(name)),
  };
}

/** The nft transaction from one desired state to another; empty when the ruleset is the same. */
export function renderSwitch(before: Desired, after: Desired): string {
  return renderUpdate(before.nft, after.nft, switchPolicies(before, after).flushSets);
}

/** Whether two inputs differ in nothing but the states of the links. */
function onlyStates(before: CompileInput, after: CompileInput): boolean {
  return (
    before.config === after.config &&
    before.routes === after.routes &&
    before.devices === after.devices &&
    before.tableNumbers === after.tableNumbers &&
    before.links.length === after.links.length &&
    before.links.every(
      ({ name, device }, index) => after.links[index]?.name === name && after.links[index]?.device === device,
    )
  );
}

/** The second of two states, with the objects of the first where they are equal: what comes after compares by identity. */
function reused(before: Desired, after: Desired): Desired {
  const keep = <T extends { readonly name: string }>(old: readonly T[], now: readonly T[]): readonly T[] => {
    const known = new Map(old.map((item) => [item.name, item]));
    const kept = now.map((item) => {
      const was = known.get(item.name);
      return was !== undefined && same(was, item) ? was : item;
    });
    return kept.length === old.length && kept.every((item, at) => item === old[at]) ? old : kept;
  };
  const chains = keep(before.nft.chains, after.nft.chains);
  const sets = keep(before.nft.sets, after.nft.sets);
  const isTable = chains === before.nft.chains && sets === before.nft.sets;
  const nft = isTable ? before.nft : { ...after.nft, chains, sets };
  const desired = { ...after, nft };
  return same({ ...before, nft: 0 }, { ...after, nft: 0 }) && isTable ? before : desired;
}

/**
 * What `compile` gives for `input`, from what it gave for another one. If only states differ (everything else being the same
 * objects), just the chains that choose among the WANs that came or went are made, and what is the same stays the same object: a switch
 * must not take longer with more rules. What is equal to the previous state is the same object.
 */
export function recompile(
  previous: { readonly input: CompileInput; readonly desired: Desired },
  input: CompileInput,
): Desired {
  if (!onlyStates(previous.input, input)) {
    return reused(previous.desired, compile(input));
  }
  const { config } = input;
  const changed = new Set(
    input.links
      .filter(({ state }, at) => isUp(state) !== isUp(previous.input.links[at]?.state))
      .map(({ name }) => name),
  );
  const concerned = config.policies.filter(({ members }) => members.some(({ wan }) => changed.has(wan)));
  if (concerned.length === 0) return previous.desired;
  const marks = marksOf(config.mask);
  const { wans } = resolveWans(input, marks);
  const policies = new Map(concerned.map((policy) => [policy.name, policy]));
  const made = [
    ...concerned.flatMap((policy) => FAMILIES.map((family) => compilePolicy(policy, family, wans))),
    ...config.rules.flatMap((rule) => {
      const policy = rule.sticky && rule.use.kind === 'policy' ? policies.get(rule.use.policy) : undefined;
      return policy === undefined
        ? []
        : FAMILIES.map((family) => stickyChain(rule, policy, family, { marks, wans }));
    }),
  ];
  const byName = new Map(made.map((chain) => [chain.name, chain]));
  const { desired } = previous;
  let isOther = false;
  const chains = desired.nft.chains.map((chain) => {
    const fresh = byName.get(chain.name);
    if (fresh === undefined || same(fresh, chain)) return chain;
    isOther = true;
    return fresh;
  });
  return isOther ? { ...desired, nft: { ...desired.nft, chains } } : desired;
}
