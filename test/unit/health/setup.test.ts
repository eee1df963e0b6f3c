import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Event } from '../../../src/core/engine/messages.ts';
import type { State } from '../../../src/core/engine/state.ts';
import { findSetup } from '../../../src/core/health/check-setup.ts';
import { findProblems } from '../../../src/core/health/checks.ts';
import { sectionsOf } from '../config/sections.ts';
import { feed, fresh, LINKS } from '../engine/situations.ts';
import { all, append, type Change, edit, RIGHT, SETUP_CASES, type World } from './setup-cases.ts';

function configOf(world: World): Event {
  const read = (text: string) => ({ kind: 'read', sections: sectionsOf(text) }) as const;
  return {
    kind: 'configRead',
    hagw: read(world.hagw),
    mwan3: read(world.mwan3),
    keepalived: read(world.keepalived),
    network: read(world.network),
    setup: {
      packages: {
        network: sectionsOf(world.network),
        mwan3: sectionsOf(world.mwan3),
        keepalived: sectionsOf(world.keepalived),
        firewall: sectionsOf(world.firewall),
        dhcp: sectionsOf(world.dhcp),
      },
      live: world.live,
      partnerMwan3: world.partnerMwan3 === null ? null : sectionsOf(world.partnerMwan3),
    },
  };
}

function stateOf(world: World): State {
  const links: Event[] =
    world.interfaces === null
      ? []
      : [{ kind: 'linksRead', facts: { interfaces: world.interfaces, devices: LINKS.devices } }];
  return feed(fresh(), [{ kind: 'started' }, configOf(world), ...links]).state;
}

const found = (change: Change): readonly string[] =>
  stateOf(change(RIGHT)).setupFindings.map(({ code, where }) => `${code} ${where}`);
const textsOf = (change: Change): string =>
  stateOf(change(RIGHT))
    .setupFindings.map(({ text }) => text)
    .join('\n');

describe("checks of the router's other configuration", () => {
  it('find nothing where all is right', () => {
    expect(found((world) => world)).toEqual([]);
    expect(found((world) => ({ ...world, interfaces: null, live: null }))).toEqual([]);
  });

  it.each(Object.entries(SETUP_CASES))('find %s, and not its like that is right', (code, item) => {
    expect(found(item.wrong)).toContain(`${code} ${item.where}`);
    for (const { text } of stateOf(item.wrong(RIGHT)).setupFindings) expect(text).toMatch(/^\S.*\.$/);
    const right = 'right' in item ? found(item.right) : [];
    expect(right.filter((line) => line.startsWith(`${code} `))).toEqual([]);
  });

  it('say nothing of packages that nobody has read', () => {
    const state = stateOf(RIGHT);
    const packages = { network: null, mwan3: null, keepalived: null, firewall: null, dhcp: null };
    expect(findSetup({ ...state, setup: { packages, live: null, partnerMwan3: null } })).toEqual([]);
    expect(findSetup({ ...state, setup: null })).toEqual([]);
  });

  it('are made again when what netifd says has changed, and else not', () => {
    const state = stateOf(RIGHT);
    const again = feed(state, [{ kind: 'linksRead', facts: LINKS }], 2000).state;
    expect(again.setupFindings).toBe(state.setupFindings);
    const moved = LINKS.interfaces.map((item) =>
      item.name === 'lan'
        ? { ...item, addresses: item.addresses.map((one) => ({ ...one, address: '192.168.7.2' })) }
        : item,
    );
    const late = feed(state, [{ kind: 'linksRead', facts: { ...LINKS, interfaces: moved } }], 3000).state;
    expect(findProblems(late).map(({ code }) => code)).toContain('address-outside');
  });

  it('leave to the compiler what hagw writes, and look at the sections of others all the same', () => {
    const managed = edit('hagw', "manage_pair '0'", "manage_pair '1'");
    for (const code of ['vrrp-no-group', 'snat-missing', 'dhcp-force', 'conntrackd-address'] as const)
      expect(found(all(SETUP_CASES[code].wrong, managed))).toEqual([]);
    for (const code of ['vrrp-flag-zero', 'vrrp-label-long', 'nat-order', 'firewall-protocol'] as const)
      expect(found(all(SETUP_CASES[code].wrong, managed)).join()).toContain(code);
  });

  it('want a track_script and a vrrp_script of one name, for both generations of the init script', () => {
    const without24 = edit(
      'keepalived',
      "config track_script 'ready_track'\n\toption name 'ready'",
      "config track_script 'ready_track'\n\toption name 'x'",
    );
    expect(found(without24)).toContain('vrrp-left-out keepalived.lan.track_script');
    expect(textsOf(without24)).toContain('no track_script section');
    const without = edit(
      'keepalived',
      "config vrrp_script 'ready'\n\toption name 'ready'",
      "config vrrp_script 'ready'\n\toption name 'x'",
    );
    expect(textsOf(without)).toContain('no vrrp_script section');
  });

  it('name a route that the init script leaves out', () => {
    const route = (more: string) =>
      append('keepalived', `config route 'way'\n\toption name 'way'\n\toption address '0.0.0.0/0'\n${more}`);
    expect(found(route(''))).toEqual(['vrrp-left-out keepalived.way.device']);
    expect(found(route("\toption device 'eth1'\n"))).toEqual([]);
    expect(found(route("\toption blackhole '1'\n"))).toEqual([]);
  });

  it('know that state MASTER undoes nopreempt', () => {
    expect(found(edit('keepalived', "state 'BACKUP'", "state 'MASTER'"))).toEqual([
      'vrrp-preempt keepalived.lan.state',
    ]);
  });

  it('want a delay of a pair that hagw writes and that takes back', () => {
    const change = (delay: string) =>
      edit(
        'hagw',
        "manage_pair '0'",
        `manage_pair '1'\n\toption preempt '1'\n\toption preempt_delay_s '${delay}'`,
      );
    expect(found(change('0'))).toEqual(['vrrp-preempt hagw.globals.preempt_delay_s']);
    expect(found(change('30'))).toEqual([]);
  });

  it('name a translation that fw4 leaves out', () => {
    const nat = (more: string) =>
      found(
        append(
          'firewall',
          `config nat 'bad'\n\toption src 'wan'\n\toption mark '1'\n\toption target 'SNAT'\n${more}`,
        ),
      );
    expect(nat('')).toEqual(['firewall-left-out firewall.bad.snat_ip']);
    expect(nat("\toption snat_ip '2001:db8::1'\n\toption family 'ipv4'\n")).toEqual([
      'firewall-left-out firewall.bad.snat_ip',
    ]);
    expect(nat("\toption snat_ip '203.0.113.10'\n\toption family 'ipv4'\n")).toEqual([]);
  });

  /** What fw4, keepalived and dnsmasq were recorded with: codes by recording, beside those that the stand-in setup has. */
  it.each([
    ['keepalived', '12-flags', 'vrrp-flag-zero vrrp-no-group vrrp-preempt'],
    ['keepalived', '07-track-script-new-style', 'vrrp-left-out vrrp-preempt'],
    ['keepalived', '06-track-script-24.10-style', 'vrrp-left-out vrrp-preempt'],
    ['keepalived', '10-virtual-routes', 'vrrp-left-out vrrp-preempt'],
    ['keepalived', '03-auth-pass', 'vrrp-no-group vrrp-password vrrp-preempt'],
    ['keepalived', '21-disabled', 'keepalived-disabled vrrp-preempt'],
    ['keepalived', '27-pair-complete', ''],
    ['firewall', '01-lan-wan-two-uplinks', 'snat-missing'],
    ['firewall', '02-snat-per-device', ''],
    ['firewall', '03-snat-per-zone', 'nat-order'],
    ['firewall', '08-ipset-and-redirect', 'ipset-prefix snat-missing'],
    ['firewall', '09-mistakes', 'firewall-left-out firewall-protocol zone-empty'],
    ['dhcp', '01-pool-on-lan', 'dhcp-force dhcp-option'],
    ['dhcp', '02-gateway-and-dns-options', 'dhcp-force'],
  ] as const)('find in the recorded %s %s what it shows: %s', (name, recording, codes) => {
    const folder = { keepalived: 'keepalived', firewall: 'fw4', dhcp: 'dnsmasq' }[name];
    const path = join(import.meta.dirname, '../../captures', folder, recording, name);
    const text = readFileSync(path, 'utf8');
    const world = (now: World): World => ({ ...now, interfaces: null, live: null, [name]: text });
    const seen = found(world).map((line) => line.split(' ')[0] ?? '');
    expect([...new Set(seen)].sort().join(' ')).toBe(codes);
  });

  it('name the policy for all, where a WAN is in no zone', () => {
    const unzoned = edit('firewall', "\tlist network 'wan'\n", '');
    expect(
      found(
        all(
          unzoned,
          edit('firewall', "defaults'\n\toption input 'REJECT'", "defaults'\n\toption input 'ACCEPT'"),
        ),
      ),
    ).toContain('wan-input-accept firewall.defaults.input');
    expect(found(unzoned)).toEqual([]);
  });
});
