/**
 * The recorded timelines of mwan3 2.12 (test/captures/mwan3/track-*) through our tracker with mwan3's settings: what was done to
 * the targets there is done here, in virtual time. The order of states must be the same and none may be entered later than
 * it was there. What differs on purpose is said at the case; docs/tracking.md has the reasons.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findSection, optionList, optionText, parsePackage } from 'uci-parser';
import { describe, expect, it } from 'vitest';
import type { TrackConfig } from '../../../src/core/policy/model.ts';
import { answering, type Path, type Simulation, simulate, trackConfig } from '../../unit/track/simulate.ts';

const CAPTURES = join(import.meta.dirname, '../../captures/mwan3');

interface Recorded {
  readonly at: number;
  readonly status: string;
}

/** The states of the timeline: STATUS of the files, in seconds from the first finished cycle. */
function recorded(name: string): Recorded[] {
  const text = readFileSync(join(CAPTURES, name, 'timeline.txt'), 'utf8');
  return text.split('\n').flatMap((line) => {
    const match = /^\s*(-?[\d.]+) (?:status|files) .*\bSTATUS=(\w+)/.exec(line);
    return match === null ? [] : [{ at: Number(match[1]), status: match[2] ?? '' }];
  });
}

/** What was done, as the timeline says it. */
function deeds(name: string): { readonly at: number; readonly text: string }[] {
  const text = readFileSync(join(CAPTURES, name, 'timeline.txt'), 'utf8');
  return text.split('\n').flatMap((line) => {
    const match = /^\s*([\d.]+) do\s+(.*)$/.exec(line);
    return match === null ? [] : [{ at: Number(match[1]), text: match[2] ?? '' }];
  });
}

/** The recording's own configuration of `wan`. */
function configOf(name: string): TrackConfig {
  const parsed = parsePackage('mwan3', readFileSync(join(CAPTURES, name, 'mwan3'), 'utf8'));
  const section = parsed.ok ? findSection(parsed.value, 'wan') : undefined;
  if (section === undefined || section === null) throw new Error(`${name}/mwan3 has no interface wan`);
  const text = (option: string): string => optionText(section, option) ?? '';
  const seconds = (option: string): number => Number(text(option)) * 1000;
  return trackConfig({
    targets: optionList(section, 'track_ip'),
    reliability: Number(text('reliability')),
    count: Number(text('count')),
    timeoutMs: seconds('timeout'),
    intervalMs: seconds('interval'),
    up: Number(text('up')),
    down: Number(text('down')),
    quality:
      text('check_quality') === '1'
        ? {
            failureLatencyMs: Number(text('failure_latency')),
            recoveryLatencyMs: Number(text('recovery_latency')),
            failureLossPct: Number(text('failure_loss')),
            recoveryLossPct: Number(text('recovery_loss')),
          }
        : null,
  });
}

function replay(
  name: string,
  path: Path,
  endS: number,
): { readonly ours: Recorded[]; readonly run: Simulation } {
  const run = simulate(configOf(name), path);
  run.send({ kind: 'linkUp' });
  for (const deed of deeds(name)) {
    if (deed.text === 'carrier lost') run.at(deed.at * 1000, () => run.send({ kind: 'linkDown' }));
    if (deed.text === 'carrier back') run.at(deed.at * 1000, () => run.send({ kind: 'linkUp' }));
  }
  run.runTo(endS * 1000);
  return { ours: run.changes.map(({ at, to }) => ({ at: at / 1000, status: to })), run };
}

/**
 * Same order; nothing goes down later than there. Coming up may wait for the next round, 1 s after the last: when mwan3's next
 * cycle began was chance (in track-02 0.2 s after the targets came back).
 */
function expectSame(ours: readonly Recorded[], theirs: readonly Recorded[]): void {
  expect(ours.map(({ status }) => status)).toEqual(theirs.map(({ status }) => status));
  ours.forEach(({ at, status }, index) => {
    const waitS = status === 'connecting' || status === 'online' ? 1 : 0;
    if (index > 0) expect(at, status).toBeLessThanOrEqual((theirs[index]?.at ?? 0) + waitS);
  });
}

describe('timelines of mwan3', () => {
  it('track-01: one target dies at 5 and answers again at 15', () => {
    const path = answering((_target, at) => at >= 5000 && at < 15_010);
    expectSame(replay('track-01-one-target', path, 24).ours, recorded('track-01-one-target'));
  });

  it('track-02: two targets, reliability 1: the first alone changes nothing', () => {
    const name = 'track-02-two-targets-reliability-1';
    const path = answering((target, at) =>
      target === '198.51.100.1' ? at >= 4010 && at < 18_010 : at >= 9010 && at < 18_010,
    );
    const { ours, run } = replay(name, path, 25);
    expectSame(ours, recorded(name));
    // Of the two dead targets both are asked at once: 3 rounds take as long as with one.
    const [, disconnecting, offline] = ours;
    expect((offline?.at ?? 0) - (disconnecting?.at ?? 0)).toBe(2);
    expect(run.state().targets.map(({ status }) => status)).toEqual(['up', 'up']);
  });

  it('track-03: four targets, reliability 2: two may die, a third takes the WAN out', () => {
    const name = 'track-03-reliability-2-of-4';
    const died: Readonly<Record<string, number>> = {
      '198.51.100.1': 4000,
      '198.51.100.2': 4000,
      '198.51.100.3': 9000,
    };
    const path = answering((target, at) => at >= (died[target] ?? 1e9) && at < 20_000);
    expectSame(replay(name, path, 30).ours, recorded(name));
  });

  it('track-06: loss at or above the failure bound is bad, between the bounds a WAN stays down', () => {
    const name = 'track-06-check-quality';
    const path = answering((_target, at, seq) => {
      if (at < 8000 || at >= 44_000) return false;
      return at < 30_000 ? seq % 5 < 3 : seq % 5 === 0;
    });
    expectSame(replay(name, path, 63).ours, recorded(name));
  });

  it('track-07: ifdown acts at once, and after ifup one good round is enough', () => {
    const name = 'track-07-carrier-force-link-0';
    const { ours, run } = replay(
      name,
      answering(() => false),
      20,
    );
    // On purpose: `disabled` is left to the administrator; a WAN without a link is offline. So mwan3's third state goes.
    const theirs = recorded(name).filter(({ status }) => status !== 'disabled');
    expectSame(ours, theirs);
    // mwan3 sends FIRSTCONNECT=1 again after ifup; so do we.
    expect(run.changes.filter(({ to }) => to === 'online').map(({ first }) => first)).toEqual([true, true]);
    // On purpose: mwan3 says connected before its first ping; here a probe was answered.
    expect(run.changes[3]?.reason.code).toBe('round-good');
  });

  it('track-09: a reload leaves a dead WAN dead', () => {
    const name = 'track-09-reload-while-down';
    const run = simulate(
      configOf(name),
      answering((_target, at) => at >= 3000),
    );
    run.send({ kind: 'linkUp' });
    run.at(10_020, () => run.send({ kind: 'configChanged', config: configOf(name), enabled: true }));
    run.runTo(24_000);
    // On purpose: mwan3 takes the WAN for online again at 12.4, until `down` is reached a second time.
    const theirs = recorded(name).filter(({ at }) => at < 12);
    expect(
      recorded(name)
        .map(({ status }) => status)
        .slice(theirs.length),
    ).toEqual(['online', 'disconnecting', 'offline']);
    expectSame(
      run.changes.map(({ at, to }) => ({ at: at / 1000, status: to })),
      theirs,
    );
  });
});
