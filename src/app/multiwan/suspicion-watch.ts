/**
 * Reads the counters of the WANs that are probed, and tells when one sends and hears nothing. Quickly while there is traffic; on an
 * idle link the probes alone decide, and a look now and then is enough.
 */
import {
  NO_SUSPICION,
  READ_EVERY_MS,
  type SuspicionState,
  stepSuspicion,
} from '../../core/track/suspicion.ts';
import type { Clock, Timer, Timers } from '../../ports/clock.ts';
import type { Counters } from '../../ports/counters.ts';

const IDLE_EVERY_MS = 200;
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

export function createSuspicionWatch(
  ports: { readonly clock: Clock; readonly timers: Timers; readonly counters: Counters },
  watched: () => readonly Watched[],
  suspect: (wan: string) => void,
): { start(): void; stop(): void } {
  const known = new Map<string, One>();
  let timer: Timer | null = null;

  const look = (item: Watched, now: number): boolean => {
    const reading = ports.counters.read(item.device);
    if (!reading.ok) {
      known.delete(item.wan);
      return false;
    }
    const one = known.get(item.wan) ?? {
      state: NO_SUSPICION,
      transmitted: reading.value.transmittedPackets,
      readAt: now,
      busyUntil: 0,
    };
    const ownProbes = Math.ceil(((now - one.readAt) * item.probesPerSecond) / 1000) + 1;
    if (reading.value.transmittedPackets - one.transmitted > ownProbes) one.busyUntil = now + BUSY_FOR_MS;
    one.transmitted = reading.value.transmittedPackets;
    one.readAt = now;
    const step = stepSuspicion(one.state, reading.value, item.probesPerSecond, item.roundTripMs, now);
    one.state = step.state;
    known.set(item.wan, one);
    if (step.suspicious) suspect(item.wan);
    return now < one.busyUntil;
  };

  const round = (): void => {
    const now = ports.clock.monotonicMs();
    const list = watched();
    for (const name of [...known.keys()]) if (!list.some(({ wan }) => wan === name)) known.delete(name);
    const busy = list.map((item) => look(item, now)).some((isBusy) => isBusy);
    timer = ports.timers.after(busy ? READ_EVERY_MS : IDLE_EVERY_MS, round);
  };
  return {
    start() {
      timer ??= ports.timers.after(IDLE_EVERY_MS, round);
    },
    stop() {
      timer?.cancel();
      timer = null;
    },
  };
}
