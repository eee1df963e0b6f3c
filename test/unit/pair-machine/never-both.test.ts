import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HOLD_MS, randomOf, STEP_MS, World } from './world.ts';

/** Never both out, whatever happens in whatever order; and ten seconds after the last event, exactly what should hold does. */

/** Thousands of steps for each run: on a busy machine that takes its time. */
const LONG_MS = 180_000;

type Act =
  | { readonly kind: 'wan'; readonly router: 0 | 1; readonly up: boolean | null }
  | { readonly kind: 'maintenance'; readonly router: 0 | 1; readonly on: boolean }
  | { readonly kind: 'service'; readonly router: 0 | 1; readonly runs: boolean }
  | { readonly kind: 'power'; readonly router: 0 | 1; readonly on: boolean }
  | { readonly kind: 'lan'; readonly router: 0 | 1; readonly up: boolean }
  | { readonly kind: 'switchover'; readonly router: 0 | 1 }
  | { readonly kind: 'link'; readonly up: boolean; readonly delayMs: number; readonly loss: number }
  | { readonly kind: 'paths'; readonly up: boolean };

const router = fc.constantFrom(0 as const, 1 as const);
const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({ kind: fc.constant('wan' as const), router, up: fc.constantFrom(true, false, false, null) }),
  fc.record({ kind: fc.constant('maintenance' as const), router, on: fc.boolean() }),
  fc.record({ kind: fc.constant('service' as const), router, runs: fc.boolean() }),
  fc.record({ kind: fc.constant('power' as const), router, on: fc.boolean() }),
  fc.record({ kind: fc.constant('lan' as const), router, up: fc.boolean() }),
  fc.record({ kind: fc.constant('switchover' as const), router }),
  fc.record({
    kind: fc.constant('link' as const),
    up: fc.boolean(),
    delayMs: fc.constantFrom(20, 200, 3000, 9000),
    loss: fc.constantFrom(0, 0.3, 0.8),
  }),
  fc.record({ kind: fc.constant('paths' as const), up: fc.boolean() }),
);
const script = fc.array(fc.tuple(act, fc.integer({ min: 0, max: 60 })), { minLength: 1, maxLength: 30 });

function apply(world: World, one: Act): void {
  if (one.kind === 'link') {
    Object.assign(world.link, { up: one.up, delayMs: one.delayMs, loss: one.loss });
    return;
  }
  if (one.kind === 'paths') {
    world.pathsUp = one.up;
    return;
  }
  const target = world.routers[one.router];
  switch (one.kind) {
    case 'wan':
      target.wanUp = one.up;
      world.tellSituation(one.router);
      return;
    case 'maintenance':
      world.dispatch(one.router, { kind: 'maintenance', on: one.on });
      return;
    case 'service':
      if (one.runs) world.startService(one.router);
      else world.killService(one.router);
      return;
    case 'power':
      if (one.on) world.powerOn(one.router);
      else world.powerOff(one.router);
      return;
    case 'lan':
      target.lanUp = one.up;
      return;
    case 'switchover':
      world.dispatch(one.router, { kind: 'switchover' });
      return;
  }
}

function stepAndCheck(world: World, steps: number): void {
  for (let step = 0; step < steps; step += 1) {
    world.step();
    if (world.isHeldOut(0) && world.isHeldOut(1)) {
      throw new Error(`Both are held out at ${world.now}.`);
    }
  }
}

/** What should hold of a router by the truth of the world: 0 not able to serve, then as pair-types.ts has it. */
function trueFitness(world: World, index: 0 | 1): number {
  const one = world.routers[index];
  if (!one.power || !one.lanUp) return 0;
  // While nobody can say, what was known counts.
  if (!(one.machine?.wan.counts ?? true)) return 2;
  return one.maintenance ? 4 : 6;
}

function checkEnd(world: World): void {
  const [a, b] = world.routers;
  const fit = [trueFitness(world, 0), trueFitness(world, 1)] as const;
  const isLinked = world.link.up && a.machine !== null && b.machine !== null;
  // After a split brain the loser tries again and again.
  const isTrying = [a, b].some(
    ({ machine }) => machine !== null && (machine.yielding !== null || machine.split !== null),
  );
  for (const index of [0, 1] as const) {
    const one = world.routers[index];
    if (one.wanUp !== null && one.machine !== null) expect(one.machine.wan.counts).toBe(one.wanUp);
    const [own, other] = index === 0 ? fit : [fit[1], fit[0]];
    const shouldBeOut = isLinked && own > 0 && own < other;
    // One that cannot serve anyway may hold itself out or not.
    if (!isTrying && own > 0) expect([one.name, world.isHeldOut(index)]).toEqual([one.name, shouldBeOut]);
    if (own > 0 && !world.isHeldOut(index) && !isTrying) expect(['active', 'backup']).toContain(one.role);
  }
  const active = [a, b].filter(({ role }) => role === 'active').length;
  const able = fit.filter((value) => value > 0).length;
  if (able > 0) expect(active).toBeGreaterThanOrEqual(1);
  if (world.pathsUp && a.lanUp && b.lanUp) expect(active).toBe(Math.min(able, 1));
}

/** What is as it should be stays so. */
function checkRest(world: World): void {
  const isTrying = world.routers.some(
    ({ machine }) => machine !== null && (machine.yielding !== null || machine.split !== null),
  );
  const before = world.routers.map(({ texts }) => texts.length);
  stepAndCheck(world, 50);
  if (!isTrying) expect(world.routers.map(({ texts }) => texts.length)).toEqual(before);
}

describe('two pair machines', () => {
  it(
    'are never both out, and end where they should',
    () => {
      fc.assert(
        fc.property(script, fc.integer(), (acts, seed) => {
          const world = new World(randomOf(seed));
          stepAndCheck(world, 100);
          for (const [one, steps] of acts) {
            apply(world, one);
            stepAndCheck(world, steps);
          }
          // The link is whole again, or cut; in ten seconds all is as it should be.
          Object.assign(world.link, { delayMs: 50, loss: 0 });
          stepAndCheck(world, (10_000 + HOLD_MS) / STEP_MS);
          checkEnd(world);
          checkRest(world);
        }),
        { numRuns: 80, seed: 20_261_121 },
      );
    },
    LONG_MS,
  );

  it(
    'are never both out while minds change faster than messages travel',
    () => {
      const quick = fc.oneof(
        {
          weight: 6,
          arbitrary: fc.record({ kind: fc.constant('maintenance' as const), router, on: fc.boolean() }),
        },
        {
          weight: 3,
          arbitrary: fc.record({
            kind: fc.constant('wan' as const),
            router,
            up: fc.constantFrom(true, false),
          }),
        },
        {
          weight: 1,
          arbitrary: fc.record({ kind: fc.constant('service' as const), router, runs: fc.boolean() }),
        },
      );
      const pauses = fc.oneof(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 40 }));
      const quickScript = fc.array(fc.tuple(quick, pauses), { minLength: 20, maxLength: 100, size: 'max' });
      fc.assert(
        fc.property(quickScript, fc.integer(), fc.integer({ min: 100, max: 3500 }), (acts, seed, delayMs) => {
          const world = new World(randomOf(seed));
          stepAndCheck(world, 100);
          Object.assign(world.link, { delayMs, loss: 0.05 });
          for (const [one, steps] of acts) {
            apply(world, one);
            stepAndCheck(world, steps);
          }
        }),
        { numRuns: 80, seed: 20_261_121 },
      );
    },
    LONG_MS,
  );

  it(
    'move for a flapping WAN at most once per hold time',
    () => {
      fc.assert(
        fc.property(fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 5, maxLength: 60 }), (pauses) => {
          const world = new World(randomOf(1));
          stepAndCheck(world, 200);
          const before = world.routers.map(({ moves }) => moves);
          const begin = world.now;
          let up = true;
          for (const pause of pauses) {
            up = !up;
            world.routers[0].wanUp = up;
            world.tellSituation(0);
            stepAndCheck(world, pause);
          }
          const holds = Math.floor((world.now - begin) / HOLD_MS) + 1;
          const moved = world.routers.map(({ moves }, index) => moves - (before[index] ?? 0));
          // The partner becomes active once; the first goes to fault, backup.
          expect(moved[1]).toBeLessThanOrEqual(1);
          expect(moved[0]).toBeLessThanOrEqual(2 * holds);
        }),
        { numRuns: 50, seed: 20_261_121 },
      );
    },
    LONG_MS,
  );
});
