/**
 * Latency and loss of a WAN over time: each second of the last hour, each minute of the last day. Memory is bounded and small:
 * 4 bytes for a slot, 3600 + 1440 slots = 20 160 bytes a WAN. Pure but for its own buffers, which are changed in place:
 * a copy of 20 KiB for each probe would be waste. Nothing of it is kept over a restart.
 *
 * A slot: latency in units of 0.1 ms (mean of the replies, 0 … 6553.4; 65535 = no reply), probes sent and lost, each up to
 * 255 (beyond that both are scaled). 0 sent = nothing known.
 */
const SECONDS = 3600;
const MINUTES = 1440;
const NO_REPLY = 65535;
const LATENCY_UNITS_PER_MS = 10;

interface Ring {
  readonly slotMs: number;
  readonly latency: Uint16Array;
  readonly sent: Uint8Array;
  readonly lost: Uint8Array;
  /** Number of the slot that is being filled, counted from monotonic 0; −1 = none. */
  slot: number;
  /** What has come in it. */
  sumMs: number;
  replies: number;
  losses: number;
}

export interface History {
  readonly second: Ring;
  readonly minute: Ring;
}

export interface HistorySlot {
  /** Monotonic ms at which the slot begins. */
  readonly at: number;
  /** Mean of the replies; null = there was none. */
  readonly latencyMs: number | null;
  /** null = no probe was sent. */
  readonly lossPct: number | null;
}

function createRing(slotMs: number, slots: number): Ring {
  return {
    slotMs,
    latency: new Uint16Array(slots),
    sent: new Uint8Array(slots),
    lost: new Uint8Array(slots),
    slot: -1,
    sumMs: 0,
    replies: 0,
    losses: 0,
  };
}

export function createHistory(): History {
  return { second: createRing(1000, SECONDS), minute: createRing(60_000, MINUTES) };
}

/** Takes in one probe. @param latencyMs null = lost. @param now monotonic ms, not before that of the last call. */
export function recordProbe(history: History, latencyMs: number | null, now: number): void {
  for (const ring of [history.second, history.minute]) {
    moveTo(ring, Math.floor(now / ring.slotMs));
    if (latencyMs === null) ring.losses += 1;
    else {
      ring.sumMs += latencyMs;
      ring.replies += 1;
    }
    writeSlot(ring);
  }
}

/** Begins a new slot; those in between were without probes. */
function moveTo(ring: Ring, slot: number): void {
  if (slot === ring.slot) return;
  const size = ring.latency.length;
  const first = ring.slot < 0 ? slot : Math.max(ring.slot + 1, slot - size + 1);
  for (let passed = first; passed <= slot; passed += 1) {
    const at = passed % size;
    ring.latency[at] = NO_REPLY;
    ring.sent[at] = 0;
    ring.lost[at] = 0;
  }
  ring.slot = slot;
  ring.sumMs = 0;
  ring.replies = 0;
  ring.losses = 0;
}

function writeSlot(ring: Ring): void {
  const at = ring.slot % ring.latency.length;
  const sent = ring.replies + ring.losses;
  const scale = sent > 255 ? 255 / sent : 1;
  ring.sent[at] = Math.round(sent * scale);
  ring.lost[at] = Math.round(ring.losses * scale);
  const units = Math.round((ring.sumMs / Math.max(1, ring.replies)) * LATENCY_UNITS_PER_MS);
  ring.latency[at] = ring.replies === 0 ? NO_REPLY : Math.min(NO_REPLY - 1, units);
}

/**
 * The newest slots, oldest first, the one being filled last.
 * @param resolution of the ring. @param count slots wanted; fewer come if fewer have passed.
 */
export function readHistory(
  history: History,
  resolution: 'second' | 'minute',
  count: number,
  now: number,
): HistorySlot[] {
  const ring = history[resolution];
  if (ring.slot < 0) return [];
  const size = ring.latency.length;
  const newest = Math.floor(now / ring.slotMs);
  const oldest = Math.max(0, newest - Math.min(count, size) + 1);
  const slots: HistorySlot[] = [];
  for (let slot = oldest; slot <= newest; slot += 1) {
    const isHeld = slot <= ring.slot && slot > ring.slot - size;
    const at = slot % size;
    const sent = isHeld ? (ring.sent[at] ?? 0) : 0;
    const latency = ring.latency[at] ?? NO_REPLY;
    slots.push({
      at: slot * ring.slotMs,
      latencyMs: sent === 0 || latency === NO_REPLY ? null : latency / LATENCY_UNITS_PER_MS,
      lossPct: sent === 0 ? null : ((ring.lost[at] ?? 0) * 100) / sent,
    });
  }
  return slots;
}

/** Bytes that the slots of one WAN take. */
export function historyBytes(history: History): number {
  return [history.second, history.minute].reduce(
    (sum, { latency, sent, lost }) => sum + latency.byteLength + sent.byteLength + lost.byteLength,
    0,
  );
}
