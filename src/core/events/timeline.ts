/**
 * The timeline: what happened on this router, newest last, bounded, read by cursor. Times are monotonic here and
 * become wall-clock times when somebody asks (`Now`), so that the step NTP makes after a boot moves no event.
 */
import type { Events, TimelineEvent } from '../../api/status.ts';

/** Both clocks at one moment, milliseconds. */
export interface Now {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

/** Wall-clock time of a monotonic moment, as of now. */
export function wallOf(monotonicMs: number, now: Now): number {
  return Math.round(now.wallMs - (now.monotonicMs - monotonicMs));
}

/** Monotonic moment of a wall-clock time, as of now. */
export function monotonicOf(wallMs: number, now: Now): number {
  return now.monotonicMs - (now.wallMs - wallMs);
}

export interface TimelineEntry {
  readonly seq: number;
  /** Monotonic. */
  readonly at: number;
  readonly router: string;
  readonly kind: TimelineEvent['kind'];
  readonly subject: string;
  readonly from: string;
  readonly to: string;
  readonly text: string;
}

/** What a part of the engine says happened; the timeline numbers and dates it. */
export type Happening = Omit<TimelineEntry, 'seq' | 'at' | 'router'>;

export interface Timeline {
  /** seq of the newest entry, 0 if there was none. */
  readonly newest: number;
  readonly entries: readonly TimelineEntry[];
}

/** How many entries are kept: below 100 KiB of a reply, days of a quiet pair. */
export const TIMELINE_LENGTH = 500;
export const DEFAULT_LIMIT = 100;

export const EMPTY_TIMELINE: Timeline = { newest: 0, entries: [] };

/** Adds what happened at `at` on `router`; the oldest entries go. */
export function record(
  timeline: Timeline,
  happenings: readonly Happening[],
  at: number,
  router: string,
): { readonly timeline: Timeline; readonly added: readonly TimelineEntry[] } {
  const added = happenings.map((happening, index) => ({
    ...happening,
    seq: timeline.newest + 1 + index,
    at,
    router,
  }));
  if (added.length === 0) return { timeline, added };
  const entries = [...timeline.entries, ...added].slice(-TIMELINE_LENGTH);
  return { timeline: { newest: timeline.newest + added.length, entries }, added };
}

/** An entry as ubus shows it. */
export function toEvent(entry: TimelineEntry, now: Now): TimelineEvent {
  const { seq, router, kind, subject, from, to, text } = entry;
  return { seq, at: wallOf(entry.at, now), router, kind, subject, from, to, text };
}

/**
 * The newest `limit` entries with seq > `since`, oldest first. A cursor beyond the newest entry is of another run and
 * counts as 0, with `gap`.
 */
export function eventsSince(timeline: Timeline, run: string, since: number, limit: number, now: Now): Events {
  const isForeign = since > timeline.newest;
  const cursor = isForeign ? 0 : since;
  const events = timeline.entries
    .filter(({ seq }) => seq > cursor)
    .slice(-limit)
    .map((entry) => toEvent(entry, now));
  const first = events[0]?.seq ?? timeline.newest + 1;
  return { run, newest: timeline.newest, gap: isForeign || first > cursor + 1, events };
}
