import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  INITIAL_PAIR,
  nextPairDeadline,
  stepPair,
  switchoverRefusal,
} from '../../../src/core/engine/pair.ts';
import { decodeMessage, encodeMessage, LARGEST_MESSAGE } from '../../../src/core/engine/pair-message.ts';
import { GRANT_MS, PROMISE_MS } from '../../../src/core/engine/pair-trust.ts';
import type {
  PairEffect,
  PairEvent,
  PairSituation,
  PairState,
  PartnerMessage,
} from '../../../src/core/engine/pair-types.ts';

/** One pair machine: its rules by example, and the message that it takes from another machine. */

const SITUATION: PairSituation = {
  name: 'gw-a',
  priority: 250,
  partner: 'gw-b',
  partnerPriority: 240,
  role: 'active',
  usable: true,
  usableWans: ['wan'],
  holdMs: 10_000,
};
const MESSAGE: PartnerMessage = {
  run: 'b-1',
  at: 1000,
  echo: { run: 'a-1', at: 20_000 },
  role: 'backup',
  fit: 6,
  ready: true,
  wants: false,
  out: false,
  usableWans: ['wan', 'wan_b'],
};

/** A machine on which things happen at moments; what it did since the last look. */
class Machine {
  state: PairState = INITIAL_PAIR;
  effects: PairEffect[] = [];

  constructor() {
    this.at(0, { kind: 'began', run: 'a-1', maintenance: false });
    this.at(1, { kind: 'situation', situation: SITUATION });
    this.effects = [];
  }

  at(now: number, event: PairEvent): this {
    const next = stepPair(this.state, event, now);
    this.state = next.state;
    this.effects.push(...next.effects);
    return this;
  }

  heard(now: number, message: Partial<PartnerMessage> = {}): this {
    const whole = { ...MESSAGE, at: now, echo: { run: 'a-1', at: now - 100 }, ...message };
    return this.at(now, { kind: 'heard', message: whole, reason: '' });
  }

  of<K extends PairEffect['kind']>(kind: K): Extract<PairEffect, { kind: K }>[] {
    return this.effects.filter((effect): effect is Extract<PairEffect, { kind: K }> => effect.kind === kind);
  }
}

const on: PairEvent = { kind: 'maintenance', on: true };

describe('a lease', () => {
  it('is taken at once, for as long as the promise surely holds, and renewed by each message', () => {
    const machine = new Machine().heard(20_000).at(20_050, on);
    expect(machine.of('lease')).toEqual([
      { kind: 'lease', until: 19_900 + GRANT_MS, reason: 'maintenance', kick: true },
    ]);
    expect(machine.of('keepMaintenance')).toEqual([{ kind: 'keepMaintenance', on: true }]);
    machine.effects = [];
    machine.heard(21_000);
    expect(machine.of('lease')).toEqual([
      { kind: 'lease', until: 20_900 + GRANT_MS, reason: 'maintenance', kick: false },
    ]);
  });

  it('ends when nothing is heard any more, when the partner is not ready, and with its reason', () => {
    const out = (): Machine => new Machine().heard(20_000).at(20_050, on);
    expect(out().at(19_900 + GRANT_MS, { kind: 'tick' }).state.lease).toBeNull();
    expect(out().at(19_899 + GRANT_MS, { kind: 'tick' }).state.lease).not.toBeNull();
    expect(out().heard(20_500, { ready: false }).state.lease).toBeNull();
    expect(out().heard(20_500, { fit: 2 }).state.lease).toBeNull();
    expect(out().at(20_500, { kind: 'maintenance', on: false }).of('lease').at(-1)).toEqual({
      kind: 'lease',
      until: null,
      reason: '',
      kick: true,
    });
  });

  it.each([
    ['nothing was heard', (machine: Machine) => machine],
    ['the partner does not hear us', (machine: Machine) => machine.heard(20_000, { echo: null })],
    [
      'the partner heard another run of ours',
      (machine: Machine) => machine.heard(20_000, { echo: { run: 'a-0', at: 19_900 } }),
    ],
    [
      'what it says is old',
      (machine: Machine) => machine.heard(20_000, { echo: { run: 'a-1', at: 20_000 - GRANT_MS } }),
    ],
    ['the partner has no WAN', (machine: Machine) => machine.heard(20_000, { fit: 2 })],
    ['the partner is in maintenance', (machine: Machine) => machine.heard(20_000, { fit: 4 })],
    ['the partner does not agree', (machine: Machine) => machine.heard(20_000, { ready: false })],
  ])('is not taken if %s', (_name, prepare) => {
    expect(prepare(new Machine()).at(20_050, on).of('lease')).toEqual([]);
  });

  it('is not taken by a service that has just started: it may have promised something', () => {
    const early = new Machine().heard(PROMISE_MS - 200).at(PROMISE_MS - 1, on);
    expect(early.of('lease')).toEqual([]);
    expect(early.at(PROMISE_MS, { kind: 'tick' }).of('lease')).toHaveLength(1);
  });

  it('is not taken while a promise of ours holds, unless the partner has seen it withdrawn and serves', () => {
    const bound = (): Machine => {
      const machine = new Machine();
      // The partner wants to go: it is promised that we stay.
      machine.heard(20_000, { wants: true, ready: false, fit: 4 });
      expect(machine.of('tell').at(-1)?.message.ready).toBe(true);
      return machine.heard(21_000, { echo: { run: 'a-1', at: 20_500 } }).at(21_100, on);
    };
    expect(bound().of('lease')).toEqual([]);
    const withdrawn = bound()
      .of('tell')
      .map(({ message }) => message)
      .find(({ ready, at }) => !ready && at >= 21_000);
    expect(withdrawn?.ready).toBe(false);
    const at = withdrawn?.at ?? 0;
    expect(
      bound()
        .heard(21_500, { echo: { run: 'a-1', at: at - 1 } })
        .of('lease'),
    ).toEqual([]);
    expect(
      bound()
        .heard(21_500, { echo: { run: 'a-1', at } })
        .of('lease'),
    ).toHaveLength(1);
  });

  it('is longer promised than taken, by more than keepalived needs to look', () => {
    expect(PROMISE_MS).toBeGreaterThanOrEqual(GRANT_MS + 2000);
  });
});

describe('the WANs', () => {
  const usable = (value: boolean | null): PairEvent => ({
    kind: 'situation',
    situation: { ...SITUATION, usable: value, usableWans: value === true ? ['wan'] : [] },
  });

  it('count as lost at once after a steady time, else after the hold time; as back after it', () => {
    const machine = new Machine().heard(20_000).at(20_050, usable(false));
    expect(machine.of('lease').map(({ reason }) => reason)).toEqual(['no-wan']);
    machine.at(20_100, usable(true)).heard(23_000).heard(26_000).heard(29_000);
    expect(machine.state.lease).not.toBeNull();
    expect(machine.heard(30_100).state.lease).toBeNull();
    machine.at(31_000, usable(false));
    machine.heard(31_100);
    expect(machine.state.lease?.reason).toBe('no-wan');
  });

  it('count as they did while nobody can say', () => {
    const machine = new Machine().heard(20_000).at(20_050, usable(null)).heard(40_000);
    expect(machine.of('lease')).toEqual([]);
  });
});

describe('a switchover', () => {
  it.each([
    [
      { role: 'fault', ready: false, out: true },
      'gw-b is not ready: it holds itself out of service. gw-a stays active.',
    ],
    [{ role: 'fault', ready: false, fit: 0 }, 'gw-b is not ready: it is in fault. gw-a stays active.'],
    [{ fit: 2 }, 'gw-b is not ready: it has no usable WAN. gw-a stays active.'],
    [{ ready: false }, 'gw-b is not ready: it has not agreed yet. gw-a stays active.'],
    [{}, null],
  ] as const)('by a partner that says %j is refused with %s', (message, sentence) => {
    expect(switchoverRefusal(new Machine().heard(20_000, message).state, 20_050)).toBe(sentence);
  });

  it('fails with a sentence if the partner does not become active, and the router serves again', () => {
    const machine = new Machine().heard(20_000).at(20_050, { kind: 'switchover' });
    expect(machine.of('flush')).toHaveLength(1);
    machine.at(20_100, { kind: 'flushed', ok: true, text: '' });
    expect(machine.state.lease?.reason).toBe('switchover');
    machine.at(20_200, { kind: 'situation', situation: { ...SITUATION, role: 'fault' } });
    for (let now = 21_000; now <= 26_000; now += 1000) machine.heard(now);
    const [ended] = machine.of('switched');
    expect(ended?.outcome.ok).toBe(false);
    expect(ended?.outcome.text).toBe(
      'The switchover failed: gw-b did not become active within 5 s. gw-a serves again.',
    );
    expect(machine.state.lease).toBeNull();
  });
});

describe('the deadline', () => {
  it('is never in the past after a tick', () => {
    const machine = new Machine().heard(20_000).at(20_050, on);
    for (let now = 20_050, turn = 0; turn < 200; turn += 1) {
      const at = nextPairDeadline(machine.state, now) ?? now + 1;
      now = Math.max(now, at);
      machine.at(now, { kind: 'tick' });
      expect(nextPairDeadline(machine.state, now)).toBeGreaterThan(now);
    }
  });
});

describe('the message', () => {
  it('comes out as it went in', () => {
    expect(decodeMessage(encodeMessage(MESSAGE))).toEqual({ ok: true, value: MESSAGE });
    const mute = { ...MESSAGE, echo: null, usableWans: [] };
    expect(decodeMessage(encodeMessage(mute))).toEqual({ ok: true, value: mute });
  });

  it.each([
    ['', 'it is no JSON'],
    ['[]', 'the reply is an array, not a table'],
    [encodeMessage(MESSAGE).replace('"v":1', '"v":2'), 'v is 2, outside 1 to 1'],
    [encodeMessage({ ...MESSAGE, run: '../x' }), 'run is no run of a service'],
    [encodeMessage({ ...MESSAGE, fit: 7 }), 'fit is 7, outside 0 to 6'],
    [encodeMessage({ ...MESSAGE, usableWans: ['a b'] }), 'usable_wans is no list of WANs'],
    [encodeMessage(MESSAGE).replace('"backup"', '"king"'), 'role is no state of VRRP'],
  ])('%j is refused: %s', (text, why) => {
    expect(decodeMessage(text)).toEqual({ ok: false, error: why });
  });

  it('of any length but a short one is refused unread', () => {
    const error = `it has more than ${LARGEST_MESSAGE} characters`;
    expect(decodeMessage(' '.repeat(LARGEST_MESSAGE + 1))).toEqual({ ok: false, error });
  });

  it('of any other kind is refused, never thrown at us', () => {
    const text = encodeMessage(MESSAGE);
    fc.assert(
      fc.property(fc.nat(text.length), fc.nat(20), fc.string(), (from, length, junk) => {
        const decoded = decodeMessage(`${text.slice(0, from)}${junk}${text.slice(from + length)}`);
        expect(typeof decoded.ok).toBe('boolean');
      }),
      { numRuns: 500, seed: 20_261_121 },
    );
    fc.assert(
      fc.property(fc.json(), (json) => {
        expect(decodeMessage(json).ok).toBe(false);
      }),
      { numRuns: 300, seed: 20_261_121 },
    );
  });
});

describe('a split brain', () => {
  const others = (machine: Machine): (string | undefined)[] =>
    machine
      .of('happened')
      .filter(({ happening }) => happening.subject === 'split-brain')
      .map(({ happening }) => happening.to);
  /** The partner is active and dies; this router takes over a moment later. */
  const takenOver = (): Machine =>
    new Machine()
      .at(19_000, { kind: 'situation', situation: { ...SITUATION, role: 'backup' } })
      .heard(20_000, { role: 'active' })
      .at(20_300, { kind: 'situation', situation: SITUATION });

  it('is not what the last word of a dead partner says', () => {
    const machine = takenOver();
    for (let now = 20_400; now <= 30_000; now += 100) machine.at(now, { kind: 'tick' });
    expect(others(machine)).toEqual([]);
    expect(machine.state.yielding).toBeNull();
  });

  it('is told once the partner has said so after it began, and the lower priority yields', () => {
    const low = { ...SITUATION, priority: 240, partnerPriority: 250 };
    const machine = takenOver().at(20_350, { kind: 'situation', situation: low });
    machine.heard(22_000, { role: 'active' }).at(22_790, { kind: 'tick' });
    expect(others(machine)).toEqual([]);
    machine.at(22_800, { kind: 'tick' });
    expect(others(machine)).toEqual(['error']);
    expect(machine.state.yielding?.reason).toBe('split-brain');
  });

  it('is told as soon as the partner says so, if that is late', () => {
    const machine = takenOver().at(23_500, { kind: 'tick' });
    expect(others(machine)).toEqual([]);
    expect(others(machine.heard(23_600, { role: 'active' }))).toEqual(['error']);
  });
});
