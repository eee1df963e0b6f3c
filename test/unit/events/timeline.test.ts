import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  EMPTY_TIMELINE,
  eventsSince,
  type Happening,
  monotonicOf,
  record,
  TIMELINE_LENGTH,
  type Timeline,
  wallOf,
} from '../../../src/core/events/timeline.ts';

const NOW = { monotonicMs: 50_000, wallMs: 1_700_000_000_000 };

function happening(text: string): Happening {
  return { kind: 'service', subject: 'hagw', from: '', to: 'x', text };
}

function filled(count: number): Timeline {
  const all = Array.from({ length: count }, (_, index) => happening(`${index + 1}`));
  return record(EMPTY_TIMELINE, all, 1000, 'gw-a').timeline;
}

describe('the timeline', () => {
  it('numbers and dates what happened', () => {
    const first = record(EMPTY_TIMELINE, [happening('a'), happening('b')], 40_000, 'gw-a');
    expect(first.added.map(({ seq }) => seq)).toEqual([1, 2]);
    const events = eventsSince(first.timeline, 'r1', 1, 100, NOW);
    expect(events).toEqual({
      run: 'r1',
      newest: 2,
      gap: false,
      events: [
        {
          seq: 2,
          at: NOW.wallMs - 10_000,
          router: 'gw-a',
          kind: 'service',
          subject: 'hagw',
          from: '',
          to: 'x',
          text: 'b',
        },
      ],
    });
  });

  it('stays as it is when nothing happened', () => {
    const timeline = filled(3);
    expect(record(timeline, [], 2000, 'gw-a').timeline).toBe(timeline);
  });

  it('keeps the newest entries', () => {
    const timeline = filled(TIMELINE_LENGTH + 20);
    expect(timeline.entries).toHaveLength(TIMELINE_LENGTH);
    expect(timeline.entries[0]?.seq).toBe(21);
  });

  it.each<[number, number, number, number[], boolean]>([
    // kept, since, limit → seqs, gap
    [5, 0, 100, [1, 2, 3, 4, 5], false],
    [5, 3, 100, [4, 5], false],
    [5, 5, 100, [], false],
    [5, 0, 2, [4, 5], true],
    [5, 3, 2, [4, 5], false],
    [5, 9, 2, [4, 5], true],
    [0, 0, 10, [], false],
    [0, 7, 10, [], true],
  ])('of %d entries since %d, at most %d: %j', (count, since, limit, seqs, gap) => {
    const reply = eventsSince(filled(count), 'r', since, limit, NOW);
    expect(reply.events.map(({ seq }) => seq)).toEqual(seqs);
    expect(reply).toMatchObject({ gap, newest: count });
  });

  it('loses nothing to one who asks again and again, and says so if it must', () => {
    const batches = fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 30 });
    fc.assert(
      fc.property(batches, fc.integer({ min: 1, max: 100 }), (sizes, limit) => {
        let timeline = EMPTY_TIMELINE;
        let cursor = 0;
        for (const size of sizes) {
          const added = Array.from({ length: size }, () => happening('x'));
          timeline = record(timeline, added, 1000, 'gw-a').timeline;
          const reply = eventsSince(timeline, 'r', cursor, limit, NOW);
          const seqs = reply.events.map(({ seq }) => seq);
          expect(seqs).toEqual(seqs.map((_, index) => (seqs[0] ?? 0) + index));
          expect(reply.gap).toBe(seqs.length > 0 && seqs[0] !== cursor + 1);
          cursor = reply.newest;
        }
      }),
    );
  });

  it('turns moments into wall-clock times and back', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e9, max: 1e9 }), (moment) => {
        expect(monotonicOf(wallOf(moment, NOW), NOW)).toBe(moment);
      }),
    );
  });
});
