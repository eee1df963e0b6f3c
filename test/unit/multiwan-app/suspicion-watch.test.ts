import { describe, expect, it } from 'vitest';
import { createSuspicionWatch } from '../../../src/app/multiwan/suspicion-watch.ts';
import { createFakeTime } from '../../fakes/time.ts';

/** One WAN, ten probes a second; what it sends and hears is set by the test. */
function watchOne() {
  const time = createFakeTime();
  const now = () => time.clock.monotonicMs();
  const link = { receivedPackets: 0, transmittedPackets: 0 };
  const suspected: number[] = [];
  let looks = 0;
  const watch = createSuspicionWatch(
    {
      clock: time.clock,
      timers: time.timers,
      counters: {
        carrier: () => ({ ok: true, value: true }),
        packets: () => {
          looks += 1;
          return [{ ...link }];
        },
      },
    },
    () => [{ wan: 'wan', device: 'eth1', probesPerSecond: 10, roundTripMs: 1 }],
    () => suspected.push(now()),
  );
  watch.start();
  const run = async (ms: number, each: { probe?: boolean; sends?: number; hears?: number } = {}) => {
    const before = looks;
    for (let at = 0; at < ms; at += 10) {
      await time.advance(10);
      link.transmittedPackets += each.sends ?? 0;
      link.receivedPackets += each.hears ?? 0;
      if ((each.probe ?? true) && at % 100 === 0) {
        link.transmittedPackets += 1;
        link.receivedPackets += each.hears === 0 ? 0 : 1;
        watch.probed(now());
      }
    }
    return looks - before;
  };
  return { run, suspected, now, time, watch };
}

describe('the watch of the counters', () => {
  it('looks with every other probe while there is no traffic, without a timer of its own', async () => {
    const { run, suspected } = watchOne();
    await run(1000);
    const looks = await run(10_000);
    expect(looks).toBeGreaterThanOrEqual(45);
    expect(looks).toBeLessThanOrEqual(51);
    expect(suspected).toEqual([]);
  });

  it('looks as often by its timer when no probe gives the occasion', async () => {
    const { run } = watchOne();
    await run(1000);
    const looks = await run(10_000, { probe: false });
    expect(looks).toBeGreaterThanOrEqual(45);
    expect(looks).toBeLessThanOrEqual(51);
  });

  it('looks 40 times a second under traffic, and finds a silence within 150 ms', async () => {
    const { run, suspected, now } = watchOne();
    await run(1000, { sends: 1, hears: 1 });
    const looks = await run(1000, { sends: 1, hears: 1 });
    expect(looks).toBeGreaterThanOrEqual(32);
    expect(suspected).toEqual([]);
    const began = now();
    await run(300, { sends: 1, hears: 0 });
    expect(suspected[0]).toBeGreaterThanOrEqual(began + 75);
    expect(suspected[0]).toBeLessThanOrEqual(began + 150);
  });

  it('suspects nothing when only its own probes are lost', async () => {
    const { run, suspected } = watchOne();
    await run(1000);
    await run(2000, { hears: 0 });
    expect(suspected).toEqual([]);
  });

  it('stops', async () => {
    const { run, watch, time } = watchOne();
    await run(500);
    watch.stop();
    expect(time.pending()).toBe(0);
    expect(await run(1000)).toBe(0);
  });
});
