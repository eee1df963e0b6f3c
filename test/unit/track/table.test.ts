import { describe, expect, it } from 'vitest';
import type { LinkStatus } from '../../../src/api/status.ts';
import { createTracker, nextDeadline, stepTracker } from '../../../src/core/track/step.ts';
import type { TrackEvent, TrackEventKind, TrackerState } from '../../../src/core/track/types.ts';
import { trackConfig } from './simulate.ts';

/** Every state × every event: what it comes to. `up` 3, `down` 3, one target. The tables are complete by their types. */
const TARGET = '198.51.100.1';
const config = trackConfig();

const EVENTS: { readonly [K in TrackEventKind]: Extract<TrackEvent, { readonly kind: K }> } = {
  linkUp: { kind: 'linkUp' },
  linkDown: { kind: 'linkDown' },
  carrierLost: { kind: 'carrierLost' },
  carrierFound: { kind: 'carrierFound' },
  addressChanged: { kind: 'addressChanged' },
  gatewayChanged: { kind: 'gatewayChanged' },
  probeReply: { kind: 'probeReply', target: TARGET, seq: 50, burst: null, latencyMs: 5 },
  probeLost: { kind: 'probeLost', target: TARGET, seq: 50, burst: null },
  proberFailed: { kind: 'proberFailed', reason: 'fping is not installed.' },
  trafficSuspicion: { kind: 'trafficSuspicion' },
  adminUp: { kind: 'adminUp' },
  adminDown: { kind: 'adminDown' },
  configChanged: { kind: 'configChanged', config: trackConfig({ up: 4 }), enabled: true },
  tick: { kind: 'tick' },
};

function after(events: readonly TrackEvent[], start = createTracker('wan', config, true, 0)): TrackerState {
  return events.reduce((state, event) => stepTracker(state, event, 1000).state, start);
}
const lost = (seq: number): TrackEvent => ({ kind: 'probeLost', target: TARGET, seq, burst: null });
const reply = (seq: number): TrackEvent => ({ ...EVENTS.probeReply, seq });
const up: TrackEvent = { kind: 'linkUp' };

const STATES: Readonly<Record<LinkStatus, TrackerState>> = {
  unknown: after([]),
  disabled: after([up, { kind: 'adminDown' }]),
  online: after([up]),
  disconnecting: after([up, lost(0)]),
  offline: after([up, lost(0), lost(1), lost(2)]),
  connecting: after([up, lost(0), lost(1), lost(2), reply(3)]),
};

/** status and score after the event; `=` = as before. */
type Expected = readonly [LinkStatus, number] | '=';
const TABLE: Readonly<Record<LinkStatus, Readonly<Record<TrackEventKind, Expected>>>> = {
  unknown: {
    linkUp: ['online', 6],
    linkDown: ['offline', 0],
    carrierLost: ['offline', 0],
    carrierFound: '=',
    addressChanged: '=',
    gatewayChanged: '=',
    probeReply: '=',
    probeLost: '=',
    proberFailed: '=',
    trafficSuspicion: '=',
    adminUp: '=',
    adminDown: ['disabled', 0],
    configChanged: '=',
    tick: '=',
  },
  disabled: {
    linkUp: '=',
    linkDown: '=',
    carrierLost: '=',
    carrierFound: '=',
    addressChanged: '=',
    gatewayChanged: '=',
    probeReply: '=',
    probeLost: '=',
    proberFailed: '=',
    trafficSuspicion: '=',
    adminUp: ['connecting', 2],
    adminDown: '=',
    configChanged: '=',
    tick: '=',
  },
  online: {
    linkUp: '=',
    linkDown: ['offline', 0],
    carrierLost: ['offline', 0],
    carrierFound: '=',
    addressChanged: '=',
    gatewayChanged: '=',
    probeReply: '=',
    probeLost: ['disconnecting', 5],
    proberFailed: '=',
    trafficSuspicion: '=',
    adminUp: '=',
    adminDown: ['disabled', 0],
    configChanged: ['online', 7],
    tick: '=',
  },
  disconnecting: {
    linkUp: '=',
    linkDown: ['offline', 0],
    carrierLost: ['offline', 0],
    carrierFound: '=',
    addressChanged: '=',
    gatewayChanged: '=',
    probeReply: ['online', 6],
    probeLost: ['disconnecting', 4],
    proberFailed: '=',
    trafficSuspicion: '=',
    adminUp: '=',
    adminDown: ['disabled', 0],
    configChanged: ['disconnecting', 6],
    tick: '=',
  },
  offline: {
    linkUp: '=',
    linkDown: '=',
    carrierLost: '=',
    carrierFound: '=',
    addressChanged: '=',
    gatewayChanged: '=',
    probeReply: ['connecting', 1],
    probeLost: '=',
    proberFailed: '=',
    trafficSuspicion: '=',
    adminUp: '=',
    adminDown: ['disabled', 0],
    configChanged: '=',
    tick: '=',
  },
  connecting: {
    linkUp: '=',
    linkDown: ['offline', 0],
    carrierLost: ['offline', 0],
    carrierFound: '=',
    addressChanged: '=',
    gatewayChanged: '=',
    probeReply: ['connecting', 2],
    probeLost: ['offline', 0],
    proberFailed: '=',
    trafficSuspicion: '=',
    adminUp: '=',
    adminDown: ['disabled', 0],
    configChanged: ['connecting', 1],
    tick: '=',
  },
};

describe('tracker, state by event', () => {
  const cases = (Object.keys(STATES) as LinkStatus[]).flatMap((status) =>
    (Object.keys(EVENTS) as TrackEventKind[]).map((kind) => ({ status, kind })),
  );

  it.each(Object.keys(STATES) as LinkStatus[])('reaches %s', (status) => {
    expect(STATES[status].status).toBe(status);
  });

  it.each(cases)('$status × $kind', ({ status, kind }) => {
    const before = STATES[status];
    const { state, effects } = stepTracker(before, EVENTS[kind], 1001);
    const expected = TABLE[status][kind];
    const [toStatus, toScore] = expected === '=' ? [status, before.score] : expected;
    expect([state.status, state.score]).toEqual([toStatus, toScore]);
    const changed = effects.filter((effect) => effect.kind === 'changed');
    expect(changed).toHaveLength(toStatus === status ? 0 : 1);
    expect(nextDeadline(state) >= 0).toBe(true);
    // A state is plain data: what comes back from a recording is the same. (Infinity is the one number that JSON lacks.)
    const finite = { ...state, quietAt: 0 };
    expect(JSON.parse(JSON.stringify(finite))).toEqual(finite);
  });

  it('probes exactly while there is a link and the WAN is not disabled', () => {
    for (const [status, state] of Object.entries(STATES)) {
      expect([status, state.probing !== null]).toEqual([
        status,
        status !== 'unknown' && status !== 'disabled',
      ]);
    }
  });

  it.each(['adminDown', 'linkDown', 'carrierLost'] as const)('stops probing at %s', (kind) => {
    const { effects } = stepTracker(STATES.online, EVENTS[kind], 1001);
    expect(effects).toContainEqual({ kind: 'setProbing', probing: null });
  });

  it.each(['addressChanged', 'gatewayChanged'] as const)('probes anew and at once after %s', (kind) => {
    const { effects } = stepTracker(STATES.online, EVENTS[kind], 1001);
    expect(effects.map((effect) => effect.kind)).toEqual(['setProbing', 'burst']);
  });

  it('says once that the prober fails, and goes on believing the WAN', () => {
    const first = stepTracker(STATES.online, EVENTS.proberFailed, 1001);
    expect(first.effects).toMatchObject([{ kind: 'log', level: 'warning' }]);
    const second = stepTracker(first.state, EVENTS.proberFailed, 1002);
    expect(second.effects).toEqual([]);
    expect(stepTracker(second.state, reply(60), 1003).state.proberFailure).toBeNull();
  });

  it('does nothing for a configuration that is the same', () => {
    const event: TrackEvent = { kind: 'configChanged', config: { ...config }, enabled: true };
    for (const state of Object.values(STATES)) {
      expect(stepTracker(state, event, 1001)).toEqual({ state, effects: [] });
    }
  });

  it('starts a prober anew that has gone silent', () => {
    const state = STATES.online;
    const { effects } = stepTracker(state, { kind: 'tick' }, nextDeadline(state));
    expect(effects.map((effect) => effect.kind)).toEqual(['log', 'setProbing']);
  });
});
