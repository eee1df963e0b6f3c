import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeMwan3Status } from '../../../src/core/mwan3/decode.ts';
import type { Value } from '../../../src/core/neighbours/value.ts';

const recordings = join(import.meta.dirname, '../../captures/mwan3');
const all = readdirSync(recordings, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('/ubus-mwan3-status.json'))
  .sort();
const read = (name: string): Value => JSON.parse(readFileSync(join(recordings, name), 'utf8'));

describe('ubus call mwan3 status', () => {
  it('finds the recordings', () => {
    expect(all.length).toBeGreaterThan(40);
  });

  it.each(all)('%s: every interface and policy comes out', (name) => {
    const reply = read(name) as { interfaces: object; policies: { ipv4: object; ipv6: object } };
    const decoded = decodeMwan3Status(reply as unknown as Value);
    expect(decoded.ok && decoded.value.interfaces.map((facts) => facts.name)).toEqual(
      Object.keys(reply.interfaces),
    );
    expect(decoded.ok && decoded.value.policies.map((facts) => facts.name)).toEqual([
      ...Object.keys(reply.policies.ipv4),
      ...Object.keys(reply.policies.ipv6),
    ]);
  });

  it('reads an interface', () => {
    const decoded = decodeMwan3Status(read('01-balanced-3-2/all-up/ubus-mwan3-status.json'));
    expect(decoded.ok && decoded.value.interfaces[1]).toEqual({
      name: 'wanb',
      status: 'online',
      enabled: true,
      running: true,
      tracking: 'active',
      up: true,
      onlineS: 2,
      offlineS: 0,
      score: 4,
      lost: 0,
      targets: [{ address: '198.51.100.2', status: 'up', latencyMs: 0, packetLossPct: 0 }],
    });
    expect(decoded.ok && decoded.value.policies[1]).toEqual({
      name: 'wan_wanb',
      family: 'ipv4',
      shares: [{ interface: 'wan', percent: 100 }],
    });
  });

  it('keeps an interface that is tracked by nothing apart from one that is offline', () => {
    const untracked = decodeMwan3Status(read('22-tutorial-no-track-ip/all-up/ubus-mwan3-status.json'));
    expect(untracked.ok && untracked.value.interfaces[0]).toMatchObject({ tracking: 'down', targets: [] });
    const down = decodeMwan3Status(read('01-balanced-3-2/first-down/ubus-mwan3-status.json'));
    expect(down.ok && down.value.interfaces.map((facts) => facts.status)).toContain('offline');
  });

  it.each<[Value, string]>([
    [null, 'the reply is null, not a table'],
    [{}, 'interfaces is missing'],
    [{ interfaces: { wan: 1 } }, 'interfaces.wan is a number, not a table'],
    [{ interfaces: { wan: {} } }, 'interfaces.wan.status is missing'],
    [
      { interfaces: { wan: { status: 'online', score: 1e300 } } },
      'interfaces.wan.score is 1e+300, outside 0 to 4294967295',
    ],
    [{ interfaces: {}, policies: { ipv4: { p: [{}] } } }, 'policies.ipv4.p[0].interface is missing'],
  ])('%j is malformed, with its place', (reply, message) => {
    expect(decodeMwan3Status(reply)).toEqual({
      ok: false,
      error: { code: 'malformed', message: `The reply of mwan3 to status is not understood: ${message}.` },
    });
  });
});
