import { describe, expect, it } from 'vitest';
import type { Event } from '../../../src/core/engine/messages.ts';
import { toEvent } from '../../../src/core/events/timeline.ts';
import { LIMITS } from '../../../src/core/status/limits.ts';
import { toStatus } from '../../../src/core/status/status.ts';
import { HAGW, instanceFacts } from '../../fakes/router.ts';
import { at, configRead, feed, healthy } from '../engine/situations.ts';

/** ubusd's limit on a message; a provider that sends more is cut off in the middle of it. */
const MESSAGE_BYTES = 1024 * 1024;
const COUNT = 100;

function numbered(count: number, text: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => text(index)).join('\n');
}

/** Names as long as they may be, lists far beyond any use, and each section wrong where it can be. */
function monster() {
  const long = (index: number) => `${index}`.padStart(64, 'x');
  const members = numbered(
    COUNT,
    (i) => `config member 'm${long(i).slice(1)}'\n\toption interface '${long(i)}'`,
  );
  const used = numbered(40, (i) => `\tlist use_member 'm${long(i).slice(1)}'`);
  const mwan3 = [
    numbered(COUNT, (i) => `config interface '${long(i)}'\n\toption enabled '1'\n\toption family 'ipv5'`),
    members,
    numbered(COUNT, (i) => `config policy 'p${i}'\n${used}`),
  ].join('\n');
  const keepalived = numbered(
    COUNT,
    (i) =>
      `config vrrp_instance\n\toption name '${long(i)}'\n\toption interface '${long(i)}'\n\toption virtual_router_id '300'`,
  );
  const vips = Array.from({ length: 40 }, () => ({
    address: 'fd00:1234:5678:9abc:def0:1234:5678:9abc/128',
    device: 'x'.repeat(15),
    label: null,
    set: true,
    excluded: false,
  }));
  const instances = Array.from({ length: COUNT }, (_, i) => ({
    ...instanceFacts(long(i), 'eth0', i, '10.0.0.1/24', i % 2 === 0 ? 'active' : 'fault'),
    vips,
  }));
  const events: Event[] = [
    configRead(HAGW, mwan3, keepalived),
    { kind: 'vrrpRead', facts: { pid: 1, instances } },
    { kind: 'tick' },
  ];
  return feed(healthy(), events, 2000, 5000).state;
}

describe('replies on ubus', () => {
  const state = monster();

  it('stay far below the message limit, whatever is configured', () => {
    const status = toStatus(state, at(60_000));
    expect(status.wans).toHaveLength(LIMITS.wans);
    expect(status.vrrp.instances).toHaveLength(LIMITS.instances);
    expect(status.problems).toHaveLength(LIMITS.problems);
    expect(JSON.stringify(status).length).toBeLessThan(MESSAGE_BYTES * 0.7);
  });

  it('of the whole timeline too', () => {
    const events = state.timeline.entries.map((entry) => toEvent(entry, at(60_000)));
    expect(events).toHaveLength(500);
    expect(JSON.stringify(events).length).toBeLessThan(MESSAGE_BYTES / 2);
  });

  it('name what was cut', () => {
    const cut = state.problems.filter(({ code }) => code === 'too-many-sections').map(({ where }) => where);
    expect(cut).toEqual(['mwan3.@interface[64]', 'mwan3.@policy[64]']);
  });
});
