import { describe, expect, it } from 'vitest';
import type { VrrpState } from '../../../src/api/status.ts';
import type { Event } from '../../../src/core/engine/messages.ts';
import type { State } from '../../../src/core/engine/state.ts';
import { step } from '../../../src/core/engine/step.ts';
import { KEEPALIVED, vrrpFacts } from '../../fakes/router.ts';
import { at, configRead, failed, feed, healthy, told, WALL } from './situations.ts';

function notified(type: 'INSTANCE' | 'GROUP' | 'DAEMON', name: string, action: string): Event {
  return { kind: 'vrrpNotified', type, name, action };
}

function dump(state: VrrpState, wan = state): Event {
  return { kind: 'vrrpRead', facts: vrrpFacts(state, wan) };
}

function states(state: State): Record<string, VrrpState> {
  const entries = [...state.instances, ...state.groups].map((item) => [item.name, item.state] as const);
  return { ...Object.fromEntries(entries), role: state.role.state };
}

const BACKUP = feed(healthy([dump('backup')]), [], 1000).state;

/** The four calls of one change of a group of two, as keepalived's hotplug gives them. */
const CALLS = [
  notified('INSTANCE', 'lan', 'NOTIFY_MASTER'),
  notified('INSTANCE', 'wan', 'NOTIFY_MASTER'),
  notified('GROUP', 'gw', 'NOTIFY_MASTER'),
  notified('GROUP', 'gw', 'NOTIFY'),
];

function orders<T>(items: readonly T[]): T[][] {
  if (items.length <= 1) return [[...items]];
  return items.flatMap((item, index) =>
    orders([...items.slice(0, index), ...items.slice(index + 1)]).map((rest) => [item, ...rest]),
  );
}

describe('notifications', () => {
  it.each(orders(CALLS).map((order, index) => [index, order] as const))(
    'in any order (%d) make the group active once',
    (_index, order) => {
      const { state, effects } = feed(BACKUP, order, 2000, 10);
      expect(states(state)).toEqual({ lan: 'active', wan: 'active', gw: 'active', role: 'active' });
      const roles = told(effects).filter(({ kind }) => kind === 'router');
      expect(roles.map(({ from, to }) => [from, to])).toEqual([['backup', 'active']]);
      const settled = feed(state, [dump('active'), dump('active')], 3000, 10);
      expect(told(settled.effects)).toEqual([]);
      expect(settled.state.groups[0]).toMatchObject({ hintedAt: null, since: expect.any(Number) });
    },
  );

  it('count at once, with their source, and ask for a dump', () => {
    const { state, effects } = feed(BACKUP, [CALLS[0] as Event], 2000);
    expect(state.instances[0]).toMatchObject({
      state: 'active',
      since: 2000,
      hintedAt: 2000,
      last: { at: 2000, from: 'backup', to: 'active', source: 'notify' },
    });
    expect(effects).toContainEqual({ kind: 'read', source: 'vrrp' });
    expect(state.role.state).toBe('backup');
  });

  it.each<[string, VrrpState]>([
    ['NOTIFY_MASTER', 'active'],
    ['NOTIFY_BACKUP', 'backup'],
    ['NOTIFY_FAULT', 'fault'],
    ['NOTIFY_STOP', 'stop'],
    ['NOTIFY_MASTER_RX_LOWER_PRI', 'active'],
    ['constructor', 'active'],
    ['startup', 'active'],
  ])('%s makes an active instance %s', (action, expected) => {
    const { state } = feed(healthy(), [notified('INSTANCE', 'lan', action)], 2000);
    expect(states(state)['lan']).toBe(expected);
  });

  it('of a shutdown stop everything; of a startup nothing changes', () => {
    expect(states(feed(healthy(), [notified('DAEMON', '', 'shutdown')], 2000).state)).toEqual({
      lan: 'stop',
      wan: 'stop',
      gw: 'stop',
      role: 'stop',
    });
    expect(states(feed(healthy(), [notified('DAEMON', '', 'startup')], 2000).state)['role']).toBe('active');
  });

  it('of something that keepalived does not have end with the next dump', () => {
    const hinted = feed(healthy(), [notified('INSTANCE', 'ghost', 'NOTIFY_FAULT')], 2000).state;
    expect(hinted.instances.map(({ name }) => name)).toContain('ghost');
    expect(feed(hinted, [dump('active')], 2100).state.instances.map(({ name }) => name)).toEqual([
      'lan',
      'wan',
    ]);
  });

  it('cannot fill the memory', () => {
    const flood = Array.from({ length: 600 }, (_, index) =>
      notified('INSTANCE', `i${index}`, 'NOTIFY_FAULT'),
    );
    expect(feed(healthy(), flood, 2000).state.instances.length).toBeLessThanOrEqual(512);
  });
});

describe('dumps', () => {
  it('begun before a notification say nothing about it', () => {
    // The read of 2000 is under way when the notification of 2050 comes; its answer is of before.
    const reading = step(BACKUP, { kind: 'reloadRequested', by: 'signal' }, at(2000)).state;
    const hinted = feed(reading, CALLS, 2050).state;
    const old = step(hinted, dump('backup'), at(2060));
    expect(states(old.state)).toMatchObject({ lan: 'active', gw: 'active', role: 'active' });
    // The next one, begun at 2060, is the truth.
    const next = step(old.state, dump('active'), at(2070));
    expect(next.state.instances.map(({ hintedAt }) => hintedAt)).toEqual([null, null]);
  });

  it.each(['absent', 'timeout'] as const)(
    'that fail (%s) and were begun before say nothing either',
    (code) => {
      const mute = feed(BACKUP, [failed('vrrp'), failed('vrrp'), failed('vrrp')], 2000).state;
      const reading = feed(mute, [{ kind: 'reloadRequested', by: 'signal' }], 3000).state;
      const hinted = feed(reading, CALLS, 3010).state;
      const late = feed(hinted, [failed('vrrp', code)], 3500);
      expect(states(late.state)).toEqual({ lan: 'active', wan: 'active', gw: 'active', role: 'active' });
      expect(told(late.effects)).toEqual([]);
      // What was begun after the notification is believed.
      const next = feed(late.state, [failed('vrrp', code)], 3600);
      expect(states(next.state)['role']).toBe(code === 'absent' ? 'stop' : 'unknown');
    },
  );

  it('correct a notification that was not true', () => {
    const hinted = feed(BACKUP, CALLS, 2000).state;
    const { state, effects } = feed(hinted, [dump('backup'), dump('backup')], 2100, 10);
    expect(states(state)['role']).toBe('backup');
    expect(state.instances[0]?.last).toMatchObject({ from: 'active', to: 'backup', source: 'dump' });
    expect(told(effects).some(({ kind, to }) => kind === 'router' && to === 'backup')).toBe(true);
  });

  it('see the jump from active to backup after a crash, without a stop between', () => {
    const { state, effects } = feed(healthy(), [dump('backup')], 2000);
    expect(states(state)['role']).toBe('backup');
    const changes = told(effects).filter(({ kind }) => kind === 'vrrp');
    expect(changes.map(({ subject, from, to }) => [subject, from, to])).toEqual([
      ['lan', 'active', 'backup'],
      ['wan', 'active', 'backup'],
      ['gw', 'active', 'backup'],
    ]);
  });

  it('take the time of the first sight from keepalived, if it can be', () => {
    expect(healthy().instances[0]?.since).toBe(Date.UTC(2026, 10, 21, 3, 59, 0) - WALL);
    const future = vrrpFacts('active').instances.map((item) => ({ ...item, lastTransitionMs: WALL + 9e9 }));
    const begun = feed(healthy([failed('vrrp', 'absent')]), [], 1000).state;
    const seen = step(
      { ...begun, instances: [] },
      { kind: 'vrrpRead', facts: { pid: 1, instances: future } },
      at(2000),
    );
    expect(seen.state.instances[0]?.since).toBeNull();
  });

  it('that differ within a group are a fault if one is in fault, else unknown', () => {
    const fault = feed(healthy(), [dump('backup', 'fault')], 2000).state;
    expect(states(fault)).toMatchObject({ gw: 'fault', role: 'fault' });
    const split = feed(healthy(), [dump('active', 'backup')], 2000).state;
    expect(states(split)).toMatchObject({ gw: 'unknown', role: 'unknown' });
    expect(split.role.reason).toBe(
      "The members of a group differ: instance 'lan' is active, instance 'wan' is backup.",
    );
  });
});

describe('the role', () => {
  it('is stop without keepalived and unknown when it is mute', () => {
    expect(feed(healthy(), [failed('vrrp', 'absent')], 2000).state.role).toEqual({
      state: 'stop',
      since: 2000,
      reason: 'keepalived does not run.',
    });
    const mute = feed(healthy(), [failed('vrrp'), failed('vrrp'), failed('vrrp')], 2000, 1000).state;
    expect(mute.role).toMatchObject({ state: 'unknown', since: 4000, reason: 'vrrp is timeout.' });
  });

  it('comes from the instances where there is no group', () => {
    const lone = KEEPALIVED.slice(0, KEEPALIVED.indexOf('config vrrp_sync_group'));
    const both = healthy([configRead(undefined, undefined, lone)]);
    expect(both.role).toMatchObject({
      state: 'active',
      reason: "'lan', 'wan' are active, as keepalived says.",
    });
    const differ = feed(both, [dump('active', 'backup')], 2000).state;
    expect(differ.role).toMatchObject({
      state: 'unknown',
      reason: "They differ: instance 'lan' is active, instance 'wan' is backup.",
    });
  });

  it('keeps its time as long as the state stays', () => {
    const first = feed(healthy(), CALLS.slice(2, 3), 5000).state;
    expect(first.role.since).toBe(healthy().role.since);
    const backup = feed(first, [dump('backup'), dump('backup')], 6000).state;
    expect(feed(backup, [dump('backup')], 7000).state.role.since).toBe(backup.role.since);
  });
});
