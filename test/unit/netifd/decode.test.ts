import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Value } from '../../../src/core/neighbours/value.ts';
import { decodeDevices, decodeInterfaces } from '../../../src/core/netifd/decode.ts';

const recordings = join(import.meta.dirname, '../../captures/netifd');
const read = (name: string) => JSON.parse(readFileSync(join(recordings, `${name}.json`), 'utf8'));
const dump: Value = read('02-dump').result;

function interfacesOf(reply: Value) {
  const decoded = decodeInterfaces(reply);
  if (!decoded.ok) throw new Error(decoded.error.message);
  return new Map(decoded.value.map((facts) => [facts.name, facts]));
}

describe('network.interface dump', () => {
  it('has every interface of the recording', () => {
    expect([...interfacesOf(dump).keys()]).toEqual([
      'alias',
      'badproto',
      'down',
      'lan',
      'loopback',
      'nodev',
      'none',
      'wan',
      'wan6',
      'wanb',
    ]);
  });

  it('reads a dhcp interface', () => {
    expect(interfacesOf(dump).get('wan')).toEqual({
      name: 'wan',
      up: true,
      pending: false,
      available: true,
      autostart: true,
      dynamic: false,
      proto: 'dhcp',
      device: 'eth1',
      l3Device: 'eth1',
      addresses: [{ family: 'ipv4', address: '198.18.1.109', prefixLength: 24, origin: 'own' }],
      routes: [
        {
          family: 'ipv4',
          target: '0.0.0.0',
          prefixLength: 0,
          nextHop: '198.18.1.1',
          source: '198.18.1.109/32',
          metric: null,
          table: null,
        },
      ],
      defaultGateway4: '198.18.1.1',
      defaultGateway6: null,
      metric: 10,
      dns: ['203.0.113.53', '203.0.113.54'],
      uptimeS: 5,
      errors: [],
    });
  });

  it('takes the default route for the gateway, not the first one', () => {
    expect(interfacesOf(dump).get('wanb')).toMatchObject({ defaultGateway4: '198.51.100.1', metric: 20 });
    expect(interfacesOf(dump).get('wanb')?.routes).toHaveLength(2);
    expect(interfacesOf(dump).get('wan6')).toMatchObject({
      defaultGateway4: null,
      defaultGateway6: '2001:db8:1::1',
    });
  });

  it('counts the own address in a delegated prefix', () => {
    expect(interfacesOf(dump).get('lan')?.addresses).toEqual([
      { family: 'ipv4', address: '192.168.50.1', prefixLength: 24, origin: 'own' },
      { family: 'ipv6', address: '2001:db8:100:10::1', prefixLength: 60, origin: 'prefix' },
      { family: 'ipv6', address: 'fd12:3456:789a:10::1', prefixLength: 60, origin: 'prefix' },
    ]);
  });

  it('guesses nothing of an interface that is down', () => {
    expect(interfacesOf(dump).get('nodev')).toEqual({
      name: 'nodev',
      up: false,
      pending: false,
      available: false,
      autostart: true,
      dynamic: false,
      proto: 'static',
      device: 'absent0',
      l3Device: null,
      addresses: [],
      routes: [],
      defaultGateway4: null,
      defaultGateway6: null,
      metric: null,
      dns: [],
      uptimeS: null,
      errors: [{ subsystem: 'interface', code: 'NO_DEVICE', data: [] }],
    });
  });

  it.each(readdirSync(recordings).filter((name) => name.endsWith('.json')))(
    '%s: every status in it is understood',
    (name) => {
      const recording = read(name.replace(/\.json$/, ''));
      const found = statusesIn(recording);
      const interfaces: Value[] = found.map((status, index) => ({ ...status, interface: `i${index}` }));
      expect(decodeInterfaces({ interface: interfaces })).toMatchObject({ ok: true });
      expect([...interfacesOf({ interface: interfaces }).values()].map((facts) => facts.up)).toEqual(
        found.map((status) => status['up']),
      );
    },
  );

  it('finds statuses in the recordings at all', () => {
    const all = readdirSync(recordings).filter((name) => name.endsWith('.json'));
    expect(all.flatMap((name) => statusesIn(read(name.replace(/\.json$/, '')))).length).toBeGreaterThan(50);
  });

  it.each<[string, Value, string]>([
    ['no table', 'x', 'the reply is a string, not a table'],
    ['no list', {}, 'interface is missing'],
    ['list of another type', { interface: {} }, 'interface is a table, not an array'],
    ['entry of another type', { interface: [null] }, 'interface[0] is null, not a table'],
    ['no name', { interface: [{ up: true }] }, 'interface[0].interface is missing'],
    ['up missing', { interface: [{ interface: 'wan' }] }, 'interface[0].up is missing'],
    [
      'up a word',
      { interface: [{ interface: 'wan', up: 'yes' }] },
      'interface[0].up is a string, not a boolean',
    ],
    [
      'mask out of range',
      { interface: [{ interface: 'w', up: true, 'ipv4-address': [{ address: '192.0.2.1', mask: 33 }] }] },
      'interface[0].ipv4-address[0].mask is 33, outside 0 to 32',
    ],
    [
      'a huge number',
      { interface: [{ interface: 'w', up: true, uptime: 2n ** 70n }] },
      'interface[0].uptime is 1.1805916207174113e+21, outside -2147483648 to 4294967295',
    ],
  ])('%s is malformed, with its place', (_, reply, message) => {
    expect(decodeInterfaces(reply)).toEqual({
      ok: false,
      error: {
        code: 'malformed',
        message: `netifd's reply to network.interface dump is not understood: ${message}.`,
      },
    });
  });

  it('reads unsigned numbers that ubus delivers as negative ones', () => {
    expect(interfacesOf({ interface: [{ interface: 'w', up: true, metric: -1 }] }).get('w')?.metric).toBe(
      4294967295,
    );
  });

  it('takes an all-zero next hop for a route on the link, and the lowest metric', () => {
    const route = (metric: number, nexthop: string) => ({ target: '0.0.0.0', mask: 0, nexthop, metric });
    const gateway = (...routes: Value[]) =>
      interfacesOf({ interface: [{ interface: 'w', up: true, route: routes }] }).get('w')?.defaultGateway4;
    expect(gateway(route(5, '0.0.0.0'))).toBeNull();
    expect(gateway(route(5, '192.0.2.5'), route(2, '192.0.2.2'))).toBe('192.0.2.2');
    expect(gateway({ ...route(1, '192.0.2.9'), table: 100 }, route(2, '192.0.2.2'))).toBe('192.0.2.2');
  });
});

describe('network.device status', () => {
  it('has devices with carrier, and absent ones without', () => {
    const decoded = decodeDevices(read('05-device-status').result);
    const devices = new Map(decoded.ok ? decoded.value.map((facts) => [facts.name, facts]) : []);
    expect(devices.get('eth1')).toMatchObject({
      present: true,
      type: 'Network device',
      up: true,
      carrier: true,
      macAddress: '42:c5:ce:b0:20:90',
      mtu: 1500,
    });
    expect(devices.get('eth1')?.counters?.rxBytes).toBeGreaterThan(0);
    expect(decodeDevices({ absent0: { external: false, present: false, type: 'Network device' } })).toEqual({
      ok: true,
      value: [
        {
          name: 'absent0',
          present: false,
          type: 'Network device',
          up: null,
          carrier: null,
          macAddress: null,
          mtu: null,
          counters: null,
        },
      ],
    });
  });

  it('sees the lost carrier of the recordings', () => {
    const decoded = decodeDevices({ eth1: read('32-carrier-lost-dhcp').device });
    expect(decoded).toMatchObject({ ok: true, value: [{ name: 'eth1', up: true, carrier: false }] });
  });

  it('refuses what is no device', () => {
    expect(decodeDevices({ eth1: [] })).toMatchObject({
      ok: false,
      error: {
        message: "netifd's reply to network.device status is not understood: eth1 is an array, not a table.",
      },
    });
  });
});

/** All tables with `up` and `proto` anywhere in a recording: interface statuses of snapshots and notifications. */
function statusesIn(value: Value): { readonly [name: string]: Value }[] {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap(statusesIn);
  const table = value as { readonly [name: string]: Value };
  if (typeof table['up'] === 'boolean' && typeof table['proto'] === 'string') return [table];
  return Object.values(table).flatMap(statusesIn);
}
