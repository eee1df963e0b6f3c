/**
 * What UCI `network` alone tells of devices and routes: enough to compile without a router. It is netifd's plan, not the kernel's
 * state: addresses and gateways that DHCP, PPP or a modem bring are not in it, and are said to be missing.
 */
import { interfacesOf, own, readDevices, texts, withLength } from '../core/config/network.ts';
import { optionText, type UciSection } from '../core/config/uci.ts';
import { parsePrefix, prefixText } from '../core/policy/prefixes.ts';
import { parseIpAddress } from '../lib/ip.ts';

function metricWords(section: UciSection): string {
  const metric = optionText(section, 'metric');
  return metric !== null && /^\d{1,10}$/.test(metric) && metric !== '0' ? ` metric ${metric}` : '';
}

/** Routes that an interface brings: to itself, to its networks, and the default one. */
function interfaceRoutes(section: UciSection, device: string): readonly string[] {
  const metric = metricWords(section);
  const lines: string[] = [];
  const netmask = optionText(section, 'netmask');
  for (const text of [...texts(section, 'ipaddr'), ...texts(section, 'ip6addr')]) {
    const full = withLength(text, netmask);
    const network = full === null ? null : parsePrefix(full);
    if (full === null || network === null) continue;
    const [address = ''] = full.split('/');
    const source = network.family === 'ipv4' ? ` src ${address}` : '';
    lines.push(`local ${address} dev ${device} table local proto kernel scope host`);
    lines.push(`${prefixText(network)} dev ${device} proto kernel scope link${source}${metric}`);
  }
  for (const name of ['gateway', 'ip6gw'])
    for (const gateway of texts(section, name))
      if (parseIpAddress(gateway) !== null)
        lines.push(`default via ${gateway} dev ${device} proto static${metric}`);
  return lines;
}

/** A section `route` or `route6`, or null if it names no interface that has a device. */
function staticRoute(section: UciSection, devices: Readonly<Record<string, string>>): string | null {
  const target = optionText(section, 'target') ?? '';
  const full = withLength(target, optionText(section, 'netmask'));
  const name = optionText(section, 'interface') ?? '';
  const device = own(devices, name);
  const type = optionText(section, 'type') ?? 'unicast';
  const network = full === null ? null : parsePrefix(full);
  if (network === null || (device === undefined && type === 'unicast')) return null;
  const destination = network.length === 0 ? 'default' : prefixText(network);
  const gateway = optionText(section, 'gateway');
  const table = optionText(section, 'table');
  return [
    ...(section.type === 'route6' ? ['-6'] : []),
    ...(type === 'unicast' ? [] : [type]),
    destination,
    ...(gateway === null ? [] : ['via', gateway]),
    ...(device === undefined ? [] : ['dev', device]),
    ...(table === null ? [] : ['table', table]),
    `proto static${metricWords(section)}`,
  ].join(' ');
}

/** What the kernel gives every device that is up, but the loopback and those without addresses of their own (RFC 4291, 2.5.6). */
function linkLocalRoutes(
  sections: readonly UciSection[],
  devices: Readonly<Record<string, string>>,
): readonly string[] {
  const bare = interfacesOf(sections)
    .filter((section) => optionText(section, 'proto') === 'wireguard')
    .map(({ name }) => name);
  const all = Object.values(devices).filter((device) => device !== 'lo' && !bare.includes(device));
  return [...new Set(all)].map((device) => `fe80::/64 dev ${device} proto kernel metric 256`);
}

/** Routes as lines of `ip route`; those for IPv6 that do not show it begin with `-6`. */
export function readRoutes(sections: readonly UciSection[]): readonly string[] {
  const devices = readDevices(sections);
  return [
    ...interfacesOf(sections).flatMap((section) => {
      const device = own(devices, section.name);
      return device === undefined ? [] : interfaceRoutes(section, device);
    }),
    ...sections.flatMap((section) =>
      section.type === 'route' || section.type === 'route6' ? (staticRoute(section, devices) ?? []) : [],
    ),
    ...linkLocalRoutes(sections, devices),
  ];
}
