/** Findings over time: since when each has been there, when it is shown, and what the timeline is told of it. */
import type { Health, Problem, Severity } from '../../api/status.ts';
import type { TrackedProblem } from '../engine/state.ts';
import { type Happening, type Now, wallOf } from '../events/timeline.ts';
import { LIMITS } from '../status/limits.ts';
import { CATALOGUE, type Finding, type ProblemCode, type Warnable } from './catalogue.ts';

const ORDER: readonly Severity[] = ['error', 'warning', 'notice'];

/** The catalogue's entry. Codes come from findings, which the type ties to the catalogue. */
function warnableOf(code: string): Warnable {
  return CATALOGUE[code as ProblemCode];
}

/** Those that have lasted long enough and whose cause is not shown itself. */
export function visibleProblems(problems: readonly TrackedProblem[], at: number): readonly TrackedProblem[] {
  const lasting = problems.filter(({ code, since }) => at - since >= warnableOf(code).visibleAfterMs);
  return lasting.filter(
    ({ code }) => !warnableOf(code).dependsOn.some((cause) => lasting.some((other) => other.code === cause)),
  );
}

/** When the next one becomes old enough to be shown, after `at`; null = none will. */
export function nextVisibleAt(problems: readonly TrackedProblem[], at: number): number | null {
  const times = problems
    .map(({ code, since }) => since + warnableOf(code).visibleAfterMs)
    .filter((time) => time > at);
  return times.length === 0 ? null : Math.min(...times);
}

function isSame(a: { code: string; where: string }, b: { code: string; where: string }): boolean {
  return a.code === b.code && a.where === b.where;
}

/** Merges what the checks find now into what was known; says what appeared and what is over. */
export function trackProblems(
  before: readonly TrackedProblem[],
  findings: readonly Finding[],
  at: number,
): { readonly problems: readonly TrackedProblem[]; readonly happenings: readonly Happening[] } {
  const merged = findings.map((finding): TrackedProblem => {
    const known = before.find((problem) => isSame(problem, finding));
    return { ...finding, since: known?.since ?? at, told: known?.told ?? false };
  });
  const visible = visibleProblems(merged, at);
  const happenings: Happening[] = [];
  const problems = merged.map((problem): TrackedProblem => {
    if (problem.told || !visible.includes(problem)) return problem;
    const { severity, title } = warnableOf(problem.code);
    const place = problem.where === '' ? '' : ` (${problem.where})`;
    const text = `${title}${place}: ${problem.text}`;
    happenings.push({ kind: 'problem', subject: problem.code, from: '', to: severity, text });
    return { ...problem, told: true };
  });
  for (const problem of before) {
    if (!problem.told || merged.some((other) => isSame(other, problem))) continue;
    const { severity, title } = warnableOf(problem.code);
    const place = problem.where === '' ? '' : ` (${problem.where})`;
    happenings.push({
      kind: 'problem',
      subject: problem.code,
      from: severity,
      to: 'resolved',
      text: `No longer: ${title}${place}.`,
    });
  }
  return { problems, happenings };
}

/** The problems to show, worst first, in the catalogue's order within a severity. */
export function shownProblems(problems: readonly TrackedProblem[], now: Now): Problem[] {
  const codes = Object.keys(CATALOGUE);
  return visibleProblems(problems, now.monotonicMs)
    .map(({ code, where, text, since }): Problem => {
      const { severity, title } = warnableOf(code);
      return { code, severity, title, text, where, since: wallOf(since, now) };
    })
    .sort(
      (a, b) =>
        ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity) ||
        codes.indexOf(a.code) - codes.indexOf(b.code),
    )
    .slice(0, LIMITS.problems);
}

/** The whole state in one word and one sentence. */
export function toHealth(problems: Problem[]): Health {
  const [worst] = problems;
  if (worst === undefined) return { state: 'ok', summary: 'All is well.', problems };
  const rest = problems.length - 1;
  const more = rest === 0 ? '' : `, and ${rest} more`;
  return { state: worst.severity, summary: `${worst.title}${more}.`, problems };
}
