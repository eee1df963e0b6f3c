import { applyDelta, parsePackage, type UciPackage } from 'uci-parser';
import { describe, expect, it } from 'vitest';
import {
  type EditPlan,
  newProblems,
  planEdit,
  type SectionEdit,
  viewPackage,
} from '../../../src/core/config/multiwan-edit.ts';

const MWAN3 = `
config globals 'globals'
	option mmx_mask '0x3F00'

config interface 'wan'
	option enabled '1'
	list track_ip '192.0.2.1'

config interface 'wanb'
	option enabled '1'
	option interval '10'

config member 'm1'
	option interface 'wan'

config policy 'both'
	list use_member 'm1'

config rule
	option dest_ip '192.0.2.0/24'
	option use_policy 'both'

config rule
	option dest_ip '0.0.0.0/0'
	option use_policy 'default'
`;

function load(text: string): UciPackage {
  const parsed = parsePackage('mwan3', text);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
}
const none = (): readonly [] => [];
const plan = (edit: SectionEdit, text = MWAN3): EditPlan => planEdit(load(text), edit, none);
const set = (name: string, options: Record<string, unknown>, before: string | null = null): SectionEdit => ({
  kind: 'set',
  name,
  type: '',
  options,
  before,
});
const add = (
  type: string,
  name: string | null,
  options: Record<string, unknown> = {},
  before: string | null = null,
): SectionEdit => ({ kind: 'add', type, name, options, before });
const linesOf = ({ changes }: EditPlan): string[] =>
  changes.map(({ op, section, option, value }) => [op, section, option, value].filter(Boolean).join(' '));
const errorsOf = ({ problems }: EditPlan): string[] =>
  problems.filter(({ severity }) => severity === 'error').map(({ where, text }) => `${where}: ${text}`);

describe('an edit of mwan3 becomes the changes that libuci stages', () => {
  it.each<[string, SectionEdit, string[]]>([
    [
      'an option',
      set('wan', { reliability: 1, enabled: false }),
      ['set wan reliability 1', 'set wan enabled 0'],
    ],
    ['a number with a fraction', set('wanb', { interval: 0.5 }), ['set wanb interval 0.5']],
    [
      'a list, whole',
      set('wan', { track_ip: ['192.0.2.1', '192.0.2.2'] }),
      ['remove wan track_ip', 'list-add wan track_ip 192.0.2.1', 'list-add wan track_ip 192.0.2.2'],
    ],
    ['one text for a list', set('wanb', { track_ip: '192.0.2.9' }), ['list-add wanb track_ip 192.0.2.9']],
    ['nothing takes an option away', set('wanb', { interval: '' }), ['remove wanb interval']],
    ['an empty list, too', set('wan', { track_ip: [] }), ['remove wan track_ip']],
    ['what is so already', set('wan', { enabled: true, track_ip: ['192.0.2.1'], size: null }), []],
    [
      'a section',
      add('member', 'm2', { interface: 'wanb', weight: 3 }),
      ['set m2 member', 'set m2 interface wanb', 'set m2 weight 3'],
    ],
    [
      'a rule without a name, before another',
      add('rule', null, { dest_port: '443', proto: 'tcp', use_policy: 'both' }, '@rule[0]'),
      [
        'add cfg0892bd rule',
        'list-add cfg0892bd dest_port 443',
        'set cfg0892bd proto tcp',
        'set cfg0892bd use_policy both',
        'order cfg0892bd 5',
      ],
    ],
    ['the last rule first', set('@rule[1]', {}, '@rule[0]'), ['order cfg0792bd 5']],
    ['the first rule last', set('@rule[0]', {}, ''), ['order cfg0692bd 6']],
    ['a rule where it stands', set('@rule[0]', {}, '@rule[1]'), []],
    ['away with a rule', { kind: 'delete', name: '@rule[0]' }, ['remove cfg0692bd']],
    ['away with what nobody refers to', { kind: 'delete', name: 'wanb' }, ['remove wanb']],
  ])('%s', (_what, edit, wanted) => {
    const found = plan(edit);
    expect(errorsOf(found)).toEqual([]);
    expect(linesOf(found)).toEqual(wanted);
  });

  it('applied, they say what was asked for', () => {
    const before = load(MWAN3);
    const { changes } = planEdit(before, add('rule', null, { use_policy: 'both' }, '@rule[0]'), none);
    const { sections } = applyDelta(before, changes).package;
    const rules = sections.filter(({ type }) => type === 'rule').map(({ options }) => options.get('dest_ip'));
    expect(rules).toEqual([undefined, '192.0.2.0/24', '0.0.0.0/0']);
  });
});

describe('an edit is refused as a whole, by section and option', () => {
  it.each<[string, SectionEdit, RegExp]>([
    ['an unknown option', set('wan', { colour: 'red' }), /^mwan3\.wan\.colour: Is no option/],
    [
      'a property of every object',
      set('wan', { constructor: 'x' }),
      /^mwan3\.wan\.constructor: Is no option/,
    ],
    ['a wrong type', set('wan', { count: 'many' }), /^mwan3\.wan\.count: Is 'many', but must be a whole/],
    ['out of range', set('wan', { max_ttl: 256 }), /^mwan3\.wan\.max_ttl: Is '256', but must be/],
    ['a table for an option', set('wan', { max_ttl: { x: 1 } }), /^mwan3\.wan\.max_ttl: Takes/],
    ['a line end', set('wan', { track_ip: "x'\noption y" }), /^mwan3\.wan\.track_ip: Takes/],
    ['no name of an option', set('wan', { 'a.b': '1' }), /^mwan3\.wan\.a\.b: Is no name/],
    ['a list for one value', set('wan', { family: ['ipv4', 'ipv6'] }), /^mwan3\.wan\.family: Is a list of 2/],
    ['a target that is none', set('wan', { track_ip: ['192.0.2.1', 'nowhere'] }), /track_ip: Is 'nowhere'/],
    [
      'a target of the other family',
      set('wan', { track_ip: '2001:db8::1' }),
      /track_ip: .*no address of family ipv4/,
    ],
    [
      'a reference to nothing',
      set('m1', { interface: 'wanc' }),
      /^mwan3\.m1\.interface: Is 'wanc', which is no/,
    ],
    [
      'a member that is none',
      set('both', { use_member: ['m1', 'm9'] }),
      /^mwan3\.both\.use_member: Names 'm9'/,
    ],
    ['a policy that is none', set('@rule[0]', { use_policy: 'x' }), /use_policy: Is 'x', which is no policy/],
    ['a mask too small', set('globals', { mmx_mask: '0x0300' }), /^mwan3\.globals\.mmx_mask: Is '0x0300'/],
    [
      'a rule that would be left out',
      set('@rule[0]', { dest_ip: '10.0.0.0/33' }),
      /dest_ip: .*the rule is left out/,
    ],
    [
      'a rule without policy',
      add('rule', 'x', { dest_ip: '10.0.0.0/8' }),
      /^mwan3\.x\.use_policy: Is missing/,
    ],
    ['a member without interface', add('member', 'm2'), /^mwan3\.m2\.interface: Is missing/],
    ['a policy without a name', add('policy', null), /Has no name/],
    ['a second globals', add('globals', 'more'), /only the section named 'globals' counts/],
    ['another type', add('zone', 'x'), /one of the types/],
    ['a name that is taken', add('member', 'm1', { interface: 'wan' }), /^mwan3\.m1: Is there already/],
    ['a name that is none', add('member', 'm-2', { interface: 'wan' }), /letters, digits and underscores/],
    ['a section that nobody reads', set('zone', { x: 1 }), /^mwan3\.zone: Is of type 'zone', which nobody/],
    ['no such section', set('wanc', {}), /^mwan3\.wanc: There is no such section/],
    ['no such section to delete', { kind: 'delete', name: '' }, /There is no such section/],
    ['the interface of a member', { kind: 'delete', name: 'wan' }, /^mwan3\.m1\.interface: Is 'wan'/],
    ['the member of a policy', { kind: 'delete', name: 'm1' }, /^mwan3\.both\.use_member: Names 'm1'/],
    ['the policy of a rule', { kind: 'delete', name: 'both' }, /use_policy: Is 'both'/],
    ['a rule before an interface', set('@rule[0]', {}, 'wan'), /Cannot stand before 'wan'/],
    ['a rule before nothing', set('@rule[0]', {}, '@rule[7]'), /Cannot stand before '@rule\[7\]'/],
  ])('%s', (_what, edit, sentence) => {
    const found = plan(edit, `${MWAN3}config zone 'zone'\n`);
    expect(found.changes).toEqual([]);
    expect(errorsOf(found).join('\n')).toMatch(sentence);
  });

  it('for one bad value among good ones', () => {
    expect(plan(set('wan', { reliability: 1, count: 2, size: -1 })).changes).toEqual([]);
  });

  it('but not for what was wrong before, wherever it stands', () => {
    const text = `${MWAN3}\nconfig rule\n\toption use_policy 'nosuch'\n`;
    const found = plan(add('rule', null, { use_policy: 'default' }, '@rule[0]'), text);
    expect(found.problems).toEqual([]);
    expect(found.changes).not.toEqual([]);
  });

  it('a reference that is staged away does no harm', () => {
    let pkg = load(MWAN3);
    for (const edit of [
      set('@rule[0]', { use_policy: 'default' }),
      { kind: 'delete', name: 'both' },
      { kind: 'delete', name: 'm1' },
      { kind: 'delete', name: 'wan' },
    ] as const) {
      const found = planEdit(pkg, edit, none);
      expect(errorsOf(found)).toEqual([]);
      pkg = applyDelta(pkg, found.changes).package;
    }
    expect(newProblems(load(MWAN3), pkg, none)).toEqual([]);
  });

  it('what is only odd is warned of', () => {
    const found = plan(set('wan', { check_quality: 1, failure_latency: 100, recovery_latency: 200 }));
    expect(found.changes).toHaveLength(3);
    expect(found.problems).toMatchObject([{ severity: 'warning', where: 'mwan3.wan.recovery_latency' }]);
  });

  it('and so are the other numbers of the interfaces behind', () => {
    const found = plan(add('interface', 'wan0', {}, 'wan'));
    expect(found.changes).not.toEqual([]);
    expect(found.problems).toMatchObject([
      { severity: 'warning', text: expect.stringContaining('wan, wanb') },
    ]);
    expect(plan(add('interface', 'wanc')).problems).toEqual([]);
    expect(plan({ kind: 'delete', name: 'wanb' }).problems).toEqual([]);
  });

  it('what the router alone can tell refuses, too', () => {
    const more = (config: { readonly wans: readonly { readonly number: number }[] }) =>
      config.wans.length < 3
        ? []
        : [{ severity: 'error' as const, where: 'network.vpn.ip4table', text: 'Is 3, the table of wanc.' }];
    const found = planEdit(load(MWAN3), add('interface', 'wanc'), more);
    expect([found.changes, errorsOf(found)]).toEqual([
      [],
      ['network.vpn.ip4table: Is 3, the table of wanc.'],
    ]);
  });
});

describe('a view of mwan3', () => {
  const committed = load(MWAN3.replace("option use_policy 'default'", "option use_policy 'nosuch'"));
  const edits = [set('wan', { count: 3 }), add('member', 'm2', { interface: 'wanb' })];
  const staged = edits.reduce(
    (pkg, edit) => applyDelta(pkg, planEdit(pkg, edit, none).changes).package,
    committed,
  );
  const view = viewPackage(committed, staged, none);
  const of = (name: string) => view.sections.find((section) => section.name === name);

  it('has options, what is staged, and what is in force', () => {
    expect(of('wan')).toMatchObject({
      type: 'interface',
      index: 0,
      staged: 'changed',
      options: { enabled: '1', track_ip: ['192.0.2.1'], count: '3' },
      effective: { enabled: true, family: 'ipv4', count: 3, track_ip: ['192.0.2.1'], reliability: 1 },
    });
    // Without `interval` ours holds, with it mwan3's.
    expect(of('wan')?.effective['interval_ms']).toBeLessThan(1000);
    expect(of('wanb')?.effective).toMatchObject({ interval_ms: 10_000, timeout_ms: 4000, up: 5, down: 5 });
    expect(of('m2')).toMatchObject({
      staged: 'added',
      effective: { interface: 'wanb', metric: 1, weight: 1 },
    });
    expect(of('both')?.staged).toBe('no');
  });

  it('gives each section its own problems', () => {
    const bad = view.sections.filter(({ problems }) => problems.length > 0);
    expect(bad.map(({ type, index }) => [type, index])).toEqual([['rule', 1]]);
    expect(bad[0]?.problems[0]?.text).toContain("'nosuch'");
    expect(view.problems).toEqual([]);
  });

  it('names what belongs to no section', () => {
    const pkg = load(MWAN3.replace(/config globals.*?\n\n/s, `${'config interface\n'.repeat(61)}\n`));
    expect(viewPackage(pkg, pkg, none).problems.map(({ where }) => where)).toContain(
      'mwan3.globals.mmx_mask',
    );
  });
});
