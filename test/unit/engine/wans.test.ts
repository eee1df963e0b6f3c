import { describe, expect, it } from 'vitest';
import type { LinkStatus } from '../../../src/api/status.ts';
import type { Event } from '../../../src/core/engine/messages.ts';
import type { Mwan3InterfaceFacts } from '../../../src/core/mwan3/facts.ts';
import type { InterfaceFacts } from '../../../src/core/netifd/facts.ts';
import { deviceFacts, HAGW, MWAN3 } from '../../fakes/router.ts';
import { configRead, failed, feed, healthy, LINKS, told } from './situations.ts';

function links(change: (item: InterfaceFacts) => InterfaceFacts, carrier = true): Event {
  const interfaces = LINKS.interfaces.map((item) => (item.name === 'wan' ? change(item) : item));
  const devices = LINKS.devices.map((item) => (item.name === 'eth1' ? deviceFacts('eth1', carrier) : item));
  return { kind: 'linksRead', facts: { interfaces, devices } };
}

const ENGINE_MWAN3 = configRead(HAGW.replace("'none'", "'mwan3'"));

function mwan3Says(status: string, onlineS: number | null = null): Event {
  const wan: Mwan3InterfaceFacts = {
    name: 'wan',
    status,
    enabled: true,
    running: true,
    tracking: 'active',
    up: true,
    onlineS,
    offlineS: null,
    score: 10,
    lost: 0,
    targets: [{ address: '192.0.2.1', status: 'up', latencyMs: null, packetLossPct: null }],
  };
  return { kind: 'mwan3Read', facts: { interfaces: [wan], policies: [] } };
}

function wanAfter(events: readonly Event[]) {
  return feed(healthy(), events, 5000).state.wans.find(({ name }) => name === 'wan');
}

describe('a WAN without the mwan3 package', () => {
  it.each<[string, readonly Event[], LinkStatus, RegExp]>([
    ['up, nothing to probe', [], 'online', /up; without track_ip/],
    ['down', [links((item) => ({ ...item, up: false }))], 'offline', /is down\.$/],
    ['being set up', [links((item) => ({ ...item, up: false, pending: true }))], 'offline', /being set up/],
    [
      'without its device',
      [
        links((item) => ({
          ...item,
          up: false,
          errors: [{ subsystem: 'interface', code: 'NO_DEVICE', data: [] }],
        })),
      ],
      'offline',
      /NO_DEVICE/,
    ],
    ['without carrier', [links((item) => item, false)], 'offline', /eth1 has no carrier/],
    ['not in netifd', [links((item) => ({ ...item, name: 'other' }))], 'offline', /no interface 'wan'/],
    ['netifd mute', [failed('links'), failed('links'), failed('links')], 'unknown', /links is timeout/],
    [
      'switched off',
      [configRead(HAGW, MWAN3.replace("enabled '1'", "enabled '0'"))],
      'disabled',
      /enabled is 0/,
    ],
    [
      'with hosts that nobody probes',
      [configRead(HAGW, MWAN3.replace("enabled '1'", "enabled '1'\n\tlist track_ip '192.0.2.1'"))],
      'unknown',
      /nothing probes/,
    ],
  ])('%s is told as it is', (_what, events, state, reason) => {
    expect(wanAfter(events)).toMatchObject({ state, reason: expect.stringMatching(reason) });
  });
});

describe('a WAN under the mwan3 package', () => {
  it.each<[string, LinkStatus]>([
    ['online', 'online'],
    ['offline', 'offline'],
    ['connecting', 'connecting'],
    ['disconnecting', 'disconnecting'],
    ['disabled', 'disabled'],
    ['error', 'unknown'],
    ['', 'unknown'],
  ])('that says %j is %s', (word, state) => {
    expect(wanAfter([ENGINE_MWAN3, mwan3Says(word)])).toMatchObject({
      state,
      reason: expect.stringContaining(word),
    });
  });

  it('has been so as long as mwan3 says', () => {
    expect(wanAfter([ENGINE_MWAN3, mwan3Says('offline'), mwan3Says('online', 3)])?.since).toBe(2000);
  });

  it('is unknown while mwan3 says nothing of it', () => {
    expect(wanAfter([ENGINE_MWAN3])).toMatchObject({
      state: 'unknown',
      reason: 'mwan3 has not been asked yet.',
    });
    expect(wanAfter([ENGINE_MWAN3, failed('mwan3', 'absent')])?.reason).toBe('mwan3 is absent.');
    const silent: Event = { kind: 'mwan3Read', facts: { interfaces: [], policies: [] } };
    expect(wanAfter([ENGINE_MWAN3, silent])?.reason).toBe("mwan3 says nothing of 'wan'.");
  });
});

describe('the timeline of a WAN', () => {
  it('tells each change with its reason, and since when', () => {
    const down = feed(healthy(), [links((item) => ({ ...item, up: false }))], 5000);
    expect(told(down.effects)).toMatchObject([
      {
        kind: 'wan',
        subject: 'wan',
        from: 'online',
        to: 'offline',
        text: "WAN 'wan' is offline: The interface is down.",
      },
    ]);
    expect(down.state.wans[0]?.since).toBe(5000);
    const up = feed(down.state, [links((item) => item)], 6000);
    expect(told(up.effects)[0]).toMatchObject({ from: 'offline', to: 'online' });
  });
});
