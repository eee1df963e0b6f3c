/**
 * Every recording of the real `uci` replayed: the same commands on the same files, in a folder that stands for the
 * root. Output, messages, exit statuses, config files and pending changes must be the recorded ones.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { decodeText, encodeText } from 'uci-parser';
import { runUci } from 'uci-parser/cli';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rootedFiles } from '../../support/rooted-files.ts';

type Text =
  | string
  | { readonly hex: string }
  | { readonly head: string; readonly tail?: string; readonly length: number };
interface StepRecord {
  readonly argv?: readonly string[];
  readonly stdin?: string;
  readonly stdout?: Text;
  readonly stderr?: Text;
  readonly exit?: number;
  readonly write?: string;
  readonly writeDelta?: string;
  readonly content?: string;
  readonly configAfter?: Readonly<Record<string, Text | null>>;
  readonly deltaAfter?: Readonly<Record<string, Text>>;
}
interface CaseRecord {
  readonly name: string;
  readonly package: readonly string[];
  readonly steps: readonly StepRecord[];
}

/** Steps that are not replayed, by case, with the reason; everything before them is. */
const LEFT_OUT: Readonly<Record<string, { readonly from: number; readonly why: string }>> = {
  '80-read-only-file': {
    from: 1,
    why: "the permissions of a non-root user on root's files; tests run as root",
  },
  '91-ucode-uci': { from: 0, why: 'runs another program, the ucode module' },
};

const captures = join(import.meta.dirname, '../../captures/uci');
const cases = readdirSync(captures).filter((name) => statSync(join(captures, name)).isDirectory());
let root = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'uci-recording-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function bytesOf(text: Text | undefined): { equals: (actual: string) => void } {
  return {
    equals(actual) {
      if (text === undefined || typeof text === 'string') expect(actual).toBe(text ?? '');
      else if ('hex' in text) expect(Buffer.from(encodeText(actual)).toString('hex')).toBe(text.hex);
      else {
        expect(encodeText(actual).length).toBe(text.length);
        expect(actual.startsWith(text.head)).toBe(true);
        expect(actual.endsWith(text.tail ?? '')).toBe(true);
      }
    },
  };
}

/** path → content of the files below a folder of the root. */
function filesBelow(folder: string): Record<string, string> {
  const base = join(root, folder);
  if (!existsSync(base)) return {};
  return Object.fromEntries(
    readdirSync(base, { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => [entry.name, decodeText(readFileSync(join(base, entry.name)))]),
  );
}

function put(path: string, content: Uint8Array): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}

interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly exit: number;
}

function run(step: StepRecord): Outcome {
  const [program, ...args] = step.argv ?? [];
  if (program === 'cat') {
    return { stdout: decodeText(readFileSync(join(root, args[0] ?? ''))), stderr: '', exit: 0 };
  }
  if (program === 'find') {
    const base = join(root, args[0] ?? '');
    const found = readdirSync(base, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    const names = found.map((entry) => `/${relative(root, join(entry.parentPath, entry.name))}\n`);
    // find's order is the folder's; compared as a set.
    return { stdout: names.sort().reverse().join(''), stderr: '', exit: 0 };
  }
  let stdout = '';
  let stderr = '';
  const exit = runUci(args, {
    files: rootedFiles(root),
    stdout: (text) => {
      stdout += text;
    },
    stderr: (text) => {
      stderr += text;
    },
    readStdin: () => encodeText(step.stdin ?? ''),
  });
  return { stdout, stderr, exit };
}

/** What was written by hand; one recording describes it instead of giving it. */
function contentByHand(name: string, content: string): string {
  if (content !== '(section w1 is now called w2)') return content;
  return decodeText(readFileSync(join(captures, name, 'input'))).replace('w1', 'w2');
}

/** The recorder's /tmp/.uci was there from earlier runs. */
function prepare(name: string): void {
  mkdirSync(join(root, 'tmp/.uci'), { recursive: true });
  for (const file of readdirSync(join(captures, name))) {
    const match = /^input(?:\.(.+))?$/.exec(file);
    if (match !== null) put(`etc/config/${match[1] ?? 't'}`, readFileSync(join(captures, name, file)));
  }
}

/** Files that the step changed, as the recording has them: null = removed. */
function changed(
  before: Record<string, string>,
  after: Record<string, string>,
): Record<string, string | null> {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return Object.fromEntries(
    names.filter((name) => before[name] !== after[name]).map((name) => [name, after[name] ?? null]),
  );
}

describe('recordings of uci', () => {
  it('are all there, and what is left out exists', () => {
    expect(cases.length).toBeGreaterThan(50);
    for (const name of Object.keys(LEFT_OUT)) expect(cases).toContain(name);
  });

  it.each(cases)('%s', (name) => {
    const record = JSON.parse(readFileSync(join(captures, name, 'case.json'), 'utf8')) as CaseRecord;
    prepare(name);
    const steps = record.steps.slice(0, LEFT_OUT[name]?.from ?? record.steps.length);
    steps.forEach((step, index) => {
      const label = `step ${index + 1}: ${(step.argv ?? ['by hand']).join(' ')}`;
      if (step.argv === undefined) {
        put(step.write ?? step.writeDelta ?? '', encodeText(contentByHand(name, step.content ?? '')));
        return;
      }
      const config = filesBelow('etc/config');
      const delta = filesBelow('tmp/.uci');
      const outcome = run(step);
      try {
        expect(outcome.exit).toBe(step.exit);
        bytesOf(step.stderr).equals(outcome.stderr);
        bytesOf(step.stdout).equals(outcome.stdout);
        const configNow = changed(config, filesBelow('etc/config'));
        expect(Object.keys(configNow)).toEqual(Object.keys(step.configAfter ?? {}));
        for (const [file, content] of Object.entries(step.configAfter ?? {})) {
          if (content === null) expect(configNow[file]).toBeNull();
          else bytesOf(content).equals(configNow[file] ?? '');
        }
        const deltaNow = filesBelow('tmp/.uci');
        if (step.deltaAfter === undefined) expect(deltaNow).toEqual(delta);
        for (const [file, content] of Object.entries(step.deltaAfter ?? {}))
          bytesOf(content).equals(deltaNow[file] ?? '');
      } catch (error) {
        throw new Error(`${label}: ${(error as Error).message}`);
      }
    });
    if (LEFT_OUT[name] !== undefined) return;
    for (const file of readdirSync(join(captures, name))) {
      const match = /^output(?:\.(.+))?$/.exec(file);
      if (match === null) continue;
      const path = join(root, 'etc/config', match[1] ?? 't');
      expect(readFileSync(path).equals(readFileSync(join(captures, name, file))), file).toBe(true);
    }
  });
});
