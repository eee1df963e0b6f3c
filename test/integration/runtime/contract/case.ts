/** What a case of the contract suite is given, and its checks. ES2020 and the runtime ports only: it runs on qjs, too. */
import { decodeText, encodeText } from '../../../../src/lib/text.ts';
import type { Completed, ProcessExit } from '../../../../src/ports/processes.ts';
import type { Runtime } from '../../../../src/ports/runtime.ts';

export interface Bench {
  readonly runtime: Runtime;
  /** An empty folder of the case's own. */
  readonly folder: string;
  /** How the suite's own program is started: `[...self, 'act', NAME]` runs an act of acts.ts. */
  readonly self: readonly string[];
}

export interface Case {
  readonly name: string;
  run(bench: Bench): Promise<void> | void;
}

export class CaseFailure extends Error {}

export function equal(actual: unknown, expected: unknown, what: string): void {
  const [is, should] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (is !== should)
    throw new CaseFailure(`${what}: ${is?.slice(0, 300)} instead of ${should?.slice(0, 300)}`);
}

export function check(condition: boolean, what: string): void {
  if (!condition) throw new CaseFailure(what);
}

export const text = decodeText;
export const bytes = encodeText;
export const EXIT_0: ProcessExit = { kind: 'exited', code: 0 };

export function sleep({ runtime }: Bench, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    runtime.timers.after(delayMs, resolve);
  });
}

/** Polls until the condition holds; the deadline is far beyond what it takes. */
export async function until(bench: Bench, what: string, condition: () => boolean): Promise<void> {
  const endMs = bench.runtime.clock.monotonicMs() + 30_000;
  while (!condition()) {
    check(bench.runtime.clock.monotonicMs() < endMs, `${what}: did not come about`);
    await sleep(bench, 5);
  }
}

/** Runs a program that can be started. */
export async function run(
  { runtime }: Bench,
  argv: readonly string[],
  stdin?: Uint8Array,
): Promise<Completed> {
  const done = await runtime.processes.run(argv, {
    timeoutMs: 30_000,
    maxOutputBytes: 16 << 20,
    ...(stdin === undefined ? {} : { stdin }),
  });
  if (!done.ok) throw new CaseFailure(done.error.message);
  return done.value;
}

/** `length` bytes with every byte value and no short period, so that a lost or moved piece shows. */
export function pattern(length: number): Uint8Array {
  const made = new Uint8Array(length);
  for (let at = 0; at < length; at += 1) made[at] = (at ^ (at >> 8) ^ ((at >> 16) * 7)) & 0xff;
  return made;
}

export function sameBytes(actual: Uint8Array, expected: Uint8Array, what: string): void {
  equal(actual.length, expected.length, `${what}, length`);
  const differs = actual.findIndex((byte, at) => byte !== expected[at]);
  check(differs < 0, `${what}: differs at byte ${differs}`);
}

export function join(chunks: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

export function mustRead({ runtime }: Bench, path: string): Uint8Array {
  const content = runtime.files.read(path);
  if (!content.ok) throw new CaseFailure(content.error.message);
  return content.value;
}

export function codeOf(result: { ok: true } | { ok: false; error: { code: string } }): string {
  return result.ok ? 'ok' : result.error.code;
}

/** Descriptors that the suite's process has open. */
export function openDescriptors({ runtime }: Bench): number {
  const names = runtime.files.list('/proc/self/fd');
  return names.ok ? names.value.length : -1;
}
