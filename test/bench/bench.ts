/**
 * `make bench`: runs the groups, prints one table and writes the same to build/bench.json. A measurement that fails is
 * told and makes the whole fail; a goal that is missed does not: that is a result.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLab, type Lab } from '../lab/lab.ts';
import { waitForPair } from '../lab/pair.ts';
import type { BenchContext, BenchGroup } from './group.ts';
import { GROUPS } from './groups.ts';
import { type Row, tableOf } from './rows.ts';

/** The groups that have one of the wanted rows, all of them if none is named. Throws for a name that no group has. */
export function chooseGroups(only: readonly string[], groups: readonly BenchGroup[] = GROUPS): BenchGroup[] {
  const known = groups.flatMap(({ names }) => names);
  const unknown = only.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new Error(`There is no measurement ${unknown.join(', ')}; there are ${known.join(', ')}.`);
  }
  return groups.filter(({ names }) => only.length === 0 || names.some((name) => only.includes(name)));
}

/** Runs the groups one after another. A group that fails leaves a sentence and no row. */
export async function measure(
  groups: readonly BenchGroup[],
  only: readonly string[],
  context: BenchContext,
): Promise<{ rows: Row[]; failures: string[] }> {
  const rows: Row[] = [];
  const failures: string[] = [];
  for (const group of groups) {
    const wanted = group.names.filter((name) => only.length === 0 || only.includes(name));
    try {
      const measured = await group.run(context);
      rows.push(...measured.filter(({ name }) => wanted.includes(name)));
      const missing = wanted.filter((name) => !measured.some((row) => row.name === name));
      if (missing.length > 0) failures.push(`${missing.join(', ')}: not measured.`);
    } catch (error) {
      failures.push(`${wanted.join(', ')}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { rows, failures };
}

/** Measures what is named (row names; none = all). Gives the exit status: 0 all measured, 1 something failed. */
export async function runBench(only: readonly string[], root: string): Promise<number> {
  let lab: Promise<Lab> | undefined;
  const say = (line: string): void => {
    process.stderr.write(`bench: ${line}\n`);
  };
  const bringUp = async (): Promise<Lab> => {
    say('bringing the pair up');
    const made = await createLab();
    try {
      await waitForPair(made);
    } catch (error) {
      await made.close();
      throw error;
    }
    return made;
  };
  try {
    const context: BenchContext = {
      root,
      say,
      lab: () => {
        lab ??= bringUp();
        return lab;
      },
    };
    const { rows, failures } = await measure(chooseGroups(only), only, context);
    mkdirSync(join(root, 'build'), { recursive: true });
    writeFileSync(join(root, 'build/bench.json'), `${JSON.stringify(rows, null, 2)}\n`);
    process.stdout.write(`${tableOf(rows)}\n`);
    for (const failure of failures) process.stderr.write(`bench: failed: ${failure}\n`);
    return failures.length === 0 ? 0 : 1;
  } finally {
    // A lab that never came up has told its failure already.
    const made = await lab?.catch(() => undefined);
    await made?.close();
  }
}
