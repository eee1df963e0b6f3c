/** Configurations of our own, for what the recordings have not: IPv6, sticky rules, sets of the user, odd texts. */
import type { LinkStatus } from '../../../src/api/status.ts';
import type { CompileInput, Family, KernelRoute } from '../../../src/core/policy/model.ts';
import { readMultiWan } from './config.ts';

const EVERYTHING = `
config globals 'globals'
	option mmx_mask '0x3F00'
	option logging '1'
	option loglevel 'info'
	list rt_table_lookup 'vpn'
	list rt_table_lookup 'nosuch'

config interface 'wan'
	option enabled '1'
	option family 'ipv4'

config interface 'wan6'
	option enabled '1'
	option family 'ipv6'

config interface 'wanb'
	option enabled '1'
	option family 'ipv4'

config interface 'wanb6'
	option enabled '1'
	option family 'ipv6'

config interface 'spare'
	option enabled '0'
	option family 'ipv4'

config interface 'lte'
	option enabled '1'
	option family 'ipv4'

config member 'm_wan'
	option interface 'wan'
	option metric '1'
	option weight '3'

config member 'm_wan6'
	option interface 'wan6'
	option metric '1'
	option weight '3'

config member 'm_wanb'
	option interface 'wanb'
	option metric '1'
	option weight '2'

config member 'm_wanb6'
	option interface 'wanb6'
	option metric '2'

config member 'm_lte'
	option interface 'lte'
	option metric '3'

config policy 'both'
	list use_member 'm_wan'
	list use_member 'm_wanb'
	list use_member 'm_wan6'
	list use_member 'm_wanb6'
	list use_member 'm_lte'
	option last_resort 'default'

config policy 'a_policy_with_a_name_of_many_characters'
	list use_member 'm_wanb'
	option last_resort 'blackhole'

config rule 'https'
	option sticky '1'
	option timeout '300'
	option dest_port '443'
	option proto 'tcp'
	option use_policy 'both'

config rule 'odd'
	option src_ip '0.0.0.1/0.0.0.1 192.168.9.0/255.255.255.0'
	option dest_ip '203.0.113.0/24,198.51.100.7'
	option proto 'udp'
	option src_port '1000:2000,1500,7'
	option use_policy 'a_policy_with_a_name_of_many_characters'
	option logging '1'

config rule 'films'
	option ipset 'streaming'
	option use_policy 'both'

config rule 'guests'
	option src_iface 'guest'
	option proto 'esp'
	option use_policy 'blackhole'

config rule 'lost'
	option src_iface 'nosuch'
	option use_policy 'unreachable'

config rule 'six'
	option family 'ipv6'
	option dest_ip '2001:db8:ffff::/48 2001:DB8:FFFF:1::/64'
	option use_policy 'unreachable'

config rule 'rest'
	option use_policy 'both'
`;

const DEVICES: Readonly<Record<string, string>> = {
  wan: 'pppoe-wan',
  wan6: 'pppoe-wan',
  wanb: 'eth2',
  wanb6: 'eth2',
  spare: 'eth5',
  lte: 'wwan0',
  lan: 'br-lan',
  guest: 'br-guest.7',
};

function route(
  family: Family,
  table: number,
  text: string,
  type: KernelRoute['type'] = 'unicast',
): KernelRoute {
  const words = text.split(' ');
  const after = (key: string) => (words.includes(key) ? (words[words.indexOf(key) + 1] ?? null) : null);
  return {
    family,
    table,
    type,
    destination: words[type === 'unicast' ? 0 : 1] ?? '',
    gateway: after('via'),
    device: after('dev'),
    metric: after('metric') === null ? null : Number(after('metric')),
    protocol: after('proto'),
    scope: after('scope'),
    source: after('src'),
    words,
  };
}

const ROUTES: readonly KernelRoute[] = [
  route('ipv4', 254, 'default via 192.0.2.1 dev pppoe-wan proto static metric 10'),
  route('ipv4', 254, 'default via 10.2.0.1 dev eth2 proto static metric 20 linkdown'),
  route('ipv4', 254, 'default via 10.9.0.1 dev wwan0 proto static metric 30'),
  route('ipv4', 254, '192.0.2.1 dev pppoe-wan proto kernel scope link src 192.0.2.77'),
  route('ipv4', 254, '10.2.0.0/24 dev eth2 proto static scope link metric 20'),
  route('ipv4', 254, '192.168.1.0/24 dev br-lan proto kernel scope link src 192.168.1.1'),
  route('ipv4', 254, '192.168.7.0/24 dev br-guest.7 proto kernel scope link src 192.168.7.1'),
  route('ipv4', 254, 'blackhole 10.64.0.0/10', 'blackhole'),
  route('ipv4', 255, 'local 192.168.1.1 dev br-lan', 'local'),
  route('ipv4', 255, 'broadcast 192.168.1.255 dev br-lan', 'broadcast'),
  route('ipv4', 255, 'local 10.2.0.2 dev eth2', 'local'),
  route('ipv4', 255, 'local 192.0.2.77 dev pppoe-wan', 'local'),
  route('ipv4', 100, '10.77.0.0/16 via 192.168.1.9 dev br-lan'),
  route(
    'ipv6',
    254,
    'default from 2001:db8:1::/56 via fe80::1 dev pppoe-wan proto static metric 512 pref medium',
  ),
  route(
    'ipv6',
    254,
    'default from 2001:db8:1:ff::1 via fe80::1 dev pppoe-wan proto static metric 512 pref medium',
  ),
  route(
    'ipv6',
    254,
    'default from 2001:db8:2::/56 via fe80::2 dev eth2 proto static metric 640 expires 1790sec',
  ),
  route('ipv6', 254, '2001:db8:1:1::/64 dev br-lan proto static metric 1024 pref medium'),
  route('ipv6', 254, 'unreachable 2001:db8:1::/56 dev lo proto static metric 2147483647', 'unreachable'),
  route('ipv6', 254, 'fe80::/64 dev br-lan proto kernel metric 256 pref medium'),
  route('ipv6', 254, 'fe80::/64 dev eth2 proto kernel metric 256 pref medium'),
];

/** Two WANs of both families, a third tier, a disabled one; states by name, online unless given. */
export function everything(
  states: Readonly<Record<string, LinkStatus | 'absent'>> = {},
  change: (text: string) => string = (text) => text,
): CompileInput {
  const config = readMultiWan(change(EVERYTHING));
  return {
    config,
    links: config.wans.map(({ name, enabled }) => {
      const state = states[name] ?? (enabled ? 'online' : 'disabled');
      return state === 'absent'
        ? { name, device: null, state: 'offline' }
        : { name, device: DEVICES[name] ?? null, state };
    }),
    routes: ROUTES,
    devices: DEVICES,
    tableNumbers: { vpn: 100 },
  };
}

/** A configuration of a size: WANs (numbered) that share one policy in two tiers, and rules by port. */
export function sized(wans: number, rules: number): CompileInput {
  const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
  const text = [
    `config globals 'globals'\n\toption mmx_mask '${wans > 60 ? '0xff00' : '0x3F00'}'`,
    ...numbers(wans).flatMap((number) => [
      `config interface 'w${number}'\n\toption enabled '1'`,
      `config member 'm${number}'\n\toption interface 'w${number}'\n\toption metric '${(number % 2) + 1}'\n\toption weight '${number}'`,
    ]),
    `config policy 'all'\n${numbers(wans)
      .map((number) => `\tlist use_member 'm${number}'`)
      .join('\n')}`,
    ...numbers(rules).map(
      (number) =>
        `config rule 'r${number}'\n\toption proto 'tcp'\n\toption dest_port '${number}'\n\toption use_policy 'all'`,
    ),
  ].join('\n');
  const config = readMultiWan(text);
  const devices = Object.fromEntries(config.wans.map(({ name, number }) => [name, `dev${number}`]));
  return {
    config,
    links: config.wans.map(({ name }) => ({ name, device: devices[name] ?? null, state: 'online' })),
    routes: config.wans.map(({ number }) =>
      route('ipv4', 254, `default via 10.0.${number}.1 dev dev${number} metric ${number}`),
    ),
    devices,
    tableNumbers: {},
  };
}
