import { describe, expect, it } from 'vitest';
import { decodeMultiWan } from '../../../src/core/config/multiwan.ts';
import { tableUses } from '../../../src/core/config/network-tables.ts';
import { INITIAL_MULTI_WAN, stepMultiWan } from '../../../src/core/engine/multiwan.ts';
import { situationOf } from '../../../src/core/engine/multiwan-links.ts';
import { liveProblems } from '../../../src/core/engine/multiwan-occupied.ts';
import { reportOf } from '../../../src/core/engine/multiwan-report.ts';
import type {
  MultiWanEffect,
  MultiWanEvent,
  MultiWanState,
  Situation,
} from '../../../src/core/engine/multiwan-types.ts';
import { decodeRules } from '../../../src/core/plan/decode-rules.ts';
import type { KernelRoute, MultiWanConfig } from '../../../src/core/policy/model.ts';
import { interfaceFacts } from '../../fakes/router.ts';
import { sectionsOf } from '../config/sections.ts';
import { configRead, feed, healthy, LINKS } from '../engine/situations.ts';

/** A WAN's number is its routing table: one that the user has is never taken. */
const WANS = (names: readonly string[]): MultiWanConfig => {
  const text = names.map((name) => `config interface '${name}'\n\toption enabled '1'\n`).join('');
  const { value } = decodeMultiWan(sectionsOf(text));
  if (value === null) throw new Error('The configuration of the test is wrong.');
  return value;
};
const TWO = WANS(['wan', 'wanb']);

const situation = (changes: Partial<Situation> = {}): MultiWanEvent => ({
  kind: 'situation',
  situation: {
    engine: 'hagw',
    config: TWO,
    wans: Object.fromEntries(
      ['wan', 'wanb', 'wanc'].map((name, at) => [
        name,
        { up: true, device: `eth${at + 1}`, addresses: [], gateway: null },
      ]),
    ),
    devices: {},
    tableUses: [],
    mwan3Runs: false,
    ...changes,
  },
});
const route = (table: number, words: string): KernelRoute => ({
  family: 'ipv4',
  table,
  type: 'unicast',
  destination: words.split(' ')[0] ?? '',
  gateway: null,
  device: null,
  metric: null,
  protocol: null,
  scope: null,
  source: null,
  words: words.split(' '),
});
const routes = (list: readonly KernelRoute[], rules: readonly object[] = []): MultiWanEvent => {
  const decoded = decodeRules(JSON.stringify(rules), 'ipv4');
  return { kind: 'routesRead', routes: list, rules: decoded.ok ? decoded.value : [] };
};
const began = (tables: readonly { family: 'ipv4'; table: number }[] = [], down: readonly string[] = []) =>
  ({
    kind: 'began',
    left: { states: {}, drop: [], tables },
    down,
    tableNumbers: { vpn: 2 },
    shuffle: 0,
  }) as const;

function run(...events: readonly MultiWanEvent[]) {
  let state: MultiWanState = INITIAL_MULTI_WAN;
  let now = 1000;
  const effects: MultiWanEffect[] = [];
  const more = (...next: readonly MultiWanEvent[]): MultiWanState => {
    for (const event of next) {
      now += 1;
      const step = stepMultiWan(state, event, now);
      state = step.state;
      effects.push(...step.effects);
    }
    return state;
  };
  more(...events);
  return { state: () => state, effects, more };
}
const DONE: MultiWanEvent = {
  kind: 'applied',
  outcome: { ok: true, how: 'applied', problems: [], findings: [], dropped: [] },
};

describe("tables of UCI network and of mwan3's rt_table_lookup", () => {
  it.each<[string, string, string]>([
    ["config interface 'vpn0'\n\toption ip4table '2'", 'network.vpn0.ip4table', "Is '2'"],
    ["config interface 'vpn0'\n\toption ip4table 'vpn'", 'network.vpn0.ip4table', "Is 'vpn'"],
    ["config route\n\toption table '1'", 'network.@route[0].table', "Is '1'"],
    ["config rule 'r'\n\toption lookup '2'", 'network.r.lookup', "Is '2'"],
  ])('%j keeps the engine from beginning, by its name', (network, where, text) => {
    const { state, effects } = run(
      began(),
      situation({ tableUses: tableUses(sectionsOf(network)) }),
      routes([]),
    );
    expect([state().phase, effects.some(({ kind }) => kind === 'apply')]).toEqual(['waiting', false]);
    expect(state().reason).toContain(`${where}: ${text}`);
  });

  it.each([
    "config interface 'vpn0'\n\toption ip6table '2'",
    "config interface 'vpn0'\n\toption ip4table '3'",
    "config interface 'vpn0'\n\toption ip4table 'main'",
    "config route6\n\toption table '1'",
  ])('%j is no matter: another family, another number', (network) => {
    const { state } = run(began(), situation({ tableUses: tableUses(sectionsOf(network)) }), routes([]));
    expect(state().phase).toBe('running');
  });

  it('what runs goes on, and the new configuration is named', () => {
    const { state, more } = run(began(), situation(), routes([]), DONE);
    expect(state().phase).toBe('running');
    const three = WANS(['wan', 'wanb', 'wanc']);
    const uses = tableUses(sectionsOf("config interface 'vpn0'\n\toption ip4table '3'"));
    more(situation({ config: three, tableUses: uses }));
    expect(state().config).toBe(TWO);
    expect(reportOf(state()).problems).toMatchObject([{ where: 'network.vpn0.ip4table' }]);
    expect(liveProblems(state(), three).map(({ where }) => where)).toContain('network.vpn0.ip4table');
    more(situation({ config: three }));
    expect([state().config, reportOf(state()).problems]).toEqual([three, []]);
  });

  it('of rt_table_lookup by their names, too', () => {
    const text = "config globals 'globals'\n\tlist rt_table_lookup 'vpn'\n";
    const { value } = decodeMultiWan(
      sectionsOf(
        `${text}config interface 'wan'\n\toption enabled 1\nconfig interface 'wanb'\n\toption enabled 1`,
      ),
    );
    const { state } = run(began(), situation({ config: value }), routes([]));
    expect(state().reason).toContain("mwan3.globals.rt_table_lookup: Is 'vpn'");
  });
});

describe('tables that somebody else has filled in the kernel', () => {
  const FOREIGN = route(2, '10.9.0.0/16 dev tun0');

  it('are not taken, until they are empty', () => {
    const { state, more } = run(began(), situation(), routes([FOREIGN]));
    expect(state().reason).toContain('mwan3.wanb: Is the 2. interface section');
    expect(state().reason).toContain('10.9.0.0/16 dev tun0');
    expect(more(routes([]), routes([])).phase).toBe('running');
  });

  it('nor those that a rule of the user leads to', () => {
    const rule = { priority: 500, src: '10.0.0.0', srclen: 8, table: '1' };
    const { state, more } = run(began(), situation(), routes([], [rule]));
    expect(state().reason).toContain('mwan3.wan: Is the 1. interface section');
    expect(more(routes([]), routes([])).phase).toBe('running');
  });

  it('but those that an earlier run or mwan3 left are ours', () => {
    const memory = run(began([{ family: 'ipv4', table: 2 }]), situation(), routes([FOREIGN]));
    expect(memory.state().phase).toBe('running');
    const rule = { priority: 2002, src: 'all', fwmark: '0x200', fwmask: '0x3f00', table: '2' };
    expect(run(began(), situation(), routes([FOREIGN], [rule])).state().phase).toBe('running');
  });

  it('and our own, once the engine runs, are no reason to stop', () => {
    const { state, more } = run(began(), situation(), routes([]), DONE);
    more(routes([route(1, 'default dev eth1'), FOREIGN]), situation({ config: WANS(['wan', 'wanb']) }));
    expect(reportOf(state()).problems).toEqual([]);
    // Nor is one that was ours before the configuration changed.
    more(situation({ config: WANS(['wan']) }), DONE, situation({ config: WANS(['wan', 'wanb']) }));
    expect(state().config?.wans).toHaveLength(2);
  });

  it('while another engine runs, its tables say nothing of a configuration', () => {
    const { state } = run(began(), situation({ engine: 'mwan3' }), routes([FOREIGN]));
    expect(liveProblems(state(), TWO)).toEqual([]);
  });
});

describe('a WAN that is switched off for all runs', () => {
  it('is off from the first moment, and is kept so in a file', () => {
    const { state, effects, more } = run(began([], ['wanb']), situation(), routes([]), DONE);
    expect(state().trackers['wanb']).toMatchObject({ adminDown: true, status: 'disabled' });
    expect(effects.filter(({ kind }) => kind === 'keepDown')).toEqual([]);
    more({ kind: 'admin', wan: 'wan', down: true, persist: true });
    more({ kind: 'admin', wan: 'wanb', down: false, persist: null });
    expect(effects.filter(({ kind }) => kind === 'keepDown')).toEqual([
      { kind: 'keepDown', wans: ['wanb', 'wan'] },
      { kind: 'keepDown', wans: ['wan'] },
    ]);
  });

  it('a plain one survives a reload of the configuration', () => {
    const { state, more } = run(began(), situation(), routes([]), DONE);
    more({ kind: 'admin', wan: 'wan', down: true, persist: null }, DONE);
    more(situation({ config: WANS(['wan', 'wanb']) }));
    expect(state().trackers['wan']).toMatchObject({ adminDown: true, status: 'disabled' });
  });
});

describe("netifd's NAME_4 and NAME_6", () => {
  const mwan3 =
    "config interface 'wan'\n\toption enabled '1'\n\nconfig interface 'wan6'\n\toption enabled '1'\n\toption family 'ipv6'\n";
  const links = (...more: ReturnType<typeof interfaceFacts>[]) => ({
    kind: 'linksRead' as const,
    facts: { ...LINKS, interfaces: [interfaceFacts('wan', 'eth1', '203.0.113.2', 10), ...more] },
  });
  const wanOf = (...more: ReturnType<typeof interfaceFacts>[]) => {
    const { state } = feed(healthy([configRead(undefined, mwan3)]), [links(...more)], 5000);
    return situationOf(state).wans;
  };

  it('go before NAME, each for its family', () => {
    expect(wanOf()?.['wan']?.device).toBe('eth1');
    const four = interfaceFacts('wan_4', 'wwan0', '198.51.100.9', 10);
    expect(wanOf(four)?.['wan']).toMatchObject({ device: 'wwan0', addresses: ['198.51.100.9/24'] });
    expect(wanOf(interfaceFacts('wan_6', 'wwan0', '198.51.100.9', 10))?.['wan']?.device).toBe('eth1');
    expect(wanOf(interfaceFacts('wan6_6', 'wwan1', '198.51.100.9', 10))?.['wan6']?.device).toBe('wwan1');
  });

  it('also while they are down: NAME is another thing then', () => {
    const four = { ...interfaceFacts('wan_4', 'wwan0', '198.51.100.9', 10), up: false };
    expect(wanOf(four)?.['wan']).toMatchObject({ up: false, device: null });
  });
});
