import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { renderTable } from '../../../src/core/nft/render.ts';
import type { Desired, IpRule } from '../../../src/core/policy/model.ts';
import { RULESETS } from './rulesets.ts';

/**
 * The whole desired state of some configurations as text: NAME.nft is what nft would be given, NAME.routing the ip rules,
 * tables and notes. `UPDATE_GOLDEN=1` writes the files anew; read the difference as part of the change.
 */
function ruleText({ family, preference, match, action }: IpRule): string {
  const what =
    'iif' in match
      ? `iif ${match.iif}`
      : 'oif' in match
        ? `oif ${match.oif}`
        : `fwmark 0x${match.mark.toString(16)}/0x${match.mask.toString(16)}`;
  return `${family} ${preference}: ${what} ${typeof action === 'string' ? action : `table ${action.table}`}`;
}

function routingText({ rules, tables, notes }: Desired): string {
  return [
    '# ip rules',
    ...rules.map(ruleText),
    ...tables.flatMap(({ family, table, routes }) => [
      `# ${family} table ${table}`,
      ...routes.map((words) => words.join(' ')),
    ]),
    '# notes',
    ...notes.map(({ where, text }) => `${where}: ${text}`),
    '',
  ].join('\n');
}

function expectGolden(file: string, text: string): void {
  const path = join(import.meta.dirname, file);
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(path, text);
  expect(existsSync(path), `${file} is missing: run with UPDATE_GOLDEN=1`).toBe(true);
  expect(text).toBe(readFileSync(path, 'utf8'));
}

describe('multi-WAN rulesets', () => {
  it.each(Object.keys(RULESETS))('%s', (name) => {
    const desired = RULESETS[name]?.();
    if (desired === undefined) throw new Error(`no ruleset ${name}`);
    expectGolden(`${name}.nft`, renderTable(desired.nft));
    expectGolden(`${name}.routing`, routingText(desired));
  });

  it('has no file that no ruleset stands behind', () => {
    const names = readdirSync(import.meta.dirname).filter((file) => /\.(nft|routing)$/.test(file));
    expect(names.filter((file) => !(file.replace(/\.\w+$/, '') in RULESETS))).toEqual([]);
  });
});
