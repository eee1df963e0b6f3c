/**
 * A table as text for `nft -f -` (nft(8), from version 1.0.6 on): readable, labelled, the same for the same table. The text of
 * changes is in update.ts.
 */
import { checkTable } from './check.ts';
import { commentText } from './names.ts';
import type { NftChain, NftSet, NftTable } from './objects.ts';
import { addressText, nameText, renderRule } from './render-rule.ts';

const ELEMENTS_IN_A_LINE = 6;

/** Elements separated by commas, a few in a line. */
export function elementLines(elements: readonly string[], indent: string): string {
  const lines: string[] = [];
  for (let from = 0; from < elements.length; from += ELEMENTS_IN_A_LINE)
    lines.push(
      elements
        .slice(from, from + ELEMENTS_IN_A_LINE)
        .map(addressText)
        .join(', '),
    );
  return lines.join(`,\n${indent}`);
}

/** A set's block; `withElements` = false declares it only. */
export function setBlock(set: NftSet, withElements: boolean): string {
  const lines = [`\tset ${nameText(set.name)} {`, `\t\ttype ${set.type}`];
  if (set.flags.length > 0) lines.push(`\t\tflags ${set.flags.join(',')}`);
  if (set.autoMerge) lines.push('\t\tauto-merge');
  lines.push(`\t\t${commentText(set.comment)}`);
  if (withElements && set.elements !== null && set.elements.length > 0)
    lines.push(`\t\telements = { ${elementLines(set.elements, '\t\t\t     ')} }`);
  return [...lines, '\t}', ''].join('\n');
}

/** A chain's block: all of it, only what it is, or only rules for a chain that is there. */
export function chainBlock(chain: NftChain, part: 'whole' | 'definition' | 'rules'): string {
  const lines = [`\tchain ${nameText(chain.name)} {`];
  if (part !== 'rules') lines.push(`\t\t${commentText(chain.comment)}`);
  if (part !== 'rules' && chain.base !== null)
    lines.push(
      `\t\ttype ${chain.base.type} hook ${chain.base.hook} priority ${chain.base.priority}; policy accept;`,
    );
  if (part !== 'definition') lines.push(...chain.rules.map((rule) => `\t\t${renderRule(rule)}`));
  return [...lines, '\t}', ''].join('\n');
}

/** Blocks within `table inet NAME { … }`; nothing for none. */
export function tableBlock(table: NftTable, blocks: readonly string[]): string {
  return blocks.length === 0
    ? ''
    : `table ${table.family} ${nameText(table.name)} {\n${blocks.join('\n')}}\n`;
}

/** Throws on a table that cannot be written: a defect of ours, since the compiler checks what it is given. */
export function assertTable(table: NftTable, checked?: readonly NftChain[]): void {
  const [problem] = checkTable(table, checked);
  if (problem !== undefined) throw new Error(problem);
}

/** The whole table as one block, sets first; what `hagw print nft` shows. Within one block nft takes any order. */
export function renderTable(table: NftTable): string {
  assertTable(table);
  return tableBlock(table, [
    ...table.sets.map((set) => setBlock(set, true)),
    ...table.chains.map((chain) => chainBlock(chain, 'whole')),
  ]);
}
