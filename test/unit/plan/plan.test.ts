import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { KernelRule } from '../../../src/core/plan/decode-rules.ts';
import {
  decodeMemory,
  encodeIntent,
  encodeMemory,
  type Intent,
  type Memory,
} from '../../../src/core/plan/memory.ts';
import { isOurPreference, tablesOfRules, wanOfRule } from '../../../src/core/plan/ours.ts';
import { planSwitch } from '../../../src/core/plan/plan.ts';
import { planRoutes } from '../../../src/core/plan/plan-routes.ts';
import { planRules } from '../../../src/core/plan/plan-rules.ts';
import type { FlowDrop, IpCommand } from '../../../src/core/plan/steps.ts';
import { isBatchWord } from '../../../src/core/plan/words.ts';
import { compile } from '../../../src/core/policy/compile.ts';
import { marksOf, wanRules } from '../../../src/core/policy/marks.ts';
import type { IpRule, KernelRoute, TableRoutes } from '../../../src/core/policy/model.ts';
import { everything } from '../../packets/support/situations.ts';

const marks = marksOf(0x3f00);
const kernel = (rule: IpRule): KernelRule => ({
  family: rule.family,
  preference: rule.preference,
  rule,
  text: `${rule.preference}`,
});
const lines = (commands: readonly IpCommand[]) => commands.map(({ words }) => words.join(' '));
const wan = (number: number, device: string | null = `eth${number}`) =>
  wanRules(marks, { number, family: 'ipv4', device });

/** `ip rule` as text, which the recordings of mwan3 hold. */
function recordedRules(text: string): readonly IpRule[] {
  return text.split('\n').flatMap((line): readonly IpRule[] => {
    const [, preference = '', iif, mark, mask, what = ''] =
      /^(\d+):\s+from all (?:iif (\S+) |fwmark (0x[0-9a-f]+)\/(0x[0-9a-f]+) )?(.+)$/.exec(line) ?? [];
    const table = /^lookup (\d+)/.exec(what)?.[1];
    const action =
      table === undefined ? (what.trim() as 'unreachable' | 'blackhole') : { table: Number(table) };
    const match = iif === undefined ? { mark: Number(mark), mask: Number(mask) } : { iif };
    return iif === undefined && mark === undefined
      ? []
      : [{ family: 'ipv4', preference: Number(preference), match, action }];
  });
}

describe('which rules are ours', () => {
  const captures = join(import.meta.dirname, '../../captures/mwan3');
  const files = readdirSync(captures, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('ip-rule.txt'),
  );

  it('knows every rule that the recorded mwan3 made, whatever its mask', () => {
    expect(files.length).toBeGreaterThan(20);
    let count = 0;
    for (const file of files)
      for (const rule of recordedRules(readFileSync(join(captures, file), 'utf8'))) {
        count += 1;
        expect(wanOfRule(rule), `${file}: ${JSON.stringify(rule)}`).not.toBeNull();
      }
    expect(count).toBeGreaterThan(200);
  });

  const rule = (preference: number, match: IpRule['match'], action: IpRule['action']): IpRule => ({
    family: 'ipv4',
    preference,
    match,
    action,
  });
  it.each([
    ['another table', rule(1001, { iif: 'eth1' }, { table: 2 })],
    ['another mark', rule(2001, { mark: 0x200, mask: 0x3f00 }, { table: 1 })],
    ['blackhole where we say unreachable', rule(3001, { mark: 0x100, mask: 0x3f00 }, 'blackhole')],
    ['netifd', rule(10001, { iif: 'eth1' }, { table: 1 })],
    ['Tailscale', rule(5210, { mark: 0x80000, mask: 0xff0000 }, { table: 254 })],
    ['pbr', rule(29998, { mark: 0x10000, mask: 0xff0000 }, { table: 256 })],
    ['a number beyond the mask', rule(2061, { mark: 0x3d00, mask: 0x3f00 }, { table: 61 })],
  ])('does not claim %s', (_what, other) => {
    expect(wanOfRule(other)).toBeNull();
    const plan = planRules([], [kernel(other)], marks);
    expect([plan.additions, plan.removals]).toEqual([[], []]);
  });

  it('uses the preferences of the arithmetic, those of the highest marks with them', () => {
    for (const preference of [1001, 1250, 2001, 2061, 2062, 3250])
      expect(isOurPreference(preference, marks)).toBe(true);
    for (const preference of [0, 1000, 1251, 3251, 5210, 10000, 32766])
      expect(isOurPreference(preference, marks)).toBe(false);
    expect(isOurPreference(2000 + 65534, marksOf(0xffff))).toBe(true);
    expect(isOurPreference(2000 + 65534, marks)).toBe(false);
  });

  it('finds the tables that marks lead to, no others', () => {
    const user = rule(100, { iif: 'eth1' }, { table: 77 });
    expect(tablesOfRules([...wan(3), user].map(kernel))).toEqual([{ family: 'ipv4', table: 3 }]);
  });
});

describe('plan of rules', () => {
  it('adds what is missing and removes what is of no use, additions first', () => {
    const plan = planRules([...wan(1, 'ppp0'), ...wan(2)], [...wan(1), ...wan(3)].map(kernel), marks, [
      ...wan(1),
      ...wan(3),
    ]);
    expect(lines(plan.additions)).toEqual([
      'rule add pref 1001 iif ppp0 lookup 1',
      'rule add pref 1001 oif ppp0 lookup 1',
      'rule add pref 1002 iif eth2 lookup 2',
      'rule add pref 1002 oif eth2 lookup 2',
      'rule add pref 2002 fwmark 0x200/0x3f00 lookup 2',
      'rule add pref 3002 fwmark 0x200/0x3f00 unreachable',
    ]);
    expect(lines(plan.removals)).toEqual([
      'rule del pref 1001 iif eth1 lookup 1',
      'rule del pref 1001 oif eth1 lookup 1',
      'rule del pref 1003 iif eth3 lookup 3',
      'rule del pref 1003 oif eth3 lookup 3',
      'rule del pref 2003 fwmark 0x300/0x3f00 lookup 3',
      'rule del pref 3003 fwmark 0x300/0x3f00 unreachable',
    ]);
    expect(plan.findings).toEqual([]);
    expect(plan.additions[0]?.undo.join(' ')).toBe('rule del pref 1001 iif ppp0 lookup 1');
    expect(plan.removals[0]?.undo.join(' ')).toBe('rule add pref 1001 iif eth1 lookup 1');
  });

  it('does nothing when all is there, says doubles and removes one', () => {
    expect(planRules(wan(1), wan(1).map(kernel), marks).additions).toEqual([]);
    const twice = planRules(wan(1), [...wan(1), ...wan(1).slice(0, 1)].map(kernel), marks, wan(1));
    expect(lines(twice.removals)).toEqual(['rule del pref 1001 iif eth1 lookup 1']);
    expect(twice.findings.map(({ code }) => code)).toEqual(['extra']);
  });

  it('tells removed from new by what was applied', () => {
    expect(planRules(wan(1), [], marks, []).findings).toEqual([]);
    expect(planRules(wan(1), [], marks, wan(1)).findings.map(({ code }) => code)).toEqual([
      'missing',
      'missing',
      'missing',
      'missing',
    ]);
  });

  it('leaves out a device that no batch can name, and says so', () => {
    const plan = planRules(wan(1, 'a#b'), [], marks);
    expect(lines(plan.additions).filter((line) => line.includes('#'))).toEqual([]);
    expect(plan.findings).toEqual(
      ['iif', 'oif'].map((selector) => ({
        code: 'unusable',
        object: 'rule',
        text: `The ip rule 'pref 1001 ${selector} a#b lookup 1' cannot be written.`,
      })),
    );
    for (const word of ['a b', 'a"b', "a'b", 'a\\b', 'a#b', '', 'a\n', 'ä'])
      expect(isBatchWord(word), word).toBe(false);
    for (const word of ['br-lan', 'eth0.7', 'a@b', '0x100/0x3f00', 'fe80::1', 'a;b', '$(x)'])
      expect(isBatchWord(word), word).toBe(true);
  });
});

function inKernel(table: number, text: string, family: KernelRoute['family'] = 'ipv4'): KernelRoute {
  const words = text.split(' ');
  return {
    family,
    table,
    type: 'unicast',
    destination: words[0] ?? '',
    gateway: null,
    device: null,
    metric: null,
    protocol: null,
    scope: null,
    source: null,
    words,
  };
}
const table = (number: number, ...routes: string[]): TableRoutes => ({
  family: 'ipv4',
  table: number,
  routes: routes.map((text) => text.split(' ')),
});

describe('plan of routes', () => {
  const net = '10.1.0.0/24 dev eth1 scope link';
  const via = 'default via 10.1.0.1 dev eth1 proto static metric 10';

  it('makes a table: what gateways need first', () => {
    const plan = planRoutes([table(1, via, net)], []);
    expect(lines(plan.additions)).toEqual([
      'route replace 10.1.0.0/24 table 1 dev eth1 scope link',
      'route replace default table 1 via 10.1.0.1 dev eth1 proto static metric 10',
    ]);
    expect(plan.additions[1]?.undo.join(' ')).toBe(
      'route del default table 1 via 10.1.0.1 dev eth1 proto static metric 10',
    );
  });

  it('replaces what changed, and knows the way back', () => {
    const plan = planRoutes(
      [table(1, via)],
      [inKernel(1, 'default via 10.1.0.9 dev eth1 proto static metric 10')],
    );
    expect(lines(plan.additions)).toEqual([
      'route replace default table 1 via 10.1.0.1 dev eth1 proto static metric 10',
    ]);
    expect(plan.additions[0]?.undo.join(' ')).toBe(
      'route replace default table 1 via 10.1.0.9 dev eth1 proto static metric 10',
    );
    expect(plan.removals).toEqual([]);
  });

  it('names the type before the destination, and hops after the table', () => {
    const plan = planRoutes(
      [
        table(
          1,
          'blackhole 10.0.0.0/8',
          '10.9.0.0/16 nexthop via 1.1.1.1 dev a weight 1 nexthop via 1.1.1.2 dev b weight 1',
        ),
      ],
      [],
    );
    expect(lines(plan.additions)).toEqual([
      'route replace blackhole 10.0.0.0/8 table 1',
      'route replace 10.9.0.0/16 table 1 nexthop via 1.1.1.1 dev a weight 1 nexthop via 1.1.1.2 dev b weight 1',
    ]);
  });

  it('touches no table but ours: not main, not a user’s, not a number beyond', () => {
    const others = [inKernel(254, via), inKernel(100, via), inKernel(255, via), inKernel(253, via)];
    const plan = planRoutes([], others, [
      { family: 'ipv4', table: 254 },
      { family: 'ipv4', table: 0 },
    ]);
    expect([plan.additions, plan.removals]).toEqual([[], []]);
    expect(
      lines(
        planRoutes([], [inKernel(1, via, 'ipv6'), inKernel(1, via)], [{ family: 'ipv4', table: 1 }]).removals,
      ),
    ).toEqual(['route del default table 1 via 10.1.0.1 dev eth1 proto static metric 10']);
  });

  it('leaves out what it does not understand', () => {
    const plan = planRoutes([table(1, 'default encap mpls', '10.0.0.0/8 dev a;b#c', net)], []);
    expect(lines(plan.additions)).toHaveLength(1);
    expect(plan.findings.map(({ code }) => code)).toEqual(['unusable', 'unusable']);
  });
});

describe('the order', () => {
  /** Without a WAN's device, main has no routes over it. */
  const desired = (states: Parameters<typeof everything>[0] = {}) => {
    const input = everything(states);
    const gone = ['wan', 'wanb']
      .filter((name) => states[name] === 'absent')
      .map((name) => input.devices[name]);
    const isGone = ({ family, device }: KernelRoute) => family === 'ipv4' && gone.includes(device ?? '');
    return compile({ ...input, routes: input.routes.filter((route) => !isGone(route)) });
  };
  const drop = (name: string, number: number, family: FlowDrop['family'] = 'ipv4'): FlowDrop => ({
    which: 'wan',
    wan: name,
    family,
    number,
    mark: number << 8,
    mask: 0x3f00,
  });
  const kinds = (
    before: Parameters<typeof desired>[0],
    after: Parameters<typeof desired>[0],
    drops: readonly FlowDrop[] = [],
  ) =>
    planSwitch(desired(before), desired(after), marks, drops).steps.map((step) =>
      step.kind === 'ip'
        ? `ip ${[...new Set(step.commands.map(({ words }) => words[1]))].join('+')}`
        : step.kind,
    );

  it('of nothing is nothing', () => {
    expect(kinds({}, {})).toEqual([]);
  });
  it('of a dead WAN: nft, then its flows', () => {
    expect(kinds({}, { wan: 'offline' }, [drop('wan', 1)])).toEqual(['nft', 'drop-flows']);
  });
  it('of a WAN whose device is gone: nft, its flows, then rules and routes', () => {
    expect(kinds({}, { wan: 'absent' }, [drop('wan', 1)])).toEqual(['nft', 'drop-flows', 'ip del']);
  });
  it('of a WAN that is back: ask nft, rules and routes, nft last', () => {
    expect(kinds({ wan: 'absent' }, {})).toEqual(['check-nft', 'ip replace+add', 'nft']);
    expect(kinds({ wan: 'offline' }, {})).toEqual(['nft']);
  });
  it('of one lost and one come at once: the new way first', () => {
    expect(kinds({ wan: 'absent' }, { wanb: 'absent' }, [drop('wanb', 3)])).toEqual([
      'check-nft',
      'ip replace+add',
      'nft',
      'ip del',
      'drop-flows',
    ]);
  });
  it('holds routes before the rules that lead to them', () => {
    const [, step] = planSwitch(desired({ wan: 'absent' }), desired(), marks, []).steps;
    const words = step?.kind === 'ip' ? step.commands.map((command) => command.words[0]) : [];
    expect(words.lastIndexOf('route')).toBeLessThan(words.indexOf('rule'));
  });
});

describe('the memory', () => {
  const memory: Memory = {
    applied: {
      table: { text: 'abc', fingerprint: { 'chain main': { definition: '{}', content: 'x' } }, table: null },
      rules: compile(everything()).rules,
      tables: [{ family: 'ipv6', table: 2 }],
      desired: null,
    },
    states: { wan: 'online', wanb: 'disabled' },
    intent: null,
  };
  const intent: Intent = {
    from: 'abc',
    text: 'def',
    written: ['chain main'],
    states: { wan: 'offline', wanb: 'disabled' },
    drop: [{ which: 'wan', wan: 'wan', family: 'ipv4', number: 1, mark: 0x100, mask: 0x3f00 }],
  };
  it('gives back what was kept', () => {
    expect(decodeMemory(encodeMemory(memory), null)).toEqual({ ok: true, value: memory });
    const both = decodeMemory(encodeMemory(memory), encodeIntent(intent));
    expect(both).toEqual({ ok: true, value: { ...memory, states: intent.states, intent } });
  });
  it('knows an intent of its table only, and one that nothing was read back before', () => {
    const other = encodeIntent({ ...intent, from: 'xyz', written: null });
    expect(decodeMemory(encodeMemory(memory), other)).toEqual({ ok: true, value: memory });
    expect(decodeMemory(null, other)).toMatchObject({ ok: false });
    const first = { ...intent, from: '', written: null };
    expect(decodeMemory(null, encodeIntent(first))).toMatchObject({
      ok: true,
      value: { applied: { rules: [], tables: [] }, intent: first },
    });
    expect(decodeMemory(encodeMemory(memory), '{')).toEqual({ ok: true, value: memory });
  });
  it.each([
    ['', 'It is no JSON.'],
    ['{}', 'Its version is missing.'],
    ['{"version":1}', 'It is of another version.'],
    ['{"version":2,"text":7}', 'is missing'],
    ['[1]', 'is an array'],
  ])('takes %j for none', (text, reason) => {
    const outcome = decodeMemory(text, null);
    expect(outcome.ok ? '' : outcome.error).toContain(reason);
  });
  it('takes no half of it', () => {
    const text = encodeMemory(memory);
    for (let end = 0; end < text.length - 1; end += 7)
      expect(decodeMemory(text.slice(0, end), null)).toMatchObject({ ok: false });
  });
  it('ignores states that it does not know, and refuses tables that are none of ours', () => {
    const odd = encodeMemory(memory).replace('"online"', '"asleep"');
    expect(decodeMemory(odd, null)).toMatchObject({ ok: true, value: { states: { wanb: 'disabled' } } });
    expect(decodeMemory(encodeMemory(memory).replace('"table":2}]', '"table":254}]'), null)).toMatchObject({
      ok: false,
    });
  });
});
