/**
 * conntrackd.conf for a pair (conntrackd.conf(5), conntrack-tools 1.4.8): FTFW on one dedicated link. Pure text. What it relies
 * on and cannot check: conntrackd starts only when the sync device has its address; a lock file left by a killed one must be removed first.
 *
 * What is left out on purpose: a protocol filter, whose names are looked up in /etc/protocols (without that file it drops
 * everything and says nothing); CommitTimeout, with which a connection that is idle for longer would end after a takeover;
 * NetlinkEventsReliable, with which the kernel keeps the ended connections of a conntrackd that hangs.
 */
import { parseIpAddress } from '../../lib/ip.ts';
import { fail, ok, type Result } from '../../lib/result.ts';

export interface ConntrackdConfig {
  /** Device of the dedicated link; a Linux name, never netifd's. */
  readonly syncDevice: string;
  /** Addresses of the two routers on it, both IPv4 or both IPv6. */
  readonly localAddress: string;
  readonly partnerAddress: string;
  /** By default udp. By multicast the addresses must be IPv4. */
  readonly transport?: 'udp' | 'multicast';
  /** UDP port at both ends, 1–65535; 3780 is conntrackd's own. */
  readonly port: number;
  /**
   * Connections from or to these are not synced: addresses that belong to one router alone. Loopback and the two sync
   * addresses are always among them. A virtual address stays out: what is translated to it must be synced.
   */
  readonly ignoreAddresses: readonly string[];
  readonly logTo: { readonly kind: 'syslog' } | { readonly kind: 'file'; readonly path: string };
  readonly lockFile: string;
  readonly controlSocket: string;
  /** Entries that each cache may hold; conntrackd refuses more. */
  readonly hashLimit: number;
}

/** Port that conntrackd's documentation uses throughout. */
export const CONNTRACKD_PORT = 3780;
/** The value of conntrackd.conf(5): far above the 16384 to 65536 connections that a router of this kind tracks. */
export const CONNTRACKD_HASH_LIMIT = 131072;

/** Of the UDP sockets: the kernel's default of 208 KiB overflows when 2000 entries are sent at once (bulk update). */
const SOCKET_BUFFER_BYTES = 1249280;
/** Netlink events from the kernel, and how far conntrackd may raise that when it loses some. */
const NETLINK_BUFFER_BYTES = 2097152;
const NETLINK_BUFFER_MAX_BYTES = 8388608;
/** Group of conntrackd's documentation. */
const MULTICAST_GROUP = '225.0.0.50';
/** What is sent to many is of no router's alone: adverts, discovery. */
const NEVER_SYNCED = ['IPv4_address 224.0.0.0/4', 'IPv6_address ff00::/8'];
/** dev_valid_name() of the kernel, less what has a meaning in this file. */
const DEVICE = /^[A-Za-z0-9][A-Za-z0-9_.@-]{0,14}$/;
const PATH = /^\/[A-Za-z0-9_./-]{1,100}$/;

/**
 * @returns the whole file, or what is wrong with the configuration as one sentence. Handshakes are not synced: a client asks again by
 *   itself, and a flood of them would fill the link.
 */
export function renderConntrackd(config: ConntrackdConfig): Result<string, string> {
  const local = parseIpAddress(config.localAddress);
  const partner = parseIpAddress(config.partnerAddress);
  if (local === null) return fail(`The sync address "${config.localAddress}" of this router is no address.`);
  if (partner === null)
    return fail(`The sync address "${config.partnerAddress}" of the partner is no address.`);
  if (local.family !== partner.family) {
    return fail(`The sync addresses ${local.text} and ${partner.text} are of different families.`);
  }
  if (local.text === partner.text) return fail(`Both routers have the sync address ${local.text}.`);
  const problem = problemOf(config);
  if (problem !== null) return fail(problem);
  const isMulticast = config.transport === 'multicast';
  if (isMulticast && local.family === 'ipv6')
    return fail(`The sync address ${local.text} is IPv6, which conntrackd sends by udp only here.`);
  const ignored = ignoredAddresses([local.text, partner.text, ...config.ignoreAddresses]);
  if (!ignored.ok) return ignored;
  const family = local.family === 'ipv4' ? 'IPv4' : 'IPv6';
  return ok(
    [
      'Sync {',
      '\tMode FTFW {',
      // A conntrackd that starts has nothing until it asks: the other one does not send by itself.
      '\t\tStartupResync yes',
      '\t\tPurgeTimeout 60',
      '\t}',
      ...(isMulticast
        ? [
            '\tMulticast {',
            `\t\tIPv4_address ${MULTICAST_GROUP}`,
            `\t\tGroup ${config.port}`,
            `\t\tIPv4_interface ${local.text}`,
          ]
        : [
            '\tUDP {',
            `\t\t${family}_address ${local.text}`,
            `\t\t${family}_Destination_Address ${partner.text}`,
            `\t\tPort ${config.port}`,
          ]),
      `\t\tInterface ${config.syncDevice}`,
      `\t\tSndSocketBuffer ${SOCKET_BUFFER_BYTES}`,
      `\t\tRcvSocketBuffer ${SOCKET_BUFFER_BYTES}`,
      '\t\tChecksum on',
      '\t}',
      '\tOptions {',
      '\t\tExpectationSync On',
      '\t\tTCPWindowTracking Off',
      '\t}',
      '}',
      'General {',
      `\tHashSize ${Math.max(1, Math.floor(config.hashLimit / 4))}`,
      `\tHashLimit ${config.hashLimit}`,
      config.logTo.kind === 'syslog' ? '\tSyslog on' : `\tLogFile ${config.logTo.path}`,
      `\tLockFile ${config.lockFile}`,
      '\tUNIX {',
      `\t\tPath ${config.controlSocket}`,
      '\t}',
      `\tNetlinkBufferSize ${NETLINK_BUFFER_BYTES}`,
      `\tNetlinkBufferSizeMaxGrowth ${NETLINK_BUFFER_MAX_BYTES}`,
      // Events that were lost under load: the table is read again after so many seconds.
      '\tNetlinkOverrunResync 5',
      '\tFilter From Userspace {',
      '\t\tAddress Ignore {',
      ...[...ignored.value, ...NEVER_SYNCED].map((line) => `\t\t\t${line}`),
      '\t\t}',
      '\t\tState Accept {',
      '\t\t\tESTABLISHED FIN_WAIT CLOSE_WAIT LAST_ACK TIME_WAIT CLOSED for TCP',
      '\t\t}',
      '\t}',
      '}',
      '',
    ].join('\n'),
  );
}

function problemOf(config: ConntrackdConfig): string | null {
  if (!DEVICE.test(config.syncDevice)) return `The sync device "${config.syncDevice}" is no device name.`;
  if (!Number.isInteger(config.port) || config.port < 1 || config.port > 65535) {
    return `The port ${config.port} of conntrackd is outside 1 to 65535.`;
  }
  if (!Number.isInteger(config.hashLimit) || config.hashLimit < 1 || config.hashLimit > 16777216) {
    return `The hash limit ${config.hashLimit} of conntrackd is outside 1 to 16777216.`;
  }
  const paths = [config.lockFile, config.controlSocket];
  if (config.logTo.kind === 'file') paths.push(config.logTo.path);
  const wrong = paths.find((path) => !PATH.test(path));
  return wrong === undefined
    ? null
    : `The path "${wrong}" for conntrackd is no absolute path of plain characters.`;
}

/** Loopback first, then the others in order, each once. IPv6 loopback only where there is IPv6 at all in the list. */
function ignoredAddresses(addresses: readonly string[]): Result<readonly string[], string> {
  const lines = ['IPv4_address 127.0.0.1'];
  for (const address of addresses) {
    const parsed = parseIpAddress(address);
    if (parsed === null) return fail(`The address "${address}" that conntrackd is to ignore is none.`);
    if (parsed.family === 'ipv6' && !lines.includes('IPv6_address ::1')) lines.push('IPv6_address ::1');
    const line = `${parsed.family === 'ipv4' ? 'IPv4' : 'IPv6'}_address ${parsed.text}`;
    if (!lines.includes(line)) lines.push(line);
  }
  return ok(lines);
}
