/**
 * Policies: one chain for each policy and family, the only chains (with the sticky look-ups) that a switch changes. Tiers as
 * mwan3 has them: of the members that are up, those of the lowest metric share by weight; without any, `last_resort`.
 */
import { nameOf, plain } from '../nft/names.ts';
import type { NftChain, NftRule } from '../nft/objects.ts';
import type { Family, LastResort, PolicyConfig } from './model.ts';
import { digit, type Wan } from './wans.ts';

/** Chain that gives the mark of a built-in target. */
export const BUILTIN_CHAINS: Readonly<Record<LastResort, string>> = {
  default: 'mark_default',
  unreachable: 'mark_unreachable',
  blackhole: 'mark_blackhole',
};

export function policyChain(policy: string, family: Family): string {
  return `policy${digit(family)}_${nameOf(policy)}`;
}

export interface Share {
  readonly wan: Wan;
  readonly weight: number;
}

/** WANs by name, made once for each list of them. */
const indexes = new WeakMap<readonly Wan[], ReadonlyMap<string, Wan>>();

function indexOf(wans: readonly Wan[]): ReadonlyMap<string, Wan> {
  const known = indexes.get(wans) ?? new Map(wans.map((wan) => [wan.name, wan]));
  indexes.set(wans, known);
  return known;
}

/** The members of one family with their WAN; a WAN that two members name counts with both weights. */
function membersOf(policy: PolicyConfig, family: Family, wans: readonly Wan[]) {
  const byName = indexOf(wans);
  return policy.members.flatMap((member) => {
    const wan = byName.get(member.wan);
    return wan === undefined || wan.family !== family ? [] : [{ ...member, wan }];
  });
}

/** Who takes the policy's new flows now, by weight; empty = last resort. */
export function sharesOf(policy: PolicyConfig, family: Family, wans: readonly Wan[]): readonly Share[] {
  const usable = membersOf(policy, family, wans).filter(({ wan }) => wan.usable);
  const lowest = Math.min(...usable.map(({ metric }) => metric));
  const shares = new Map<string, Share>();
  for (const { wan, weight, metric } of usable) {
    if (metric !== lowest) continue;
    shares.set(wan.name, { wan, weight: weight + (shares.get(wan.name)?.weight ?? 0) });
  }
  return [...shares.values()];
}

/** Every WAN of a family that the policy may ever use, in the order of its members. */
export function wansOf(policy: PolicyConfig, family: Family, wans: readonly Wan[]): readonly Wan[] {
  return [...new Set(membersOf(policy, family, wans).map(({ wan }) => wan))];
}

function lastResortRules(policy: PolicyConfig, family: Family, wans: readonly Wan[]): readonly NftRule[] {
  const devices = new Set(
    wansOf(policy, family, wans).flatMap(({ device }) => (device === null ? [] : [device])),
  );
  return [
    // The router's own packets that are bound to an offline WAN's device still get out by it (mwan3's `out` lines).
    ...[...devices].map(
      (device): NftRule => ({
        matches: [{ kind: 'oif', device }],
        statements: [{ kind: 'goto', chain: BUILTIN_CHAINS.default }],
        comment: plain(`bound to ${device}: stays there`),
      }),
    ),
    {
      matches: [],
      statements: [{ kind: 'goto', chain: BUILTIN_CHAINS[policy.lastResort] }],
      comment: plain(`no member online: last_resort ${policy.lastResort}`),
    },
  ];
}

function policyRules(policy: PolicyConfig, family: Family, wans: readonly Wan[]): readonly NftRule[] {
  const shares = sharesOf(policy, family, wans);
  const [first, ...rest] = shares;
  if (first === undefined) return lastResortRules(policy, family, wans);
  if (rest.length === 0)
    return [
      {
        matches: [],
        statements: [{ kind: 'goto', chain: first.wan.chain }],
        comment: plain(`all to ${first.wan.name}`),
      },
    ];
  return [
    {
      matches: [],
      statements: [
        {
          kind: 'balance',
          shares: shares.map(({ wan, weight }) => ({ chain: wan.chain, weight })),
        },
      ],
      comment: plain(shares.map(({ wan, weight }) => `${wan.name} ${weight}`).join(', ')),
    },
  ];
}

/** The chain of a policy in a family, as the WANs are now. */
export function compilePolicy(policy: PolicyConfig, family: Family, wans: readonly Wan[]): NftChain {
  return {
    name: policyChain(policy.name, family),
    base: null,
    rules: policyRules(policy, family, wans),
    comment: plain(`policy ${policy.name}, ${family === 'ipv4' ? 'IPv4' : 'IPv6'}`),
  };
}
