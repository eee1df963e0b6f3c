import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { NftTable } from '../../src/core/nft/objects.ts';
import { compile } from '../../src/core/policy/compile.ts';
import { inputOf } from './support/recordings.ts';

/**
 * Every policy chain of mwan3's iptables-save, also of policies that no rule uses: the same marks with the same chances, and the
 * same devices whose own packets are let through. mwan3's probabilities are thousandths.
 */
const root = join(import.meta.dirname, '../captures/mwan3');

interface Decision {
  /** Chance of each mark for a packet that is bound to no device, in thousandths. */
  readonly chances: Readonly<Record<string, number>>;
  readonly boundDevices: readonly string[];
}

function rounded(chances: ReadonlyMap<number, number>): Readonly<Record<string, number>> {
  const entries = [...chances].map(([mark, chance]) => [`0x${mark.toString(16)}`, Math.round(chance * 1000)]);
  return Object.fromEntries(entries.sort());
}

/** Lines of a chain in order: each takes its share of what the ones before have left. */
function recorded(save: string, policy: string): Decision {
  const chances = new Map<number, number>();
  const boundDevices: string[] = [];
  let left = 1;
  for (const line of save.split('\n').filter((text) => text.startsWith(`-A mwan3_policy_${policy} `))) {
    const mark = Number(/--set-xmark (0x[0-9a-f]+)/.exec(line)?.[1]);
    const device = / -o (\S+)/.exec(line)?.[1];
    const probability = Number(/--probability (\S+)/.exec(line)?.[1] ?? 1);
    if (device !== undefined) boundDevices.push(device);
    else {
      chances.set(mark, (chances.get(mark) ?? 0) + left * probability);
      left *= 1 - probability;
    }
  }
  return { chances: rounded(chances), boundDevices: boundDevices.sort() };
}

function ours(table: NftTable, name: string): Decision {
  const markOf = (chain: string): number => {
    const [statement] = table.chains.find((item) => item.name === chain)?.rules[0]?.statements ?? [];
    if (statement?.kind !== 'set-mark') throw new Error(`${chain} sets no mark`);
    return statement.value;
  };
  const chances = new Map<number, number>();
  const boundDevices: string[] = [];
  for (const { matches, statements } of table.chains.find((item) => item.name === name)?.rules ?? []) {
    const [match] = matches;
    const [statement] = statements;
    if (match?.kind === 'oif') boundDevices.push(match.device);
    else if (statement?.kind === 'goto') chances.set(markOf(statement.chain), 1);
    else if (statement?.kind === 'balance') {
      const total = statement.shares.reduce((sum, { weight }) => sum + weight, 0);
      for (const { chain, weight } of statement.shares) chances.set(markOf(chain), weight / total);
    }
  }
  return { chances: rounded(chances), boundDevices: boundDevices.sort() };
}

const STATES = readdirSync(root)
  .filter((name) => /^\d/.test(name))
  .sort()
  .flatMap((name) =>
    readdirSync(join(root, name))
      .filter((state) => state !== 'stopped' && existsSync(join(root, name, state, 'iptables-save.txt')))
      .map((state) => ({ name, state })),
  );

describe.each(STATES)('policies of $name, $state', ({ name, state }) => {
  const input = inputOf(name, state);
  const { nft } = compile(input);
  // "Long names work" (docs/differences-from-mwan3.md): there is no chain to compare with.
  const policies = input.config.policies.filter((policy) => policy.name.length <= 15);

  it.each([
    [4, 'iptables-save.txt'],
    [6, 'ip6tables-save.txt'],
  ] as const)('IPv%s', (digit, file) => {
    const path = join(root, name, state, file);
    if (digit === 6 && !existsSync(path)) return;
    const save = readFileSync(path, 'utf8');
    for (const policy of policies) {
      const [mine, theirs] = [ours(nft, `policy${digit}_${policy.name}`), recorded(save, policy.name)];
      expect(mine.boundDevices, policy.name).toEqual(theirs.boundDevices);
      expect(Object.keys(mine.chances), policy.name).toEqual(Object.keys(theirs.chances));
      for (const [mark, chance] of Object.entries(mine.chances))
        expect(Math.abs(chance - (theirs.chances[mark] ?? 0)), `${policy.name} ${mark}`).toBeLessThanOrEqual(
          1,
        );
    }
  });
});
