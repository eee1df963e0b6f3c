import { describe, expect, it } from 'vitest';
import { decodeMultiWan } from '../../../src/core/config/multiwan.ts';
import { parseConfig } from '../../../src/core/config/parse.ts';
import { INITIAL_MULTI_WAN, nextMultiWanDeadline, stepMultiWan } from '../../../src/core/engine/multiwan.ts';
import { linkEvents, UNKNOWN_SITUATION } from '../../../src/core/engine/multiwan-links.ts';
import { reportOf, sameReport } from '../../../src/core/engine/multiwan-report.ts';
import type {
  MultiWanEffect,
  MultiWanEvent,
  MultiWanState,
  Outcome,
  Situation,
} from '../../../src/core/engine/multiwan-types.ts';
import type { MultiWanConfig } from '../../../src/core/policy/model.ts';
import { ok } from '../../../src/lib/result.ts';
import { encodeText } from '../../../src/lib/text.ts';

const UCI = `
config interface 'wan'
	option enabled '1'
	list track_ip '192.0.2.1'
	list track_ip '192.0.2.2'

config interface 'wanb'
	option enabled '1'
	list track_ip '192.0.2.1'
	list track_ip '192.0.2.2'

config member 'one'
	option interface 'wan'

config member 'two'
	option interface 'wanb'

config policy 'both'
	list use_member 'one'
	list use_member 'two'

config rule 'all'
	option dest_ip '0.0.0.0/0'
	option use_policy 'both'
`;

function configOf(uci: string): MultiWanConfig {
  const reading = parseConfig('mwan3', ok(encodeText(uci)));
  const value = reading.kind === 'read' ? decodeMultiWan(reading.sections).value : null;
  if (value === null) throw new Error('The configuration of the test is wrong.');
  return value;
}

const facts = (device: string | null) => ({
  up: device !== null,
  device,
  addresses: device === null ? [] : ['198.51.100.2/24'],
  gateway: device === null ? null : '198.51.100.1',
});
const SITUATION: Situation = {
  engine: 'hagw',
  config: configOf(UCI),
  wans: { wan: facts('eth1'), wanb: facts('eth2') },
  devices: { wan: 'eth1', wanb: 'eth2' },
  tableUses: [],
  mwan3Runs: false,
};
const DONE: Outcome = { ok: true, how: 'switched', problems: [], findings: [], dropped: [] };
const FAILED: Outcome = { ...DONE, ok: false, problems: ['nft: no.'] };

/** A run: events one after the other, a millisecond apart unless said; all effects. */
class Run {
  state: MultiWanState = INITIAL_MULTI_WAN;
  now = 1000;
  effects: MultiWanEffect[] = [];

  feed(...events: readonly MultiWanEvent[]): MultiWanEffect[] {
    this.effects = [];
    for (const event of events) {
      this.now += 1;
      const step = stepMultiWan(this.state, event, this.now);
      this.state = step.state;
      this.effects.push(...step.effects);
    }
    return this.effects;
  }

  of<K extends MultiWanEffect['kind']>(kind: K): Extract<MultiWanEffect, { kind: K }>[] {
    return this.effects.filter(
      (effect): effect is Extract<MultiWanEffect, { kind: K }> => effect.kind === kind,
    );
  }
}

const began = (states: Record<string, 'online' | 'offline'> | null = null): MultiWanEvent => ({
  kind: 'began',
  down: [],
  left: states === null ? null : { states, drop: [], tables: [] },
  tableNumbers: {},
  shuffle: 0,
});
const ROUTES: MultiWanEvent = { kind: 'routesRead', routes: [] };
const situation = (changes: Partial<Situation> = {}): MultiWanEvent => ({
  kind: 'situation',
  situation: { ...SITUATION, ...changes },
});
const applied = (outcome = DONE): MultiWanEvent => ({ kind: 'applied', outcome });
const lost = (wan: string): MultiWanEvent => ({ kind: 'tracked', wan, event: { kind: 'adminDown' } });
const back = (wan: string): MultiWanEvent => ({ kind: 'tracked', wan, event: { kind: 'adminUp' } });

function running(): Run {
  const run = new Run();
  run.feed(began(), situation(), ROUTES, ROUTES, applied());
  expect(run.state.phase).toBe('running');
  expect(run.state.work).toBe('idle');
  return run;
}

describe('the multi-WAN machine', () => {
  it('touches nothing before all is known', () => {
    for (const [events, why] of [
      [[began(), ROUTES], 'hagw'],
      [[began(), situation({ config: null }), ROUTES, ROUTES], 'mwan3'],
      [[began(), situation({ wans: null }), ROUTES, ROUTES], 'netifd'],
      [[began(), situation({ mwan3Runs: null }), ROUTES, ROUTES], 'procd'],
      [[began(), situation()], 'routes'],
    ] as const) {
      const run = new Run();
      run.feed(...events);
      expect(run.of('apply')).toEqual([]);
      expect(run.state.phase).toBe('waiting');
      expect(run.state.reason).toContain(why);
    }
  });

  it('refuses beside mwan3, and begins when that is stopped', () => {
    const run = new Run();
    run.feed(began(), situation({ mwan3Runs: true }), ROUTES, ROUTES);
    expect([run.state.phase, run.of('apply')]).toEqual(['refused', []]);
    expect(run.of('tell')[0]?.text).toContain('mwan3');
    run.feed(situation());
    expect(run.of('apply')).toHaveLength(1);
    expect(run.of('probe').map(({ wan, probing }) => [wan, probing?.device, probing?.mark])).toEqual([
      ['wan', 'eth1', 0x100],
      ['wanb', 'eth2', 0x200],
    ]);
  });

  it('drops the flows of a lost WAN with the switch, and none when it comes back', () => {
    const run = running();
    run.feed(lost('wan'));
    const [apply] = run.of('apply');
    expect(apply?.drop).toMatchObject([{ which: 'wan', wan: 'wan', mark: 0x100, mask: 0x3f00 }]);
    expect(apply?.states).toMatchObject({ wan: 'disabled', wanb: 'online' });
    expect(run.of('hotplug')).toMatchObject([{ action: 'disconnected', wan: 'wan', device: 'eth1' }]);
    // The switch is not waited for by the event, and goes out before it.
    expect(run.effects.findIndex(({ kind }) => kind === 'apply')).toBeGreaterThanOrEqual(0);
    run.feed(applied());
    run.feed(back('wan'));
    expect(run.of('apply').flatMap(({ drop }) => drop)).toEqual([]);
  });

  it('keeps the flows if the WAN says so', () => {
    const run = new Run();
    const config = configOf(
      UCI.replace("'wan'\n\toption enabled", "'wan'\n\toption flush 'keep'\n\toption enabled"),
    );
    run.feed(began(), situation({ config }), ROUTES, ROUTES, applied());
    run.feed(lost('wan'));
    expect(run.of('apply').map(({ drop }) => drop)).toEqual([[]]);
  });

  it('does one thing at a time, and what came meanwhile afterwards', () => {
    const run = running();
    run.feed(lost('wan'), lost('wanb'));
    expect(run.of('apply').map(({ drop }) => drop.map(({ wan }) => wan))).toEqual([['wan']]);
    run.feed(applied());
    expect(run.of('apply').map(({ drop }) => drop.map(({ wan }) => wan))).toEqual([['wanb']]);
    run.feed(applied());
    expect(run.of('apply')).toEqual([]);
  });

  it('owes what a failed apply did not do, and tries again', () => {
    const run = running();
    run.feed(lost('wan'));
    run.feed(applied(FAILED));
    expect(run.of('apply')).toEqual([]);
    expect(reportOf(run.state).problems.map(({ text }) => text)).toEqual(['nft: no.']);
    run.now = nextMultiWanDeadline(run.state) ?? 0;
    run.feed({ kind: 'tick' });
    expect(run.of('apply').map(({ drop }) => drop.map(({ wan }) => wan))).toEqual([['wan']]);
    run.feed(applied());
    expect([run.state.owed, reportOf(run.state).problems]).toEqual([[], []]);
  });

  it('does nothing for an unchanged configuration or routes', () => {
    const run = running();
    run.feed(situation({ config: configOf(UCI) }), ROUTES, ROUTES);
    expect([run.of('apply'), run.of('probe')]).toEqual([[], []]);
  });

  it('takes over the states of the run before: a dead WAN is not taken for online', () => {
    const run = new Run();
    run.feed(began({ wan: 'offline', wanb: 'online' }), situation(), ROUTES, ROUTES);
    expect(run.of('apply')[0]?.states).toMatchObject({ wan: 'offline', wanb: 'online' });
  });

  it('loses a WAN with its carrier, and has it back with it', () => {
    const run = running();
    run.feed({ kind: 'carriers', carriers: { eth1: false } });
    expect(run.of('apply').flatMap(({ drop }) => drop.map(({ wan }) => wan))).toEqual(['wan']);
    expect(run.of('probe')).toMatchObject([{ wan: 'wan', probing: null }]);
    run.feed(applied(), { kind: 'carriers', carriers: { eth1: true } });
    expect(run.of('probe')[0]?.probing).not.toBeNull();
  });

  it('looks at the kernel when somebody touched it', () => {
    const run = running();
    run.feed({ kind: 'kernelChanged', routes: false });
    expect(run.of('check')).toHaveLength(1);
    run.feed({ kind: 'checked', outcome: { ...DONE, findings: ['The table inet hagw was gone.'] } });
    expect(run.of('tell')[0]?.text).toContain('was gone');
  });

  it.each(['none', 'mwan3'] as const)('takes away what is ours when the engine becomes %s', (engine) => {
    const run = running();
    run.feed(situation({ engine }));
    expect(run.of('remove')).toHaveLength(1);
    expect(run.of('probe').map(({ probing }) => probing)).toEqual([null, null]);
    run.feed({ kind: 'removed', outcome: DONE });
    expect([run.state.phase, nextMultiWanDeadline(run.state)]).toEqual(['off', null]);
  });

  it('takes away what an earlier run left, but touches nothing that it never had', () => {
    const [left, never] = [new Run(), new Run()];
    left.feed(began({ wan: 'online' }), situation({ engine: 'none' }));
    expect(left.of('remove')).toHaveLength(1);
    never.feed(began(), situation({ engine: 'none' }), ROUTES);
    expect(never.of('remove')).toEqual([]);
  });

  it('holds what it knows while netifd is mute', () => {
    const run = running();
    run.feed(situation({ wans: null, devices: {} }));
    expect([run.of('apply'), run.state.phase]).toEqual([[], 'running']);
    run.feed({
      kind: 'situation',
      situation: { ...UNKNOWN_SITUATION, engine: 'hagw', config: SITUATION.config },
    });
    expect([run.of('apply'), run.state.phase]).toEqual([[], 'running']);
  });

  it('keeps the configuration before one that has two WANs on one device', () => {
    const run = running();
    const before = run.state.config;
    run.feed(situation({ config: configOf(UCI), wans: { wan: facts('eth1'), wanb: facts('eth1') } }));
    expect(run.state.config).toBe(before);
    expect(reportOf(run.state).problems[0]?.where).toBe('mwan3.wanb');
  });

  it('knows a report that is no news', () => {
    const run = running();
    const before = run.state;
    const probe = { target: '192.0.2.1', burst: null, latencyMs: 3 } as const;
    run.feed({ kind: 'tracked', wan: 'wan', event: { kind: 'probeReply', seq: 0, ...probe } });
    const first = run.state;
    expect(sameReport(before, first)).toBe(false);
    run.feed({ kind: 'tracked', wan: 'wan', event: { kind: 'probeReply', seq: 1, ...probe } });
    expect(sameReport(first, run.state)).toBe(true);
    expect(reportOf(first)).toEqual(reportOf(run.state));
  });
});

describe('linkEvents', () => {
  const up = facts('eth1');
  it.each([
    ['the first word', null, up, ['linkUp']],
    ['the first word: down', null, facts(null), ['linkDown']],
    ['nothing new', up, up, []],
    ['down', up, facts(null), ['linkDown']],
    ['gone', up, undefined, ['linkDown']],
    ['another device', up, facts('eth9'), ['linkDown', 'linkUp']],
    ['another gateway', up, { ...up, gateway: '198.51.100.9' }, ['gatewayChanged']],
    ['another address', up, { ...up, addresses: ['198.51.100.7/24'] }, ['addressChanged']],
    ['a further address', up, { ...up, addresses: [...up.addresses, '198.51.100.7/24'] }, []],
  ] as const)('%s', (_what, before, now, kinds) => {
    expect(linkEvents(before, now).map(({ kind }) => kind)).toEqual(kinds);
  });
});
