import { describe, expect, it } from 'vitest';
import { checkLinks, decodeMultiWan } from '../../../src/core/config/multiwan.ts';
import { MULTI_WAN } from '../../../src/core/config/multiwan-tables.ts';
import { section } from './sections.ts';

type Options = Readonly<Record<string, string | readonly string[]>>;
const wan = (name: string, options: Options = {}) => section('interface', name, { enabled: '1', ...options });
const BASE = [
  wan('wan'),
  section('member', 'wan_m1', { interface: 'wan' }),
  section('policy', 'wan_only', { use_member: ['wan_m1'] }),
];

/** Errors and warnings as `severity where text`. */
function said(sections: Parameters<typeof decodeMultiWan>[0]): readonly string[] {
  return decodeMultiWan(sections).problems.map(({ severity, where, text }) => `${severity} ${where} ${text}`);
}
function withRule(options: Options, globals: Options = {}) {
  const sections = [
    section('globals', 'globals', globals),
    ...BASE,
    section('rule', 'r', { use_policy: 'wan_only', ...options }),
    section('rule', 'last', { use_policy: 'default' }),
  ];
  const { value } = decodeMultiWan(sections);
  return { rule: value?.rules.find(({ name }) => name === 'r'), value, said: said(sections) };
}

describe('what rejects the file', () => {
  it.each([
    ['a mask that is none', [section('globals', 'globals', { mmx_mask: 'ff' })], 'mwan3.globals.mmx_mask'],
    ['a mask of two bits', [section('globals', 'globals', { mmx_mask: '0x300' })], 'mwan3.globals.mmx_mask'],
    [
      'a mask that is too small',
      [
        section('globals', 'globals', { mmx_mask: '0x700' }),
        ...['a', 'b', 'c', 'd', 'e'].map((name) => wan(name)),
      ],
      'mwan3.globals.mmx_mask',
    ],
    ['a rule with an unknown policy', [section('rule', 'r', { use_policy: 'x' })], 'mwan3.r.use_policy'],
    [
      'a policy with an unknown member',
      [section('policy', 'p', { use_member: ['x'] })],
      'mwan3.p.use_member',
    ],
    ['a member with an unknown interface', [section('member', 'm', { interface: 'x' })], 'mwan3.m.interface'],
  ])('%s', (_what, sections, where) => {
    const { value, problems } = decodeMultiWan(sections);
    expect(value).toBeNull();
    expect(problems.filter(({ severity }) => severity === 'error').map((problem) => problem.where)).toEqual([
      where,
    ]);
  });

  it('counts the room of a mask as mwan3 does, unused interfaces included', () => {
    const wans = (count: number) =>
      Array.from({ length: count }, (_, index) => section('interface', `w${index}`));
    const fits = (count: number, mask: string) =>
      decodeMultiWan([section('globals', 'globals', { mmx_mask: mask }), ...wans(count)]).value !== null;
    expect(fits(60, '0x3F00')).toBe(true);
    expect(fits(61, '0x3F00')).toBe(false);
    expect(fits(250, '0xFF00')).toBe(true);
    expect(fits(250, '0xFFF00')).toBe(true);
    expect(fits(251, '0xFFF00')).toBe(false);
    expect(fits(4, '0x700')).toBe(true);
    expect(fits(0, '0x700')).toBe(true);
  });

  it('two WANs of one family on one device, once the links are known', () => {
    const config = decodeMultiWan([wan('a'), wan('b'), wan('c', { family: 'ipv6' }), wan('d')]).value;
    if (config === null) throw new Error('rejected');
    const link = (name: string, device: string | null) => ({ name, device, state: 'online' as const });
    const links = (...devices: (string | null)[]) =>
      devices.map((device, index) => link('abcd'[index] ?? '', device));
    expect(checkLinks(config, links('eth1', 'eth2', 'eth1', null))).toEqual([]);
    expect(checkLinks(config, links('eth1', 'eth1', 'eth1', 'eth3'))).toEqual([
      {
        severity: 'error',
        where: 'mwan3.b',
        text: "Has the device 'eth1', as a has: two WANs of one family need a device each.",
      },
    ]);
  });
});

describe('sections', () => {
  it('an empty file is nothing at all, without a complaint', () => {
    expect(decodeMultiWan([])).toMatchObject({
      problems: [],
      value: {
        mask: 0x3f00,
        logging: false,
        logLevel: 'notice',
        sourceRouting: false,
        customTables: [],
        wans: [],
        policies: [],
        rules: [],
      },
    });
  });

  it('have names of any length', () => {
    const long = 'a_policy_with_a_name_of_more_than_fifteen_characters';
    const { value, problems } = decodeMultiWan([
      wan('an_interface_with_a_long_name'),
      section('member', 'm', { interface: 'an_interface_with_a_long_name' }),
      section('policy', long, { use_member: ['m'] }),
      section('rule', 'a_rule_with_a_long_name', { use_policy: long }),
    ]);
    expect(problems).toEqual([]);
    expect(value?.rules[0]?.use).toEqual({ kind: 'policy', policy: long });
  });

  it('without a name: an interface takes its number, a rule holds, others are named', () => {
    const sections = [
      section('interface', null),
      wan('wan'),
      section('member', null, { interface: 'wan' }),
      section('rule', null, { use_policy: 'unreachable' }),
      section('rule', null, { use_policy: 'default', dest_port: 'x', proto: 'tcp' }),
    ];
    expect(said(sections)).toEqual([
      'warning mwan3.@interface[0] Has no name, so nothing can refer to it.',
      'warning mwan3.@member[0] Has no name, so nothing can refer to it.',
      "warning mwan3.@rule[1] (default).dest_port Names 'x', which is no port from 0 to 65535 and no range of them: the rule is left out.",
    ]);
    const { value } = decodeMultiWan(sections);
    expect(value?.wans.map(({ name, number }) => [name, number])).toEqual([['wan', 2]]);
    expect(value?.rules.map(({ name }) => name)).toEqual(['@rule[0]']);
  });

  it('and options that nobody reads are named', () => {
    expect(
      said([
        section('globals', 'globals', { rtmon_interval: '5', colour: 'red' }),
        section('globals', 'other', { mmx_mask: '0x1' }),
        section('wan', 'x'),
        wan('wan', { track_gateway: '1' }),
      ]),
    ).toEqual([
      "warning mwan3.x Is of type 'wan', which nobody reads: it has no effect.",
      "warning mwan3.other Has no effect: only the section named 'globals' counts.",
      'warning mwan3.globals.rtmon_interval Is deprecated: mwan3 2.12 does not read it either, and it has no effect.',
      "warning mwan3.globals.colour Is no option of a section of type 'globals' and has no effect.",
      "warning mwan3.wan.track_gateway Is no option of a section of type 'interface' and has no effect.",
    ]);
  });

  it('a member with a metric out of range, or without interface, is left out; its policy says so', () => {
    const sections = [
      wan('wan'),
      section('member', 'far', { interface: 'wan', metric: '257' }),
      section('member', 'none', {}),
      section('policy', 'p', { use_member: ['far', 'none'] }),
    ];
    expect(said(sections)).toEqual([
      "warning mwan3.far.metric Is '257', but must be a whole number from 0 to 256: the member is left out.",
      'warning mwan3.none.interface Is missing: the member is left out.',
      'warning mwan3.p.use_member Names no member that can be used: its traffic always meets last_resort unreachable.',
    ]);
    expect(decodeMultiWan(sections).value?.policies).toEqual([
      { name: 'p', members: [], lastResort: 'unreachable' },
    ]);
  });

  it('the table of a WAN is no custom table: the file is rejected', () => {
    const sections = [
      section('globals', 'globals', { rt_table_lookup: ['1', '100', 'vpn', '100'] }),
      wan('wan'),
    ];
    expect(said(sections)).toEqual([
      "error mwan3.globals.rt_table_lookup Is '1', but the routing table 1 is that of wan, the 1. interface section: give what is here another one.",
    ]);
    expect(decodeMultiWan(sections).value).toBeNull();
    const others = [section('globals', 'globals', { rt_table_lookup: ['100', 'vpn', '100'] }), wan('wan')];
    expect(decodeMultiWan(others).value?.customTables).toEqual(['100', 'vpn']);
  });
});

describe('rules', () => {
  it.each<[string, Options, string]>([
    ['proto', { proto: 'tpc' }, "Is 'tpc', which is no protocol"],
    ['proto', { proto: ['tcp', 'udp'] }, 'Cannot be used'],
    [
      'dest_port',
      { proto: 'tcp', dest_port: '70000' },
      "Names '70000', which is no port from 0 to 65535 and no range of them",
    ],
    [
      'dest_port',
      { proto: 'tcp', dest_port: '20-10' },
      "Names '20-10', which is no port from 0 to 65535 and no range of them",
    ],
    [
      'dest_port',
      { proto: 'tcp', dest_port: ',' },
      "Names ',', which is no port from 0 to 65535 and no range of them",
    ],
    ['src_ip', { src_ip: 'example.org' }, "Names 'example.org', which is no address with a mask"],
    ['src_ip', { src_ip: '10.0.0.0/33' }, "Names '10.0.0.0/33', which is no address with a mask"],
    ['src_ip', { src_ip: '! 10.0.0.1' }, "Names '!', which is no address with a mask"],
    [
      'src_ip',
      { src_ip: '2001:db8::1/ffff::' },
      "Names '2001:db8::1/ffff::', which is no address with a mask",
    ],
    ['dest_ip', { dest_ip: '::/0', family: 'ipv4' }, 'Has no address of family ipv4'],
    ['dest_ip', { src_ip: '10.0.0.1', dest_ip: '::/0' }, 'Has no address of family ipv4'],
    ['ipset', { ipset: 'a b' }, 'Cannot be used'],
    ['src_iface', { src_iface: 'lan; reboot' }, 'Cannot be used'],
  ])('a bad %s leaves the rule out, and the others hold: %j', (option, options, clause) => {
    const { value, said: lines } = withRule(options);
    expect(value?.rules.map(({ name }) => name)).toEqual(['last']);
    expect(lines).toContain(`warning mwan3.r.${option} ${clause}: the rule is left out.`);
  });

  it('without use_policy is left out', () => {
    const sections = [section('rule', 'r', { proto: 'tcp' })];
    expect(said(sections)).toEqual(['warning mwan3.r.use_policy Is missing: the rule is left out.']);
    expect(decodeMultiWan(sections).value?.rules).toEqual([]);
  });

  it.each<[Options, object]>([
    [{ dest_ip: '0.0.0.0/0' }, { family: 'ipv4', destinations: [{ address: '0.0.0.0', mask: 0 }] }],
    [
      { dest_ip: '10.1/16,192.168.0.0/255.255.0.0' },
      {
        destinations: [
          { address: '10.1.0.0', mask: 16 },
          { address: '192.168.0.0', mask: 16 },
        ],
      },
    ],
    [
      { src_ip: ['10.0.0.1', '2001:DB8:0::1'] },
      {
        family: 'any',
        sources: [
          { address: '10.0.0.1', mask: 32 },
          { address: '2001:db8::1', mask: 128 },
        ],
      },
    ],
    [{ src_ip: ['10.0.0.1', '2001:db8::1'], dest_ip: '::/0' }, { family: 'ipv6' }],
    [
      { proto: 'TCP', dest_port: '80 https 1024-2000,5:9' },
      {
        protocol: 'tcp',
        destinationPorts: [
          { first: 80, last: 80 },
          { first: 443, last: 443 },
          { first: 1024, last: 2000 },
          { first: 5, last: 9 },
        ],
      },
    ],
    [
      { proto: '17', src_port: '53' },
      { protocol: 'udp', sourcePorts: [{ first: 53, last: 53 }] },
    ],
    [{ proto: 'ESP' }, { protocol: 'esp' }],
    [{ proto: '0' }, { protocol: null }],
    [
      { sticky: '1', timeout: '60' },
      { sticky: true, stickyTimeoutS: 60 },
    ],
  ])('reads %j', (options, expected) => {
    const { rule, said: lines } = withRule(options);
    expect(lines).toEqual([]);
    expect(rule).toMatchObject(expected);
  });

  it('say what has no effect', () => {
    expect(withRule({ use_policy: 'default', sticky: '1' }).said).toEqual([
      "warning mwan3.r.sticky Has no effect, since use_policy is 'default'.",
    ]);
    expect(withRule({ logging: '1' }).said).toEqual([
      'warning mwan3.r.logging Has no effect, since globals.logging is not 1.',
    ]);
    expect(withRule({ logging: '1' }, { logging: '1', loglevel: 'warning' })).toMatchObject({
      said: [],
      value: { logLevel: 'warn' },
    });
    const icmp = withRule({ proto: 'icmp', dest_port: '80' });
    expect(icmp.said).toEqual([
      "warning mwan3.r.dest_port Is ignored, since proto is 'icmp' and not tcp or udp.",
    ]);
    expect(icmp.rule).toMatchObject({ protocol: 'icmp', destinationPorts: [] });
  });
});

describe('tables', () => {
  it('have a sane default for every option', () => {
    for (const [type, { options }] of Object.entries(MULTI_WAN)) {
      const { problems } = decodeMultiWan([
        section(
          type,
          'globals',
          Object.fromEntries(
            Object.entries(options).flatMap(([name, spec]) =>
              'default' in spec && !(type === 'rule' && name === 'sticky') ? [[name, spec.default]] : [],
            ),
          ),
        ),
      ]);
      const about = problems.filter(({ text }) => text.includes('must be'));
      expect(about, type).toEqual([]);
    }
  });
});
