/**
 * What a client felt, from the moments at which answers arrived: the longest silence. Pure.
 *
 * A silence is the time between two answers that follow each other. It ends late rather than early: a probe that was
 * answered after the path was back counts when its answer came. The stream's own interval is part of it, so a
 * perfect stream of 10 ms has a longest silence a little above 10 ms.
 */

/** Names of the streams a client can send. */
export type StreamKind =
  /** ICMP echo, one flow. */
  | 'ping'
  /** UDP echo from one port: one existing flow. */
  | 'udp'
  /** UDP echo, each packet from a new port: new flows only. */
  | 'udp-new'
  /** A TCP download: each piece that comes is an answer, as long as the bytes are the right ones. */
  | 'download';

export interface Silence {
  /** When the last answer before it came, ms since 1970. */
  readonly from: number;
  readonly ms: number;
}

export interface StreamReport {
  readonly kind: StreamKind;
  readonly target: string;
  readonly intervalMs: number;
  readonly sent: number;
  readonly answered: number;
  /** null if fewer than two answers came. */
  readonly longest: Silence | null;
  /** Silences of at least five intervals, in the order of time. */
  readonly silences: readonly Silence[];
  /** Of an existing UDP flow: `ADDRESS:PORT` as which the server saw it, each once; more than one = it did not survive as it was. */
  readonly seenAs: readonly string[];
}

/**
 * Silences of at least `atLeastMs` between `arrivals` (ms, ascending); the time from the last one to `end` counts too,
 * so that a stream that never came back does not look well.
 */
export function silencesOf(arrivals: readonly number[], end: number, atLeastMs: number): Silence[] {
  const found: Silence[] = [];
  let last: number | null = null;
  for (const at of [...arrivals, end]) {
    if (last !== null && at - last >= atLeastMs) found.push({ from: last, ms: at - last });
    last = at;
  }
  return found;
}

export function longestOf(silences: readonly Silence[]): Silence | null {
  return silences.reduce<Silence | null>(
    (best, one) => (best === null || one.ms > best.ms ? one : best),
    null,
  );
}
