/**
 * The contract of src/ports on one runtime: runs each case in turn and prints one line of JSON for each, {name, ok,
 * error, ms}. Arguments: the folder to work in; the suite's own command line comes in CONTRACT_SELF.
 */
import type { Runtime } from '../../../../src/ports/runtime.ts';
import { acts } from './acts.ts';
import { bytes, type Case } from './case.ts';
import { fileCases } from './files.ts';
import { processCases } from './processes.ts';
import { programCases, syslogCases } from './program.ts';
import { streamCases } from './streams.ts';
import { timeCases } from './time.ts';

const CASE_TIMEOUT_MS = 120_000;

/** The cases for a runtime, in the order in which they run. */
export function casesFor(runtime: Runtime['name']): Case[] {
  return [
    ...timeCases,
    ...processCases,
    ...fileCases,
    ...streamCases,
    ...programCases,
    ...(runtime === 'qjs' ? syslogCases : []),
  ];
}

async function runCase(runtime: Runtime, one: Case, folder: string): Promise<string | undefined> {
  const made = runtime.files.makeFolder(folder);
  if (!made.ok) return made.error.message;
  const self = (runtime.env('CONTRACT_SELF') ?? '').split(' ');
  const late = new Promise<string>((resolve) => {
    runtime.timers.after(CASE_TIMEOUT_MS, () => resolve(`not over after ${CASE_TIMEOUT_MS} ms`));
  });
  const work = (async () => {
    try {
      await one.run({ runtime, folder, self });
      return undefined;
    } catch (error) {
      return error instanceof Error ? `${error.message}\n${error.stack ?? ''}` : String(error);
    }
  })();
  return Promise.race([work, late]);
}

export async function runSuite(runtime: Runtime): Promise<void> {
  const [first, second, ...rest] = runtime.args;
  if (first === 'act') {
    acts[second ?? '']?.(runtime, rest);
    return;
  }
  const cases = casesFor(runtime.name);
  for (const [index, one] of cases.entries()) {
    const startMs = runtime.clock.monotonicMs();
    const error = await runCase(runtime, one, `${first ?? '/nowhere'}/${index}`);
    const ms = Math.round(runtime.clock.monotonicMs() - startMs);
    runtime.stdout(bytes(`${JSON.stringify({ name: one.name, ok: error === undefined, error, ms })}\n`));
  }
  runtime.exit(0);
}
