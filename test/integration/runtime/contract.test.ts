/** One contract, two runtimes: the same cases on the real qjs and on Node, in the lab's root. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { casesFor } from './contract/suite.ts';
import { runInSandbox } from './sandbox.ts';

interface Outcome {
  readonly name: string;
  readonly ok: boolean;
  readonly error?: string;
}

const RUNTIMES = {
  qjs: {
    self: 'qjs -m /mnt/qjs.mjs',
    options: ['--no-unhandled-rejection'],
    platform: 'neutral',
    target: 'es2020',
  },
  node: { self: 'node /mnt/node.mjs', options: [], platform: 'node', target: 'node20' },
} as const;

let scratch: string;
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'hagw-contract-'));
  // One case looks at it as another user.
  chmodSync(scratch, 0o755);
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

async function bundle(name: keyof typeof RUNTIMES): Promise<void> {
  const { platform, target } = RUNTIMES[name];
  const result = await build({
    entryPoints: [join(import.meta.dirname, `contract/main-${name}.ts`)],
    bundle: true,
    write: false,
    format: 'esm',
    platform,
    target,
    conditions: ['source'],
    external: name === 'qjs' ? ['std', 'os'] : [],
  });
  writeFileSync(join(scratch, `${name}.mjs`), result.outputFiles[0]?.contents ?? '');
}

describe.each(['qjs', 'node'] as const)('%s keeps the contract', (name) => {
  let outcomes: Outcome[] = [];
  let words = '';
  beforeAll(async () => {
    await bundle(name);
    mkdirSync(join(scratch, name));
    const { self, options } = RUNTIMES[name];
    const [program = '', ...rest] = self.split(' ');
    // qjs would end at once when an async case throws before its first await; what a case starts has the default.
    const command = [program, ...options, ...rest];
    const run = runInSandbox(scratch, [...command, `/mnt/${name}`], { CONTRACT_SELF: self }, 280_000);
    words = `status ${run.status}\n${run.stdout.slice(-2000)}\n${run.stderr.slice(-4000)}`;
    outcomes = run.stdout
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Outcome);
  });

  it.each(casesFor(name).map((one) => one.name))('%s', (title) => {
    const outcome = outcomes.find((one) => one.name === title);
    expect(outcome, `the case did not report:\n${words}`).toBeDefined();
    expect(outcome?.error ?? '').toBe('');
    expect(outcome?.ok).toBe(true);
  });
});
