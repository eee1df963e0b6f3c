import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { verifyTable } from '../../../src/core/plan/fingerprint.ts';
import { MEMORY_PATH } from '../../../src/core/plan/memory.ts';
import { planRoutes } from '../../../src/core/plan/plan-routes.ts';
import { planRules } from '../../../src/core/plan/plan-rules.ts';
import { WHY_NOT } from '../neighbours/machine.ts';
import { findingsOf, good, type Rig, request, startRig } from './rig.ts';

/** The real nft, ip and conntrack in a namespace: what is applied is there, what is not ours stays, what others did is put right. */
describe.skipIf(WHY_NOT !== '')(`applying to a kernel ${WHY_NOT}`, () => {
  let rig: Rig;
  /** The namespace before anything of ours. */
  let empty = '';

  beforeAll(async () => {
    rig = await startRig();
    rig.machine.run(
      'nft',
      'add table inet fw4; add chain inet fw4 forward { type filter hook forward priority 0; }',
    );
    rig.machine.run('ip', 'rule', 'add', 'pref', '10000', 'from', '10.0.0.0/8', 'lookup', '100');
    rig.machine.run('ip', 'rule', 'add', 'pref', '2005', 'to', '10.99.0.0/16', 'lookup', '100');
    empty = rig.handles();
  });
  afterEach(async () => {
    good(await rig.fresh().stop(request([]).marks));
  });
  afterAll(() => rig?.stop());

  it('is there as desired, and a second apply does nothing', async () => {
    const applier = rig.fresh();
    const wanted = request(await rig.routes());
    const first = good(await applier.apply(wanted));
    expect(first.problems).toEqual([]);
    expect(first.how).toBe('applied');
    const facts = good(await rig.ports.nft.readTable());
    if (facts === null) throw new Error('there is no table');
    expect(verifyTable(wanted.desired.nft, facts)).toEqual([]);
    const rules = [
      ...good(await rig.ports.routing.rules('ipv4')),
      ...good(await rig.ports.routing.rules('ipv6')),
    ];
    const ruleSteps = planRules(wanted.desired.rules, rules, wanted.marks);
    expect([ruleSteps.additions, ruleSteps.removals]).toEqual([[], []]);
    const routeSteps = planRoutes(wanted.desired.tables, await rig.routes());
    expect([routeSteps.additions, routeSteps.removals]).toEqual([[], []]);
    expect(rig.machine.run('ip', 'rule')).toContain('2062:\tfrom all fwmark 0x3e00/0x3f00 unreachable');
    expect(rig.machine.run('ip', 'route', 'show', 'table', '6')).toContain(
      'default via 10.9.0.1 dev wwan0 proto static metric 30 mtu 1400',
    );

    const before = rig.handles();
    const programs = rig.started();
    expect(good(await applier.apply(wanted)).how).toBe('unchanged');
    expect(rig.started() - programs).toBe(0);
    expect(good(await applier.check()).how).toBe('unchanged');
    expect(rig.handles()).toBe(before);
  });

  it('says which rules of others lie within its preferences, and leaves them', async () => {
    const report = good(await rig.fresh().apply(request(await rig.routes())));
    expect(findingsOf(report)).toEqual([
      "foreign: The ip rule '2005: src all dst 10.99.0.0 dstlen 16 table 100' is not ours, but has a preference of ours: it is left alone.",
    ]);
  });

  it('removes everything of ours at a stop, and nothing else', async () => {
    const applier = rig.fresh();
    const wanted = request(await rig.routes());
    good(await applier.apply(wanted));
    expect(rig.files.text(MEMORY_PATH)).not.toBeNull();
    expect(rig.handles()).not.toBe(empty);
    good(await applier.stop(wanted.marks));
    expect(rig.handles()).toBe(empty);
    expect(rig.files.text(MEMORY_PATH)).toBeNull();
  });

  it('a stop after a restart without its memory removes as much', async () => {
    const wanted = request(await rig.routes());
    good(await rig.fresh().apply(wanted));
    rig.files.remove(MEMORY_PATH);
    good(await rig.fresh().stop(wanted.marks));
    expect(rig.handles()).toBe(empty);
  });

  it('adopts what an earlier run left, without touching it', async () => {
    const wanted = request(await rig.routes(), { wan: 'offline' });
    good(await rig.fresh().apply(wanted));
    rig.machine.run('nft', 'add element inet hagw ipset_streaming { 203.0.113.7 }');
    const before = rig.handles();
    const second = rig.fresh();
    expect(second.recall()?.states).toEqual(wanted.states);
    const report = good(await second.apply(wanted));
    expect(report.how).toBe('adopted');
    expect(rig.handles()).toBe(before);
  });

  it('does not adopt a table that was changed meanwhile; elements of others stay', async () => {
    const wanted = request(await rig.routes());
    good(await rig.fresh().apply(wanted));
    rig.machine.run('nft', 'add element inet hagw ipset_streaming { 203.0.113.7 }');
    const right = await rig.state();
    rig.machine.run('nft', 'add rule inet hagw main counter');
    const report = good(await rig.fresh().apply(wanted));
    expect(report.how).toBe('applied');
    expect(findingsOf(report)).toContain(
      "changed: Somebody changed what is in 'chain main' of table inet hagw.",
    );
    expect(await rig.state()).toBe(right);
    expect(rig.machine.run('nft', 'list', 'set', 'inet', 'hagw', 'ipset_streaming')).toContain('203.0.113.7');
  });

  const WRONGS: readonly (readonly [string, readonly string[], string])[] = [
    ['flushes the ruleset', ['nft', 'flush', 'ruleset'], 'missing: The table inet hagw was gone.'],
    [
      'adds a chain',
      ['nft', 'add', 'chain', 'inet', 'hagw', 'mine'],
      "extra: Somebody added 'chain mine' of table inet hagw.",
    ],
    [
      'adds a map',
      ['nft', 'add map inet hagw mine { type ipv4_addr : verdict; }'],
      "extra: Somebody added 'map mine' of table inet hagw.",
    ],
    [
      'flushes a chain',
      ['nft', 'flush', 'chain', 'inet', 'hagw', 'main'],
      "changed: Somebody changed what is in 'chain main' of table inet hagw.",
    ],
    [
      'adds to a set of ours',
      ['nft', 'add element inet hagw connected4 { 8.8.8.8 }'],
      "changed: Somebody changed what is in 'set connected4' of table inet hagw.",
    ],
    [
      'removes a rule',
      ['ip', 'rule', 'del', 'pref', '2003'],
      "missing: Somebody removed the ip rule 'pref 2003 fwmark 0x300/0x3f00 lookup 3' (ipv4).",
    ],
    [
      'removes an IPv6 rule',
      ['ip', '-6', 'rule', 'del', 'pref', '3004'],
      "missing: Somebody removed the ip rule 'pref 3004 fwmark 0x400/0x3f00 unreachable' (ipv6).",
    ],
    [
      'flushes a table',
      ['ip', 'route', 'flush', 'table', '3'],
      "missing: Somebody removed the route 'default via 10.2.0.1 dev eth2 proto static metric 20' of table 3.",
    ],
    [
      'changes a route',
      [
        'ip',
        'route',
        'replace',
        'default',
        'via',
        '10.2.0.9',
        'dev',
        'eth2',
        'proto',
        'static',
        'metric',
        '20',
        'table',
        '3',
      ],
      "changed: Somebody changed the route 'default via 10.2.0.1 dev eth2 proto static metric 20' of table 3.",
    ],
    [
      'changes an IPv6 route',
      [
        'ip',
        '-6',
        'route',
        'replace',
        'default',
        'via',
        'fe80::9',
        'dev',
        'eth2',
        'proto',
        'ra',
        'metric',
        '640',
        'table',
        '4',
      ],
      "changed: Somebody changed the route 'default via fe80::2 dev eth2 proto ra metric 640 pref medium' of table 4.",
    ],
    [
      'adds a route',
      ['ip', 'route', 'add', '9.9.9.9', 'via', '10.2.0.1', 'table', '3'],
      "extra: Somebody added the route '9.9.9.9 via 10.2.0.1 dev eth2' to table 3, which is ours.",
    ],
    [
      'doubles a route',
      [
        'ip',
        'route',
        'append',
        'default',
        'via',
        '10.2.0.9',
        'dev',
        'eth2',
        'proto',
        'static',
        'metric',
        '20',
        'table',
        '3',
      ],
      "extra: Somebody added the route 'default via 10.2.0.9 dev eth2 proto static metric 20' to table 3, which is ours.",
    ],
  ];
  it.each(WRONGS)('finds out, says and puts right when somebody %s', async (_what, argv, said) => {
    const applier = rig.fresh();
    good(await applier.apply(request(await rig.routes())));
    const right = await rig.state();
    rig.machine.run(...argv);
    expect(await rig.state()).not.toBe(right);
    const report = good(await applier.check());
    expect(report.how).toBe('applied');
    expect(findingsOf(report)).toContain(said);
    expect(await rig.state()).toBe(right);
    expect(findingsOf(good(await applier.check())).filter((text) => !text.startsWith('foreign'))).toEqual([]);
    if (argv.includes('ruleset'))
      rig.machine.run(
        'nft',
        'add table inet fw4; add chain inet fw4 forward { type filter hook forward priority 0; }',
      );
  });

  it('finds what somebody did between a switch and its reading', async () => {
    const applier = rig.fresh();
    const routes = await rig.routes();
    good(await applier.apply(request(routes)));
    expect(good(await applier.apply(request(routes, { wan: 'offline' }))).how).toBe('switched');
    const right = await rig.state();
    rig.machine.run('nft', 'add rule inet hagw known4 counter');
    rig.machine.run('nft', 'flush', 'chain', 'inet', 'hagw', 'policy4_both');
    const report = good(await applier.check());
    expect(report.findings.filter(({ code }) => code === 'changed')).toHaveLength(2);
    expect(await rig.state()).toBe(right);
  });

  it('switches all the same when the table has gone since', async () => {
    const applier = rig.fresh();
    const routes = await rig.routes();
    good(await applier.apply(request(routes)));
    rig.machine.run('nft', 'delete', 'table', 'inet', 'hagw');
    const report = good(await applier.apply(request(routes, { wan: 'offline' })));
    expect(report.how).toBe('applied');
    expect(findingsOf(report)).toContain('missing: The table inet hagw was gone.');
    const state = await rig.state();
    good(await applier.stop(request([]).marks));
    good(await rig.fresh().apply(request(routes, { wan: 'offline' })));
    expect(await rig.state()).toBe(state);
  });

  it('cleans up after mwan3 and says so', async () => {
    rig.machine.run('ip', 'rule', 'add', 'pref', '1009', 'iif', 'eth9', 'lookup', '9');
    rig.machine.run('ip', 'rule', 'add', 'pref', '2009', 'fwmark', '0x900/0x3f00', 'lookup', '9');
    rig.machine.run('ip', 'rule', 'add', 'pref', '2254', 'fwmark', '0xfe0000/0xff0000', 'unreachable');
    rig.machine.run('ip', 'route', 'add', 'default', 'via', '10.2.0.1', 'table', '9');
    const report = good(await rig.fresh().apply(request(await rig.routes())));
    expect(report.findings.filter(({ code }) => code === 'left-over')).toHaveLength(3);
    expect(rig.machine.run('ip', 'rule')).not.toMatch(/^(1009|2009|2254):/m);
    expect(rig.machine.run('ip', 'route', 'show', 'table', 'all')).not.toContain('table 9');
  });
});
