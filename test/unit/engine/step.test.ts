import { describe, expect, it } from 'vitest';
import type { Event, EventKind } from '../../../src/core/engine/messages.ts';
import { initialState, SOURCES, type State } from '../../../src/core/engine/state.ts';
import { nextDeadline, step } from '../../../src/core/engine/step.ts';
import { conntrackFacts, dutyReport, HAGW, vrrpFacts } from '../../fakes/router.ts';
import { at, configRead, failed, feed, fresh, healthy, LINKS, reads, told } from './situations.ts';

/** One event of each kind; the compiler demands that none is missing. */
const EVENTS: { readonly [K in EventKind]: Extract<Event, { kind: K }> } = {
  started: { kind: 'started' },
  configRead: configRead() as Extract<Event, { kind: 'configRead' }>,
  linksRead: { kind: 'linksRead', facts: LINKS },
  vrrpRead: { kind: 'vrrpRead', facts: vrrpFacts('backup') },
  conntrackRead: { kind: 'conntrackRead', facts: conntrackFacts(false) },
  leasesRead: { kind: 'leasesRead', facts: { file: '/x', ipv4: 1, ipv6: 2, damaged: 0 } },
  mwan3Read: { kind: 'mwan3Read', facts: { interfaces: [], policies: [] } },
  servicesRead: { kind: 'servicesRead', facts: { running: ['mwan3'] } },
  readFailed: failed('vrrp') as Extract<Event, { kind: 'readFailed' }>,
  linksChanged: { kind: 'linksChanged', interface: 'wan', action: 'ifdown' },
  vrrpNotified: { kind: 'vrrpNotified', type: 'INSTANCE', name: 'lan', action: 'NOTIFY_FAULT' },
  configChanged: { kind: 'configChanged', package: 'hagw' },
  serviceChanged: { kind: 'serviceChanged', service: 'keepalived' },
  reloadRequested: { kind: 'reloadRequested', by: 'signal' },
  busConnected: { kind: 'busConnected' },
  busLost: { kind: 'busLost' },
  multiWanReported: {
    kind: 'multiWanReported',
    report: { running: true, reason: '', refused: false, wans: [], problems: [] },
    happenings: [],
  },
  pairConfigReported: {
    kind: 'pairConfigReported',
    report: { state: 'unchanged', problems: [], contested: '' },
  },
  handoverReported: { kind: 'handoverReported', report: { faults: [] }, happenings: [] },
  dutyReported: { kind: 'dutyReported', report: dutyReport(), happenings: [] },
  tick: { kind: 'tick' },
  stopping: { kind: 'stopping' },
};

const STATES: Readonly<Record<string, () => State>> = {
  fresh,
  healthy: () => healthy(),
  'without ubus': () => healthy([{ kind: 'busLost' }]),
  'keepalived gone': () => healthy([failed('vrrp', 'absent')]),
  'keepalived mute': () => healthy([failed('vrrp'), failed('vrrp'), failed('vrrp')]),
  hinted: () => healthy([{ kind: 'vrrpNotified', type: 'GROUP', name: 'gw', action: 'NOTIFY_BACKUP' }]),
  'netifd mute': () => healthy([failed('links'), failed('links'), failed('links')]),
  'configuration rejected': () => healthy([configRead(HAGW.replace("'10'", "'0'"))]),
  'never configured': () => feed(fresh(), [{ kind: 'started' }, configRead('', '', '')]).state,
  reading: () => healthy([{ kind: 'reloadRequested', by: 'method' }]),
};

const PAIRS = Object.keys(STATES).flatMap((name) =>
  Object.values(EVENTS).map((event) => [name, event] as const),
);

describe('step', () => {
  it.each(PAIRS)('%s × $kind: plain data, no change of its input, sound bookkeeping', (name, event) => {
    const before = STATES[name]?.() ?? fresh();
    const frozen = JSON.stringify(before);
    const { state, effects } = step(before, event, at(1500));
    expect(JSON.stringify(before)).toBe(frozen);
    expect(JSON.parse(JSON.stringify({ state, effects }))).toEqual({ state, effects });
    // The same event at the same moment gives the same.
    expect(step(before, event, at(1500))).toEqual({ state, effects });
    expect(state.steppedAt).toBe(1500);
    // What happened is told in order, once as a notification and once as an event.
    const seqs = told(effects).map(({ seq }) => seq);
    expect(seqs).toEqual(seqs.map((_, index) => before.timeline.newest + 1 + index));
    expect(effects.flatMap((effect) => (effect.kind === 'send' ? [effect.entry.seq] : []))).toEqual(seqs);
    for (const { text } of told(effects)) expect(text).toMatch(/^\S.*\.$/);
    // A source is never read twice at a time, and each read that is under way was asked for.
    for (const source of SOURCES) {
      const asked = reads(effects).filter((item) => item === source).length;
      const was = before.polls[source].readingSince !== null;
      const is = state.polls[source].readingSince !== null;
      expect(asked).toBeLessThanOrEqual(1);
      const isEnd =
        event.kind === `${source}Read` || (event.kind === 'readFailed' && event.source === source);
      if (is && !was) expect(asked).toBe(1);
      if (asked === 1 && was) expect(isEnd).toBe(true);
      if (asked === 1) expect(state.polls[source]).toMatchObject({ readingSince: 1500, dueAt: null });
      expect(source !== 'config' && is && state.polls[source].dueAt !== null).toBe(false);
    }
    const deadline = nextDeadline(state);
    if (deadline !== null) expect(deadline).toBeGreaterThan(1500);
  });

  it('reads everything at the start, but over ubus only once that is there', () => {
    const start = feed(fresh(), [{ kind: 'started' }]);
    expect(reads(start.effects)).toEqual(['config', 'vrrp', 'conntrack', 'leases']);
    const connected = step(start.state, { kind: 'busConnected' }, at(1001));
    expect(reads(connected.effects)).toEqual(['links', 'services']);
  });

  it('reads again what changed while it was being read, once', () => {
    const busy = healthy([EVENTS.linksChanged, EVENTS.linksChanged, EVENTS.linksChanged]);
    expect(busy.polls.links).toMatchObject({ readingSince: 1000, again: true });
    const next = step(busy, EVENTS.linksRead, at(1100));
    expect(reads(next.effects)).toEqual(['links']);
    const done = step(next.state, EVENTS.linksRead, at(1200));
    expect(reads(done.effects)).toEqual([]);
    expect(done.state.polls.links.dueAt).toBe(6200);
  });

  it('polls at the configured pace, and the configuration never', () => {
    const state = healthy([
      configRead(HAGW.replace("'sync'\n", "'sync'\n\toption poll_interval_ms '2000'\n")),
    ]);
    const polled = feed(state, [EVENTS.conntrackRead], 1500).state;
    expect(polled.polls.conntrack.dueAt).toBe(3500);
    expect(polled.polls.config.dueAt).toBeNull();
    const ticked = step(polled, { kind: 'tick' }, at(3500));
    expect(reads(ticked.effects)).toContain('conntrack');
  });

  it('does not ask mwan3 unless it is the engine', () => {
    expect(reads(step(healthy(), EVENTS.reloadRequested, at(2000)).effects)).not.toContain('mwan3');
    const engine = feed(healthy(), [configRead(HAGW.replace("'none'", "'mwan3'"))], 2000);
    expect(reads(engine.effects)).toContain('mwan3');
    const back = feed(engine.state, [EVENTS.mwan3Read, configRead()], 2100);
    expect(back.state.mwan3.value).toBeNull();
  });

  it('leaves other packages and services alone', () => {
    for (const event of [
      { kind: 'configChanged', package: 'system' },
      { kind: 'serviceChanged', service: 'uhttpd' },
      { kind: 'serviceChanged', service: 'constructor' },
    ] as const)
      expect(reads(step(healthy(), event, at(2000)).effects)).toEqual([]);
  });

  it('holds on to facts for two failures and lets go at the third, retrying soon', () => {
    const one = feed(healthy(), [failed('conntrack')], 2000).state;
    expect(one.conntrack).toMatchObject({ value: expect.anything(), failures: 1 });
    expect(one.polls.conntrack.dueAt).toBe(3000);
    const three = feed(one, [failed('conntrack'), failed('conntrack')], 3000).state;
    expect(three.conntrack).toMatchObject({ value: null, failures: 3 });
    expect(three.polls.conntrack.dueAt).toBe(8000);
    expect(feed(three, [EVENTS.conntrackRead], 8000).state.conntrack).toMatchObject({
      error: null,
      failures: 0,
    });
  });

  it('lets go at once when the neighbour is absent', () => {
    expect(feed(healthy(), [failed('leases', 'absent')], 2000).state.leases.value).toBeNull();
  });

  it('keeps the configuration in force over a bad, broken or missing one', () => {
    const running = healthy().hagw.value;
    const broken = { kind: 'broken', message: 'Parse error (invalid command) at line 1, byte 0.' } as const;
    const base = configRead() as Extract<Event, { kind: 'configRead' }>;
    for (const hagw of [broken, { kind: 'missing' } as const]) {
      const { state } = feed(healthy(), [{ ...base, hagw }], 2000);
      expect(state.hagw).toMatchObject({ value: running, rejected: true, file: hagw.kind });
    }
    const rejected = feed(healthy(), [configRead(HAGW.replace("'10'", "'x'"))], 2000);
    expect(rejected.state.hagw).toMatchObject({ value: running, rejected: true, file: 'read' });
    expect(told(rejected.effects).map(({ kind, to }) => [kind, to])).toEqual([
      ['config', 'rejected'],
      ['problem', 'error'],
    ]);
    const mended = feed(rejected.state, [configRead()], 3000);
    expect(mended.state.hagw.rejected).toBe(false);
    expect(told(mended.effects).map(({ to }) => to)).toEqual(['read', 'resolved']);
  });

  it('says nothing when nothing changed', () => {
    const state = healthy();
    expect(told(feed(state, [configRead(), EVENTS.linksRead], 2000).effects)).toEqual([]);
  });

  it('names this router in the timeline as soon as it knows', () => {
    const state = initialState({ version: '0', hostname: 'host-a', run: 'r', startedAt: 1000 });
    const { effects } = feed(state, [{ kind: 'started' }, configRead(), EVENTS.linksRead, EVENTS.vrrpRead]);
    const routers = told(effects).map(({ router }) => router);
    expect(routers[0]).toBe('host-a');
    expect(routers.at(-1)).toBe('gw-a');
  });
});
