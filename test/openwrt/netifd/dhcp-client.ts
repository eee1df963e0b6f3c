/**
 * proto dhcp: udhcpc (busybox) with /lib/netifd/dhcp.script, which reports each event by `notify_proto` of the interface;
 * here its messages are decoded. Options `hostname`, `norelease` and `clientid` are passed on; other options of the proto are not.
 */
import { spawn } from 'node:child_process';
import { parseIpAddress } from '../../../src/lib/ip.ts';
import { asList, asTable, type BusTable, type BusValue, stringsOf } from '../procd/stand-in-bus.ts';
import { type Address, maskLength, type Route } from './config.ts';

export interface DhcpClient {
  /** Asks for the lease again. */
  renew(): void;
  /** Gives the lease back, if it is to, and ends; resolves once the program has gone. */
  stop(): Promise<void>;
}

export interface DhcpOptions {
  readonly hostname: string | undefined;
  /** The lease is kept when the interface goes down. */
  readonly norelease: boolean;
  /** Hex digits of option 61. */
  readonly clientid: string | undefined;
}

/** `onLost` comes if the program ends by itself. */
export function startDhcpClient(
  name: string,
  device: string,
  { hostname, norelease, clientid }: DhcpOptions,
  onLost: () => void,
): DhcpClient {
  const args = [
    '-f',
    ...(norelease ? [] : ['-R']),
    '-t',
    '0',
    '-S',
    '-s',
    '/lib/netifd/dhcp.script',
    '-i',
    device,
  ];
  if (hostname !== undefined && /^[A-Za-z0-9.-]{1,63}$/.test(hostname))
    args.push('-x', `hostname:${hostname}`);
  if (clientid !== undefined) args.push('-C', '-x', `0x3d:${clientid}`);
  args.push('-O', 'search', '-O', 'ntpsrv');
  const child = spawn('/sbin/udhcpc', args, {
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', INTERFACE: name },
    cwd: '/',
    stdio: 'ignore',
  });
  let stopping = false;
  let ended = false;
  const waiting: (() => void)[] = [];
  const end = () => {
    if (ended) return;
    ended = true;
    for (const done of waiting) done();
    if (!stopping) onLost();
  };
  child.on('error', end);
  child.on('exit', end);
  return {
    renew: () => void child.kill('SIGUSR1'),
    stop() {
      stopping = true;
      if (ended) return Promise.resolve();
      const done = new Promise<void>((resolve) => waiting.push(resolve));
      child.kill('SIGTERM');
      return done;
    },
  };
}

/** What a protocol script reports: the link with its addresses, or its loss. */
export interface ProtoReport {
  readonly linkUp: boolean;
  readonly addresses4: readonly Address[];
  readonly routes: readonly Route[];
  readonly dns: readonly string[];
  readonly dnsSearch: readonly string[];
  readonly data: BusTable;
}

const text = (value: BusValue | undefined) => (typeof value === 'string' ? value : String(value ?? ''));

function addressOf(value: BusValue): Address[] {
  const table = asTable(value) ?? {};
  const address = parseIpAddress(text(table['ipaddr']));
  const mask = maskLength(text(table['mask']));
  return address?.family === 'ipv4' && mask !== undefined && mask <= 32
    ? [{ address: address.text, mask }]
    : [];
}

function routeOf(value: BusValue): Route[] {
  const table = asTable(value) ?? {};
  const target = parseIpAddress(text(table['target']));
  const mask = maskLength(text(table['netmask']));
  const gateway = parseIpAddress(text(table['gateway'] ?? '0.0.0.0'));
  if (target?.family !== 'ipv4' || gateway?.family !== 'ipv4' || mask === undefined) return [];
  const [host = '', length = ''] = text(table['source'] ?? '0.0.0.0/0').split('/');
  const source = parseIpAddress(host);
  const from =
    source?.family === 'ipv4' && /^\d{1,2}$/.test(length) ? `${source.text}/${length}` : '0.0.0.0/0';
  return [{ target: target.text, mask, nexthop: gateway.text, source: from }];
}

/** Of `notify_proto`, action 0 (update link); undefined for the other actions. */
export function decodeReport(args: BusTable): ProtoReport | undefined {
  if (args['action'] !== 0) return undefined;
  const list = (name: string) => asList(args[name]) ?? [];
  return {
    linkUp: args['link-up'] === true,
    addresses4: list('ipaddr').flatMap(addressOf),
    routes: list('routes').flatMap(routeOf),
    dns: stringsOf(args['dns']).filter((server) => parseIpAddress(server) !== null),
    dnsSearch: stringsOf(args['dns_search']).filter((domain) => /^[A-Za-z0-9._-]+$/.test(domain)),
    data: asTable(args['data']) ?? {},
  };
}
