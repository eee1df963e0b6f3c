/**
 * Looks at the counters of the WANs that are probed, and tells when one sends and hears nothing. Quickly while there is traffic; on
 * an idle link the probes alone decide, and a look now and then is enough: with a probe, when the service is awake anyway.
 */
import {
  NO_SUSPICION,
  READ_EVERY_MS,
  type SuspicionState,
  stepSuspicion,
} from '../../core/track/suspicion.ts';
import type { Clock, Timer, Timers } from '../../ports/clock.ts';
import type { Counters, PacketCounts } from '../../ports/counters.ts';

const IDLE_EVERY_MS = 200;
/** While probes give the occasion. */
const SPARE_EVERY_MS = 1000;
/** So long after the last packet of traffic the link counts as busy. */
const BUSY_FOR_MS = 2000;

export interface Watched {
  readonly wan: string;
  readonly device: string;
  readonly probesPerSecond: number;
  /** Smoothed, 0 = unknown. */
  readonly roundTripMs: number;
}

interface One {
  state: SuspicionState;
  transmitted: number;
  readAt: number;
  busyUntil: number;
}

export interface SuspicionWatch {
  start(): void;
  stop(): void;
  /** A probe had its outcome: an occasion to look. */
  probed(now: number): void;
}

export function createSuspicionWatch(
  ports: { readonly clock: Clock; readonly timers: Timers; readonly counters: Counters },
  watched: () => readonly Watched[],
  suspect: (wan: string) => void,
): SuspicionWatch {
  let known = new Map<string, One>();
  let timer: Timer | null = null;
  let isBusy = false;
  let lookedAt = 0;
  let probedAt = 0;

  const judge = (item: Watched, reading: PacketCounts, now: number): One => {
    const { transmittedPackets } = reading;
    const one = known.get(item.wan) ?? {
      state: NO_SUSPICION,
      transmitted: transmittedPackets,
      readAt: now,
      busyUntil: 0,
    };
    const ownProbes = Math.ceil(((now - one.readAt) * item.probesPerSecond) / 1000) + 1;
    if (transmittedPackets - one.transmitted > ownProbes) one.busyUntil = now + BUSY_FOR_MS;
    one.transmitted = transmittedPackets;
    one.readAt = now;
    const step = stepSuspicion(one.state, reading, item.probesPerSecond, item.roundTripMs, now);
    one.state = step.state;
    if (step.suspicious) suspect(item.wan);
    return one;
  };

  const look = (now: number): void => {
    lookedAt = now;
    isBusy = false;
    const list = watched();
    const readings = list.length === 0 ? [] : ports.counters.packets(list.map(({ device }) => device));
    const seen = new Map<string, One>();
    list.forEach((item, at) => {
      const reading = readings[at] ?? null;
      if (reading === null) return;
      const one = judge(item, reading, now);
      seen.set(item.wan, one);
      if (now < one.busyUntil) isBusy = true;
    });
    known = seen;
  };

  const arm = (now: number): void => {
    const idleMs = now - probedAt < 2 * IDLE_EVERY_MS ? SPARE_EVERY_MS : IDLE_EVERY_MS;
    timer = ports.timers.after(isBusy ? READ_EVERY_MS : idleMs, () => {
      const then = ports.clock.monotonicMs();
      if (isBusy || then - lookedAt >= IDLE_EVERY_MS) look(then);
      arm(then);
    });
  };
  return {
    start() {
      if (timer === null) arm(ports.clock.monotonicMs());
    },
    stop() {
      timer?.cancel();
      timer = null;
    },
    probed(now) {
      probedAt = now;
      if (timer === null || isBusy || now - lookedAt < IDLE_EVERY_MS) return;
      look(now);
      if (!isBusy || timer === null) return;
      timer.cancel();
      arm(now);
    },
  };
}
