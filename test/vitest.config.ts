import { defineConfig } from 'vitest/config';

/**
 * One suite per folder set. `unit` needs nothing but Node; `system` needs root, Debian's packages, the lab's root and
 * a build (make test brings them about); two of its files run at a time, since most of a lab's time is waiting.
 */
const unit = ['unit', 'wire', 'golden', 'packets', 'fakes'];
const system = ['integration', 'lab', 'luci'];
const files = (folders: string[]) => folders.map((folder) => `${folder}/**/*.test.{ts,tsx}`);
const shared = {
  resolve: { conditions: ['source', 'import', 'module', 'node', 'default'] },
  ssr: { resolve: { conditions: ['source', 'import', 'module', 'node', 'default'] } },
  oxc: { jsx: { runtime: 'automatic' as const, importSource: 'preact' } },
};

export default defineConfig({
  ...shared,
  root: import.meta.dirname,
  test: {
    projects: [
      {
        ...shared,
        test: { name: 'unit', root: import.meta.dirname, include: files(unit), testTimeout: 60_000 },
      },
      {
        ...shared,
        test: {
          name: 'system',
          root: import.meta.dirname,
          include: files(system),
          maxWorkers: 2,
          // Far beyond what anything takes on an idle machine: a busy one is no failure.
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
