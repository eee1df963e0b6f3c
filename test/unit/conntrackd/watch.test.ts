import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeConntrackd, decodeCounters } from '../../../src/core/conntrackd/decode.ts';
import type { ConntrackFacts } from '../../../src/core/conntrackd/facts.ts';
import { type SyncWatch, type SyncWord, watchSync } from '../../../src/core/conntrackd/watch.ts';
import { conntrackFacts } from '../../fakes/router.ts';

const RUN = readFileSync(new URL('../../captures/conntrackd/run.txt', import.meta.url), 'utf8');

/** Output of a command in a part of the recording. */
function recorded(part: string, command: string): string {
  const text = RUN.slice(RUN.indexOf(`=== ${part}`));
  const from = text.indexOf(`$ ${command}\n`) + command.length + 3;
  return text.slice(from, text.indexOf('[exit ', from));
}

/** The facts of a moment of the recording. */
function factsOf(part: string): ConntrackFacts {
  const link = recorded('both run', 'conntrackd -s link');
  const decoded = decodeConntrackd({
    statistics: recorded(part, 'conntrackd -s'),
    network: recorded(part, 'conntrackd -s network'),
    link: part.startsWith('sync link: carrier') ? recorded(part, 'conntrackd -s link') : link,
  });
  if (!decoded.ok) throw new Error(decoded.error.message);
  const inside = {
    ...decodeCounters(recorded(part, 'conntrackd -s queue')),
    ...decodeCounters(recorded('both run', 'conntrackd -s runtime')),
  };
  return { ...decoded.value, inside };
}

interface Moment {
  readonly sent?: number;
  readonly received?: number;
  /** Changes of the internal cache. */
  readonly worked?: number;
  readonly lost?: number;
  readonly external?: number;
  readonly inside?: Readonly<Record<string, number>>;
}

const BASE = conntrackFacts();

function facts(moment: Moment): ConntrackFacts {
  const { sent = 0, received = 0, worked = 0, lost = 0, external = 2, inside = {} } = moment;
  const traffic = {
    bytesSent: 0,
    bytesReceived: 0,
    packetsSent: sent,
    packetsReceived: received,
    sendErrors: 0,
    receiveErrors: 0,
  };
  return {
    ...BASE,
    traffic,
    packetsLost: lost,
    internal: { ...BASE.internal, created: worked, updated: 0, destroyed: 0 },
    external: { ...BASE.external, active: external },
    inside: { 'rsqueue maximum elements': 131072, 'rsqueue current elements': 1, ...inside },
  };
}

const word = (taken: number, internal = 5): SyncWord => ({ internal, external: 5, taken });

/** One read every 5 s. */
function watched(
  moments: readonly Moment[],
  partner: (index: number) => SyncWord | null = () => null,
  isActive = true,
): { readonly watch: SyncWatch; readonly canaries: readonly number[] } {
  let watch: SyncWatch | null = null;
  const canaries: number[] = [];
  for (const [index, moment] of moments.entries()) {
    const next = watchSync(watch, facts(moment), partner(index), isActive, 1000 + index * 5000);
    watch = next.watch;
    if (next.canary) canaries.push(index);
  }
  if (watch === null) throw new Error('no moments');
  return { watch, canaries };
}

const moments = (count: number, of: (index: number) => Moment): readonly Moment[] =>
  Array.from({ length: count }, (_, index) => of(index));
const codes = (watch: SyncWatch): readonly string[] => watch.faults.map(({ code }) => code);

/** All moves as it does by itself. */
const alive = (index: number): Moment => ({ sent: 5 * index, received: 5 * index });

describe('the recording', () => {
  it('has the counters of queue and runtime by their own labels', () => {
    expect(factsOf('both run').inside).toMatchObject({
      'rsqueue current elements': 0,
      'rsqueue maximum elements': 131072,
      'rsqueue not enough space errors': 0,
      'errorq maximum elements': 128,
      'netlink overrun': 0,
      'events received': 22,
      'child process segfault': 0,
    });
  });

  it('shows a partner whose process is gone by what no longer comes', () => {
    const gone = factsOf('the partner process is gone');
    const first = watchSync(null, gone, null, true, 1000).watch;
    expect(first.state).toBe('syncs');
    const sent = { ...gone, traffic: gone.traffic && { ...gone.traffic, packetsSent: 33 } };
    const second = watchSync(first, sent, null, true, 6000).watch;
    expect([second.state, codes(second)]).toEqual(['partner-silent', ['sync-partner-silent']]);
    expect(second.faults[0]?.text).toBe("Nothing has come from the partner's conntrackd for 5 s.");
  });

  it('leaves a link without carrier to the check of the link', () => {
    const cut = factsOf('sync link: carrier lost');
    const first = watchSync(null, cut, null, true, 1000).watch;
    const second = watchSync(first, cut, null, true, 6000).watch;
    expect([second.state, codes(second)]).toEqual(['partner-silent', []]);
  });
});

describe('counters that stand still', () => {
  it('are no fault while they move, nor when conntrackd starts anew', () => {
    expect(watched(moments(20, alive)).watch).toMatchObject({ state: 'syncs', faults: [] });
    const again = watched([alive(4), alive(5), alive(0), alive(1)]).watch;
    expect(again).toMatchObject({ state: 'syncs', faults: [] });
  });

  it('are one if conntrackd sends nothing, and it is over with the next packet', () => {
    const still = watched([alive(1), { sent: 5, received: 10 }]).watch;
    expect([still.state, codes(still)]).toEqual(['stands-still', ['sync-stands-still']]);
    expect(watched([alive(1), { sent: 5, received: 10 }, alive(3)]).watch.state).toBe('syncs');
  });

  it('say nothing in another mode than FTFW, which sends only when it has something', () => {
    let watch: SyncWatch | null = null;
    for (const at of [1000, 6000, 90_000]) {
      const { inside: _, ...other } = facts({ sent: 1, received: 1 });
      watch = watchSync(watch, other, null, true, at).watch;
    }
    expect(watch).toMatchObject({ state: 'syncs', faults: [] });
  });
});

describe('the canary', () => {
  it('is made only on the active router, in silence, while the partner is heard, and once in 10 s at most', () => {
    const quiet = moments(14, alive);
    expect(watched(quiet, () => null).canaries).toEqual([]);
    expect(watched(quiet, () => word(7), false).canaries).toEqual([]);
    const { canaries } = watched(quiet, () => word(7));
    expect(canaries).toEqual([6, 8, 10, 12]);
    const busy = moments(14, (index) => ({ ...alive(index), worked: index }));
    expect(watched(busy, (index) => word(index)).canaries).toEqual([]);
  });

  it('that is seen here and moves the partner is the end of it', () => {
    const worked = (index: number): number => (index >= 7 ? 2 : 0);
    const { watch, canaries } = watched(
      moments(12, (index) => ({ ...alive(index), worked: worked(index) })),
      (index) => word(index >= 8 ? 9 : 7),
    );
    expect([watch.state, canaries]).toEqual(['syncs', [6]]);
    expect([watch.pending, watch.unseen]).toEqual([null, null]);
  });

  it('that conntrackd does not notice is told after 10 s', () => {
    expect(watched(moments(8, alive), () => word(7)).watch.state).toBe('syncs');
    // It lasts, although further ones are made meanwhile.
    for (const count of [9, 10, 11, 14]) {
      const { watch } = watched(moments(count, alive), () => word(7));
      expect(watch.state).toBe('stands-still');
      expect(watch.faults[0]?.text).toMatch(/^conntrackd does not take notice of a test entry/);
    }
  });

  it('that does not reach the partner is told after 30 s; natural connections count the same', () => {
    const busy = (index: number): Moment => ({ ...alive(index), worked: index });
    expect(watched(moments(7, busy), () => word(7)).watch.state).toBe('syncs');
    const { watch, canaries } = watched(moments(8, busy), () => word(7));
    expect([watch.state, codes(watch)]).toEqual(['stands-still', ['sync-stands-still']]);
    expect(canaries.length).toBeGreaterThan(0);
    // A conntrackd of the partner that started anew counts from 0: that is a move, too.
    expect(watched(moments(9, busy), (index) => word(index === 8 ? 1 : 7)).watch.state).toBe('syncs');
  });
});

describe('what else fails silently', () => {
  it('is an empty external cache on a backup whose partner has connections', () => {
    const empty = moments(4, (index) => ({ ...alive(index), external: 0 }));
    expect(codes(watched(empty, () => word(3), false).watch)).toEqual(['sync-empty']);
    expect(codes(watched(empty.slice(1), () => word(3), false).watch)).toEqual([]);
    expect(codes(watched(empty, () => word(3, 0), false).watch)).toEqual([]);
    expect(codes(watched(empty, () => word(3), true).watch)).toEqual([]);
    expect(codes(watched(empty, () => null, false).watch)).toEqual([]);
  });

  it('is loss that goes on, not the one of a cable that was out', () => {
    const once = moments(6, (index) => ({ ...alive(index), lost: index > 1 ? 6 : 0 }));
    expect(codes(watched(once).watch)).toEqual([]);
    const often = moments(6, (index) => ({ ...alive(index), lost: index }));
    expect(codes(watched(often).watch)).toEqual(['sync-lost']);
    const over = moments(20, (index) => ({ ...alive(index), lost: Math.min(index, 5) }));
    expect(codes(watched(over).watch)).toEqual([]);
  });

  it.each([
    ['a resend queue half full', { 'rsqueue current elements': 65536 }],
    ['a queue without space', { 'rsqueue not enough space errors': 3 }],
    ['events of the kernel that were lost', { 'netlink overrun': 1 }],
  ])('is %s', (_what, inside) => {
    const watch = watched([alive(0), { ...alive(1), inside }]).watch;
    expect(codes(watch)).toEqual(['sync-overload']);
  });
});
