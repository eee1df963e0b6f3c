/**
 * Brings the files to what the pair needs: checked before anything is written, written each at once, back to what they were if one
 * of them fails. It decides nothing: the difference is core/pair/plan's.
 */

import { CONFIG_FOLDER, LARGEST_CONFIG } from '../../core/config/parse.ts';
import type { ConfigProblem } from '../../core/config/uci.ts';
import { candidatesOf } from '../../core/pair/candidate.ts';
import { type Actual, type Changes, planPair } from '../../core/pair/plan.ts';
import {
  PAIR_PACKAGES,
  type PairPackage,
  TABLE_FILE,
  type Wanted,
  WORD_FILE,
} from '../../core/pair/types.ts';
import { fail, ok, type Result } from '../../lib/result.ts';
import { decodeText, encodeText } from '../../lib/text.ts';
import type { Files } from '../../ports/files.ts';
import type { PairTools } from '../../ports/pair-tools.ts';

export interface PairOutcome {
  /** `refused`: nothing was touched; `failed`: it was tried, and all files are as before. */
  readonly state: 'unchanged' | 'applied' | 'refused' | 'failed';
  readonly changes: Changes;
  /** Whole sentences with their place. */
  readonly problems: readonly ConfigProblem[];
}

/** Others may write while we check: so often it is begun anew. */
const ATTEMPTS = 3;

const wrong = (where: string, text: string, severity: 'error' | 'warning' = 'error'): ConfigProblem => ({
  severity,
  where,
  text,
});

function readText(files: Files, path: string): Result<string | null, ConfigProblem> {
  const content = files.read(path, LARGEST_CONFIG);
  if (content.ok) return ok(decodeText(content.value));
  return content.error.code === 'ENOENT' ? ok(null) : fail(wrong(path, `${content.error.message}.`));
}

const pathOf = (name: PairPackage): string => `${CONFIG_FOLDER}/${name}`;

/** The files as they are now; the first that cannot be read stops it. */
export function readActual(files: Files, wanted: Wanted): Result<Actual, ConfigProblem> {
  const texts: Record<string, string | null> = {};
  for (const path of [...PAIR_PACKAGES.map(pathOf), ...Object.keys(wanted.files)]) {
    const text = readText(files, path);
    if (!text.ok) return text;
    texts[path] = text.value;
  }
  const packages = PAIR_PACKAGES.map((name) => [name, texts[pathOf(name)] ?? null] as const);
  return ok({ packages: Object.fromEntries(packages) as Actual['packages'], files: texts });
}

interface Write {
  readonly path: string;
  readonly before: string | null;
  readonly after: string | null;
  readonly mode: number;
}

function writesOf(changes: Changes): readonly Write[] {
  return [
    // Before the table is loaded for the first time, the script must know what it is about.
    ...changes.files.map((change) => ({ ...change, mode: 0o644 })),
    ...changes.packages.map(({ package: name, before, after }) => ({
      path: pathOf(name),
      before,
      after,
      mode: 0o600,
    })),
  ];
}

function put(files: Files, path: string, text: string | null, mode: number): Result<unknown, string> {
  if (text === null) {
    const gone = files.remove(path);
    return gone.ok || gone.error.code === 'ENOENT' ? ok(null) : fail(gone.error.message);
  }
  const folder = files.makeFolder(path.slice(0, path.lastIndexOf('/')));
  const done = folder.ok ? files.replace(path, encodeText(text), mode) : folder;
  return done.ok ? done : fail(done.error.message);
}

export interface PairApplier {
  /** Nothing is touched. */
  plan(wanted: Wanted): Result<Changes, ConfigProblem>;
  /** Not to be called again before it is over. */
  apply(wanted: Wanted): Promise<PairOutcome>;
}

export function createPairApplier(files: Files, tools: PairTools): PairApplier {
  const plan = (wanted: Wanted): Result<Changes, ConfigProblem> => {
    const actual = readActual(files, wanted);
    return actual.ok ? ok(planPair(wanted, actual.value)) : actual;
  };

  /** What keepalived would say of the file after the change and not of the one before. */
  const keepalivedProblems = async (changes: Changes): Promise<readonly ConfigProblem[]> => {
    const change = changes.packages.find((item) => item.package === 'keepalived');
    if (change === undefined) return [];
    for (const { generation, before, after } of candidatesOf(change)) {
      const now = await tools.keepalivedComplaints(after);
      if (!now.ok) return [wrong('keepalived', now.error)];
      if (now.value.length === 0) continue;
      const old = before === null ? ok([]) : await tools.keepalivedComplaints(before);
      const known = old.ok ? old.value : [];
      const news = now.value.filter((line) => !known.includes(line));
      if (news.length === 0) continue;
      const text = `keepalived would not take it as the init script of ${generation} writes it: ${news.slice(0, 3).join('; ')}.`;
      return [wrong('keepalived', text)];
    }
    return [];
  };

  /** Errors keep it from being done; what a table alone costs is left out and named. */
  const check = async (
    changes: Changes,
  ): Promise<{ changes: Changes; problems: readonly ConfigProblem[] }> => {
    const problems = [...(await keepalivedProblems(changes))];
    const left: string[] = [];
    for (const { path, after } of changes.files) {
      if (after === null || (path !== TABLE_FILE && path !== WORD_FILE)) continue;
      const checked = await tools.checkTable(after);
      if (checked.ok) continue;
      if (path === TABLE_FILE) problems.push(wrong(path, checked.error));
      else {
        left.push(path);
        const text = `The kernel does not take it (kmod-nft-dup-inet?), so adverts go over the LAN alone: ${checked.error}`;
        problems.push(wrong(path, text, 'warning'));
      }
    }
    return {
      changes: { ...changes, files: changes.files.filter(({ path }) => !left.includes(path)) },
      problems,
    };
  };

  const restore = (done: readonly Write[]): readonly ConfigProblem[] =>
    [...done].reverse().flatMap(({ path, before, mode }) => {
      const back = put(files, path, before, mode);
      return back.ok ? [] : [wrong(path, `Cannot be put back: ${back.error}.`)];
    });

  /** `changed`: somebody else wrote meanwhile. */
  const write = (writes: readonly Write[]): 'changed' | readonly ConfigProblem[] => {
    const done: Write[] = [];
    for (const item of writes) {
      const now = readText(files, item.path);
      if (!now.ok || now.value !== item.before) {
        const stuck = restore(done);
        return stuck.length > 0 ? stuck : 'changed';
      }
      const result = put(files, item.path, item.after, item.mode);
      if (!result.ok) return [wrong(item.path, `Cannot be written: ${result.error}.`), ...restore(done)];
      done.push(item);
    }
    return [];
  };

  const reload = async (changes: Changes): Promise<readonly ConfigProblem[]> => {
    const problems: ConfigProblem[] = [];
    for (const service of changes.services) {
      const done = await tools.reload(service);
      if (!done.ok) problems.push(wrong(service, done.error));
    }
    return problems;
  };

  const attempt = async (wanted: Wanted): Promise<PairOutcome | 'changed'> => {
    const planned = plan(wanted);
    const none: Changes = { packages: [], files: [], services: [], problems: [] };
    if (!planned.ok) return { state: 'refused', changes: none, problems: [planned.error] };
    if (planned.value.problems.length > 0)
      return { state: 'refused', changes: planned.value, problems: planned.value.problems };
    const { changes, problems } = await check(planned.value);
    if (problems.some(({ severity }) => severity === 'error')) return { state: 'refused', changes, problems };
    const writes = writesOf(changes);
    if (writes.length === 0) return { state: 'unchanged', changes, problems };
    const written = write(writes);
    if (written === 'changed') return 'changed';
    if (written.length > 0) return { state: 'failed', changes, problems: [...problems, ...written] };
    if (changes.services.includes('firewall')) {
      const checked = await tools.checkFirewall();
      if (!checked.ok) {
        const back = restore(writes);
        return {
          state: 'failed',
          changes,
          problems: [...problems, wrong('firewall', checked.error), ...back],
        };
      }
    }
    return { state: 'applied', changes, problems: [...problems, ...(await reload(changes))] };
  };

  return {
    plan,
    apply: async (wanted) => {
      for (let round = 0; round < ATTEMPTS; round += 1) {
        const outcome = await attempt(wanted);
        if (outcome !== 'changed') return outcome;
      }
      const text = 'The files were changed by somebody else each time they were about to be written.';
      return {
        state: 'failed',
        changes: { packages: [], files: [], services: [], problems: [] },
        problems: [wrong('hagw', text)],
      };
    },
  };
}
