import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SETUPS, type Setup } from '../../unit/pair/setups.ts';
import { writtenFor } from '../../unit/pair/written.ts';

/**
 * All that hagw writes for some setups: the UCI files after it, its own files, and keepalived.conf as both generations of the init
 * script make it. `UPDATE_GOLDEN=1` writes the files anew; read the difference as part of the change.
 */
function expectGolden(file: string, text: string): void {
  const path = join(import.meta.dirname, file);
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(path, text);
  expect(existsSync(path), `${file} is missing: run with UPDATE_GOLDEN=1`).toBe(true);
  expect(text).toBe(readFileSync(path, 'utf8'));
}

describe('what hagw writes for the pair', () => {
  it.each(Object.entries<Setup>(SETUPS))('%s', (name, setup) => {
    const { files, keepalivedConf, problems } = writtenFor(setup);
    const parts = [
      ...problems.map(({ severity, where, text }) => `# ${severity}: ${where}: ${text}\n`),
      ...Object.entries(files).map(([path, text]) => `#### ${path}\n${text}`),
      ...Object.entries(keepalivedConf).map(
        ([script, text]) => `#### keepalived.conf by the script of ${script}\n${text}`,
      ),
    ];
    expectGolden(`${name}.txt`, parts.join('\n'));
  });

  it('has no file that no setup stands behind', () => {
    const names = readdirSync(import.meta.dirname).filter((file) => file.endsWith('.txt'));
    expect(names.filter((file) => !(file.replace(/\.txt$/, '') in SETUPS))).toEqual([]);
  });
});
