import { describe, expect, it } from 'vitest';
import type { SyncFault } from '../../../src/core/conntrackd/watch.ts';
import type { DutyReport } from '../../../src/core/engine/duty.ts';
import type { Event } from '../../../src/core/engine/messages.ts';
import type { State } from '../../../src/core/engine/state.ts';
import { CATALOGUE, type ProblemCode } from '../../../src/core/health/catalogue.ts';
import { findProblems } from '../../../src/core/health/checks.ts';
import {
  conntrackFacts,
  deviceFacts,
  dutyReport,
  HAGW,
  interfaceFacts,
  KEEPALIVED,
  MWAN3,
  vrrpFacts,
} from '../../fakes/router.ts';
import { configRead, failed, feed, fresh, healthy, LINKS } from '../engine/situations.ts';
import type { SETUP_CASES } from './setup-cases.ts';

const BASE = configRead() as Extract<Event, { kind: 'configRead' }>;
const BROKEN = { kind: 'broken', message: 'Parse error (invalid command) at line 1, byte 0.' } as const;
const MISSING = { kind: 'missing' } as const;

function links(...interfaces: typeof LINKS.interfaces): Event {
  return { kind: 'linksRead', facts: { ...LINKS, interfaces } };
}

const [LAN, WAN, WANB, SYNC] = LINKS.interfaces;
if (LAN === undefined || WAN === undefined || WANB === undefined || SYNC === undefined)
  throw new Error('no links');
const DOWN_WAN = { ...WAN, up: false };
const DOWN_WANB = { ...WANB, up: false };
const mute = (source: 'vrrp' | 'conntrack' | 'links' | 'leases') => [
  failed(source),
  failed(source),
  failed(source),
];
const engine = (word: string) => configRead(HAGW.replace("'none'", `'${word}'`));
const keepalived = (from: string, to: string) => configRead(HAGW, MWAN3, KEEPALIVED.replace(from, to));

/** What became of the pair's files. */
const files = (state: 'applied' | 'failed' | 'refused', severity: 'error' | 'warning', contested = '') => {
  const problems = contested === '' ? [{ severity, where: 'firewall', text: 'Is not as it should be.' }] : [];
  const managed = configRead(HAGW.replace("manage_pair '0'", "manage_pair '1'"));
  return [managed, { kind: 'pairConfigReported' as const, report: { state, problems, contested } }];
};

const duty = (what: Partial<DutyReport>): readonly Event[] => [
  { kind: 'dutyReported', report: dutyReport(what), happenings: [] },
];

/** Dumps in which somebody else's adverts of one VRID are refused. */
const refused = (count: number): readonly Event[] =>
  Array.from({ length: count }, (_, index) => {
    const { pid, instances } = vrrpFacts('active');
    const counters = { ...instances[0]?.counters, addr_list_err: 10 * index };
    return {
      kind: 'vrrpRead',
      facts: { pid, instances: instances.map((item, at) => (at === 0 ? { ...item, counters } : item)) },
    };
  });

/** For each code: what brings it about, and the place that it must name. The compiler demands every code; those of setup-cases and of conntrackd/watch have tests of their own. */
const CASES: {
  readonly [C in Exclude<ProblemCode, keyof typeof SETUP_CASES | SyncFault>]: readonly [
    readonly Event[],
    string,
  ];
} = {
  'config-missing': [[{ ...BASE, hagw: MISSING }], 'hagw'],
  'config-broken': [[{ ...BASE, hagw: BROKEN }], 'hagw'],
  'config-invalid': [[configRead(HAGW.replace("vrid '10'", "vrid '0'"))], 'hagw.lan.vrid'],
  'config-warning': [
    [configRead(HAGW.replace('option vrid', "option colour 'red'\n\toption vrid"))],
    'hagw.lan.colour',
  ],
  'sync-address-missing': [[links(LAN, WAN, WANB, { ...SYNC, addresses: [] })], 'hagw'],
  'sync-interface-missing': [[links(LAN, WAN, WANB)], 'hagw.globals.sync_interface'],
  'sync-interface-down': [[links(LAN, WAN, WANB, { ...SYNC, up: false })], 'hagw.globals.sync_interface'],
  'address-interface-missing': [[links(WAN, WANB, SYNC)], 'hagw.lan.interface'],
  'address-without-instance': [[keepalived("virtual_router_id '10'", "virtual_router_id '11'")], 'hagw.lan'],
  'pair-refused': [files('refused', 'error'), 'firewall'],
  'pair-failed': [files('failed', 'error'), 'firewall'],
  'pair-setting': [files('applied', 'warning'), 'firewall'],
  'pair-contested': [files('applied', 'warning', '/etc/config/firewall: was changed.'), ''],
  'keepalived-config-missing': [[{ ...BASE, keepalived: MISSING }], 'keepalived'],
  'keepalived-config-broken': [[{ ...BASE, keepalived: BROKEN }], 'keepalived'],
  'keepalived-config-warning': [
    [keepalived("list group 'wan'", "list group 'nope'")],
    'keepalived.@vrrp_sync_group[0].group',
  ],
  'keepalived-alt-config': [
    [configRead(HAGW, MWAN3, `config globals 'globals'\n\toption alt_config_file '/x'\n${KEEPALIVED}`)],
    'keepalived.globals.alt_config_file',
  ],
  'keepalived-not-running': [[failed('vrrp', 'absent')], 'keepalived'],
  'keepalived-unreadable': [mute('vrrp'), 'keepalived'],
  'instance-fault': [[{ kind: 'vrrpRead', facts: vrrpFacts('fault') }], 'keepalived'],
  'instance-missing': [
    [{ kind: 'vrrpRead', facts: { pid: 1, instances: vrrpFacts('active').instances.slice(1) } }],
    'keepalived.@vrrp_instance[0]',
  ],
  'states-differ': [[{ kind: 'vrrpRead', facts: vrrpFacts('active', 'backup') }], 'keepalived'],
  'advert-interval-rounded': [
    [configRead(HAGW, MWAN3, KEEPALIVED.replaceAll("version '3'", "version '2'"))],
    'keepalived.@vrrp_instance[0].advert_int',
  ],
  'advert-interval-range': [
    [keepalived("advert_int '0.1'", "advert_int '41'")],
    'keepalived.@vrrp_instance[0].advert_int',
  ],
  'advert-interval-differs': [
    [keepalived("advert_int '0.1'", "advert_int '1'")],
    'keepalived.@vrrp_instance[0].advert_int',
  ],
  'conntrackd-not-running': [[failed('conntrack', 'absent')], 'conntrackd'],
  'conntrackd-unreadable': [mute('conntrack'), 'conntrackd'],
  'conntrackd-link-down': [[{ kind: 'conntrackRead', facts: conntrackFacts(false) }], 'conntrackd'],
  'netifd-unreadable': [mute('links'), 'network'],
  'ubus-lost': [[{ kind: 'busLost' }], ''],
  'wan-down': [[links(LAN, DOWN_WAN, WANB, SYNC)], 'mwan3.wan'],
  'wans-all-down': [[links(LAN, DOWN_WAN, DOWN_WANB, SYNC)], 'mwan3'],
  'wan-unknown-interface': [[links(LAN, WANB, SYNC)], 'mwan3.wan'],
  'wan-without-metric': [[links(LAN, { ...WAN, metric: 0 }, WANB, SYNC)], 'network.wan.metric'],
  'mwan3-config-missing': [[{ ...BASE, mwan3: MISSING }], 'mwan3'],
  'mwan3-config-broken': [[{ ...BASE, mwan3: BROKEN }], 'mwan3'],
  'mwan3-config-warning': [
    [configRead(HAGW, MWAN3.replace('failover', 'a_name_too_long_'))],
    'mwan3.a_name_too_long_',
  ],
  'too-many-sections': [
    [configRead(HAGW, Array.from({ length: 65 }, (_, index) => `config interface 'w${index}'`).join('\n'))],
    'mwan3.@interface[64]',
  ],
  'mwan3-running': [[{ kind: 'servicesRead', facts: { running: ['mwan3'] } }], 'hagw.globals.engine'],
  'mwan3-not-running': [[engine('mwan3')], 'hagw.globals.engine'],
  'engine-not-running': [[engine('hagw')], 'hagw.globals.engine'],
  'engine-trouble': [
    [
      engine('hagw'),
      {
        kind: 'multiWanReported',
        report: {
          running: true,
          reason: '',
          refused: false,
          wans: [],
          problems: [{ where: 'mwan3.wan', text: 'It is left out.' }],
        },
        happenings: [],
      },
    ],
    'mwan3.wan',
  ],
  'leases-missing': [[failed('leases', 'absent')], 'dhcp'],
  'leases-unreadable': [mute('leases'), 'dhcp'],
  'leases-damaged': [[{ kind: 'leasesRead', facts: { file: '/x', ipv4: 1, ipv6: 0, damaged: 2 } }], 'dhcp'],
  'split-brain': [duty({ splitSince: 1 }), ''],
  'handover-incomplete': [
    [{ kind: 'handoverReported', report: { faults: ['Step commit failed.'] }, happenings: [] }],
    '',
  ],
  'out-of-service': [duty({ out: { reason: 'no-wan', text: 'it has no usable WAN', since: 1 } }), ''],
  'in-maintenance': [duty({ maintenance: true, waits: 'gw-b is not heard' }), ''],
  'adverts-refused': [refused(4), 'keepalived.@vrrp_instance[0]'],
  'partner-unknown': [[], 'hagw.gw_b'],
};

function codes(state: State): string[] {
  return findProblems(state).map(({ code }) => code);
}

describe('the checks', () => {
  it('find nothing on a healthy router but that the partner is not connected', () => {
    expect(codes(healthy())).toEqual(['partner-unknown']);
  });

  it('say nothing of what has not been read', () => {
    expect(codes(feed(fresh(), [{ kind: 'started' }, { kind: 'busConnected' }]).state)).toEqual([]);
  });

  it.each(Object.entries(CASES))('find %s and name the place', (code, [events, where]) => {
    if (code !== 'partner-unknown') expect(codes(healthy())).not.toContain(code);
    const found = findProblems(feed(healthy(), events, 2000).state).filter((item) => item.code === code);
    expect(found.map((item) => item.where)).toContain(where);
    for (const { text } of found) expect(text).toMatch(/^\S.*\.$/);
  });

  it('have no two findings of one code at one place', () => {
    for (const [events] of Object.values(CASES)) {
      const keys = findProblems(feed(healthy(), events, 2000).state).map(({ code, where, text }) =>
        ['config-invalid', 'config-warning', 'mwan3-config-warning'].includes(code)
          ? `${code} ${where} ${text}`
          : `${code} ${where}`,
      );
      expect(new Set(keys).size).toBe(keys.length);
    }
  });

  it('take a WAN of which netifd names no metric for one without', () => {
    const state = feed(healthy(), [links(LAN, { ...WAN, metric: null }, WANB, SYNC)], 2000).state;
    expect(codes(state)).toContain('wan-without-metric');
  });

  it('tell the two ways of a dead sync link apart', () => {
    const devices = LINKS.devices.map((item) => (item.name === 'sync' ? deviceFacts('sync', false) : item));
    const pulled = feed(healthy(), [{ kind: 'linksRead', facts: { ...LINKS, devices } }], 2000).state;
    const text = (state: State) =>
      findProblems(state).find(({ code }) => code === 'sync-interface-down')?.text;
    expect(text(pulled)).toContain('no carrier');
    expect(text(feed(healthy(), [links(LAN, WAN, WANB, { ...SYNC, up: false })], 2000).state)).toContain(
      'is down',
    );
  });

  it('accept an instance on the device below the traffic (a virtual router on a PPP link)', () => {
    const ppp = { ...interfaceFacts('wan', 'eth1', '203.0.113.2', 10), l3Device: 'pppoe-wan' };
    const state = feed(healthy(), [links(LAN, ppp, WANB, SYNC)], 2000).state;
    expect(codes(state)).not.toContain('address-without-instance');
  });
});

describe('keepalived in fault', () => {
  const fault = (wan: 'fault' | 'backup', events: readonly Event[] = []) =>
    findProblems(
      feed(healthy(), [{ kind: 'vrrpRead', facts: vrrpFacts('fault', wan) }, ...events], 2000).state,
    ).filter(({ code }) => code === 'instance-fault');

  it('is one problem for one cable, which it names', () => {
    const devices = LINKS.devices.map((item) => (item.name === 'eth0' ? deviceFacts('eth0', false) : item));
    const found = fault('fault', [{ kind: 'linksRead', facts: { ...LINKS, devices } }]);
    expect(found).toHaveLength(1);
    expect(found[0]?.text).toBe(
      "keepalived has put 'lan', 'wan' into fault: eth0 has no carrier. This router cannot become active.",
    );
  });

  it('stays the same problem when the rest of the group follows', () => {
    const [one, all] = [fault('backup')[0], fault('fault')[0]];
    expect(one?.text).toContain("put 'lan' into fault: a tracked interface or script fails");
    expect(one?.where).toBe(all?.where);
  });
});

describe('what keepalived hears', () => {
  const found = (events: readonly Event[], code: string) =>
    findProblems(feed(healthy(), events, 2000).state).filter((item) => item.code === code);

  it('counts only what goes on: a change of addresses is no stranger', () => {
    expect(found(refused(3), 'adverts-refused')).toEqual([]);
    expect(found(refused(4), 'adverts-refused')[0]?.text).toContain('addr_list_err');
    const quiet = Array.from({ length: 4 }, () => refused(4)[3]).flatMap((event) => event ?? []);
    expect(found([...refused(4), ...quiet], 'adverts-refused')).toEqual([]);
  });

  it('sees that the active router has the same priority', () => {
    const { pid, instances } = vrrpFacts('backup');
    const read = (activePriority: number): Event => ({
      kind: 'vrrpRead',
      facts: { pid, instances: instances.map((item) => ({ ...item, activePriority })) },
    });
    expect(found([read(250)], 'vrrp-priority').map(({ where }) => where)).toEqual([
      'keepalived.@vrrp_instance[0].priority',
      'keepalived.@vrrp_instance[1].priority',
    ]);
    expect(found([read(240)], 'vrrp-priority')).toEqual([]);
  });
});

describe('the catalogue', () => {
  it.each(Object.entries(CATALOGUE))('%s has a title, sane times and causes that exist', (code, item) => {
    expect(code).toMatch(/^[a-z0-9]+(-[a-z0-9]+)+$/);
    expect(item.title).toMatch(/^[A-Za-z].*[^.]$/);
    expect(item.visibleAfterMs).toBeLessThanOrEqual(5000);
    for (const cause of item.dependsOn) {
      expect(Object.keys(CATALOGUE)).toContain(cause);
      expect(cause).not.toBe(code);
    }
  });

  it('has no causes in a circle', () => {
    const reaches = (code: string, goal: string, seen: readonly string[] = []): boolean => {
      const causes: readonly string[] = CATALOGUE[code as ProblemCode].dependsOn;
      return causes.some(
        (cause) => cause === goal || (!seen.includes(cause) && reaches(cause, goal, [...seen, cause])),
      );
    };
    expect(Object.keys(CATALOGUE).filter((code) => reaches(code, code))).toEqual([]);
  });
});
