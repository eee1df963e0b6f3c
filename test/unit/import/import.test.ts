import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeMultiWan } from '../../../src/core/config/multiwan.ts';
import { importFaultTolerantRouter } from '../../../src/core/import/fault-tolerant-router.ts';
import type { Imported, ImportOptions } from '../../../src/core/import/imported.ts';
import { importOpenBsd } from '../../../src/core/import/openbsd.ts';

const example = (name: string) =>
  readFileSync(join(import.meta.dirname, '../../../docs/examples', name), 'utf8');
const YAML = example('fault-tolerant-router.yaml');
const OPENBSD = example('openbsd-multipath.txt');

function imported(result: ReturnType<typeof importOpenBsd>): Imported {
  if (!result.ok) throw new Error(`line ${result.error.line}: ${result.error.text}`);
  return result.value;
}
const yaml = (text: string, options: ImportOptions = {}) =>
  imported(importFaultTolerantRouter(text, options));
/** Sections as `type name option=value …`. */
const lines = ({ sections }: Imported) =>
  sections.map(({ type, name, options }) =>
    [type, name, ...options.map((option) => `${option.name}=${option.value}`)].join(' '),
  );
const noteFrom = ({ notes }: Imported, from: string) => notes.filter((note) => note.from === from);

describe('fault_tolerant_router', () => {
  it('the example becomes a configuration without a problem', () => {
    const result = yaml(YAML);
    const track = 'track_ip=192.0.2.53,198.51.100.53,203.0.113.53 reliability=2 count=2';
    expect(lines(result)).toEqual([
      'globals globals mmx_mask=0x3F00',
      `interface wan enabled=1 family=ipv4 ${track}`,
      `interface wanb enabled=1 family=ipv4 ${track}`,
      `interface wanc enabled=1 family=ipv4 ${track}`,
      `interface wand enabled=1 family=ipv4 ${track}`,
      'member wan_m1_w3 interface=wan metric=1 weight=3',
      'member wanb_m1_w1 interface=wanb metric=1 weight=1',
      'member wanc_m2_w1 interface=wanc metric=2 weight=1',
      'policy imported use_member=wan_m1_w3,wanb_m1_w1,wanc_m2_w1 last_resort=default',
      'rule all_ipv4 family=ipv4 dest_ip=0.0.0.0/0 use_policy=imported',
    ]);
    const { value, problems } = decodeMultiWan(result.sections);
    expect(problems).toEqual([]);
    expect(value?.policies[0]?.members).toHaveLength(3);
  });

  it('says of every key what became of it, with its line, and repeats no secret', () => {
    const result = yaml(YAML);
    expect(noteFrom(result, 'uplinks[0].weight')).toEqual([
      { line: 9, kind: 'mapped', from: 'uplinks[0].weight', text: 'Is the weight of the member.' },
    ]);
    expect(noteFrom(result, 'uplinks[3]')[0]?.text).toBe('Takes no new traffic: it is in no policy.');
    for (const key of ['downlinks', 'log', 'email', 'base_table', 'base_priority', 'base_fwmark'])
      expect(noteFrom(result, key), key).toHaveLength(1);
    expect(JSON.stringify(result)).not.toMatch(/not-to-be-repeated|mail\.example/);
  });

  it('uses the known names of the networks', () => {
    const result = yaml(YAML, { interfaces: { eth1: 'fibre', ppp0: 'lte', eth2: 'not a name' } });
    expect(result.sections.filter(({ type }) => type === 'interface').map(({ name }) => name)).toEqual([
      'fibre',
      'wanb',
      'lte',
      'wand',
    ]);
  });

  it('reads the older default_route, where there are no groups', () => {
    const old =
      'uplinks:\n- interface: a\n- interface: b\n  default_route: false\ntests:\n  ips:\n  - 192.0.2.1\n';
    const members = yaml(old).sections.filter(({ type }) => type === 'member');
    expect(members.map(({ name }) => name)).toEqual(['wan_m1_w1']);
  });

  const tests = 'tests:\n  ips: \n  - 192.0.2.1\n';
  it.each<[string, string, number, string]>([
    ['a tab', 'uplinks:\n\t- interface: a\n', 2, 'tab'],
    ['a flow sequence', `uplinks: [a]\n${tests}`, 1, 'not read here'],
    ['an anchor', `uplinks: &x\n- interface: a\n${tests}`, 1, 'not read here'],
    ['a block scalar', `uplinks:\n- interface: |\n    a\n${tests}`, 2, 'not read here'],
    ['a second document', `uplinks:\n- interface: a\n---\n${tests}`, 3, 'another document'],
    ['a key twice', 'log:\nlog:\n', 2, 'second time'],
    ['an odd indentation', 'tests:\n  ips:\n    - 192.0.2.1\n   interval: 3\n', 4, 'indented more'],
    ['no uplinks', tests, 1, 'uplinks must be a list'],
    ['an uplink without interface', `uplinks:\n- weight: 3\n${tests}`, 2, 'has no interface'],
    ['a bad weight', `uplinks:\n- interface: a\n  weight: heavy\n${tests}`, 3, "is 'heavy', but must be"],
    ['a bad target', 'uplinks:\n- interface: a\ntests:\n  ips:\n  - example.org\n', 5, 'no IPv4 address'],
    ['nothing', '# only this\n', 1, 'Is empty.'],
  ])('refuses %s with its line', (_what, text, line, sentence) => {
    const result = importFaultTolerantRouter(text);
    expect(result.ok).toBe(false);
    if (result.ok) return;
    expect(result.error.line).toBe(line);
    expect(result.error.text).toContain(sentence);
  });
});

describe('OpenBSD', () => {
  it('the example becomes a configuration without a problem', () => {
    const result = imported(importOpenBsd(OPENBSD));
    expect(lines(result)).toEqual([
      'globals globals mmx_mask=0x3F00',
      'interface wan enabled=1 family=ipv4 track_ip=192.0.2.53',
      'interface wanb enabled=1 family=ipv4 track_ip=198.51.100.53',
      'interface wanc enabled=1 family=ipv4',
      'member wan_m1_w1 interface=wan metric=1 weight=1',
      'member wanb_m1_w1 interface=wanb metric=1 weight=1',
      'member wanc_m2_w1 interface=wanc metric=2 weight=1',
      'policy imported use_member=wan_m1_w1,wanb_m1_w1,wanc_m2_w1 last_resort=default',
      'rule all_ipv4 family=ipv4 dest_ip=0.0.0.0/0 use_policy=imported',
    ]);
    expect(decodeMultiWan(result.sections).problems).toEqual([]);
  });

  it('says what became of every route and test', () => {
    const result = imported(importOpenBsd(OPENBSD));
    expect(result.notes.map(({ line, kind, from }) => `${line} ${kind} ${from}`)).toEqual([
      '2 mapped route to 203.0.113.1',
      '9 mapped external test',
      '3 mapped route to 198.51.100.1',
      '10 mapped external test',
      '4 mapped route to 192.0.2.1',
      '4 dropped route to 192.0.2.1',
      '11 dropped external test',
      '25 dropped em1.link.down',
      'null mapped multipath',
    ]);
  });

  it('has both families, each with its rule', () => {
    const both = 'route add -mpath default 192.0.2.1\nroute -n add -inet6 -mpath default 2001:db8::1\n';
    const { value, problems } = decodeMultiWan(imported(importOpenBsd(both)).sections);
    expect(problems).toEqual([]);
    expect(value?.wans.map(({ family }) => family)).toEqual(['ipv4', 'ipv6']);
    expect(value?.rules.map(({ family }) => family)).toEqual(['ipv4', 'ipv6']);
  });

  it.each<[string, string, number, string]>([
    ['no route', 'state a {\n}\n', 1, 'Has no `route add'],
    ['a gateway that is none', 'route add -mpath default gw.example\n', 1, 'no address'],
    ['a gateway twice', 'route add default 192.0.2.1\nroute add default 192.0.2.1\n', 2, 'second time'],
    ['a bad priority', 'route add default 192.0.2.1 -priority 99\n', 1, 'from 1 to 63'],
    ['a state without end', 'route add default 192.0.2.1\nstate a {\n', 2, 'Ends where'],
    ['an unknown macro', 'route add default 192.0.2.1\nif ! $x run "a"\n', 2, 'no macro'],
    ['a macro of itself', 'route add default 192.0.2.1\nx = $x\nif $x run "a"\n', 2, 'no macro'],
    ['other text', 'route add default 192.0.2.1\ninet 10.0.0.1\n', 2, 'where run, set-state or if'],
  ])('refuses %s with its line', (_what, text, line, sentence) => {
    const result = importOpenBsd(text);
    expect(result.ok).toBe(false);
    if (result.ok) return;
    expect(result.error).toMatchObject({ line, text: expect.stringContaining(sentence) });
  });
});

describe('any text', () => {
  /** Texts near the real thing: lines of the examples, cut, repeated and mixed with noise. */
  const near = (text: string) => {
    const some = text.split('\n');
    return fc
      .array(
        fc.oneof(
          fc.constantFrom(...some),
          fc.string({ maxLength: 12 }),
          fc.constantFrom('- a', '  b: c', '}'),
        ),
        {
          maxLength: 40,
        },
      )
      .map((chosen) => chosen.join('\n'));
  };

  it.each([
    ['YAML', importFaultTolerantRouter, YAML],
    ['OpenBSD', importOpenBsd, OPENBSD],
  ] as const)(
    '%s is imported into what the decoder takes, or refused with a line of it',
    (_name, read, text) => {
      fc.assert(
        fc.property(near(text), (input) => {
          const result = read(input);
          if (result.ok) {
            const { problems } = decodeMultiWan(result.value.sections);
            expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
          } else {
            expect(result.error.line).toBeGreaterThanOrEqual(1);
            expect(result.error.line).toBeLessThanOrEqual(input.split('\n').length);
            expect(result.error.text).toMatch(/\.$/);
          }
        }),
        { numRuns: 300 },
      );
    },
  );
});
