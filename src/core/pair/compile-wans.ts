/** WANs that run on the active router only: what the handover script and its table need, and what the administrator has to set. */

import { parseMarkMask } from '../config/multiwan-values.ts';
import { own, readDevices, texts } from '../config/network.ts';
import { optionText, type UciSection } from '../config/uci.ts';
import { digest } from '../plan/digest.ts';
import { marksOf, wanMark } from '../policy/marks.ts';
import type { Situation } from './types.ts';
import { boolWord } from './words.ts';

export interface RunningWan {
  readonly interface: string;
  /** What the MAC address is set on. */
  readonly device: string;
  /** What the traffic leaves by: `pppoe-wan` of a PPPoE interface. */
  readonly l3Device: string;
  readonly macaddr: string;
  readonly metric: number;
  /** `NUMBER MARK/MASK` of the multi-WAN engine; empty if that does not know it. */
  readonly mark: string;
  /** Its lease can be taken over. */
  readonly isDhcp: boolean;
  /** Connections from inside are translated to its address. */
  readonly isTranslated: boolean;
}

const DEVICE = /^[A-Za-z0-9_.@-]{1,15}$/;

/** The same on both routers; locally administered. */
function macOf({ config }: Situation, name: string): string {
  const text = digest([...config.routers.map(({ syncAddress }) => syncAddress), name].join(' '));
  return `02:${(text.slice(0, 10).match(/../g) ?? []).join(':')}`;
}

function markOf({ config, packages }: Situation, name: string): string {
  const all = packages.mwan3 ?? [];
  const number = all.filter(({ type }) => type === 'interface').findIndex((item) => item.name === name) + 1;
  const globals = all.find(({ type }) => type === 'globals');
  const mask = parseMarkMask((globals && optionText(globals, 'mmx_mask')) ?? '0x3F00');
  if (config.engine !== 'hagw' || number === 0 || mask === null) return '';
  const hex = (value: number): string => `0x${value.toString(16)}`;
  return `${number} ${hex(wanMark(marksOf(mask), number))}/${hex(mask)}`;
}

/** What hagw cannot write, for the section is the administrator's. */
function reportInterface({ report }: Situation, section: UciSection, mac: string): void {
  const name = section.name ?? '';
  const wrong = (option: string, value: string, text: string): void =>
    report({
      severity: 'warning',
      where: `network.${name}.${option}`,
      text: `${text} \`uci set network.${name}.${option}=${value}; uci commit network; /etc/init.d/network reload\`, on both routers.`,
    });
  if (boolWord(optionText(section, 'auto')) !== false)
    wrong('auto', '0', 'Is not 0: after a start of the network the WAN runs on both routers for a moment.');
  if (optionText(section, 'proto') !== 'dhcp') return;
  if (boolWord(optionText(section, 'norelease')) !== true)
    wrong(
      'norelease',
      '1',
      'Is not set: the router that goes gives the address back while its partner uses it.',
    );
  if (optionText(section, 'clientid') === null)
    wrong(
      'clientid',
      `01${mac.replace(/:/g, '')}`,
      'Is not set: OpenWrt may then send an identifier that differs by router, and the provider gives each another address.',
    );
}

/** null if one of them cannot be run. */
export function runningWans(situation: Situation): readonly RunningWan[] | null {
  const { config, packages, report } = situation;
  const network = packages.network ?? [];
  const devices = readDevices(network);
  const found: RunningWan[] = [];
  for (const wan of config.wans) {
    const name = wan.interface;
    const section = network.find((item) => item.type === 'interface' && item.name === name);
    const proto = section === undefined ? null : optionText(section, 'proto');
    const [device = ''] =
      section === undefined ? [] : [...texts(section, 'device'), ...texts(section, 'ifname')];
    const wrong =
      section === undefined || !DEVICE.test(device) || device.startsWith('@')
        ? `Is '${name}', an interface without a device of its own in /etc/config/network.`
        : proto === 'static' || proto === 'none'
          ? `Is '${name}', whose addresses are fixed (proto ${proto}): give it a virtual address instead.`
          : null;
    if (wrong !== null || section === undefined) {
      report({ severity: 'error', where: `${wan.where}.interface`, text: wrong ?? '' });
      continue;
    }
    const macaddr = (wan.macaddr ?? macOf(situation, name)).toLowerCase();
    const isOther = network.find((item) => item.type === 'device' && optionText(item, 'name') === device);
    const set = isOther === undefined ? null : optionText(isOther, 'macaddr');
    if (set !== null && set.toLowerCase() !== macaddr)
      report({
        severity: 'warning',
        where: `${wan.where}.macaddr`,
        text: `Is ${macaddr}, but /etc/config/network gives ${device} ${set}: the WAN would change its MAC address when it comes up. Set both to the same.`,
      });
    reportInterface(situation, section, macaddr);
    if (proto !== 'dhcp')
      report({
        severity: 'warning',
        where: `${wan.where}.interface`,
        text: `Is '${name}' (proto ${proto}): its session starts anew on the other router, and connections by it end whenever the routers change roles.`,
      });
    const zone = (packages.firewall ?? []).find(
      (item) => item.type === 'zone' && texts(item, 'network').includes(name),
    );
    const metric = Number(optionText(section, 'metric') ?? '0');
    found.push({
      interface: name,
      device,
      l3Device: own(devices, name) ?? device,
      macaddr,
      metric: Number.isInteger(metric) && metric >= 0 ? metric : 0,
      mark: markOf(situation, name),
      isDhcp: proto === 'dhcp',
      isTranslated: proto === 'dhcp' && zone !== undefined && boolWord(optionText(zone, 'masq')) === true,
    });
  }
  return found.length < config.wans.length ? null : found;
}

/** Lines of handover.conf. */
export function wanLines(wans: readonly RunningWan[]): readonly string[] {
  return wans.map(({ interface: name, device, macaddr, metric, mark }) =>
    `wan ${name} ${device} ${macaddr} ${metric} ${mark}`.trimEnd(),
  );
}

/**
 * Map and chain of the pair's table: connections get the WAN's address, which the script puts in, before fw4 would masquerade them. The map
 * is there whenever there is such a WAN, since the script fills it.
 */
export function wanTable(wans: readonly RunningWan[]): readonly string[] {
  if (wans.length === 0) return [];
  const quoted = wans.filter(({ isTranslated }) => isTranslated).map(({ l3Device }) => `"${l3Device}"`);
  return [
    '\tmap leased {',
    '\t\ttype ifname : ipv4_addr',
    '\t\tcomment "!hagw: what the provider gave this router"',
    '\t}',
    ...(quoted.length === 0
      ? []
      : [
          '\tchain translate {',
          '\t\tcomment "!hagw: masquerading would forget the connections with the address, before the partner has taken them"',
          '\t\ttype nat hook postrouting priority srcnat - 5; policy accept;',
          `\t\tmeta nfproto ipv4 oifname { ${quoted.join(', ')} } snat ip to oifname map @leased`,
          '\t}',
        ]),
  ];
}
