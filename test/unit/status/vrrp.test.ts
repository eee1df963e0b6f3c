import { describe, expect, it } from 'vitest';
import { toStatus } from '../../../src/core/status/status.ts';
import { vrrpFacts } from '../../fakes/router.ts';
import { at, feed, healthy } from '../engine/situations.ts';

describe('virtual addresses in the status', () => {
  it('are unknown between a notification and the dump that follows it', () => {
    const before = healthy();
    const known = toStatus(before, at(5000)).vrrp.instances[0];
    expect(known?.virtual_addresses.map(({ set }) => set)).not.toContain(null);
    const name = known?.name ?? '';
    const notified = feed(
      before,
      [{ kind: 'vrrpNotified', type: 'INSTANCE', name, action: 'NOTIFY_FAULT' }],
      5000,
    );
    const between = toStatus(notified.state, at(5001)).vrrp.instances[0];
    expect(between?.state).toBe('fault');
    expect(between?.virtual_addresses.map(({ set }) => set)).toEqual(
      known?.virtual_addresses.map(() => null),
    );
    const dump = { kind: 'vrrpRead' as const, facts: vrrpFacts('fault') };
    // The first read was under way when the notification came; what it says is older.
    const dumped = feed(notified.state, [dump, dump], 5010, 10);
    const after = toStatus(dumped.state, at(5030)).vrrp.instances.find((item) => item.name === name);
    expect(after?.virtual_addresses.map(({ set }) => set)).not.toContain(null);
  });
});
