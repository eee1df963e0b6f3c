import { describe, expect, it } from 'vitest';
import type { TrackedProblem } from '../../../src/core/engine/state.ts';
import { nextDeadline } from '../../../src/core/engine/step.ts';
import type { Finding } from '../../../src/core/health/catalogue.ts';
import {
  nextVisibleAt,
  shownProblems,
  toHealth,
  trackProblems,
  visibleProblems,
} from '../../../src/core/health/problems.ts';
import { at, failed, feed, healthy, told } from '../engine/situations.ts';

const NOT_RUNNING: Finding = {
  code: 'conntrackd-not-running',
  where: 'conntrackd',
  text: 'It does not run.',
};
const LINK_DOWN: Finding = { code: 'conntrackd-link-down', where: 'conntrackd', text: 'The link is down.' };
const WARNING: Finding = { code: 'config-warning', where: 'hagw.a.b', text: 'No effect.' };

function track(before: readonly TrackedProblem[], findings: readonly Finding[], when: number) {
  return trackProblems(before, findings, when);
}

describe('trackProblems', () => {
  it('shows and tells a problem once it has lasted, and when it is over', () => {
    const first = track([], [NOT_RUNNING], 1000);
    expect(first.happenings).toEqual([]);
    expect(visibleProblems(first.problems, 3999)).toEqual([]);
    expect(nextVisibleAt(first.problems, 1000)).toBe(4000);
    const second = track(first.problems, [NOT_RUNNING], 4000);
    expect(second.happenings).toMatchObject([
      { kind: 'problem', subject: 'conntrackd-not-running', to: 'error' },
    ]);
    expect(second.problems[0]?.since).toBe(1000);
    expect(nextVisibleAt(second.problems, 4000)).toBeNull();
    expect(track(second.problems, [NOT_RUNNING], 5000).happenings).toEqual([]);
    const over = track(second.problems, [], 6000);
    expect(over.happenings).toMatchObject([{ from: 'error', to: 'resolved' }]);
    expect(over.problems).toEqual([]);
  });

  it('never tells of what was over before it showed', () => {
    const first = track([], [NOT_RUNNING], 1000);
    expect(track(first.problems, [], 2000).happenings).toEqual([]);
  });

  it('is silent about a consequence while its cause shows', () => {
    const both = track([], [NOT_RUNNING, LINK_DOWN], 1000);
    const later = track(both.problems, [NOT_RUNNING, LINK_DOWN], 9000);
    expect(later.happenings.map(({ subject }) => subject)).toEqual(['conntrackd-not-running']);
    expect(visibleProblems(later.problems, 9000).map(({ code }) => code)).toEqual(['conntrackd-not-running']);
    const rest = track(later.problems, [LINK_DOWN], 9500);
    expect(rest.happenings.map(({ subject, to }) => [subject, to])).toEqual([
      ['conntrackd-link-down', 'error'],
      ['conntrackd-not-running', 'resolved'],
    ]);
  });

  it('takes a new text of the same problem without telling it anew', () => {
    const first = track([], [WARNING], 1000);
    const second = track(first.problems, [{ ...WARNING, text: 'Other.' }], 2000);
    expect(second.happenings).toEqual([]);
    expect(second.problems[0]).toMatchObject({ text: 'Other.', since: 1000 });
  });
});

describe('shownProblems and toHealth', () => {
  it('are sorted by severity and sum up', () => {
    const { problems } = track([], [WARNING, NOT_RUNNING], 1000);
    const shown = shownProblems(problems, at(60_000));
    expect(shown.map(({ severity }) => severity)).toEqual(['error', 'warning']);
    expect(shown[0]?.since).toBe(at(1000).wallMs);
    expect(toHealth(shown)).toMatchObject({
      state: 'error',
      summary: 'conntrackd does not run, and 1 more.',
    });
    expect(toHealth(shown.slice(1)).summary).toBe('A setting of hagw has no effect.');
    expect(toHealth([])).toEqual({ state: 'ok', summary: 'All is well.', problems: [] });
  });
});

describe('in the engine', () => {
  it('a problem shows by a deadline, without any event', () => {
    const gone = feed(healthy(), [failed('vrrp', 'absent')], 2000);
    expect(nextDeadline(gone.state)).toBe(5000);
    const shown = feed(gone.state, [{ kind: 'tick' }], 5000);
    expect(told(shown.effects).map(({ subject }) => subject)).toEqual(['keepalived-not-running']);
    expect(shown.effects).toContainEqual(expect.objectContaining({ kind: 'log', level: 'err' }));
  });
});
