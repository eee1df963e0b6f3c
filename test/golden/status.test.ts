import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { statusText } from '../../src/cli/show-status.ts';
import type { State } from '../../src/core/engine/state.ts';
import { toStatus } from '../../src/core/status/status.ts';
import { HAGW, vrrpFacts } from '../fakes/router.ts';
import { at, configRead, failed, feed, fresh, healthy, LINKS } from '../unit/engine/situations.ts';

/**
 * The whole status of a few situations, as JSON and as `hagw status` shows it. `UPDATE_GOLDEN=1` writes the files anew;
 * read the difference as part of the change.
 */
const SITUATIONS: Readonly<Record<string, () => State>> = {
  active: () => healthy(),
  'fresh-start': () => feed(fresh(), [{ kind: 'started' }]).state,
  'daemons-gone': () => {
    const gone = feed(healthy(), [failed('vrrp', 'absent'), failed('conntrack', 'absent')], 2000).state;
    return feed(gone, [failed('leases', 'absent'), { kind: 'tick' }], 9000).state;
  },
  'everything-mute': () => {
    const mute = (['vrrp', 'conntrack', 'links', 'leases', 'services'] as const).flatMap((source) => [
      failed(source),
      failed(source),
      failed(source),
    ]);
    return feed(healthy(), [...mute, { kind: 'tick' }], 2000, 1000).state;
  },
  'fault-and-wan-down': () => {
    const interfaces = LINKS.interfaces.map((item) =>
      item.name === 'wan'
        ? { ...item, up: false, l3Device: null, addresses: [], defaultGateway4: null, metric: null }
        : item,
    );
    return feed(
      healthy(),
      [
        { kind: 'linksRead', facts: { ...LINKS, interfaces } },
        { kind: 'vrrpNotified', type: 'GROUP', name: 'gw', action: 'NOTIFY_FAULT' },
        { kind: 'vrrpRead', facts: vrrpFacts('fault') },
        { kind: 'vrrpRead', facts: vrrpFacts('fault') },
        { kind: 'tick' },
      ],
      2000,
      1000,
    ).state;
  },
  'mwan3-engine-rejected-config': () =>
    feed(
      healthy([configRead(HAGW.replace("'none'", "'mwan3'"))]),
      [configRead(HAGW.replace("vrid '10'", "vrid '300'")), { kind: 'tick' }],
      2000,
      9000,
    ).state,
};

function compare(file: string, text: string): void {
  const path = join(import.meta.dirname, 'status', file);
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(path, text);
  expect(text).toBe(readFileSync(path, 'utf8'));
}

describe('the status', () => {
  it.each(Object.entries(SITUATIONS))('of %s', (name, situation) => {
    const status = toStatus(situation(), at(20_000));
    compare(`${name}.json`, `${JSON.stringify(status, null, 2)}\n`);
    expect(JSON.parse(JSON.stringify(status))).toEqual(status);
  });

  it.each(Object.entries(SITUATIONS))('of %s, as text', (name, situation) => {
    process.env['TZ'] = 'UTC';
    compare(`${name}.txt`, statusText(toStatus(situation(), at(20_000)), false));
  });

  it('has knowledge or a reason in each part, never both', () => {
    for (const situation of Object.values(SITUATIONS)) {
      const { router, vrrp, conntrack, leases, partner } = toStatus(situation(), at(20_000));
      for (const part of [router, vrrp, conntrack, leases, partner])
        expect(part.known).toBe(part.reason === '');
    }
  });
});
