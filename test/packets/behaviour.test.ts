import { describe, expect, it } from 'vitest';
import { compile } from '../../src/core/policy/compile.ts';
import { marksOf, wanMark } from '../../src/core/policy/marks.ts';
import { switchPolicies } from '../../src/core/policy/switch.ts';
import { everyOutcome, type Router, sendFlow } from './support/flows.ts';
import { everything, sized } from './support/situations.ts';
import { type Packet, runHook, type Walk } from './support/tracer.ts';

/** What the recordings do not show: stickiness, probes, IPv6, logging, other people's bits of the marks. */
function routerIn(states: Parameters<typeof everything>[0] = {}): Router {
  const input = everything(states);
  return {
    desired: compile(input),
    input,
    sets: {},
    deviceOf: () => 'br-lan',
    addressOf: (device) => (device === 'eth2' ? '10.2.0.2' : '192.0.2.77'),
  };
}

const https = { proto: 'tcp', src: '192.168.1.100', dst: '203.0.113.10', dport: 443 };
const WAN = 0x100;
const WANB = 0x300;
const LTE = 0x600;

describe('a sticky rule', () => {
  const begin = (sets: Map<string, Set<string>>, draw: number) => ({ sets, draw: () => draw });

  it('keeps a source on its WAN, whatever would be drawn', () => {
    const sets = new Map<string, Set<string>>();
    expect(sendFlow(routerIn(), https, begin(sets, 4)).mark).toBe(WANB);
    expect(sets).toEqual(new Map([['sticky4_3_https', new Set(['192.168.1.100'])]]));
    expect(sendFlow(routerIn(), https, begin(sets, 0)).mark).toBe(WANB);
    expect(sendFlow(routerIn(), { ...https, src: '192.168.1.101' }, begin(sets, 0)).mark).toBe(WAN);
    expect(sendFlow(routerIn(), { ...https, dport: 80 }, begin(sets, 0)).mark).toBe(WAN);
  });

  it('moves a source when its WAN dies, and leaves it there when the WAN is back', () => {
    const sets = new Map<string, Set<string>>();
    const move = (from: Router, to: Router) => {
      for (const name of switchPolicies(from.desired, to.desired).flushSets) sets.delete(name);
    };
    const [up, down] = [routerIn(), routerIn({ wan: 'offline' })];
    expect(sendFlow(up, https, begin(sets, 0)).mark).toBe(WAN);
    move(up, down);
    expect(sendFlow(down, https, begin(sets, 0)).mark).toBe(WANB);
    move(down, up);
    expect(sendFlow(up, https, begin(sets, 0)).mark).toBe(WANB);
  });

  it('goes back to the better tier once that is up', () => {
    const sets = new Map<string, Set<string>>();
    expect(sendFlow(routerIn({ wan: 'offline', wanb: 'offline' }), https, begin(sets, 0)).mark).toBe(LTE);
    expect(sendFlow(routerIn(), https, begin(sets, 0)).mark).toBe(WAN);
  });
});

describe('a probe', () => {
  it.each([
    ['wan', WAN, 'pppoe-wan'],
    ['wanb', WANB, 'eth2'],
    ['lte', LTE, 'wwan0'],
  ] as const)('of %s leaves by its own WAN, also while that is offline', (name, mark, device) => {
    for (const dst of ['203.0.113.10', '10.77.1.1', '10.64.0.9']) {
      const outcome = sendFlow(
        routerIn({ [name]: 'offline' }),
        { proto: 'icmp', src: 'router', dst },
        { draw: () => 0 },
        mark,
      );
      expect(outcome.mark).toBe(mark);
      // What the WAN's table sends elsewhere (a custom network over the LAN, a blackhole) stays so.
      if (dst === '203.0.113.10') expect(outcome).toMatchObject({ ctMark: mark, outDevice: device });
    }
  });

  it('gets its answer although that comes in by a WAN that is offline', () => {
    const { desired } = routerIn({ wan: 'offline' });
    const packet: Packet = { family: 'ipv4', source: '198.51.100.1', destination: '192.0.2.77', protocol: 1 };
    const walk: Walk = {
      packet,
      iif: 'pppoe-wan',
      oif: null,
      mark: 0,
      ctMark: WAN,
      sets: new Map(),
      draw: () => 0,
    };
    runHook(desired.nft, 'prerouting', walk);
    expect(walk).toMatchObject({ mark: 0x3f00, ctMark: WAN });
  });
});

describe('a connection from before our table', () => {
  const client: Packet = {
    family: 'ipv4',
    source: '192.168.1.100',
    destination: '203.0.113.10',
    protocol: 17,
  };
  const markOf = (packet: Packet, iif: string | null = 'br-lan'): number => {
    const walk: Walk = { packet, iif, oif: null, mark: 0, ctMark: 0, sets: new Map(), draw: () => 0 };
    runHook(routerIn({ wan: 'offline' }).desired.nft, iif === null ? 'output' : 'prerouting', walk);
    expect(walk.ctMark).toBe(walk.mark);
    return walk.mark;
  };
  const settled = (original: string, reply: string) => ({ original, reply });

  it.each([
    ['192.0.2.77', WAN],
    ['10.2.0.2', WANB],
  ])('stays on the WAN of the address %s that it is translated to, whatever that WAN is', (address, mark) => {
    expect(markOf({ ...client, settled: settled('203.0.113.10', address) })).toBe(mark);
    expect(markOf({ ...client, source: address, settled: settled('203.0.113.10', address) }, null)).toBe(
      mark,
    );
  });

  it('answers by the WAN that it came in by', () => {
    const packet = { ...client, settled: settled('10.2.0.2', '203.0.113.10') };
    expect(markOf(packet)).toBe(WANB);
  });

  it('chooses like a new one if no WAN has its address', () => {
    expect(markOf({ ...client, settled: settled('203.0.113.10', '192.168.1.100') })).toBe(markOf(client));
  });
});

describe('marks of others', () => {
  const packet: Packet = {
    family: 'ipv4',
    source: '192.168.1.100',
    destination: '203.0.113.10',
    protocol: 17,
    destinationPort: 7777,
  };
  const send = (mark: number, ctMark: number, hook: 'prerouting' | 'output' = 'prerouting') => {
    const walk: Walk = { packet, iif: 'br-lan', oif: null, mark, ctMark, sets: new Map(), draw: () => 0 };
    runHook(routerIn().desired.nft, hook, walk);
    return [walk.mark, walk.ctMark];
  };

  it('keep their bits, in the packet and in the connection', () => {
    expect(send(0xff00_00ff, 0x00f0_000f)).toEqual([0xff00_01ff, 0x00f0_010f]);
    expect(send(0xff00_00ff, 0x00f0_030f)).toEqual([0xff00_03ff, 0x00f0_030f]);
    expect(send(0x0000_0003, 0, 'output')).toEqual([0x0000_0103, 0x0000_0100]);
  });

  it('that the mask has no WAN for are decided anew', () => {
    expect(send(0, 0x2000)).toEqual([WAN, WAN]);
  });
});

describe('IPv6', () => {
  const walkOf = (states: Parameters<typeof everything>[0], change: Partial<Packet>) => {
    const packet: Packet = {
      family: 'ipv6',
      source: '2001:db8:1:1::100',
      destination: '2001:db8:eeee::1',
      protocol: 6,
      destinationPort: 80,
      ...change,
    };
    const walk: Walk = {
      packet,
      iif: 'br-lan',
      oif: null,
      mark: 0,
      ctMark: 0,
      sets: new Map(),
      draw: () => 0,
    };
    runHook(routerIn(states).desired.nft, 'prerouting', walk);
    return walk.mark;
  };

  it('has tiers and last resort of its own', () => {
    expect(walkOf({}, {})).toBe(0x200);
    expect(walkOf({ wan: 'offline', wanb: 'offline' }, {})).toBe(0x200);
    expect(walkOf({ wan6: 'offline' }, {})).toBe(0x400);
    expect(walkOf({ wan6: 'offline', wanb6: 'offline' }, {})).toBe(0x3f00);
    expect(walkOf({}, { destination: '2001:db8:ffff:1::1' })).toBe(0x3e00);
  });

  it.each([133, 134, 135, 136, 137])('leaves neighbour discovery type %s alone', (icmp6Type) => {
    expect(walkOf({}, { protocol: 58, icmp6Type })).toBe(0);
  });

  it('routes an echo request like anything else', () => {
    expect(walkOf({}, { protocol: 58, icmp6Type: 128 })).toBe(0x200);
  });
});

describe('logging', () => {
  it("writes mwan3's prefix before the rule's decision, for rules that ask for it", () => {
    const logged: string[] = [];
    const flow = { proto: 'udp', src: '192.168.1.101', dst: '198.51.100.7', sport: 1000, dport: 9 };
    expect(sendFlow(routerIn(), flow, { draw: () => 0, logged }).mark).toBe(WANB);
    expect(sendFlow(routerIn(), https, { draw: () => 0, logged }).mark).toBe(WAN);
    expect(logged).toEqual(['info MWAN3(odd)']);
  });
});

describe('size', () => {
  it('gives 250 WANs a mark, a table and a share each', () => {
    const input = sized(250, 1);
    const router: Router = {
      desired: compile(input),
      input,
      sets: {},
      deviceOf: () => 'br-lan',
      addressOf: () => '192.0.2.1',
    };
    const marks = new Map<number, number>();
    for (const { outcome } of everyOutcome(router, {
      proto: 'tcp',
      src: '192.168.1.2',
      dst: '203.0.113.1',
      dport: 1,
    })) {
      expect(outcome.routed).toMatchObject({ kind: 'device' });
      marks.set(outcome.mark, (marks.get(outcome.mark) ?? 0) + 1);
    }
    const wanted = Array.from({ length: 125 }, (_, index) => 2 * (index + 1));
    expect([...marks]).toEqual(wanted.map((number) => [wanMark(marksOf(0xff00), number), number]));
  });
});
