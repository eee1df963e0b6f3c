/**
 * Runs test suites one after another and closes with `N passed, N failed, N skipped`, the sum of all.
 *
 *   node test/run.mjs unit            what needs nothing but Node
 *   node test/run.mjs unit system     everything (root; `make test` does the set-up)
 *
 * Exit 0 only if something ran and nothing failed.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..');
const suites = process.argv.slice(2).filter((word) => !word.startsWith('-'));
const extra = process.argv.slice(2).filter((word) => word.startsWith('-'));
if (suites.length === 0) {
  console.error('usage: node test/run.mjs SUITE… (unit, system)');
  process.exit(2);
}
const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
const total = { passed: 0, failed: 0, skipped: 0 };
mkdirSync(join(root, 'build'), { recursive: true });
for (const suite of suites) {
  const report = join(root, 'build', `test-${suite}.json`);
  rmSync(report, { force: true });
  console.log(`# ${suite}`);
  const run = spawnSync(
    process.execPath,
    [
      vitest,
      'run',
      '--config',
      join(root, 'test/vitest.config.ts'),
      '--project',
      suite,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      ...extra,
    ],
    { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] },
  );
  let counts = null;
  try {
    counts = JSON.parse(readFileSync(report, 'utf8'));
  } catch {
    // No report: vitest itself did not get to its end.
  }
  total.passed += counts?.numPassedTests ?? 0;
  total.skipped += (counts?.numPendingTests ?? 0) + (counts?.numTodoTests ?? 0);
  total.failed += counts?.numFailedTests ?? 0;
  // A file that cannot be loaded, an unhandled error or a suite without a test fails no single test.
  const unaccounted =
    counts === null || counts.numTotalTests === 0 || (run.status !== 0 && counts.numFailedTests === 0);
  if (unaccounted) total.failed += 1;
}
console.log(
  `${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`,
);
process.exit(total.failed > 0 || total.passed === 0 ? 1 : 0);
