/** conntrackd's part of what the routers tell each other, and the way of a canary through the engine. */
import { describe, expect, it } from 'vitest';
import type { SyncWord } from '../../../src/core/conntrackd/watch.ts';
import { dutySituationOf } from '../../../src/core/engine/duty.ts';
import type { Event } from '../../../src/core/engine/messages.ts';
import { decodeMessage, encodeMessage } from '../../../src/core/engine/pair-message.ts';
import type { PartnerMessage } from '../../../src/core/engine/pair-types.ts';
import { conntrackFacts, dutyReport } from '../../fakes/router.ts';
import { failed, feed, healthy } from '../engine/situations.ts';

const MESSAGE: PartnerMessage = {
  run: 'r-1',
  at: 5,
  echo: null,
  role: 'backup',
  fit: 6,
  ready: true,
  wants: false,
  out: false,
  usableWans: [],
};
const WORD: SyncWord = { internal: 3, external: 4, taken: 5 };

describe("conntrackd's word in the message", () => {
  it.each([WORD, { internal: null, external: null, taken: 0 }, { internal: 0, external: null, taken: 9 }])(
    'comes back as it was: %j',
    (sync) => {
      const message = { ...MESSAGE, sync };
      expect(decodeMessage(encodeMessage(message))).toEqual({ ok: true, value: message });
    },
  );

  it('may be missing, and is refused with numbers that are none', () => {
    expect(decodeMessage(encodeMessage(MESSAGE))).toEqual({ ok: true, value: MESSAGE });
    const hostile = encodeMessage({ ...MESSAGE, sync: WORD }).replace('"taken":5', '"taken":-5');
    expect(decodeMessage(hostile)).toMatchObject({ ok: false });
  });

  it('follows from what was read, and goes with it', () => {
    expect(dutySituationOf(healthy())?.sync).toMatchObject({ external: 2 });
    expect(dutySituationOf(healthy([failed('conntrack', 'absent')]))?.sync).toBeUndefined();
  });
});

describe('the engine', () => {
  it('asks for a canary when nothing moves, and forgets all when conntrackd is gone', () => {
    const partner = { ...MESSAGE, sync: WORD };
    const reads = Array.from({ length: 9 }, (_, index): Event => {
      const facts = conntrackFacts();
      const traffic = facts.traffic && { ...facts.traffic, packetsSent: index, packetsReceived: index };
      return { kind: 'conntrackRead', facts: { ...facts, traffic } };
    });
    const heard: Event = { kind: 'dutyReported', report: dutyReport({ partner }), happenings: [] };
    const { state, effects } = feed(healthy(), [heard, ...reads], 2000, 5000);
    expect(state.role.state).toBe('active');
    expect(effects.filter(({ kind }) => kind === 'canary').length).toBeGreaterThan(0);
    expect(state.sync?.state).toBe('stands-still');
    expect(state.problems.map(({ code }) => code)).toContain('sync-stands-still');
    const gone = feed(state, [failed('conntrack', 'absent')], 60_000).state;
    expect(gone.sync).toBeNull();
    expect(gone.problems.map(({ code }) => code)).not.toContain('sync-stands-still');
  });
});
