/**
 * UCI `network` for the stand-in of netifd: sections interface, device and route, decoded once so that nothing further
 * on reads raw UCI. What cannot be read is left out, as netifd does; addresses and names that are no such never get to
 * a command.
 *
 * Simpler than netifd: protos static, dhcp and none (any other acts as none, as there); no bridges, VLANs, wireless,
 * rules, tables, route types; of IPv6, addresses and a gateway, no delegated prefixes (ip6prefix, ip6assign).
 */

import { optionList, optionText, type UciPackage, type UciSection } from 'uci-parser';
import { parseIpAddress, parseIpPrefix } from '../../../src/lib/ip.ts';
import type { DhcpOptions } from './dhcp-client.ts';

export interface Address {
  readonly address: string;
  readonly mask: number;
}

export interface Route {
  readonly target: string;
  readonly mask: number;
  readonly nexthop: string;
  readonly metric?: number;
  readonly source: string;
}

export type Proto = 'static' | 'dhcp' | 'none';

export interface InterfaceConfig {
  readonly name: string;
  readonly proto: Proto;
  /** A device, or `@name` for an alias of another interface; undefined if the section names none. */
  readonly device: string | undefined;
  readonly auto: boolean;
  /** Stays up without a carrier. */
  readonly forceLink: boolean;
  readonly metric: number;
  readonly addresses4: readonly Address[];
  readonly addresses6: readonly Address[];
  /** Default routes, then routes of `config route`. */
  readonly routes: readonly Route[];
  readonly dns: readonly string[];
  readonly dnsSearch: readonly string[];
  readonly dhcp: DhcpOptions;
}

export interface DeviceConfig {
  readonly name: string;
  readonly macaddr: string | undefined;
  readonly mtu: number | undefined;
}

export interface NetworkConfig {
  readonly interfaces: ReadonlyMap<string, InterfaceConfig>;
  readonly devices: ReadonlyMap<string, DeviceConfig>;
}

const DEVICE_NAME = /^@?[A-Za-z0-9_][A-Za-z0-9_.-]{0,30}$/;
const MAC = /^([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}$/;

function flag(section: UciSection, option: string, fallback: boolean): boolean {
  const text = optionText(section, option);
  if (text === undefined) return fallback;
  return ['1', 'on', 'true', 'yes', 'enabled'].includes(text);
}

function number(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

/** 255.255.255.0 or 24 → 24 */
export function maskLength(text: string): number | undefined {
  if (/^\d{1,3}$/.test(text)) return Number(text) <= 128 ? Number(text) : undefined;
  const address = parseIpAddress(text);
  if (address === null || address.family !== 'ipv4') return undefined;
  const bits = address.text
    .split('.')
    .map((byte) => Number(byte).toString(2).padStart(8, '0'))
    .join('');
  return /^1*0*$/.test(bits) ? bits.replace(/0/g, '').length : undefined;
}

function addresses(
  section: UciSection,
  option: string,
  family: 'ipv4' | 'ipv6',
  netmask?: string,
): Address[] {
  return optionList(section, option)
    .flatMap((text) => text.split(/\s+/))
    .flatMap((text) => {
      const bare = family === 'ipv4' ? (netmask ?? '255.255.255.255') : '128';
      const prefix = parseIpPrefix(text.includes('/') ? text : `${text}/${maskLength(bare) ?? 32}`);
      return prefix?.family === family ? [{ address: prefix.text, mask: prefix.prefixLength }] : [];
    });
}

function gatewayRoute(text: string | undefined, family: 'ipv4' | 'ipv6'): Route[] {
  const gateway = text === undefined ? null : parseIpAddress(text);
  if (gateway === null || gateway.family !== family) return [];
  const any = family === 'ipv4' ? '0.0.0.0' : '::';
  return [{ target: any, mask: 0, nexthop: gateway.text, source: `${any}/0` }];
}

/** The `config route` sections of an interface, in file order. */
function routesOf(pkg: UciPackage, name: string): Route[] {
  return pkg.sections.flatMap((section) => {
    if (section.type !== 'route' || optionText(section, 'interface') !== name) return [];
    const target = optionText(section, 'target') ?? '';
    const length = maskLength(optionText(section, 'netmask') ?? '32') ?? 32;
    const prefix = parseIpPrefix(target.includes('/') ? target : `${target}/${length}`);
    const gateway = parseIpAddress(optionText(section, 'gateway') ?? '0.0.0.0');
    if (prefix?.family !== 'ipv4' || gateway?.family !== 'ipv4') return [];
    const metric = number(optionText(section, 'metric'));
    return [
      {
        target: prefix.text,
        mask: prefix.prefixLength,
        nexthop: gateway.text,
        ...(metric === undefined ? {} : { metric }),
        source: '0.0.0.0/0',
      },
    ];
  });
}

/** One interface from its options; `add_dynamic` brings them from ubus. */
export function decodeInterface(section: UciSection, routes: readonly Route[]): InterfaceConfig {
  const word = optionText(section, 'proto') ?? 'none';
  const proto: Proto = word === 'static' || word === 'dhcp' ? word : 'none';
  const device = optionText(section, 'device') ?? optionText(section, 'ifname');
  const isStatic = proto === 'static';
  const clientid = optionText(section, 'clientid');
  return {
    name: section.name,
    proto,
    device: device !== undefined && DEVICE_NAME.test(device) ? device : undefined,
    auto: flag(section, 'auto', true),
    forceLink: flag(section, 'force_link', isStatic),
    metric: number(optionText(section, 'metric')) ?? 0,
    addresses4: isStatic ? addresses(section, 'ipaddr', 'ipv4', optionText(section, 'netmask')) : [],
    addresses6: isStatic ? addresses(section, 'ip6addr', 'ipv6') : [],
    routes: isStatic
      ? [
          ...routes,
          ...gatewayRoute(optionText(section, 'gateway'), 'ipv4'),
          ...gatewayRoute(optionText(section, 'ip6gw'), 'ipv6'),
        ]
      : routes,
    dns: optionList(section, 'dns')
      .flatMap((text) => text.split(/\s+/))
      .filter((text) => parseIpAddress(text) !== null),
    dnsSearch: optionList(section, 'dns_search').flatMap((text) => text.split(/\s+/)),
    dhcp: {
      hostname: optionText(section, 'hostname'),
      norelease: flag(section, 'norelease', false),
      clientid: clientid !== undefined && /^([0-9a-fA-F]{2})+$/.test(clientid) ? clientid : undefined,
    },
  };
}

export function decodeNetwork(pkg: UciPackage): NetworkConfig {
  const interfaces = new Map<string, InterfaceConfig>();
  const devices = new Map<string, DeviceConfig>();
  for (const section of pkg.sections) {
    if (section.type === 'interface' && !section.anonymous && !flag(section, 'disabled', false)) {
      interfaces.set(section.name, decodeInterface(section, routesOf(pkg, section.name)));
    }
    const name = optionText(section, 'name');
    if (section.type === 'device' && name !== undefined && DEVICE_NAME.test(name)) {
      const macaddr = optionText(section, 'macaddr');
      devices.set(name, {
        name,
        macaddr: macaddr !== undefined && MAC.test(macaddr) ? macaddr.toLowerCase() : undefined,
        mtu: number(optionText(section, 'mtu')),
      });
    }
  }
  return { interfaces, devices };
}

/** What a reload must do for a changed interface: nothing, only write its routes anew, or take it down and up. */
export function compareInterface(old: InterfaceConfig, now: InterfaceConfig): 'same' | 'quiet' | 'restart' {
  const hard = (config: InterfaceConfig) => {
    const { metric: _m, forceLink: _f, auto: _a, dns: _d, dnsSearch: _s, ...rest } = config;
    return JSON.stringify(rest);
  };
  if (hard(old) !== hard(now)) return 'restart';
  return JSON.stringify(old) === JSON.stringify(now) ? 'same' : 'quiet';
}
