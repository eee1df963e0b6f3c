/** What the sections of /etc/config/hagw must be to one another. */
import { parseIpAddress, parseIpPrefix } from '../../lib/ip.ts';
import { addressBytes } from '../policy/prefixes.ts';
import type { AddressConfig, FloatingWan, RouterConfig } from './hagw.ts';
import type { ConfigProblem, UciSection } from './uci.ts';

export type Report = (problem: ConfigProblem) => void;

/** Not multicast, loopback, unspecified or reserved, nor an IPv4 network's own number or broadcast address. */
function isHost(prefix: string): boolean {
  const parsed = parseIpPrefix(prefix);
  const bytes = addressBytes(parsed?.text ?? '')?.bytes;
  if (parsed === null || bytes === undefined) return false;
  const first = bytes[0] ?? 0;
  if (parsed.family === 'ipv6') return first !== 255 && bytes.slice(0, 15).some((byte) => byte !== 0);
  if (first === 0 || first === 127 || first >= 224) return false;
  const hostBits = 32 - parsed.prefixLength;
  if (hostBits < 2) return true;
  const [, b = 0, c = 0, d = 0] = bytes;
  const number = (((first * 256 + b) * 256 + c) * 256 + d) % 2 ** hostBits;
  return number !== 0 && number !== 2 ** hostBits - 1;
}

/** Reports each pair of items that share what must differ. */
function reportSame<T extends { readonly where: string }>(
  items: readonly T[],
  option: string,
  keyOf: (item: T) => string,
  sentence: (item: T, other: T) => string,
  report: Report,
): void {
  const seen = new Map<string, T>();
  for (const item of items) {
    const key = keyOf(item);
    const other = seen.get(key);
    if (other === undefined) seen.set(key, item);
    else report({ severity: 'error', where: `${item.where}.${option}`, text: sentence(item, other) });
  }
}

/** Two routers that can be told apart. */
export function checkPair(
  routers: readonly RouterConfig[],
  sections: readonly UciSection[],
  report: Report,
): void {
  const count = sections.filter((section) => section.type === 'router').length;
  if (count !== 2) {
    report({
      severity: 'error',
      where: 'hagw',
      text: `Has ${count} sections of type 'router'; a pair has two.`,
    });
  }
  reportSame(
    routers,
    'name',
    ({ name }) => name,
    ({ name }, { where }) => `Is '${name}', as in ${where}; the routers need different names.`,
    report,
  );
  reportSame(
    routers,
    'sync_address',
    ({ syncAddress }) => syncAddress,
    ({ syncAddress }, { where }) => `Is ${syncAddress}, as in ${where}; each router has its own.`,
    report,
  );
  reportSame(
    routers,
    'priority',
    ({ priority }) => String(priority),
    ({ priority }, { where }) => `Is ${priority}, as in ${where}; the routers need different priorities.`,
    report,
  );
  const [first, second] = routers;
  if (first === undefined || second === undefined) return;
  if (parseIpAddress(first.syncAddress)?.family !== parseIpAddress(second.syncAddress)?.family) {
    report({
      severity: 'error',
      where: `${second.where}.sync_address`,
      text: `Is ${second.syncAddress}, but ${first.where} has ${first.syncAddress}; both must be of one family.`,
    });
  }
}

/** Virtual addresses that a host can have, each once, each with a VRID of its own. */
export function checkAddresses(
  addresses: readonly AddressConfig[],
  routers: readonly RouterConfig[],
  report: Report,
): void {
  reportSame(
    addresses,
    'vrid',
    (item) => `${item.interface} ${item.family} ${item.vrid}`,
    (item, { where }) =>
      `Is ${item.vrid}, as in ${where}; virtual routers of one family on '${item.interface}' need different VRIDs.`,
    report,
  );
  reportSame(
    addresses,
    'address',
    (item) => parseIpPrefix(item.address)?.text ?? item.address,
    (item, { where }) => `Is ${item.address}, as in ${where}; an address is on one network.`,
    report,
  );
  for (const item of addresses) {
    const at = `${item.where}.address`;
    const host = parseIpPrefix(item.address)?.text ?? '';
    const router = routers.find(({ syncAddress }) => syncAddress === host);
    const owner = routers.find(({ ownAddresses }) => ownAddresses.includes(host));
    if (router !== undefined) {
      report({
        severity: 'error',
        where: at,
        text: `Is ${item.address}, the sync address of ${router.where}; a virtual address is nobody's own.`,
      });
    } else if (owner !== undefined) {
      report({
        severity: 'error',
        where: at,
        text: `Is ${item.address}, an own_address of ${owner.where}; a virtual address is nobody's own.`,
      });
    }
    if (!isHost(item.address))
      report({ severity: 'error', where: at, text: `Is ${item.address}, which no host can have.` });
  }
}

/** A host's MAC address: neither a group's nor none. */
const MAC = /^[0-9a-f][02468ace](:[0-9a-f]{2}){5}$/i;

/** WANs that run on one router only, each once, without virtual addresses. */
export function checkWans(
  wans: readonly FloatingWan[],
  addresses: readonly AddressConfig[],
  report: Report,
): void {
  const error = (where: string, text: string): void => report({ severity: 'error', where, text });
  reportSame(
    wans,
    'interface',
    (item) => item.interface,
    (item, { where }) => `Is '${item.interface}', as in ${where}.`,
    report,
  );
  for (const { interface: name, macaddr, where } of wans) {
    if (macaddr !== null && (!MAC.test(macaddr) || /^[0:]*$/.test(macaddr)))
      error(`${where}.macaddr`, `Is '${macaddr}', which no device can have.`);
    const address = addresses.find((item) => item.interface === name);
    if (address !== undefined)
      error(
        `${where}.interface`,
        `Is '${name}', which has a virtual address (${address.where}): such a WAN runs on both routers.`,
      );
  }
}
