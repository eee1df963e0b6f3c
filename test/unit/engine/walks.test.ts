import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Event } from '../../../src/core/engine/messages.ts';
import { SOURCES, type Source, type State } from '../../../src/core/engine/state.ts';
import { nextDeadline, step } from '../../../src/core/engine/step.ts';
import { conntrackFacts, HAGW, vrrpFacts } from '../../fakes/router.ts';
import { at, configRead, failed, fresh, LINKS, reads, told } from './situations.ts';

/** Answers that a read may get; the walk gives them only to reads that are under way, as the service does. */
const ANSWERS: { readonly [S in Source]: readonly Event[] } = {
  config: [
    configRead(),
    configRead(HAGW.replace("'none'", "'mwan3'")),
    configRead(HAGW.replace("'10'", "'0'")),
    {
      kind: 'configRead',
      hagw: { kind: 'missing' },
      mwan3: { kind: 'missing' },
      keepalived: { kind: 'missing' },
      network: { kind: 'missing' },
    },
  ],
  links: [
    { kind: 'linksRead', facts: LINKS },
    { kind: 'linksRead', facts: { interfaces: [], devices: [] } },
  ],
  vrrp: (['active', 'backup', 'fault'] as const).flatMap((state) => [
    { kind: 'vrrpRead', facts: vrrpFacts(state) },
    { kind: 'vrrpRead', facts: vrrpFacts(state, 'backup') },
  ]),
  conntrack: [true, false].map((isUp) => ({ kind: 'conntrackRead', facts: conntrackFacts(isUp) })),
  leases: [{ kind: 'leasesRead', facts: { file: '/x', ipv4: 1, ipv6: 0, damaged: 1 } }],
  mwan3: [{ kind: 'mwan3Read', facts: { interfaces: [], policies: [] } }],
  services: [{ kind: 'servicesRead', facts: { running: ['mwan3'] } }],
};

const HAPPENS: readonly Event[] = [
  { kind: 'linksChanged', interface: 'wan', action: 'ifdown' },
  ...(['NOTIFY_MASTER', 'NOTIFY_BACKUP', 'NOTIFY_FAULT', 'NOTIFY_STOP', 'NOTIFY'] as const).flatMap(
    (action): Event[] => [
      { kind: 'vrrpNotified', type: 'INSTANCE', name: 'lan', action },
      { kind: 'vrrpNotified', type: 'GROUP', name: 'gw', action },
    ],
  ),
  { kind: 'vrrpNotified', type: 'DAEMON', name: '', action: 'shutdown' },
  { kind: 'configChanged', package: 'hagw' },
  { kind: 'serviceChanged', service: 'keepalived' },
  { kind: 'reloadRequested', by: 'signal' },
  { kind: 'busConnected' },
  { kind: 'busLost' },
];

/** One move of the walk: something happens, a read that is under way ends (well, badly), or time passes. */
interface Move {
  readonly what: 'happens' | 'answer' | 'failure' | 'time';
  readonly pick: number;
  readonly ms: number;
}

const moves: fc.Arbitrary<Move[]> = fc.array(
  fc.record({
    what: fc.constantFrom('happens', 'answer', 'answer', 'failure', 'time'),
    pick: fc.nat(1000),
    ms: fc.integer({ min: 0, max: 4000 }),
  }),
  { maxLength: 60 },
);

function eventOf(state: State, { what, pick }: Move): Event | null {
  if (what === 'happens') return HAPPENS[pick % HAPPENS.length] ?? null;
  const busy = SOURCES.filter((source) => state.polls[source].readingSince !== null);
  const source = busy[pick % Math.max(1, busy.length)];
  if (source === undefined || what === 'time') return { kind: 'tick' };
  if (what === 'answer') return ANSWERS[source][pick % ANSWERS[source].length] ?? null;
  return source === 'config' ? configRead() : failed(source, pick % 2 === 0 ? 'absent' : 'timeout');
}

/** What must hold after every step of the service's life. */
function expectSound(before: State, state: State, seqs: readonly number[]): void {
  expect(seqs).toEqual(seqs.map((_, index) => before.timeline.newest + 1 + index));
  for (const source of SOURCES) {
    const { readingSince, dueAt } = state.polls[source];
    expect(readingSince !== null && dueAt !== null).toBe(false);
    const isAsked =
      source === 'mwan3'
        ? state.bus.connected && state.hagw.value?.engine === 'mwan3'
        : source === 'config' || (['links', 'services'].includes(source) ? state.bus.connected : true);
    // Nothing that is wanted is ever forgotten: it is being read, or will be.
    if (isAsked && source !== 'config') expect(readingSince !== null || dueAt !== null).toBe(true);
  }
  for (const item of [...state.instances, ...state.groups]) {
    if (item.since !== null) expect(item.since).toBeLessThanOrEqual(state.steppedAt);
  }
  expect(state.role.reason).not.toBe('');
}

describe('any life of the service', () => {
  it('keeps its books: nothing forgotten, nothing read twice, everything told once', () => {
    fc.assert(
      fc.property(moves, (walk) => {
        let now = 1000;
        let state = step(fresh(), { kind: 'started' }, at(now)).state;
        for (const move of walk) {
          now += move.what === 'time' ? move.ms : move.ms % 7;
          const event = eventOf(state, move);
          if (event === null) continue;
          const next = step(state, event, at(now));
          for (const source of SOURCES)
            expect(reads(next.effects).filter((item) => item === source).length).toBeLessThanOrEqual(1);
          expectSound(
            state,
            next.state,
            told(next.effects).map(({ seq }) => seq),
          );
          state = next.state;
        }
        expect(JSON.parse(JSON.stringify(state))).toEqual(state);
      }),
      { numRuns: 150 },
    );
  });

  it('comes to the truth: after good answers to everything, nothing of the past is left', () => {
    fc.assert(
      fc.property(moves, (walk) => {
        let now = 1000;
        let state = step(fresh(), { kind: 'started' }, at(now)).state;
        const feed = (event: Event) => {
          state = step(state, event, at(now)).state;
        };
        for (const move of walk) {
          now += move.ms;
          const event = eventOf(state, move);
          if (event !== null) feed(event);
        }
        now += 1;
        feed({ kind: 'busConnected' });
        feed({ kind: 'reloadRequested', by: 'signal' });
        for (let round = 0; round < 3; round += 1) {
          now += 10;
          for (const source of SOURCES) {
            const [answer] = ANSWERS[source];
            if (state.polls[source].readingSince !== null && answer !== undefined) feed(answer);
          }
        }
        expect(state.role.state).toBe('active');
        expect([...state.instances, ...state.groups].map(({ name, state: is }) => `${name} ${is}`)).toEqual([
          'lan active',
          'wan active',
          'gw active',
        ]);
        expect(state.wans.map(({ state: is }) => is)).toEqual(['online', 'online']);
        expect(state.hagw.rejected).toBe(false);
        now += 60_000;
        feed({ kind: 'tick' });
        const deadline = nextDeadline(state);
        if (deadline !== null) expect(deadline).toBeGreaterThan(now);
      }),
      { numRuns: 150 },
    );
  });
});
