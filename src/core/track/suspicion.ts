/**
 * Suspicion by the traffic itself: a device that sends packet after packet and receives none. It decides nothing; it makes
 * the tracker probe at once (`trafficSuspicion`). Pure: the readings come from outside.
 */
export interface CounterReading {
  readonly receivedPackets: number;
  readonly transmittedPackets: number;
}

export interface SuspicionState {
  /** The last reading at which the receive counter had moved; null = none yet. */
  readonly heard: { readonly at: number; readonly reading: CounterReading } | null;
}

export const NO_SUSPICION: SuspicionState = { heard: null };

/** Silence shorter than this is a round trip. */
export const SILENT_FOR_MS = 75;
/** Packets sent into the silence, beyond our own probes: a lone retransmission is no traffic. */
export const SENT_INTO_SILENCE = 5;
/** How often the counters should be read while a WAN is online, ms: three readings within SILENT_FOR_MS. */
export const READ_EVERY_MS = 25;

/**
 * @param probesPerSecond how many packets the probes themselves send.
 * @param roundTripMs smoothed round trip of the link, 0 = unknown: a long link is silent for so long after each pause.
 * @returns suspicious: again at every reading as long as it lasts; the tracker knows when it has looked into it.
 */
export function stepSuspicion(
  state: SuspicionState,
  reading: CounterReading,
  probesPerSecond: number,
  roundTripMs: number,
  now: number,
): { readonly state: SuspicionState; readonly suspicious: boolean } {
  const { heard } = state;
  const isFresh = heard === null || reading.receivedPackets !== heard.reading.receivedPackets;
  // A counter that went back is another device, or the old one made anew.
  const isReset = heard !== null && reading.transmittedPackets < heard.reading.transmittedPackets;
  if (heard === null || isFresh || isReset) {
    return { state: { heard: { at: now, reading } }, suspicious: false };
  }
  const silentMs = now - heard.at;
  const ownProbes = Math.ceil((silentMs * probesPerSecond) / 1000);
  const sent = reading.transmittedPackets - heard.reading.transmittedPackets - ownProbes;
  const suspicious = sent >= SENT_INTO_SILENCE && silentMs >= SILENT_FOR_MS + roundTripMs;
  return { state, suspicious };
}
