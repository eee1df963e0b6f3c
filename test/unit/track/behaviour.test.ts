import { describe, expect, it } from 'vitest';
import { defaultTiming } from '../../../src/core/track/defaults.ts';
import { createTracker, stepTracker } from '../../../src/core/track/step.ts';
import { answering, type Path, type Simulation, simulate, trackConfig } from './simulate.ts';

const ONE = ['198.51.100.1'];
const TWO = ['198.51.100.1', '198.51.100.2'];

function fast(targets: readonly string[], path: Path): Simulation {
  const run = simulate(trackConfig({ targets, ...defaultTiming(targets.length) }), path);
  run.send({ kind: 'linkUp' });
  return run;
}
const statuses = (run: Simulation): string[] => run.changes.map(({ to }) => to);

/** Pseudo-random numbers, the same in each run (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

describe('default timing', () => {
  it.each([
    ['one target', ONE],
    ['two targets', TWO],
  ])('finds a black hole within 350 ms, whenever it begins: %s', (_name, targets) => {
    for (let offset = 0; offset < 100; offset += 7) {
      const begin = 5000 + offset;
      const run = fast(targets, (_target, at) => (at >= begin ? null : 20));
      run.runTo(8000);
      expect(statuses(run)).toEqual(['online', 'disconnecting', 'offline']);
      expect((run.changes[2]?.at ?? 0) - begin).toBeLessThanOrEqual(350);
    }
  });

  it.each([
    ['one target', ONE],
    ['two targets', TWO],
  ])('makes no false alarm in 10 minutes of 5 %% random loss: %s', (_name, targets) => {
    const dice = random(3);
    const run = fast(targets, (_target, at) => (at > 3000 && dice() < 0.05 ? null : 20));
    run.runTo(600_000);
    expect(statuses(run).filter((to) => to === 'offline')).toEqual([]);
  });

  it('lets a link with a long round trip up, with more time for its replies', () => {
    const run = fast(ONE, () => 620);
    run.runTo(20_000);
    expect(statuses(run)).toEqual(['online']);
    expect(run.state().timeoutMs).toBe(1200);
  });

  it('learns anew after a failure: a path that has become slow comes back', () => {
    const run = fast(ONE, (_target, at) => (at < 5000 ? 10 : 400));
    run.runTo(20_000);
    expect(statuses(run)).toEqual(['online', 'disconnecting', 'offline', 'connecting', 'online']);
  });
});

describe('suspicion', () => {
  it('decides a black hole within 150 ms', () => {
    const run = fast(TWO, (_target, at) => (at >= 5001 ? null : 10));
    run.runTo(5001);
    run.send({ kind: 'trafficSuspicion' });
    run.runTo(5150);
    expect(run.state().targets.map(({ status }) => status)).toEqual(['down', 'down']);
    run.runTo(6000);
    expect(statuses(run)).toEqual(['online', 'offline']);
    expect(run.changes[1]?.reason.code).toBe('burst-bad');
    expect((run.changes[1]?.at ?? 0) - 5001).toBeLessThanOrEqual(150);
  });

  it('is cleared by answers, and asked again only after a pause', () => {
    const run = fast(TWO, () => 10);
    run.runTo(5000);
    for (let again = 0; again < 20; again += 1) {
      run.send({ kind: 'trafficSuspicion' });
      run.runTo(run.now() + 25);
    }
    expect(statuses(run)).toEqual(['online']);
    expect(run.effects.filter(({ kind }) => kind === 'burst')).toHaveLength(1);
  });

  it('is nothing by itself: a burst that was never sent changes nothing', () => {
    const config = trackConfig();
    const online = stepTracker(createTracker('wan', config, true, 0), { kind: 'linkUp' }, 0).state;
    const burst = stepTracker(online, { kind: 'trafficSuspicion' }, 10).state;
    const after = stepTracker(burst, { kind: 'tick' }, burst.burst?.giveUpAt ?? 0).state;
    expect([after.status, after.burst]).toEqual(['online', null]);
  });
});

describe('rounds', () => {
  it('are not failed by a lost probe whose successor was answered', () => {
    const config = trackConfig({ intervalMs: 100, timeoutMs: 1000, down: 2 });
    const run = simulate(
      config,
      answering((_target, _at, seq) => seq % 3 === 1),
    );
    run.send({ kind: 'linkUp' });
    run.runTo(30_000);
    expect(statuses(run)).toEqual(['online']);
    expect(run.state().targets[0]?.recent.filter((latencyMs) => latencyMs < 0).length).toBeGreaterThan(5);
  });

  it('need all targets where reliability is beyond their number', () => {
    const config = trackConfig({ targets: TWO, reliability: 5 });
    const run = simulate(
      config,
      answering((target, at) => target === TWO[1] && at > 5000),
    );
    run.send({ kind: 'linkUp' });
    run.runTo(4900);
    expect(statuses(run)).toEqual(['online']);
    run.runTo(10_000);
    expect(statuses(run)).toEqual(['online', 'disconnecting', 'offline']);
  });

  it('tell a target that went silent alone from a dead WAN, once', () => {
    const run = fast(
      TWO,
      answering((target, at) => target === TWO[0] && at > 5000 && at < 20_000),
    );
    run.runTo(30_000);
    expect(statuses(run)).toEqual(['online']);
    const told = run.effects.filter((effect) => effect.kind === 'log');
    expect(told.map(({ text }) => text)).toEqual([
      expect.stringContaining('does not answer though others do'),
      expect.stringContaining('answers again'),
    ]);
  });

  it('of a WAN that probes took out need all `up`, even when the link goes and comes', () => {
    const run = simulate(
      trackConfig(),
      answering((_target, at) => at >= 3000 && at < 9000),
    );
    run.send({ kind: 'linkUp' });
    run.runTo(7000);
    run.send({ kind: 'linkDown' });
    run.runTo(8000);
    run.send({ kind: 'linkUp' });
    run.runTo(20_000);
    expect(statuses(run)).toEqual(['online', 'disconnecting', 'offline', 'connecting', 'online']);
    const [connecting, online] = run.changes.slice(-2);
    expect((online?.at ?? 0) - (connecting?.at ?? 0)).toBe(2000);
  });

  it('keep their verdict between the bounds of quality: no flapping', () => {
    const quality = {
      failureLatencyMs: 1000,
      recoveryLatencyMs: 500,
      failureLossPct: 40,
      recoveryLossPct: 10,
    };
    // 20 % loss all the time: mwan3 would take the WAN out, though its failure bound is 40 %.
    const run = simulate(
      trackConfig({ count: 5, down: 2, up: 2, quality }),
      answering((_target, at, seq) => at > 5000 && seq % 5 === 0),
    );
    run.send({ kind: 'linkUp' });
    run.runTo(60_000);
    expect(statuses(run)).toEqual(['online']);
  });

  it('take a slow path out by its latency and let it back below the recovery bound only', () => {
    const quality = {
      failureLatencyMs: 500,
      recoveryLatencyMs: 200,
      failureLossPct: 40,
      recoveryLossPct: 10,
    };
    const path: Path = (_target, at) => (at < 10_000 ? 20 : at < 30_000 ? 600 : at < 50_000 ? 300 : 50);
    const run = simulate(trackConfig({ count: 5, down: 2, up: 2, quality }), path);
    run.send({ kind: 'linkUp' });
    run.runTo(49_000);
    expect(statuses(run)).toEqual(['online', 'disconnecting', 'offline']);
    run.runTo(60_000);
    expect(statuses(run).slice(3)).toEqual(['connecting', 'online']);
  });
});

describe('a start', () => {
  it('adopts what an earlier run left behind', () => {
    const state = createTracker('wan', trackConfig(), true, 0, 0, 'offline');
    expect(stepTracker(state, { kind: 'linkUp' }, 1).state.status).toBe('offline');
  });

  it('begins anywhere in the list of targets', () => {
    const first = (shuffle: number) =>
      createTracker('wan', trackConfig({ targets: TWO }), true, 0, shuffle).targets[0]?.target;
    expect([first(0), first(1), first(2)]).toEqual([TWO[0], TWO[1], TWO[0]]);
  });

  it('without targets follows the link', () => {
    const run = simulate(trackConfig({ targets: [] }), () => null);
    for (const kind of ['linkUp', 'carrierLost', 'carrierFound', 'linkDown'] as const) run.send({ kind });
    expect(statuses(run)).toEqual(['online', 'offline', 'online', 'offline']);
    expect(run.effects.filter(({ kind }) => kind === 'setProbing')).toEqual([]);
  });
});
