import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { budgetOf } from '../../../src/core/pair/budget.ts';
import { compilePair } from '../../../src/core/pair/compile.ts';
import { linkLocalOf } from '../../../src/core/pair/compile-keepalived.ts';
import { planPair } from '../../../src/core/pair/plan.ts';
import { idOf } from '../../../src/core/pair/situation.ts';
import type { Wanted, WantedSection } from '../../../src/core/pair/types.ts';
import { interfaceFacts } from '../../fakes/router.ts';
import { inputOf, SETUPS, type Setup } from './setups.ts';
import { actualOf } from './written.ts';

const NOTHING: Wanted = { sections: { keepalived: [], firewall: [], dhcp: [] }, files: {} };

const BASE = SETUPS['two-wans'].uci;
type Uci = Readonly<Record<string, string>>;
const compiled = (uci: Uci, more: Partial<Setup> = {}) =>
  compilePair(inputOf({ uci: { ...BASE, ...uci }, ...more }));
const sectionOf = (all: readonly WantedSection[] | undefined, name: string) =>
  all?.find((section) => section.name === name);
const replaced = (name: keyof typeof BASE, from: string | RegExp, to: string): Uci => {
  const text = BASE[name].replace(from, to);
  if (text === BASE[name]) throw new Error(`${String(from)} is not in ${name}`);
  return { [name]: text };
};

describe('compilePair', () => {
  it.each(Object.entries<Setup>(SETUPS))('%s: the same input gives the same', (_name, setup) => {
    expect(compilePair(inputOf(setup))).toEqual(compilePair(inputOf(setup)));
  });

  // Each row: what is changed, the place and a part of the text of the error.
  it.each<[string, Uci, string, string]>([
    [
      'an instance of the user with our VRID on the LAN',
      {
        keepalived:
          "config vrrp_instance 'mine'\n\toption name 'mine'\n\toption interface 'br-lan'\n\toption virtual_router_id '10'\n",
      },
      'keepalived.mine.virtual_router_id',
      'hagw.lan',
    ],
    [
      'one without a name, on a WAN',
      {
        keepalived:
          "config vrrp_instance\n\toption name 'mine'\n\toption interface 'eth2'\n\toption virtual_router_id '22'\n",
      },
      'keepalived.@vrrp_instance[0] (mine).virtual_router_id',
      'hagw.wanb',
    ],
    [
      'another configuration file',
      { keepalived: "config globals 'globals'\n\toption alt_config_file '/etc/k.conf'\n" },
      'keepalived.globals.alt_config_file',
      'leave out all of UCI',
    ],
    [
      'an interface without a device',
      replaced('network', "device 'eth2'", "metric '9'"),
      'hagw.wanb.interface',
      'neither /etc/config/network nor netifd',
    ],
    [
      'a device that keepalived cannot take',
      replaced('network', "device 'eth2'", "device 'eth#2'"),
      'hagw.wanb.interface',
      "'eth#2'",
    ],
    [
      'an address on PPPoE',
      replaced('network', "device 'eth2'\n\toption proto 'static'", "device 'eth2'\n\toption proto 'pppoe'"),
      'hagw.wanb.interface',
      'point to point (pppoe)',
    ],
    [
      'one device, one family, one VRID',
      {
        ...replaced(
          'hagw',
          "interface 'wanb'\n\toption address '198.51.100.10/24'\n\toption vrid '22'",
          "interface 'wan2'\n\toption address '203.0.113.11/24'\n\toption vrid '21'",
        ),
        network: `${BASE.network}\nconfig interface 'wan2'\n\toption device '@wan'\n\toption proto 'static'\n`,
      },
      'hagw.wanb.vrid',
      'hagw.wan',
    ],
    [
      'an own_address that is not there',
      replaced('network', '192.168.1.2/24', '192.168.1.9/24'),
      'hagw.gw_a.own_address',
      "none of this router's",
    ],
    [
      'unicast without an own_address',
      replaced(
        'hagw',
        "sync_interface 'sync'\n",
        "sync_interface 'sync'\n\toption vrrp_transport 'unicast'\n",
      ).hagw === undefined
        ? {}
        : {
            hagw: BASE.hagw
              .replace(
                "sync_interface 'sync'\n",
                "sync_interface 'sync'\n\toption vrrp_transport 'unicast'\n",
              )
              .replace("\tlist own_address '192.168.1.3'\n", ''),
          },
      'hagw.gw_b.own_address',
      '192.168.1.1/24',
    ],
    [
      'no sync interface',
      replaced('hagw', "sync_interface 'sync'", "sync_interface 'cable'"),
      'hagw.globals.sync_interface',
      "'cable'",
    ],
    [
      'multicast of conntrackd over IPv6',
      {
        hagw: BASE.hagw
          .replace(
            "sync_interface 'sync'\n",
            "sync_interface 'sync'\n\toption conntrackd_transport 'multicast'\n",
          )
          .replace('10.255.255.1', 'fd00::1')
          .replace('10.255.255.2', 'fd00::2'),
      },
      'hagw.globals.sync_interface',
      'udp only',
    ],
  ])('refuses %s', (_what, uci, where, text) => {
    const { wanted, problems } = compiled(uci);
    expect(wanted).toBeNull();
    expect(problems).toContainEqual({ severity: 'error', where, text: expect.stringContaining(text) });
  });

  it('refuses without a network file', () => {
    const input = inputOf({ uci: BASE });
    expect(compilePair({ ...input, packages: { ...input.packages, network: null } }).wanted).toBeNull();
  });

  // What only a section of the user's can mend.
  it.each<[string, Uci, string, string]>([
    [
      'a pool without force',
      replaced('dhcp', "\toption force '1'\n", ''),
      'dhcp.lan.force',
      '`uci set dhcp.lan.force=1; uci commit dhcp; /etc/init.d/dnsmasq restart`',
    ],
    [
      'odhcpd as DHCPv4 server',
      { dhcp: `${BASE.dhcp}\nconfig odhcpd 'odhcpd'\n\toption maindhcp '1'\n` },
      'dhcp.lan.router',
      '`uci add_list dhcp.lan.router=192.168.1.1;',
    ],
    [
      'another gateway in a pool behind ours',
      {
        dhcp: `config dhcp 'hagw_lan'\n\toption interface 'lan'\n\n${BASE.dhcp}\tlist dhcp_option '3,192.168.1.2'\n`,
      },
      'dhcp.lan.dhcp_option',
      "`uci del_list dhcp.lan.dhcp_option='3,192.168.1.2';",
    ],
    [
      'a network in no zone',
      replaced('firewall', "\tlist network 'wanb'\n", ''),
      'hagw.wanb.interface',
      'no firewall zone',
    ],
    [
      'a nat section that takes all',
      {
        firewall: `${BASE.firewall}\nconfig nat\n\toption name 'all'\n\toption src 'wan'\n\toption target 'MASQUERADE'\n`,
      },
      'firewall.@nat[0] (all)',
      'eth1',
    ],
    [
      'a script of the user',
      { keepalived: "config vrrp_script 'chk'\n\toption name 'chk'\n\toption script '/etc/chk'\n" },
      'keepalived.chk',
      "'chk'",
    ],
    [
      'keepalived switched off',
      { keepalived: "config globals 'globals'\n\toption enabled '0'\n" },
      'keepalived.globals.enabled',
      '`uci delete keepalived.globals.enabled;',
    ],
  ])('warns of %s and goes on', (_what, uci, where, text) => {
    const { wanted, problems } = compiled(uci);
    expect(wanted).not.toBeNull();
    expect(problems).toContainEqual({ severity: 'warning', where, text: expect.stringContaining(text) });
    for (const problem of problems) expect(problem.text).toMatch(/^[A-Z].*[.`]$/s);
  });

  it('has nothing to warn of in a setup that is right', () => {
    const own = "config dhcp 'hagw_lan'\n\toption interface 'lan'\n";
    const before = { dhcp: `${BASE.dhcp}\tlist dhcp_option '3,192.168.1.2'\n\n${own}` };
    const narrow = {
      firewall: `${BASE.firewall}\nconfig nat\n\toption src 'wan'\n\toption src_ip '192.168.1.7'\n\toption target 'SNAT'\n\toption snat_ip '203.0.113.7'\n`,
    };
    for (const uci of [before, narrow]) expect(compiled(uci).problems).toEqual([]);
  });

  it('writes a globals section only where there is none', () => {
    const { wanted } = compiled({ keepalived: "config globals 'globals'\n\toption router_id 'x'\n" });
    expect(sectionOf(wanted?.sections.keepalived, 'hagw_globals')).toBeUndefined();
    expect(sectionOf(compiled({}).wanted?.sections.keepalived, 'hagw_globals')).toBeDefined();
  });

  it('uses the zone that the sync interface is in, and needs none of its own then', () => {
    const zone = "\nconfig zone\n\toption name 'cable'\n\tlist device 'eth3'\n";
    const { wanted } = compiled({ firewall: BASE.firewall + zone });
    expect(sectionOf(wanted?.sections.firewall, 'hagw_sync')).toBeUndefined();
    expect(sectionOf(wanted?.sections.firewall, 'hagw_conntrackd')?.options).toMatchObject({
      src: 'cable',
      dest_port: '3780',
    });
    // fw4 starts before the networks: a rule by zone would refuse the partner until it is loaded again.
    expect(sectionOf(wanted?.sections.firewall, 'hagw_vrrp')?.options).toMatchObject({
      src: '*',
      src_ip: '192.168.1.3',
    });
  });

  it('asks netifd for what the file does not tell: devices and addresses', () => {
    const uci = replaced(
      'network',
      "option device 'eth2'\n\toption proto 'static'\n\toption ipaddr '198.51.100.2/24'",
      "option proto 'dhcp'",
    );
    const { wanted } = compiled(uci, { interfaces: [interfaceFacts('wanb', 'wwan0', '198.51.100.77', 20)] });
    expect(sectionOf(wanted?.sections.firewall, 'hagw_own_wanb')?.options).toMatchObject({
      device: 'wwan0',
      src_ip: '198.51.100.77',
    });
    // A lease that is lost replaces neither the firewall nor conntrackd.
    const firewall =
      planPair(wanted ?? NOTHING, actualOf({ ...BASE, ...uci })).packages.find(
        (item) => item.package === 'firewall',
      )?.after ?? '';
    const down = { ...interfaceFacts('wanb', 'wwan0', '198.51.100.77', 20), addresses: [] };
    const without = compiled({ ...uci, firewall }, { interfaces: [down] });
    expect(without.wanted?.sections.firewall).toEqual(wanted?.sections.firewall);
    expect(without.wanted?.files).toEqual(wanted?.files);
  });

  it('translates IPv6 only where the zone does, and nothing where it is told not to', () => {
    const { uci } = SETUPS['ipv6-too'];
    const names = (firewall: string) =>
      compilePair(inputOf({ uci: { ...uci, firewall } })).wanted?.sections.firewall.map(({ name }) => name);
    expect(names(uci.firewall)).toContain('hagw_snat_wan6');
    expect(names(uci.firewall.replace("option masq6 '1'", ''))).not.toContain('hagw_snat_wan6');
    const off = compiled(replaced('hagw', "option vrid '22'", "option vrid '22'\n\toption snat '0'"));
    expect(off.wanted?.sections.firewall.filter(({ name }) => name.includes('wanb'))).toEqual([]);
  });

  it('takes all of it away when there is no address left', () => {
    const { wanted, problems } = compiled({ hagw: BASE.hagw.replace(/config address[\s\S]*/, '') });
    expect(problems).toEqual([]);
    expect(wanted?.sections).toEqual({ keepalived: [], firewall: [], dhcp: [] });
    expect(Object.values(wanted?.files ?? {})).toEqual([null, null, null, null]);
  });

  it('decides how adverts travel alike on both routers', () => {
    for (const setup of Object.values<Setup>(SETUPS)) {
      const first = inputOf({ ...setup, router: 0 });
      const second = inputOf({ ...setup, router: 1 });
      const all = [...first.self.ownAddresses, ...second.self.ownAddresses].filter(
        (text) => !text.includes(':'),
      );
      const kinds = [first, second].map((input) => {
        // Each has its own addresses, whatever the file of the setup says.
        const interfaces = all.map((address, index) => interfaceFacts(`x${index}`, `x${index}`, address));
        const { wanted } = compilePair({ ...input, interfaces });
        return wanted?.files['/etc/hagw/handover.conf']?.split('\n')[1];
      });
      expect(kinds[0]).toMatch(/^watch /);
      expect(kinds[1]).toBe(kinds[0]);
    }
  });
});

describe('names and arithmetic', () => {
  it('makes a name of any text that UCI, keepalived and the notify lines take, and another one of another text', () => {
    expect(idOf('lan')).toBe('hagw_lan');
    fc.assert(
      fc.property(
        fc.string({ minLength: 1, maxLength: 80 }),
        fc.string({ minLength: 1, maxLength: 80 }),
        (one, other) => {
          expect(idOf(one)).toMatch(/^hagw_[A-Za-z0-9_]+$/);
          expect(idOf(one).length).toBeLessThanOrEqual(32);
          if (one !== other) expect(idOf(one)).not.toBe(idOf(other));
        },
      ),
    );
  });

  it('keeps an address section called as one of ours apart', () => {
    const { wanted } = compiled(replaced('hagw', "config address 'lan'", "config address 'pair'"));
    const names = wanted?.sections.keepalived.map(({ type, name }) => `${type} ${name}`) ?? [];
    expect(new Set(names.map((text) => text.split(' ')[1])).size).toBe(names.length);
    expect(names).toContain('vrrp_instance hagw_pair');
  });

  it('has the link-local address of a VRID (EUI-64 of 00-00-5E-00-02-VRID)', () => {
    expect([1, 10, 255].map(linkLocalOf)).toEqual([
      'fe80::200:5eff:fe00:201',
      'fe80::200:5eff:fe00:20a',
      'fe80::200:5eff:fe00:2ff',
    ]);
  });

  it.each([
    ['', { advertIntervalMs: 100, cleanStopMs: 7, powerLossMs: 307 }],
    ["\toption advert_profile 'fast'\n", { advertIntervalMs: 20, cleanStopMs: 2, powerLossMs: 62 }],
    ["\toption advert_interval_ms '1000'\n", { advertIntervalMs: 1000, cleanStopMs: 63, powerLossMs: 3063 }],
  ])('computes the gaps by RFC 9568 (%j)', (option, expected) => {
    const hagw = BASE.hagw.replace(
      "option sync_interface 'sync'\n",
      `option sync_interface 'sync'\n${option}`,
    );
    expect(budgetOf(inputOf({ uci: { ...BASE, hagw } }).config)).toEqual(expected);
  });
});
