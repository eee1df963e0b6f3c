import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeDump } from '../../../src/core/keepalived/decode.ts';

const recordings = join(import.meta.dirname, '../../captures/keepalived/run');
const read = (name: string) => readFileSync(join(recordings, `json-${name}.json`), 'utf8');

function instancesOf(text: string) {
  const decoded = decodeDump(text);
  if (!decoded.ok) throw new Error(decoded.error.message);
  return decoded.value;
}

/** The backup's dump with one change to the data of its first instance. */
function changed(change: object, part: 'data' | 'stats' = 'data'): string {
  const dump = JSON.parse(read('backup'));
  Object.assign(dump[0][part], change);
  return JSON.stringify(dump);
}

describe("keepalived's JSON dump", () => {
  it('reads a backup', () => {
    expect(instancesOf(read('backup'))[0]).toEqual({
      name: 'lan',
      state: 'backup',
      wantedState: 'backup',
      device: 'eth0',
      vrid: 10,
      version: 3,
      basePriority: 100,
      effectivePriority: 100,
      activePriority: 150,
      advertIntervalMs: 100,
      activeAdvertIntervalMs: 100,
      vipsSet: false,
      vips: [{ address: '192.168.1.1/24', device: 'eth0', label: 'eth0:vip', set: false, excluded: false }],
      noPreempt: true,
      preemptDelayMs: 0,
      lastTransitionMs: 1795228362756,
      trackScripts: ["'/usr/bin/test' '!' '-e' '/var/run/not-ready'"],
      counters: {
        advert_rcvd: 31,
        advert_sent: 0,
        become_master: 0,
        release_master: 0,
        packet_len_err: 0,
        advert_interval_err: 0,
        ip_ttl_err: 0,
        invalid_type_rcvd: 0,
        addr_list_err: 0,
        invalid_authtype: 0,
        authtype_mismatch: 0,
        auth_failure: 0,
        pri_zero_rcvd: 0,
        pri_zero_sent: 0,
      },
    });
  });

  it.each([
    ['backup', 'backup', false, 100],
    ['master', 'active', true, 150],
    ['master-b', 'active', true, 100],
    ['master-after-reload', 'active', true, 120],
    ['fault', 'fault', false, 150],
    ['fault-link', 'fault', false, 160],
  ])('%s: state, addresses and priority of both instances', (name, state, set, priority) => {
    const instances = instancesOf(read(name));
    expect(instances.map((facts) => facts.name)).toEqual(['lan', 'wan']);
    for (const facts of instances) {
      expect(facts).toMatchObject({ state, wantedState: state, vipsSet: set, effectivePriority: priority });
      expect(facts.vips.map((vip) => vip.set)).toEqual(facts.vips.map(() => set));
      expect(facts.activePriority).toBe(state === 'backup' ? 150 : null);
    }
  });

  it('has no secret in its facts', () => {
    expect(JSON.stringify(instancesOf(changed({ auth_type: 1, auth_data: 'secret12' })))).not.toContain(
      'secret12',
    );
  });

  it('reads the second form of the dump, excluded addresses and absent ones', () => {
    const [first] = JSON.parse(read('backup'));
    delete first.data.vips;
    delete first.stats;
    first.data.evips = ['fd00::1/64 dev br-lan scope global set', '192.0.2.7'];
    const [facts] = instancesOf(JSON.stringify({ vrrp: [first], track_process: [{}] }));
    expect(facts?.counters).toEqual({});
    expect(facts?.vips).toEqual([
      { address: 'fd00::1/64', device: 'br-lan', label: null, set: true, excluded: true },
      { address: '192.0.2.7', device: null, label: null, set: false, excluded: true },
    ]);
  });

  it.each([
    [0, 'initialize'],
    [1, 'backup'],
    [2, 'active'],
    [3, 'fault'],
    [98, 'stop'],
    [7, 'unknown'],
  ])('state %i is %s', (number, state) => {
    expect(instancesOf(changed({ state: number }))[0]?.state).toBe(state);
  });

  it('is incomplete at every shorter length, whatever is missing', () => {
    const whole = read('master').trimEnd();
    for (let length = 0; length < whole.length; length += 1) {
      const decoded = decodeDump(whole.slice(0, length));
      expect(decoded.ok ? 'decoded' : decoded.error.code, `${length} characters`).toBe('incomplete');
    }
  });

  it.each([
    ['null', 'it is neither an array nor a table'],
    ['{}', 'vrrp is missing'],
    ['[1]', '[0] is a number, not a table'],
    ['[{}]', '[0].data is missing'],
    [changed({ state: '2' }), '[0].data.state is a string, not a number'],
    [changed({ vrid: 0 }), '[0].data.vrid is 0, outside 1 to 255'],
    [changed({ vrid: 1e308 }), '[0].data.vrid is 1e+308, outside 1 to 255'],
    [changed({ base_priority: 1.5 }), '[0].data.base_priority is 1.5, not a whole number'],
    [changed({ iname: null }), '[0].data.iname is null, not a string'],
    [changed({ vips: 'x' }), '[0].data.vips is a string, not an array'],
    [changed({ vips: [2] }), '[0].data.vips[0] is a number, not a string'],
    [changed({ adver_int: -1 }), '[0].data.adver_int is -1, outside 0 to 255'],
    [changed({ last_transition: 1e300 }), '[0].data.last_transition is 1e+300, outside 0 to 8640000000000'],
    [changed({ advert_rcvd: -1 }, 'stats'), '[0].stats.advert_rcvd is -1, outside 0 to 18446744073709552000'],
    [changed({ advert_rcvd: {} }, 'stats'), '[0].stats.advert_rcvd is a table, not a number'],
  ])('%.40s… is malformed, with its place', (text, message) => {
    expect(decodeDump(text)).toEqual({ ok: false, error: { code: 'malformed', message } });
  });

  it('survives NUL bytes and depth', () => {
    expect(decodeDump(`${read('master')}\u0000`)).toMatchObject({ ok: false, error: { code: 'incomplete' } });
    expect(decodeDump('['.repeat(200000))).toMatchObject({ ok: false, error: { code: 'incomplete' } });
    expect(instancesOf(changed({ iname: 'a\u0000b' }))[0]?.name).toBe('a\u0000b');
  });
});
