/** Runs one command with fakes around it: what it wrote, called and ended with. It must have changed no file. */
import { expect } from 'vitest';
import type { CliEnvironment, ForeignImporters } from '../../../src/cli/environment.ts';
import { runCli } from '../../../src/cli/main.ts';
import { importFaultTolerantRouter } from '../../../src/core/import/fault-tolerant-router.ts';
import { importOpenBsd } from '../../../src/core/import/openbsd.ts';
import { fail, type Result } from '../../../src/lib/result.ts';
import type { BusError, BusTable } from '../../../src/ports/bus.ts';
import { createFakeFiles } from '../../fakes/files.ts';

/** No service on ubus. */
export const GONE: BusError = { code: 'status', status: 4, message: 'Not found' };

/** What the program on Node has, and the router's has not. */
const FOREIGN: ForeignImporters = {
  fault_tolerant_router: importFaultTolerantRouter,
  openbsd: importOpenBsd,
};

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
  readonly calls: readonly (readonly [string, string, BusTable])[];
  readonly isService: boolean;
}

export async function run(
  args: readonly string[],
  reply: Result<object, BusError> = fail(GONE),
  files: Readonly<Record<string, string>> = {},
  colours = false,
  foreignImporters = FOREIGN,
): Promise<Ran> {
  let [out, err, isService] = ['', '', false];
  const calls: (readonly [string, string, BusTable])[] = [];
  const fake = createFakeFiles(files);
  const env: CliEnvironment = {
    args,
    version: '1.2.3',
    files: fake.files,
    foreignImporters,
    colours,
    wallMs: () => new Date(2026, 10, 1, 4, 5, 6).getTime(),
    stdout: (text) => {
      out += text;
    },
    stderr: (text) => {
      err += text;
    },
    call: async (path, method, values) => {
      calls.push([path, method, values]);
      return reply as Result<BusTable, BusError>;
    },
    service: () => {
      isService = true;
    },
  };
  const code = await runCli(env);
  expect(fake.changed).toEqual([]);
  return { code, out, err, calls, isService };
}
