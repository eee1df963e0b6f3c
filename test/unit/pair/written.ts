/** The files of a router after hagw has written what a setup asks for. */
import type { ConfigProblem } from '../../../src/core/config/uci.ts';
import { keepalivedConf } from '../../../src/core/pair/candidate.ts';
import { compilePair } from '../../../src/core/pair/compile.ts';
import { type Actual, type Changes, planPair } from '../../../src/core/pair/plan.ts';
import { PAIR_PACKAGES } from '../../../src/core/pair/types.ts';
import { inputOf, type Setup } from './setups.ts';

export interface Written {
  readonly problems: readonly ConfigProblem[];
  readonly changes: Changes;
  /** Texts by path; files that are not there are left out. */
  readonly files: Readonly<Record<string, string>>;
  readonly keepalivedConf: Readonly<Record<'present' | '24.10', string>>;
  /** The same as `planPair` takes it. */
  readonly actual: Actual;
}

export function actualOf(uci: Readonly<Record<string, string>>): Actual {
  const packages = PAIR_PACKAGES.map((name) => [name, uci[name] ?? null] as const);
  return { packages: Object.fromEntries(packages) as Actual['packages'], files: {} };
}

export function afterChanges(before: Actual, changes: Changes): Actual {
  const packages = { ...before.packages };
  const files = { ...before.files };
  for (const change of changes.packages) packages[change.package] = change.after;
  for (const { path, after } of changes.files) files[path] = after;
  return { packages, files };
}

export function writtenFor(setup: Setup): Written {
  const { wanted, problems } = compilePair(inputOf(setup));
  if (wanted === null) throw new Error(`nothing is written: ${JSON.stringify(problems)}`);
  const before = actualOf(setup.uci);
  const changes = planPair(wanted, before);
  const actual = afterChanges(before, changes);
  const conf = (script: 'present' | '24.10'): string =>
    keepalivedConf(actual.packages.keepalived ?? '', script, 'DATE') ?? '';
  const texts = [
    ...PAIR_PACKAGES.map((name) => [`/etc/config/${name}`, actual.packages[name]] as const),
    ...Object.entries(actual.files),
  ];
  return {
    problems,
    changes,
    actual,
    files: Object.fromEntries(
      texts.flatMap(([path, text]) => (text === null ? [] : [[path, text] as const])),
    ),
    keepalivedConf: { present: conf('present'), '24.10': conf('24.10') },
  };
}
