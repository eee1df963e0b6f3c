import { describe, expect, it } from 'vitest';
import { createHistory, historyBytes, readHistory, recordProbe } from '../../../src/core/track/history.ts';
import { NO_SUSPICION, stepSuspicion } from '../../../src/core/track/suspicion.ts';

describe('history', () => {
  it('takes 20 160 bytes for an hour and a day', () => {
    expect(historyBytes(createHistory())).toBe(20_160);
  });

  it('gives mean latency and loss of each second, and what is not known as null', () => {
    const history = createHistory();
    recordProbe(history, 10, 5000);
    recordProbe(history, 20, 5500);
    recordProbe(history, null, 5999);
    recordProbe(history, null, 7000);
    const third = (100 * 1) / 3;
    expect(readHistory(history, 'second', 4, 8100)).toEqual([
      { at: 5000, latencyMs: 15, lossPct: third },
      { at: 6000, latencyMs: null, lossPct: null },
      { at: 7000, latencyMs: null, lossPct: 100 },
      { at: 8000, latencyMs: null, lossPct: null },
    ]);
    expect(readHistory(history, 'minute', 1, 8100)).toEqual([{ at: 0, latencyMs: 15, lossPct: 50 }]);
  });

  it('forgets what is older than its ring, also across a long silence', () => {
    const history = createHistory();
    recordProbe(history, 1, 0);
    const anHour = 3_600_000;
    recordProbe(history, 2, 2 * anHour + 500);
    const slots = readHistory(history, 'second', 10_000, 2 * anHour + 500);
    expect(slots).toHaveLength(3600);
    expect(slots.filter(({ lossPct }) => lossPct !== null)).toEqual([
      { at: 2 * anHour, latencyMs: 2, lossPct: 0 },
    ]);
    expect(readHistory(history, 'minute', 1440, 2 * anHour + 500)[0]).toEqual({
      at: 0,
      latencyMs: 1,
      lossPct: 0,
    });
  });

  it('scales more than 255 probes and caps what does not fit', () => {
    const history = createHistory();
    for (let at = 0; at < 600; at += 1) recordProbe(history, at % 2 === 0 ? 9000 : null, at);
    const [slot] = readHistory(history, 'second', 1, 600);
    expect(slot?.latencyMs).toBe(6553.4);
    expect(slot?.lossPct).toBeCloseTo(50, 0);
  });

  it('agrees with a naive twin over an hour and more', () => {
    const history = createHistory();
    const all: { readonly at: number; readonly latencyMs: number | null }[] = [];
    let now = 1234;
    for (let step = 0; step < 20_000; step += 1) {
      now += (step * 7919) % 700;
      const latencyMs = step % 9 === 0 ? null : (step * 31) % 200;
      all.push({ at: now, latencyMs });
      recordProbe(history, latencyMs, now);
    }
    for (const slot of readHistory(history, 'second', 3600, now)) {
      const within = all.filter(({ at }) => at >= slot.at && at < slot.at + 1000);
      const replies = within.flatMap(({ latencyMs }) => (latencyMs === null ? [] : [latencyMs]));
      if (within.length === 0) expect(slot.lossPct).toBeNull();
      else expect(slot.lossPct).toBeCloseTo(((within.length - replies.length) * 100) / within.length, 5);
      const mean = replies.reduce((sum, one) => sum + one, 0) / replies.length;
      if (replies.length > 0) expect(Math.abs((slot.latencyMs ?? -1) - mean)).toBeLessThanOrEqual(0.051);
    }
  });
});

describe('suspicion', () => {
  /** Readings every 25 ms: received and transmitted since the last. */
  function suspicions(
    deltas: readonly (readonly [number, number])[],
    probes = 20,
    roundTripMs = 20,
  ): boolean[] {
    let state = NO_SUSPICION;
    let reading = { receivedPackets: 1000, transmittedPackets: 1000 };
    return deltas.map(([received, transmitted], at) => {
      reading = {
        receivedPackets: reading.receivedPackets + received,
        transmittedPackets: reading.transmittedPackets + transmitted,
      };
      const step = stepSuspicion(state, reading, probes, roundTripMs, at * 25);
      state = step.state;
      return step.suspicious;
    });
  }

  it('comes when packets go out and none come in for longer than a round trip', () => {
    expect(
      suspicions([
        [5, 5],
        [0, 5],
        [0, 5],
        [0, 5],
        [0, 5],
        [0, 5],
      ]),
    ).toEqual([...[false, false, false, false], ...[true, true]]);
  });

  it('goes with the first packet that comes in', () => {
    expect(
      suspicions([
        [5, 5],
        [0, 9],
        [0, 9],
        [0, 9],
        [0, 9],
        [1, 9],
        [0, 9],
      ]).slice(-3),
    ).toEqual([true, false, false]);
  });

  it('does not come of our own probes, nor of silence on both sides', () => {
    expect(suspicions(new Array(40).fill([0, 0.5]), 20)).not.toContain(true);
    expect(suspicions(new Array(40).fill([0, 0]))).not.toContain(true);
  });

  it('does not come of a counter that starts anew', () => {
    expect(
      suspicions([
        [5, 5],
        [0, -900],
        [0, 3],
      ]),
    ).not.toContain(true);
  });
});
