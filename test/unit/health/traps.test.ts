import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../../src/core/health/catalogue.ts';
import { REMEDIES } from '../../../src/core/health/remedies.ts';
import { SETUP_CASES } from './setup-cases.ts';

const root = join(import.meta.dirname, '../../..');
const ROWS = readFileSync(join(root, 'docs/traps.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('|') && !/^\|(-|\s*trap )/.test(line))
  .map((line) =>
    line
      .split('|')
      .map((cell) => cell.trim())
      .slice(1, -1),
  );

/** Codes in a cell: the words in backquotes that look like one. */
const codesOf = (cell: string): string[] =>
  [...cell.matchAll(/`([a-z0-9]+(?:-[a-z0-9]+)+)`/g)].map(([, code = '']) => code);

describe('docs/traps.md', () => {
  it('is a table of traps', () => {
    expect(ROWS.length).toBeGreaterThan(50);
  });

  it.each(ROWS.map((row) => [row[0] ?? '', row] as const))(
    '%s: its codes and its test exist',
    (_trap, row) => {
      expect(row).toHaveLength(5);
      const [, , written = '', found = '', test = ''] = row;
      for (const code of codesOf(found)) expect(Object.keys(CATALOGUE)).toContain(code);
      if (codesOf(found).length === 0) expect(found).toBe('–');
      const [, file = '', text = ''] = /^`([^`]+)`: (.+)$/.exec(test) ?? [];
      expect(existsSync(join(root, 'test', file)), file).toBe(true);
      expect(readFileSync(join(root, 'test', file), 'utf8')).toContain(text);
      expect(written).not.toBe('');
    },
  );

  it('has all problems that the checks of other configuration know', () => {
    const named = ROWS.flatMap(([, , , found = '']) => codesOf(found));
    for (const code of Object.keys(SETUP_CASES)) expect(named).toContain(code);
  });

  it('has a command in the remedy of each of them', () => {
    for (const code of Object.keys(SETUP_CASES))
      expect(Object.entries(REMEDIES).find(([name]) => name === code)?.[1]).toMatch(/`.+`/);
  });
});
