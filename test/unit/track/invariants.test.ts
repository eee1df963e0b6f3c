import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TrackConfig } from '../../../src/core/policy/model.ts';
import { createTracker, stepTracker } from '../../../src/core/track/step.ts';
import type { TrackEvent, TrackerState } from '../../../src/core/track/types.ts';
import { trackConfig } from './simulate.ts';

const TARGETS = ['198.51.100.1', '198.51.100.2', '198.51.100.3'];

const configs: fc.Arbitrary<TrackConfig> = fc
  .record({
    targets: fc.subarray(TARGETS, { minLength: 1 }),
    reliability: fc.integer({ min: 1, max: 3 }),
    count: fc.integer({ min: 1, max: 5 }),
    up: fc.integer({ min: 1, max: 5 }),
    down: fc.integer({ min: 1, max: 5 }),
    timeoutMs: fc.constantFrom(150, 1000),
    intervalMs: fc.constantFrom(50, 100, 1000),
    initialState: fc.constantFrom('online' as const, 'offline' as const),
    keepFailureInterval: fc.boolean(),
    quality: fc.constantFrom(null, {
      failureLatencyMs: 1000,
      recoveryLatencyMs: 500,
      failureLossPct: 40,
      recoveryLossPct: 10,
    }),
  })
  .map((parts) => trackConfig(parts));

const probed = {
  target: fc.constantFrom(...TARGETS),
  seq: fc.nat(40),
  burst: fc.constantFrom(null, null, 1, 2),
};
const events: fc.Arbitrary<TrackEvent> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('probeLost' as const), ...probed }) },
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant('probeReply' as const),
      ...probed,
      latencyMs: fc.double({ min: 0, max: 1500, noNaN: true }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('trafficSuspicion' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('proberFailed' as const), reason: fc.constant('gone.') }),
  },
  {
    weight: 3,
    arbitrary: fc
      .constantFrom(
        'linkUp' as const,
        'linkUp' as const,
        'carrierFound' as const,
        'linkDown' as const,
        'carrierLost' as const,
        'addressChanged' as const,
        'gatewayChanged' as const,
        'adminUp' as const,
        'adminDown' as const,
        'tick' as const,
      )
      .map((kind) => ({ kind })),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('configChanged' as const),
      config: configs,
      enabled: fc.boolean(),
    }),
  },
);

/** Runs the events, 10 ms apart, and hands every step to `check`. */
function run(
  config: TrackConfig,
  sequence: readonly TrackEvent[],
  check: (before: TrackerState, event: TrackEvent, step: ReturnType<typeof stepTracker>) => void,
): void {
  let state = createTracker('wan', config, true, 0);
  sequence.forEach((event, at) => {
    const step = stepTracker(state, event, (at + 1) * 10);
    check(state, event, step);
    state = step.state;
  });
}
const runs = { numRuns: 400 };
const sequences = fc.array(events, { maxLength: 120 });

describe('tracker, whatever happens', () => {
  it('keeps the score within 0 … up + down, full exactly when online', () => {
    fc.assert(
      fc.property(configs, sequences, (config, sequence) => {
        run(config, sequence, (_before, _event, { state }) => {
          const { score, status } = state;
          const { up, down } = state.config;
          expect(score).toBeGreaterThanOrEqual(0);
          expect(score).toBeLessThanOrEqual(up + down);
          if (status === 'online') expect(score).toBe(up + down);
          if (status === 'offline' || status === 'disabled') expect(score).toBe(0);
          if (status === 'connecting') expect(score).toBeLessThan(up);
        });
      }),
      runs,
    );
  });

  it('comes back from offline only by an answered probe', () => {
    fc.assert(
      fc.property(configs, sequences, (config, sequence) => {
        run(config, sequence, (before, event, { state }) => {
          const cameUp = state.status === 'online' && before.status !== 'online';
          if (!cameUp || before.status === 'unknown') return;
          expect(event.kind === 'probeReply' || event.kind === 'probeLost').toBe(true);
          expect(state.reason.code).toBe('round-good');
        });
      }),
      runs,
    );
  });

  it('goes out only by failed probes, the link, or the administrator', () => {
    fc.assert(
      fc.property(configs, sequences, (config, sequence) => {
        run(config, sequence, (before, event, { state }) => {
          const wasIn = before.status === 'online' || before.status === 'disconnecting';
          if (!wasIn || state.status === 'online' || state.status === 'disconnecting') return;
          expect([
            'probeLost',
            'probeReply',
            'linkDown',
            'carrierLost',
            'adminDown',
            'configChanged',
          ]).toContain(event.kind);
          // A reply can only end a round as bad where quality is checked.
          if (event.kind === 'probeReply') expect(before.config.quality).not.toBeNull();
        });
      }),
      runs,
    );
  });

  it('tells every change with a sentence, and asks for probes exactly when it can use them', () => {
    fc.assert(
      fc.property(configs, sequences, (config, sequence) => {
        run(config, sequence, (before, _event, { state, effects }) => {
          const changed = effects.filter((effect) => effect.kind === 'changed');
          expect(changed).toHaveLength(before.status === state.status ? 0 : 1);
          for (const { from, to, reason } of changed) {
            expect([from, to]).toEqual([before.status, state.status]);
            expect(reason.text).toMatch(/\.$/);
          }
          const usable = state.enabled && !state.adminDown && state.link.up === true && state.link.carrier;
          expect(state.probing !== null).toBe(usable);
          expect(state.rounds.length).toBeLessThanOrEqual(64);
        });
      }),
      runs,
    );
  });

  it('says nothing new when the same is said twice', () => {
    fc.assert(
      fc.property(configs, sequences, (config, sequence) => {
        const twice = [
          'linkUp',
          'linkDown',
          'carrierLost',
          'carrierFound',
          'adminUp',
          'adminDown',
          'configChanged',
        ];
        run(config, sequence, (_before, event, { state }) => {
          if (!twice.includes(event.kind)) return;
          expect(stepTracker(state, event, 1e6).effects).toEqual([]);
        });
      }),
      runs,
    );
  });
});
