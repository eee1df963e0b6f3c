import { describe, expect, it } from 'vitest';
import { routerPorts, surroundings, switchPort } from '../../lab/links.ts';
import { planTopology } from '../../lab/topology.ts';
import { configFiles } from '../../lab/uci-config.ts';

describe('a topology', () => {
  it('has two routers, two WANs and a client by default', () => {
    const topology = planTopology();
    expect(topology.routers.map(({ name }) => name)).toEqual(['gw-a', 'gw-b']);
    expect(topology.wans.map(({ name, virtualAddress }) => `${name} ${virtualAddress}`)).toEqual([
      'wan1 203.0.113.10',
      'wan2 198.51.100.10',
    ]);
    expect(topology.clients).toHaveLength(1);
  });

  it.each([{ wans: 0 }, { wans: 9 }, { wans: 1.5 }, { clients: 51 }, { servers: 0 }])(
    'refuses %j',
    (options) => {
      expect(() => planTopology(options)).toThrow(/a lab has 1 to/);
    },
  );

  it('gives every port its own MAC and address, and names the kernel takes', () => {
    const topology = planTopology({ wans: 8, clients: 50, servers: 16 });
    const ports = topology.routers.flatMap(({ ports }) => ports);
    const macs = [...ports, ...topology.clients].map(({ mac }) => mac);
    expect(new Set(macs).size).toBe(macs.length);
    for (const mac of macs) expect(mac).toMatch(/^02(:[0-9a-f]{2}){5}$/);
    const addresses = [...ports, ...topology.clients].map(({ address }) => address);
    expect(new Set(addresses).size).toBe(addresses.length);
    for (const { name, ports } of topology.routers) {
      for (const { device } of ports) expect(switchPort(name, device).length).toBeLessThanOrEqual(15);
    }
  });

  it('plugs every port into a switch that exists', () => {
    const topology = planTopology({ wans: 3 });
    const lines = surroundings(topology).flatMap((batch) => batch.lines);
    const switches = lines.flatMap((line) => /^link add name (sw-\S+) type bridge/.exec(line)?.[1] ?? []);
    expect(switches).toEqual(['sw-lan', 'sw-sync', 'sw-wan1', 'sw-wan2', 'sw-wan3']);
    for (const router of topology.routers) {
      const masters = routerPorts(router).lines.flatMap((line) => / master (\S+)$/.exec(line)?.[1] ?? []);
      expect(masters).toEqual(switches);
    }
  });

  it('writes the same /etc/config/hagw for both routers, and what differs elsewhere', () => {
    const topology = planTopology();
    const [one, other] = topology.routers.map((router) => configFiles(topology, router));
    expect(one?.get('/etc/config/hagw')).toBe(other?.get('/etc/config/hagw'));
    expect(one?.get('/etc/config/network')).not.toBe(other?.get('/etc/config/network'));
    expect(one?.get('/etc/config/keepalived')).toContain("option priority '250'");
    expect(other?.get('/etc/config/keepalived')).toContain("option priority '240'");
  });
});
