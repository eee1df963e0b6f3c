/**
 * Measures the tracker's defaults on the bench (docs/tracking.md):
 *
 *   npx esbuild test/integration/probe/measure.ts --bundle --platform=node --format=esm --conditions=source \
 *     --outfile=build/bench/probes.mjs
 *   node build/bench/probes.mjs [MINUTES] [BLACK_HOLES]
 *
 * as root, after the lab's root was built. One WAN with one target and one with two on benches of their own; first MINUTES
 * of 5 % random loss, then black holes of an idle link found by the probes, then with suspicion by the traffic.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { TrackConfig } from '../../../src/core/policy/model.ts';
import { defaultTiming } from '../../../src/core/track/defaults.ts';
import { type Driven, drive } from './drive.ts';
import { createRig, TARGETS } from './rig.ts';

function configFor(targets: readonly string[]): TrackConfig {
  return {
    methods: ['ping'],
    targets,
    reliability: 1,
    count: 1,
    sizeBytes: 56,
    maxTtl: 60,
    keepFailureInterval: false,
    initialState: 'online',
    quality: null,
    ...defaultTiming(targets.length),
  };
}

async function until(what: string, isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error(`${what} did not come about`);
    await pause(1);
  }
}

function summary(values: readonly number[]): string {
  const sorted = [...values].sort((a, b) => a - b).map(Math.round);
  return `median ${sorted[sorted.length >> 1]} [${sorted[0]}, ${sorted[sorted.length - 1]}] ms of ${sorted.length}`;
}

const minutes = Number(process.argv[2] ?? 10);
const holes = Number(process.argv[3] ?? 20);

const rigs = [1, 2].map((targets) => {
  const rig = createRig();
  const driven = drive(rig, configFor(TARGETS.slice(0, targets)), `${targets} target(s)`);
  driven.send({ kind: 'linkUp' });
  return { targets, rig, driven };
});

async function hole(rig: (typeof rigs)[number]['rig'], driven: Driven, suspect: boolean): Promise<number> {
  await until('online', () => driven.state().status === 'online' && driven.state().timeoutMs === 150);
  // Anywhere between two probes.
  await pause(300 + Math.random() * 200);
  const { status, timeoutMs } = driven.state();
  rig.lose(100);
  const begun = performance.now();
  if (suspect) driven.send({ kind: 'trafficSuspicion' });
  await until('offline', () => driven.state().status === 'offline');
  const tookMs = performance.now() - begun;
  if (tookMs > 400) console.log(`(${Math.round(tookMs)} ms: it began ${status}, time-out ${timeoutMs} ms)`);
  rig.lose(0);
  return tookMs;
}

try {
  await until('learning', () => rigs.every(({ driven }) => driven.state().timeoutMs === 150));
  for (const { rig } of rigs) rig.lose(5);
  const before = rigs.map(({ driven }) => driven.effects.length);
  await pause(minutes * 60_000);
  rigs.forEach(({ targets, driven }, at) => {
    const since = driven.effects.slice(before[at]);
    const to = (status: string) =>
      since.filter((effect) => effect.kind === 'changed' && effect.to === status).length;
    const started = since.filter((effect) => effect.kind === 'setProbing').length;
    console.log(
      `${targets} target(s), 5 % loss, ${minutes} min: offline ${to('offline')} times, disconnecting ${to('disconnecting')} times, prober restarts ${started}`,
    );
  });
  for (const { rig } of rigs) rig.lose(0);
  for (const { targets, rig, driven } of rigs) {
    const idle: number[] = [];
    const burst: number[] = [];
    for (let run = 0; run < holes; run += 1) idle.push(await hole(rig, driven, false));
    for (let run = 0; run < holes; run += 1) burst.push(await hole(rig, driven, true));
    console.log(`${targets} target(s), black hole, idle link: ${summary(idle)}`);
    console.log(`${targets} target(s), black hole, suspected at once: ${summary(burst)}`);
  }
} finally {
  for (const { rig, driven } of rigs) {
    driven.stop();
    rig.stop();
  }
}
