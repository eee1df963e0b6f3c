/**
 * /etc/config/hagw: the pair, its sync link and its virtual addresses. One file, the same on both routers; which of
 * the two a router is comes from its own addresses (`ownRouter`). Any error rejects the whole file, since a router
 * that runs half of what its partner runs is worse than one that goes on as before.
 */
import { parseIpAddress, parseIpPrefix } from '../../lib/ip.ts';
import { type DecodeContext, decodeSection } from './option.ts';
import { ADDRESS, GLOBALS, ROUTER, SECTIONS } from './tables.ts';
import { type ConfigProblem, optionText, sectionAddress, type UciSection } from './uci.ts';

export interface RouterConfig {
  readonly name: string;
  readonly syncAddress: string;
  readonly priority: number;
  /** Address of the section, for messages. */
  readonly where: string;
}

export interface AddressConfig {
  /** Name of the section; `INTERFACE_VRID` without one. */
  readonly name: string;
  readonly interface: string;
  readonly family: 'ipv4' | 'ipv6';
  /** With prefix length. */
  readonly address: string;
  readonly vrid: number;
  readonly where: string;
}

export interface HagwConfig {
  readonly enabled: boolean;
  readonly engine: 'hagw' | 'mwan3' | 'none';
  readonly syncInterface: string;
  readonly advertIntervalMs: number;
  readonly conntrackdPort: number;
  readonly pollIntervalMs: number;
  /** Two, in the order of the file. */
  readonly routers: readonly RouterConfig[];
  readonly addresses: readonly AddressConfig[];
}

export interface DecodedConfig<T> {
  /** null if there is an error. */
  readonly value: T | null;
  readonly problems: readonly ConfigProblem[];
}

/** Priorities of the first and the second router (near the top, so that Skew_Time is small). */
const PRIORITIES = [250, 240];

function decodeRouters(sections: readonly UciSection[], context: ContextOf): RouterConfig[] {
  const found = sections.filter((section) => section.type === 'router');
  return found.flatMap((section, index) => {
    const at = context(section, optionText(section, 'name'));
    const values = decodeSection(ROUTER, section, at);
    if (values === null) return [];
    const name = values.name ?? section.name;
    if (name === null) {
      at.report({
        severity: 'error',
        where: `${at.where}.name`,
        text: 'Is missing; a section without a name needs it.',
      });
      return [];
    }
    return [
      {
        name,
        syncAddress: values.sync_address,
        priority: values.priority ?? PRIORITIES[index] ?? 100,
        where: at.where,
      },
    ];
  });
}

function decodeAddresses(sections: readonly UciSection[], context: ContextOf): AddressConfig[] {
  const found = sections.filter((section) => section.type === 'address');
  return found.flatMap((section) => {
    const at = context(section, optionText(section, 'interface'));
    const values = decodeSection(ADDRESS, section, at);
    if (values === null) return [];
    return [
      {
        name: section.name ?? `${values.interface}_${values.vrid}`,
        interface: values.interface,
        family: parseIpPrefix(values.address)?.family ?? 'ipv4',
        address: values.address,
        vrid: values.vrid,
        where: at.where,
      },
    ];
  });
}

type Report = (problem: ConfigProblem) => void;
type ContextOf = (section: UciSection, about: string | null) => DecodeContext;

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

function checkPair(routers: readonly RouterConfig[], sections: readonly UciSection[], report: Report): void {
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

function checkAddresses(
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
    const router = routers.find(({ syncAddress }) => syncAddress === parseIpPrefix(item.address)?.text);
    if (router === undefined) continue;
    report({
      severity: 'error',
      where: `${item.where}.address`,
      text: `Is ${item.address}, the sync address of ${router.where}; a virtual address is nobody's own.`,
    });
  }
}

/** The `globals` section, of which there is at most one; without it a required option is missing. */
function decodeGlobals(sections: readonly UciSection[], context: ContextOf, report: Report) {
  const found = sections.filter((section) => section.type === 'globals');
  const section = found[0] ?? { type: 'globals', name: 'globals', options: [] };
  if (found.length > 1) {
    report({
      severity: 'error',
      where: 'hagw',
      text: `Has ${found.length} sections of type 'globals'; there is one.`,
    });
  }
  return decodeSection(GLOBALS, section, context(section, null));
}

/** Decodes /etc/config/hagw. */
export function decodeHagw(sections: readonly UciSection[]): DecodedConfig<HagwConfig> {
  const problems: ConfigProblem[] = [];
  const report: Report = (problem) => problems.push(problem);
  const context: ContextOf = (section, about) => ({
    where: sectionAddress('hagw', sections, section, about),
    report,
    nameUnknown: true,
  });
  for (const section of sections) {
    if (Object.keys(SECTIONS).includes(section.type)) continue;
    report({
      severity: 'warning',
      where: sectionAddress('hagw', sections, section),
      text: `Is of the type '${section.type}', which hagw does not know; the section has no effect.`,
    });
  }
  if (!sections.some(({ type }) => type === 'router' || type === 'address')) {
    const text = 'Has no router and no address section yet: the pair is not set up.';
    report({ severity: 'error', where: 'hagw', text });
    return { value: null, problems };
  }
  const globals = decodeGlobals(sections, context, report);
  const routers = decodeRouters(sections, context);
  const addresses = decodeAddresses(sections, context);
  checkPair(routers, sections, report);
  checkAddresses(addresses, routers, report);
  if (globals === null || problems.some(({ severity }) => severity === 'error'))
    return { value: null, problems };
  const value: HagwConfig = {
    enabled: globals.enabled,
    engine: globals.engine,
    syncInterface: globals.sync_interface,
    advertIntervalMs: globals.advert_interval_ms,
    conntrackdPort: globals.conntrackd_port,
    pollIntervalMs: globals.poll_interval_ms,
    routers,
    addresses,
  };
  return { value, problems };
}

export type OwnRouter =
  | { readonly kind: 'found'; readonly self: RouterConfig; readonly partner: RouterConfig }
  /** Neither sync address is on this router, or both are: `reason` is a whole sentence. */
  | { readonly kind: 'unclear'; readonly reason: string };

/** Which of the pair has its sync address among `addresses` (canonical, without prefix length). */
export function ownRouter(config: HagwConfig, addresses: readonly string[]): OwnRouter {
  const [first, second] = config.routers;
  if (first === undefined || second === undefined)
    return { kind: 'unclear', reason: 'The pair has fewer than two routers.' };
  const isFirst = addresses.includes(first.syncAddress);
  const isSecond = addresses.includes(second.syncAddress);
  const both = `${first.syncAddress} (${first.name}) and ${second.syncAddress} (${second.name})`;
  if (isFirst && isSecond)
    return { kind: 'unclear', reason: `Both sync addresses, ${both}, are on this router.` };
  if (isFirst) return { kind: 'found', self: first, partner: second };
  if (isSecond) return { kind: 'found', self: second, partner: first };
  return {
    kind: 'unclear',
    reason: `This router has neither of the sync addresses ${both}.`,
  };
}
