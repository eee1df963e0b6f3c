import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeHagw, ownRouter } from '../../../src/core/config/hagw.ts';
import { GLOBALS, SECTIONS } from '../../../src/core/config/tables.ts';
import type { UciSection } from '../../../src/core/config/uci.ts';
import { pairSections, section } from './sections.ts';

describe('decodeHagw', () => {
  it('decodes a pair with its defaults', () => {
    const { value, problems } = decodeHagw(pairSections());
    expect(problems).toEqual([]);
    expect(value).toEqual({
      enabled: true,
      engine: 'hagw',
      syncInterface: 'sync',
      managePair: true,
      advertProfile: 'default',
      advertIntervalMs: 100,
      preempt: false,
      preemptDelayS: 30,
      vrrpTransport: 'auto',
      holdS: 10,
      conntrackdPort: 3780,
      conntrackdTransport: 'udp',
      pollIntervalMs: 5000,
      routers: [
        { name: 'gw-a', syncAddress: '10.255.255.1', priority: 250, ownAddresses: [], where: 'hagw.gw_a' },
        { name: 'gw-b', syncAddress: '10.255.255.2', priority: 240, ownAddresses: [], where: 'hagw.gw_b' },
      ],
      addresses: [
        {
          name: 'lan',
          interface: 'lan',
          family: 'ipv4',
          address: '192.168.1.1/24',
          vrid: 10,
          snat: true,
          dhcp: true,
          where: 'hagw.lan',
        },
        {
          name: 'wan',
          interface: 'wan',
          family: 'ipv4',
          address: '203.0.113.10/24',
          vrid: 20,
          snat: true,
          dhcp: true,
          where: 'hagw.wan',
        },
      ],
      wans: [],
    });
  });

  // Each row: what is changed, the section and option that the error names, a part of its text.
  it.each<[string, Parameters<typeof pairSections>[0], string, string]>([
    ['no sync interface', { globals: { sync_interface: null } }, 'hagw.globals.sync_interface', 'missing'],
    [
      'a sync interface with a slash',
      { globals: { sync_interface: 'a/b' } },
      'hagw.globals.sync_interface',
      "'a/b'",
    ],
    ['an unknown engine', { globals: { engine: 'MWAN3' } }, 'hagw.globals.engine', 'hagw, mwan3, none'],
    [
      'adverts too fast',
      { globals: { advert_interval_ms: '9' } },
      'hagw.globals.advert_interval_ms',
      '10 to 40950 ms',
    ],
    [
      'adverts too slow',
      { globals: { advert_interval_ms: '40960' } },
      'hagw.globals.advert_interval_ms',
      '40950',
    ],
    [
      'adverts between steps',
      { globals: { advert_interval_ms: '105' } },
      'hagw.globals.advert_interval_ms',
      'steps',
    ],
    ['port 0', { globals: { conntrackd_port: '0' } }, 'hagw.globals.conntrackd_port', '1 to 65535'],
    ['no sync address', { gw_a: { sync_address: null } }, 'hagw.gw_a.sync_address', 'missing'],
    [
      'a prefix as sync address',
      { gw_a: { sync_address: '10.0.0.1/30' } },
      'hagw.gw_a.sync_address',
      'without prefix',
    ],
    [
      'the same sync address',
      { gw_b: { sync_address: '10.255.255.1' } },
      'hagw.gw_b.sync_address',
      'hagw.gw_a',
    ],
    ['two families', { gw_b: { sync_address: 'fd00::2' } }, 'hagw.gw_b.sync_address', 'one family'],
    ['the same name', { gw_b: { name: 'gw-a' } }, 'hagw.gw_b.name', 'different names'],
    ['the same priority', { gw_b: { priority: '250' } }, 'hagw.gw_b.priority', 'different priorities'],
    ['priority 255', { gw_b: { priority: '255' } }, 'hagw.gw_b.priority', '1 to 254'],
    ['VRID 0', { lan: { vrid: '0' } }, 'hagw.lan.vrid', '1 to 255'],
    ['VRID 256', { lan: { vrid: '256' } }, 'hagw.lan.vrid', '1 to 255'],
    ['a VRID in words', { lan: { vrid: 'ten' } }, 'hagw.lan.vrid', "'ten'"],
    ['two VRIDs', { lan: { vrid: ['10', '11'] } }, 'hagw.lan.vrid', 'list of 2'],
    ['an address without prefix', { lan: { address: '192.168.1.1' } }, 'hagw.lan.address', 'prefix length'],
    ['a prefix too long', { lan: { address: '192.168.1.1/33' } }, 'hagw.lan.address', 'prefix length'],
    [
      'the same VRID on one network',
      { wan: { interface: 'lan', vrid: '10' } },
      'hagw.wan.vrid',
      'different VRIDs',
    ],
    ['the same address twice', { wan: { address: '192.168.1.1/25' } }, 'hagw.wan.address', 'one network'],
    [
      'a sync address as virtual one',
      { wan: { address: '10.255.255.2/30' } },
      'hagw.wan.address',
      "nobody's own",
    ],
    [
      "a router's own address as virtual one",
      { gw_b: { own_address: ['192.168.1.1'] } },
      'hagw.lan.address',
      'own_address of hagw.gw_b',
    ],
    [
      'an own address with prefix',
      { gw_a: { own_address: ['192.168.1.2/24'] } },
      'hagw.gw_a.own_address',
      'without prefix',
    ],
    ['a network as address', { lan: { address: '192.168.1.0/24' } }, 'hagw.lan.address', 'no host'],
    ['a broadcast address', { lan: { address: '192.168.1.255/24' } }, 'hagw.lan.address', 'no host'],
    ['a multicast address', { lan: { address: 'ff02::1/64' } }, 'hagw.lan.address', 'no host'],
    ['loopback', { lan: { address: '::1/128' } }, 'hagw.lan.address', 'no host'],
    [
      'a preempt delay that keepalived refuses',
      { globals: { preempt_delay_s: '1001' } },
      'hagw.globals.preempt_delay_s',
      '1000 s',
    ],
    [
      'half a profile',
      { globals: { advert_profile: 'faster' } },
      'hagw.globals.advert_profile',
      'default, fast',
    ],
  ])('rejects %s', (_what, changes, where, text) => {
    const { value, problems } = decodeHagw(pairSections(changes));
    expect(value).toBeNull();
    expect(problems).toContainEqual({ severity: 'error', where, text: expect.stringContaining(text) });
    for (const problem of problems) expect(problem.text).toMatch(/^[A-Z].*\.$/);
  });

  it.each([1, 3])('rejects %d routers', (count) => {
    const [globals, router, other, ...rest] = pairSections();
    const third = section('router', 'gw_c', { sync_address: '10.255.255.3', priority: '100' });
    const routers = [router, other, third].slice(0, count);
    const sections = [globals, ...routers, ...rest].filter((item): item is UciSection => item !== undefined);
    const { value, problems } = decodeHagw(sections);
    expect(value).toBeNull();
    expect(problems[0]).toMatchObject({ where: 'hagw', text: expect.stringContaining(`${count} sections`) });
  });

  it('takes the interval of the profile unless it is set', () => {
    const interval = (options: Record<string, string>) =>
      decodeHagw(pairSections({ globals: { sync_interface: 'sync', ...options } })).value?.advertIntervalMs;
    expect(interval({ advert_profile: 'fast' })).toBe(20);
    expect(interval({ advert_profile: 'fast', advert_interval_ms: '50' })).toBe(50);
  });

  it.each(['10.0.0.0/31', '10.0.0.1/31', '10.0.0.0/32', '10.0.0.255/23', 'fe80::1/64', '2001:db8::/64'])(
    'takes %s as a virtual address',
    (address) => {
      expect(decodeHagw(pairSections({ lan: { address } })).problems).toEqual([]);
    },
  );

  it('says in one sentence that nothing is set up yet', () => {
    for (const sections of [[], [section('globals', 'globals')]]) {
      const { value, problems } = decodeHagw(sections);
      expect(value).toBeNull();
      expect(problems).toHaveLength(1);
      expect(problems[0]?.text).toContain('not set up');
    }
  });

  it('warns of what has no effect and goes on', () => {
    const sections = [
      ...pairSections({ globals: { sync_interface: 'sync', poll_interval_ms: '5', colour: 'red' } }),
      section('adress', 'typo'),
    ];
    const { value, problems } = decodeHagw(sections);
    expect(value?.pollIntervalMs).toBe(5000);
    expect(problems.map(({ severity, where }) => [severity, where])).toEqual([
      ['warning', 'hagw.typo'],
      ['warning', 'hagw.globals.poll_interval_ms'],
      ['warning', 'hagw.globals.colour'],
    ]);
  });

  it('names sections without a name by type and number, with their network', () => {
    const sections = [
      ...pairSections(),
      section('address', null, { interface: 'guest', address: '192.168.9.1/24', vrid: 'x' }),
    ];
    expect(decodeHagw(sections).problems).toMatchObject([{ where: 'hagw.@address[2] (guest).vrid' }]);
  });

  it('takes names from the sections where no option has them', () => {
    const { value } = decodeHagw(pairSections({ gw_a: { name: null } }));
    expect(value?.routers.map(({ name }) => name)).toEqual(['gw_a', 'gw-b']);
    const nameless = pairSections({ gw_a: { name: null } }).map((item) =>
      item.name === 'gw_a' ? { ...item, name: null } : item,
    );
    expect(decodeHagw(nameless).problems).toContainEqual({
      severity: 'error',
      where: 'hagw.@router[0].name',
      text: expect.stringContaining('missing'),
    });
  });

  it('compares addresses by meaning, not by spelling', () => {
    const v6 = {
      gw_a: { sync_address: 'FD00:0::1' },
      gw_b: { sync_address: 'fd00::0:1' },
    };
    expect(decodeHagw(pairSections(v6)).problems[0]?.where).toBe('hagw.gw_b.sync_address');
  });

  it('is not confused by names that JavaScript knows', () => {
    const sections = [...pairSections(), section('constructor', '__proto__', { toString: 'x' })];
    const { value, problems } = decodeHagw(sections);
    expect(value).not.toBeNull();
    expect(problems).toMatchObject([{ severity: 'warning', where: 'hagw.__proto__' }]);
    const odd = pairSections({ lan: { __proto__x: 'y', constructor: 'z' } });
    expect(decodeHagw(odd).problems.map(({ where }) => where)).toContain('hagw.lan.constructor');
  });

  it('takes over nothing that is out of range, whatever it is given', () => {
    const names = fc.constantFrom('globals', 'router', 'address', 'other');
    const option = fc.tuple(
      fc.constantFrom(...Object.values(SECTIONS).flatMap(({ options }) => Object.keys(options)), 'odd'),
      fc.oneof(
        fc.string({ maxLength: 12 }),
        fc.integer().map(String),
        fc.constantFrom('10.0.0.1', '10.0.0.1/24', 'fd00::1'),
        fc.array(fc.string({ maxLength: 4 }), { maxLength: 2 }),
      ),
    );
    const any = fc.record({
      type: names,
      name: fc.option(fc.constantFrom('a', 'b', 'c')),
      options: fc.array(
        option.map(([name, value]) => ({ name, value })),
        { maxLength: 6 },
      ),
    });
    fc.assert(
      fc.property(fc.array(any, { maxLength: 6 }), (extra) => {
        const { value, problems } = decodeHagw([...pairSections(), ...extra]);
        expect(value === null).toBe(problems.some(({ severity }) => severity === 'error'));
        if (value === null) return;
        expect(value.routers).toHaveLength(2);
        expect(value.advertIntervalMs % 10).toBe(0);
        for (const { vrid } of value.addresses) expect(vrid >= 1 && vrid <= 255).toBe(true);
      }),
    );
  });

  it('accepts each default of its tables as a value', () => {
    const defaults = Object.entries(GLOBALS).flatMap(([name, spec]) =>
      'default' in spec ? [[name, spec.default] as const] : [],
    );
    const { value, problems } = decodeHagw(
      pairSections({ globals: { sync_interface: 'sync', ...Object.fromEntries(defaults) } }),
    );
    expect(problems).toEqual([]);
    expect(value).toEqual(decodeHagw(pairSections()).value);
  });
});

describe('ownRouter', () => {
  const config = decodeHagw(pairSections()).value;
  if (config === null) throw new Error('the pair must decode');

  it.each([
    ['10.255.255.1', 'gw-a', 'gw-b'],
    ['10.255.255.2', 'gw-b', 'gw-a'],
  ])('finds the router with %s', (address, self, partner) => {
    expect(ownRouter(config, ['127.0.0.1', address])).toMatchObject({
      kind: 'found',
      self: { name: self },
      partner: { name: partner },
    });
  });

  it('says that it is neither, or both', () => {
    expect(ownRouter(config, ['127.0.0.1'])).toMatchObject({ reason: expect.stringContaining('neither') });
    expect(ownRouter(config, ['10.255.255.1', '10.255.255.2'])).toMatchObject({
      reason: expect.stringContaining('are on this router'),
    });
  });
});
