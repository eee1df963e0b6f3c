/**
 * The kernel's side of the stand-in of netifd: links as `ip` lists them, changes as `ip monitor` streams them, addresses and
 * routes set by `ip -batch` (ip(8)). Every word of a batch line comes from config.ts or was checked there.
 */
import { spawn } from 'node:child_process';
import type { Address, Route } from './config.ts';

export interface Link {
  readonly name: string;
  readonly index: number;
  /** Administratively up. */
  readonly up: boolean;
  readonly carrier: boolean;
  readonly mtu: number;
  readonly macaddr: string;
  readonly txQueueLength: number;
  readonly loopback: boolean;
  readonly statistics: Readonly<Record<string, number>>;
}

interface IpLink {
  readonly ifname: string;
  readonly ifindex: number;
  readonly flags?: readonly string[];
  readonly mtu?: number;
  readonly address?: string;
  readonly txqlen?: number;
  readonly link_type?: string;
  readonly stats64?: Readonly<Record<'rx' | 'tx', Readonly<Record<string, number>>>>;
}

/** Runs `ip` to its end; a failure is not an error here: what cannot be set is seen missing afterwards. */
function ip(args: readonly string[], input: string): Promise<string> {
  return new Promise((resolve) => {
    const child = spawn('/sbin/ip', args, { stdio: ['pipe', 'pipe', 'ignore'] });
    let text = '';
    child.stdout.setEncoding('utf8');
    child.stdout.on('data', (chunk: string) => {
      text += chunk;
    });
    child.on('error', () => resolve(''));
    child.on('close', () => resolve(text));
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}

/** All lines in one process; a line that fails does not keep the next ones from running. */
export async function batch(lines: readonly string[]): Promise<void> {
  if (lines.length > 0) await ip(['-force', '-batch', '-'], lines.map((line) => `${line}\n`).join(''));
}

function statisticsOf(link: IpLink): Record<string, number> {
  const { rx = {}, tx = {} } = link.stats64 ?? {};
  return {
    rx_bytes: rx['bytes'] ?? 0,
    rx_packets: rx['packets'] ?? 0,
    rx_errors: rx['errors'] ?? 0,
    rx_dropped: rx['dropped'] ?? 0,
    multicast: rx['multicast'] ?? 0,
    tx_bytes: tx['bytes'] ?? 0,
    tx_packets: tx['packets'] ?? 0,
    tx_errors: tx['errors'] ?? 0,
    tx_dropped: tx['dropped'] ?? 0,
    collisions: tx['collisions'] ?? 0,
  };
}

export async function readLinks(): Promise<Map<string, Link>> {
  const text = await ip(['-json', '-details', '-statistics', 'link', 'show'], '');
  let list: readonly IpLink[] = [];
  try {
    list = JSON.parse(text) as readonly IpLink[];
  } catch {
    return new Map();
  }
  return new Map(
    list.map((link) => [
      link.ifname,
      {
        name: link.ifname,
        index: link.ifindex,
        up: link.flags?.includes('UP') ?? false,
        carrier: link.flags?.includes('LOWER_UP') ?? false,
        mtu: link.mtu ?? 0,
        macaddr: link.address ?? '00:00:00:00:00:00',
        txQueueLength: link.txqlen ?? 0,
        loopback: link.link_type === 'loopback',
        statistics: statisticsOf(link),
      },
    ]),
  );
}

/** By then a started `ip monitor` listens: what came before it is read once more. */
const LISTENING_MS = 500;

/** Calls `changed` at each change of a link, also soon after each start of the stream, which is started again if it ends. */
export function watchLinks(changed: () => void): () => void {
  let ended = false;
  let child = start();
  function start() {
    const monitor = spawn('/sbin/ip', ['monitor', 'link'], { stdio: ['ignore', 'pipe', 'ignore'] });
    monitor.stdout.on('data', changed);
    monitor.on('error', () => undefined);
    monitor.on('close', () => {
      if (!ended)
        setTimeout(() => {
          child = start();
        }, 1000);
    });
    setTimeout(changed, LISTENING_MS);
    return monitor;
  }
  return () => {
    ended = true;
    child.kill();
  };
}

const isV6 = (text: string) => text.includes(':');

/** The subnet of an address, e.g. 192.0.2.0 for 192.0.2.9/24; IPv4 only, IPv6 is masked by the kernel itself. */
function subnet(address: string, mask: number): string {
  const value = address.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0);
  const size = 2 ** (32 - mask);
  const base = Math.floor(value / size) * size;
  return [24, 16, 8, 0].map((shift) => Math.floor(base / 2 ** shift) % 256).join('.');
}

/** Replaced, as netifd does: one that is there for a time stays then. With a metric, the kernel's own subnet route is replaced by one that bears it, as netifd does. */
export function addressLines(
  verb: 'add' | 'del',
  device: string,
  addresses: readonly Address[],
  metric: number,
): string[] {
  return addresses.flatMap(({ address, mask }) => {
    const six = isV6(address);
    const own = metric > 0 && mask < (six ? 128 : 32);
    if (verb === 'del') return [`addr del ${address}/${mask} dev ${device}`];
    const add = `addr replace ${address}/${mask} ${six ? 'nodad ' : 'brd + '}dev ${device}${own ? ' noprefixroute' : ''}`;
    if (!own) return [add];
    const target = six ? `${address}/${mask}` : `${subnet(address, mask)}/${mask}`;
    return [
      add,
      six
        ? `route replace ${target} dev ${device} proto static metric ${metric}`
        : `route replace ${target} dev ${device} proto static scope link metric ${metric}`,
    ];
  });
}

/** The subnet routes that addressLines adds, to take them away again. */
export function subnetRouteLines(device: string, addresses: readonly Address[], metric: number): string[] {
  return addresses
    .filter(({ address, mask }) => metric > 0 && mask < (isV6(address) ? 128 : 32))
    .map(({ address, mask }) =>
      isV6(address)
        ? `route del ${address}/${mask} dev ${device} proto static metric ${metric}`
        : `route del ${subnet(address, mask)}/${mask} dev ${device} proto static metric ${metric}`,
    );
}

/** `source` is used as the preferred source of a dhcp route, which names one address. */
export function routeLines(
  verb: 'replace' | 'del',
  device: string,
  routes: readonly Route[],
  metric: number,
): string[] {
  return routes.map((route) => {
    const own = route.metric ?? metric;
    const onLink = route.nexthop === '0.0.0.0' || route.nexthop === '::';
    const source = /^(.+)\/(32|128)$/.exec(route.source)?.[1];
    return [
      `route ${verb} ${route.target}/${route.mask}`,
      onLink ? '' : ` via ${route.nexthop}`,
      ` dev ${device} proto static`,
      source === undefined ? '' : ` src ${source}`,
      own > 0 ? ` metric ${own}` : '',
    ].join('');
  });
}
