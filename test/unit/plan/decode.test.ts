import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeTable } from '../../../src/core/plan/decode-nft.ts';
import { decodeRoutes } from '../../../src/core/plan/decode-routes.ts';
import { decodeRules } from '../../../src/core/plan/decode-rules.ts';
import { digest } from '../../../src/core/plan/digest.ts';
import { identifyRoute } from '../../../src/core/plan/route-identity.ts';
import type { Family } from '../../../src/core/policy/model.ts';

/** What ip 6.15 and nft 1.1.3 printed for the kinds of rules, routes and objects there are, and what no program should print. */
const recorded = (name: string): string => readFileSync(join(import.meta.dirname, name), 'utf8');
const value = <T>(outcome: { ok: true; value: T } | { ok: false; error: string }): T => {
  if (!outcome.ok) throw new Error(outcome.error);
  return outcome.value;
};
const rules = (family: Family, what = 'rules') =>
  value(decodeRules(recorded(`iproute2-6.15/${what}-${family}.json`), family));
const routes = (family: Family) =>
  value(decodeRoutes(recorded(`iproute2-6.15/routes-${family}.json`), family));

describe('ip -j rule', () => {
  it('gives the rules of our shape, by numbers and by names alike', () => {
    const shapes = (what: string) => rules('ipv4', what).map(({ preference, rule }) => [preference, rule]);
    expect(shapes('rules')).toEqual(shapes('names'));
    const found = rules('ipv4').flatMap(({ rule }) => (rule === null ? [] : [rule]));
    expect(found).toEqual([
      { family: 'ipv4', preference: 1001, match: { iif: 'eth1' }, action: { table: 1 } },
      { family: 'ipv4', preference: 2001, match: { mark: 0x100, mask: 0x3f00 }, action: { table: 1 } },
      { family: 'ipv4', preference: 2001, match: { mark: 0x100, mask: 0x3f00 }, action: { table: 254 } },
      { family: 'ipv4', preference: 2061, match: { mark: 0x3d00, mask: 0x3f00 }, action: 'blackhole' },
      { family: 'ipv4', preference: 3001, match: { mark: 0x100, mask: 0x3f00 }, action: 'unreachable' },
    ]);
  });

  it('keeps the others as text', () => {
    const texts = rules('ipv4')
      .filter(({ rule }) => rule === null)
      .map(({ text }) => text);
    expect(texts).toContain(
      '2005: src 10.0.0.0 srclen 8 dst 11.0.0.0 dstlen 8 oif eth1 table 300 suppress_prefixlen 0',
    );
    expect(texts).toContain('2006: not src all fwmark 0x5 goto 3001');
  });

  it.each([
    ['{}', 'is no array'],
    ['nonsense', 'is no JSON'],
    ['[5]', 'rule[0] is a number, not a table'],
    ['[{"src":"all"}]', 'rule[0].priority is missing'],
    ['[{"priority":-1}]', 'rule[0].priority is -1'],
    ['[{"priority":1,"src":"all","iif":7,"table":"1"}]', 'rule[0].iif is a number'],
  ])('refuses %s', (text, reason) => {
    const outcome = decodeRules(text, 'ipv4');
    expect(outcome.ok ? '' : outcome.error).toContain(reason);
  });

  it('takes no output for no rules, and odd texts for text only', () => {
    expect(decodeRules('', 'ipv6')).toEqual({ ok: true, value: [] });
    const text =
      '[{"priority":7,"src":"all","fwmark":"0xzz","table":"1"},{"priority":8,"src":"all","iif":"a\\u0007b","table":"nosuch"}]';
    const found = value(decodeRules(text, 'ipv4'));
    expect(found.map(({ rule }) => rule)).toEqual([null, null]);
    expect(found[1]?.text).toBe('8: src all iif a?b table nosuch');
  });
});

describe('ip -j route', () => {
  it('says each route in the words that make it', () => {
    const words = routes('ipv4')
      .filter(({ table }) => table < 200)
      .map((route) => route.words.join(' '));
    expect(words).toEqual([
      'default via 10.1.0.1 dev eth1 proto static metric 10 mtu 1400 advmss 1300',
      'unreachable 10.10.0.0/16 metric 5',
      'blackhole 10.11.0.0/16',
      'prohibit 10.12.0.0/16',
      'throw 10.13.0.0/16',
      '10.14.0.0/16 nexthop via 10.1.0.1 dev eth1 weight 2 nexthop via 10.2.0.1 dev eth2 weight 1',
      '10.15.0.0/16 via inet6 fe80::1 dev eth1',
      // By a nexthop object: its gateway and device.
      '10.17.0.0/16 via 10.1.0.9 dev eth1',
      '10.18.0.0/16 dev eth1 proto 99 scope link mtu 1000 initcwnd 20',
      '10.16.0.5 tos 0x10 via 10.1.0.77 dev eth1 onlink',
    ]);
    const six = routes('ipv6')
      .filter(({ table }) => table === 1)
      .map((route) => route.words.join(' '));
    expect(six).toEqual([
      'default from 2001:db8:1::/56 via fe80::1 dev eth1 metric 512 pref high',
      '2001:db8:5::/48 dev eth1 metric 1024 pref medium',
      'unreachable 2001:db8:6::/48 metric 1024 pref medium',
      'blackhole 2001:db8:7::/48 metric 1024 pref medium',
      '2001:db8:8::/48 metric 1024 pref medium nexthop via fe80::1 dev eth1 weight 1 nexthop via fe80::2 dev eth2 weight 1',
      'default via fe80::1 dev eth1 metric 512 pref medium',
    ]);
  });

  it('gives the parts by name', () => {
    expect(routes('ipv4').find(({ table }) => table === 254)).toMatchObject({
      type: 'unicast',
      destination: 'default',
      gateway: '10.1.0.1',
      device: 'eth1',
      metric: 10,
      protocol: 'static',
      source: '10.1.0.2',
    });
    const local = routes('ipv4').filter(({ table }) => table === 255);
    expect(new Set(local.map(({ type }) => type))).toEqual(new Set(['local', 'broadcast']));
    expect(local.every(({ protocol }) => protocol === 'kernel')).toBe(true);
  });

  it('understands each of its own spellings', () => {
    for (const family of ['ipv4', 'ipv6'] as const)
      for (const { words } of routes(family))
        expect(identifyRoute(words, family), words.join(' ')).toMatchObject({ ok: true });
  });

  it('has no words for what cannot be said in words, and leaves unknown types out', () => {
    const text =
      '[{"dst":"1.2.3.4","dev":"a","encap":"mpls","table":"1","flags":[]},{"type":"200","dst":"1.1.1.1","flags":[]}]';
    expect(value(decodeRoutes(text, 'ipv4')).map(({ words }) => words)).toEqual([[]]);
  });

  it.each([
    ['[{"dev":"eth0"}]', 'route[0].dst is missing'],
    ['[{"dst":"default","table":"nosuch"}]', 'route[0].table is no number'],
    ['[{"dst":"default","metric":"x"}]', 'route[0].metric is a string'],
    ['[{"dst":"default","nexthops":[7]}]', 'nexthops[0] is a number'],
    ['[null]', 'route[0] is null'],
  ])('refuses %s', (text, reason) => {
    const outcome = decodeRoutes(text, 'ipv4');
    expect(outcome.ok ? '' : outcome.error).toContain(reason);
  });
});

describe('the same route', () => {
  const same = (a: string, b: string, family: Family = 'ipv4') => {
    const [first, second] = [identifyRoute(a.split(' '), family), identifyRoute(b.split(' '), family)];
    if (!first.ok || !second.ok) throw new Error('unreadable');
    return { key: first.value.key === second.value.key, all: first.value.text === second.value.text };
  };
  it.each([
    ['default via 10.0.0.1 dev a', '0.0.0.0/0 via 10.0.0.1 dev a proto boot scope global', 'ipv4'],
    ['10.0.0.1 dev a', '10.0.0.1/32 dev a scope link metric 0', 'ipv4'],
    ['default via 10.0.0.1 dev a proto 4', 'default via 10.0.0.1 dev a proto static tos 0', 'ipv4'],
    ['::/0 via FE80::1 dev a', 'default via fe80::1 dev a metric 1024 pref medium', 'ipv6'],
    ['2001:DB8::/32 dev a metric 0', '2001:db8::/32 dev a metric 1024', 'ipv6'],
    ['unreachable 2001:db8::/32 dev lo', 'unreachable 2001:db8::/32 metric 1024', 'ipv6'],
  ] as const)('%s = %s', (a, b, family) => {
    expect(same(a, b, family)).toEqual({ key: true, all: true });
  });
  it.each([
    ['default via 10.0.0.1 dev a', 'default via 10.0.0.2 dev a', true],
    ['default via 10.0.0.1 dev a', 'default via 10.0.0.1 dev b', true],
    ['default via 10.0.0.1 dev a', 'default via 10.0.0.1 dev a mtu 1400', true],
    ['default via 10.0.0.1 dev a', 'default via 10.0.0.1 dev a onlink', true],
    ['blackhole 10.0.0.0/8', 'unreachable 10.0.0.0/8', true],
    ['default via 10.0.0.1 dev a', 'default via 10.0.0.1 dev a metric 5', false],
    ['default via 10.0.0.1 dev a', 'default via 10.0.0.1 dev a tos 0x10', false],
  ] as const)('%s ≠ %s', (a, b, replaces) => {
    expect(same(a, b)).toEqual({ key: replaces, all: false });
  });
  it.each([
    '',
    'default via',
    '10.0.0.0/33 dev a',
    'default encap mpls',
    '1.2.3.4 frobnicate 1',
    '2001:db8::/32 dev a',
  ])('does not understand %j', (text) => {
    expect(identifyRoute(text.split(' '), 'ipv4')).toMatchObject({ ok: false });
  });
});

describe('nft -j list table', () => {
  const text = recorded('nft-1.1.3.json');
  const facts = value(decodeTable(text));
  const changed = (from: string | RegExp, to: string) => {
    // As nft prints it, without the layout of the file.
    const compact = JSON.stringify(JSON.parse(text));
    expect(compact.replace(from, to), String(from)).not.toBe(compact);
    return value(decodeTable(compact.replace(from, to)));
  };

  it('gives chains with the comments of their rules, sets with their size, and the rest by name', () => {
    expect(facts.chains.map(({ name, comments }) => [name, comments])).toEqual([
      ['x', ['!hagw: set']],
      ['y', ['!hagw: b', '!hagw: b', '!hagw: b', '!hagw: upd']],
      ['prerouting', [null]],
    ]);
    expect(facts.sets.map(({ name, size }) => [name, size])).toEqual([
      ['connected4', 3],
      ['sticky_a_1', 1],
    ]);
    expect(facts.others).toEqual([{ kind: 'map', name: 'm' }]);
  });

  it.each([
    ['handles', /"handle":\d+/g, '"handle":999'],
    ['counters', '"packets":0,"bytes":0', '"packets":12,"bytes":3456'],
    ['lives of elements', '"expires":599', '"expires":3'],
    ['the order of an anonymous set', '[80,443,', '[443,80,'],
    [
      'the order of a set',
      '"1.2.3.4",{"prefix":{"addr":"10.0.0.0","len":8}}',
      '{"prefix":{"addr":"10.0.0.0","len":8}},"1.2.3.4"',
    ],
    ['the order of flags', '["timeout","dynamic"]', '["dynamic","timeout"]'],
  ])('is the same with other %s', (_what, from, to) => {
    expect(changed(from, to)).toEqual(facts);
  });

  it.each([
    ['mark', '256]}}},{"counter"', '512]}}},{"counter"'],
    ['port', '[80,443,', '[80,444,'],
    ['hook priority', '"prio":-150', '"prio":-149'],
    ['element', '"1.2.3.4"', '"1.2.3.5"'],
    ['sticky element', '"10.0.0.3"', '"10.0.0.4"'],
    ['lost counter', ',{"counter":{"packets":0,"bytes":0}}', ''],
    [
      'order of rules',
      /(\{"rule":\{[^}]*"chain":"y","handle":8.*?\}\}),(\{"rule":\{[^}]*"handle":10.*?\]\}\}),(?=\{"rule":\{[^}]*"handle":13)/,
      '$2,$1,',
    ],
  ])('is not the same with another %s', (_what, from, to) => {
    expect(changed(from, to)).not.toEqual(facts);
  });

  it.each([
    ['[]', 'is an array, not a table'],
    ['{"nftables":[{"rule":{"chain":"x"}}]}', 'is no chain of the table'],
    ['{"nftables":[{"chain":{"handle":1}}]}', 'name is missing'],
    ['{"nftables":[7]}', 'is a number'],
    ['{"nftables":', 'is no JSON'],
  ])('refuses %s', (odd, reason) => {
    const outcome = decodeTable(odd);
    expect(outcome.ok ? '' : outcome.error).toContain(reason);
  });

  it('is not misled by the names of objects', () => {
    const odd =
      '{"nftables":[{"chain":{"name":"__proto__"}},{"rule":{"chain":"__proto__","comment":"a","expr":[]}},{"set":{"name":"constructor","type":"x"}}]}';
    expect(value(decodeTable(odd)).chains).toMatchObject([{ name: '__proto__', comments: ['a'] }]);
  });
});

describe('digest', () => {
  it('differs for small changes, and does not hang on anything but the text', () => {
    const texts = ['', 'a', 'b', 'ab', 'ba', 'a ', 'aa', '\u0000', 'ä', '1.2.3.4', '1.2.3.5', '4.3.2.1'];
    expect(new Set(texts.map(digest)).size).toBe(texts.length);
    const many = Array.from({ length: 20_000 }, (_, index) => digest(`10.${index >> 8}.${index & 255}.0/24`));
    expect(new Set(many).size).toBe(many.length);
    expect(digest('the same')).toBe(digest('the same'));
  });
});
