/**
 * What a change of WAN states does to the ruleset: which chains differ, which sets of sticky sources lose their WAN, and the
 * desired state itself by the short way. For the same configuration these chains are the policies' and the sticky rules' alone.
 */
import type { NftChain, NftTable } from '../nft/objects.ts';
import { renderUpdate, same } from '../nft/update.ts';
import { compile } from './compile.ts';
import { compilePolicy } from './compile-policies.ts';
import { stickyChain } from './compile-rules.ts';
import { marksOf } from './marks.ts';
import type { CompileInput, Desired } from './model.ts';
import { FAMILIES, resolveWans } from './wans.ts';

export interface PolicySwitch {
  /** Chains whose rules differ, or that only one of the two has. */
  readonly chains: readonly string[];
  /** Sets whose sources must choose anew, since their WAN is no longer chosen by the rule. */
  readonly flushSets: readonly string[];
}

/** Sets that a rule looks sources up in and remembers them again: sticky ones whose WAN is chosen now. */
function consulted(chains: readonly (NftChain | undefined)[]): ReadonlySet<string> {
  return new Set(
    chains.flatMap((chain) =>
      (chain?.rules ?? []).flatMap(({ matches, statements }) =>
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
  const byName = (table: NftTable) => new Map(table.chains.map((chain) => [chain.name, chain]));
  const [old, wanted] = [byName(before.nft), byName(after.nft)];
  const chains = [...new Set([...old.keys(), ...wanted.keys()])].filter(
    (name) => old.get(name) !== wanted.get(name) && !same(old.get(name)?.rules, wanted.get(name)?.rules),
  );
  const was = consulted(chains.map((name) => old.get(name)));
  const is = consulted(chains.map((name) => wanted.get(name)));
  const there = new Set(after.nft.sets.map(({ name }) => name));
  return { chains, flushSets: [...was].filter((name) => !is.has(name) && there.has(name)) };
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

/**
 * What `compile` gives for `input`, from what it gave for another one. If only states differ (everything else being the same
 * objects), just the chains that choose WANs are made; a switch must not take longer with more rules.
 */
export function recompile(
  previous: { readonly input: CompileInput; readonly desired: Desired },
  input: CompileInput,
): Desired {
  if (!onlyStates(previous.input, input)) return compile(input);
  const { config } = input;
  const marks = marksOf(config.mask);
  const { wans } = resolveWans(input, marks);
  const policies = new Map(config.policies.map((policy) => [policy.name, policy]));
  const made = [
    ...config.policies.flatMap((policy) => FAMILIES.map((family) => compilePolicy(policy, family, wans))),
    ...config.rules.flatMap((rule) => {
      const policy = rule.sticky && rule.use.kind === 'policy' ? policies.get(rule.use.policy) : undefined;
      return policy === undefined
        ? []
        : FAMILIES.map((family) => stickyChain(rule, policy, family, { marks, wans }));
    }),
  ];
  const byName = new Map(made.map((chain) => [chain.name, chain]));
  const { desired } = previous;
  const chains = desired.nft.chains.map((chain) => {
    const fresh = byName.get(chain.name);
    return fresh === undefined || same(fresh, chain) ? chain : fresh;
  });
  return { ...desired, nft: { ...desired.nft, chains } };
}
