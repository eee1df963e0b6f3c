import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { NftMatch, NftStatement } from '../../src/core/nft/objects.ts';
import { renderRule } from '../../src/core/nft/render-rule.ts';
import { compile } from '../../src/core/policy/compile.ts';
import { RULESETS } from '../golden/multiwan/rulesets.ts';
import { everyOutcome } from './support/flows.ts';
import { RECORDINGS, routerOf } from './support/recordings.ts';
import { everything } from './support/situations.ts';
import { runHook } from './support/tracer.ts';

/**
 * No kind of match or statement without its text, its trace and its place in a golden. The tables below must name every kind,
 * or they do not compile.
 */
const MATCHES: Readonly<Record<NftMatch['kind'], { readonly match: NftMatch; readonly text: string }>> = {
  family: { match: { kind: 'family', family: 'ipv6' }, text: 'meta nfproto ipv6' },
  mark: {
    match: { kind: 'mark', mask: 0xff000000, value: 0x81000000, negated: true },
    text: 'meta mark & 0xff000000 != 0x81000000',
  },
  iif: { match: { kind: 'iif', devices: ['eth1', 'br-lan.7'] }, text: 'iifname { "eth1", "br-lan.7" }' },
  oif: { match: { kind: 'oif', device: 'eth1' }, text: 'oifname "eth1"' },
  address: {
    match: {
      kind: 'address',
      side: 'source',
      family: 'ipv4',
      any: [{ address: '0.0.0.1', mask: '0.0.0.1' }],
    },
    text: 'ip saddr & 0.0.0.1 == 0.0.0.1',
  },
  set: {
    match: { kind: 'set', side: 'destination', family: 'ipv6', set: 'custom6' },
    text: 'ip6 daddr @custom6',
  },
  protocol: { match: { kind: 'protocol', protocol: 47 }, text: 'meta l4proto 47' },
  port: {
    match: {
      kind: 'port',
      side: 'destination',
      protocol: 'udp',
      any: [
        { first: 53, last: 53 },
        { first: 60, last: 70 },
      ],
    },
    text: 'udp dport { 53, 60-70 }',
  },
  'icmp6-type': { match: { kind: 'icmp6-type', types: [133] }, text: 'icmpv6 type 133' },
  settled: { match: { kind: 'settled' }, text: 'ct status seen-reply,snat,dnat' },
};

const STATEMENTS: Readonly<
  Record<NftStatement['kind'], { readonly statement: NftStatement; readonly text: string }>
> = {
  'set-mark': {
    statement: { kind: 'set-mark', mask: 0x3f00, value: 0x100 },
    text: 'meta mark set meta mark & 0xffffc1ff | 0x00000100',
  },
  'set-ct-mark': {
    statement: { kind: 'set-ct-mark', mask: 0xc0000000, value: 0x40000000 },
    text: 'ct mark set ct mark & 0x7fffffff | 0x40000000',
  },
  balance: {
    statement: {
      kind: 'balance',
      shares: [
        { chain: 'a', weight: 1 },
        { chain: 'b', weight: 3 },
      ],
    },
    text: 'numgen random mod 4 vmap { 0 : goto a, 1-3 : goto b }',
  },
  'mark-map': {
    statement: {
      kind: 'mark-map',
      key: 'ct-mark',
      mask: 0x3f00,
      verdict: 'jump',
      chains: [{ value: 0x100, chain: 'a' }],
    },
    text: 'ct mark & 0x00003f00 vmap { 0x00000100 : jump a }',
  },
  'iif-map': {
    statement: { kind: 'iif-map', chains: [{ device: 'eth1', chain: 'a' }] },
    text: 'iifname vmap { "eth1" : goto a }',
  },
  'address-map': {
    statement: {
      kind: 'address-map',
      direction: 'reply',
      family: 'ipv6',
      chains: [{ address: '2001:db8::1', chain: 'a' }],
    },
    text: 'ct reply ip6 daddr vmap { 2001:db8::1 : goto a }',
  },
  'remember-source': {
    statement: { kind: 'remember-source', set: 's', family: 'ipv6', timeoutS: 60 },
    text: 'update @s { ip6 saddr timeout 60s }',
  },
  log: {
    statement: { kind: 'log', prefix: 'MWAN3(x)', level: 'notice' },
    text: 'log prefix "MWAN3(x)" level notice',
  },
  counter: { statement: { kind: 'counter' }, text: 'counter' },
  jump: { statement: { kind: 'jump', chain: 'a' }, text: 'jump a' },
  goto: { statement: { kind: 'goto', chain: 'a' }, text: 'goto a' },
  return: { statement: { kind: 'return' }, text: 'return' },
};

describe('every kind', () => {
  it.each(Object.values(MATCHES))('of match is rendered: $match.kind', ({ match, text }) => {
    expect(renderRule({ matches: [match], statements: [], comment: 'x' })).toBe(`${text} comment "!hagw: x"`);
  });

  it.each(Object.values(STATEMENTS))('of statement is rendered: $statement.kind', ({ statement, text }) => {
    expect(renderRule({ matches: [], statements: [statement], comment: 'x' })).toBe(
      `${text} comment "!hagw: x"`,
    );
  });

  const kinds = [
    ...Object.keys(MATCHES).map((kind) => `match ${kind}`),
    ...Object.keys(STATEMENTS).map((kind) => `statement ${kind}`),
  ].sort();

  it('is in a golden ruleset', () => {
    const met = new Set<string>();
    for (const [name, make] of Object.entries(RULESETS)) {
      const text = readFileSync(join(import.meta.dirname, `../golden/multiwan/${name}.nft`), 'utf8');
      for (const rule of make().nft.chains.flatMap(({ rules }) => rules)) {
        expect(text).toContain(renderRule(rule));
        for (const { kind } of rule.matches) met.add(`match ${kind}`);
        for (const { kind } of rule.statements) met.add(`statement ${kind}`);
      }
    }
    expect([...met].sort()).toEqual(kinds);
  });

  it('is met by a traced packet', () => {
    const seen = new Set<string>();
    for (const { name, state, flows } of RECORDINGS)
      for (const { flow } of flows) everyOutcome(routerOf(name, state), flow, { seen });
    const packet = {
      family: 'ipv4',
      source: '192.168.1.5',
      destination: '203.0.113.1',
      protocol: 6,
    } as const;
    const walk = { iif: 'br-lan', oif: null, mark: 0, ctMark: 0, sets: new Map(), draw: () => 0, seen };
    runHook(compile(everything()).nft, 'prerouting', {
      ...walk,
      packet: { ...packet, destinationPort: 443 },
    });
    runHook(compile(everything()).nft, 'prerouting', {
      ...walk,
      packet: { ...packet, settled: { original: '203.0.113.1', reply: '192.0.2.77' } },
    });
    const discovery = {
      family: 'ipv6',
      source: 'fe80::1',
      destination: 'ff02::1',
      protocol: 58,
      icmp6Type: 134,
    } as const;
    runHook(compile(everything()).nft, 'prerouting', { ...walk, packet: discovery });
    expect([...seen].sort()).toEqual(kinds);
  });
});
