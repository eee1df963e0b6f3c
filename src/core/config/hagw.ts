/**
 * /etc/config/hagw: the pair, its sync link and its virtual addresses. One file, the same on both routers; which of
 * the two a router is comes from its own addresses (`ownRouter`). Any error rejects the whole file, since a router
 * that runs half of what its partner runs is worse than one that goes on as before.
 */
import { parseIpPrefix } from '../../lib/ip.ts';
import { checkAddresses, checkPair, checkWans, type Report } from './hagw-check.ts';
import { type DecodeContext, decodeSection } from './option.ts';
import { ADDRESS, GLOBALS, ROUTER, SECTIONS, WAN } from './tables.ts';
import { type ConfigProblem, optionText, sectionAddress, type UciSection } from './uci.ts';

export interface RouterConfig {
  readonly name: string;
  readonly syncAddress: string;
  readonly priority: number;
  /** Addresses of its own on other networks, as far as the file names them. */
  readonly ownAddresses: readonly string[];
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
  /** Translate to it what leaves by its interface, if that is a WAN. */
  readonly snat: boolean;
  /** DHCP clients get it as gateway and DNS server, if the interface has a pool. */
  readonly dhcp: boolean;
  readonly where: string;
}

/** A WAN that runs on the active router only. */
export interface FloatingWan {
  readonly interface: string;
  /** As in the file; null = derived. */
  readonly macaddr: string | null;
  readonly where: string;
}

export interface HagwConfig {
  readonly enabled: boolean;
  readonly engine: 'hagw' | 'mwan3' | 'none';
  readonly syncInterface: string;
  /** hagw writes the sections of the other packages; otherwise it only reads them. */
  readonly managePair: boolean;
  readonly advertProfile: 'default' | 'fast';
  /** As set, else as the profile has it. */
  readonly advertIntervalMs: number;
  readonly preempt: boolean;
  readonly preemptDelayS: number;
  readonly vrrpTransport: 'auto' | 'multicast' | 'unicast';
  /** How long a state of a WAN must last before it moves the router. */
  readonly holdS: number;
  readonly conntrackdPort: number;
  readonly conntrackdTransport: 'udp' | 'multicast';
  readonly pollIntervalMs: number;
  /** Two, in the order of the file. */
  readonly routers: readonly RouterConfig[];
  readonly addresses: readonly AddressConfig[];
  readonly wans: readonly FloatingWan[];
}

export interface DecodedConfig<T> {
  /** null if there is an error. */
  readonly value: T | null;
  readonly problems: readonly ConfigProblem[];
}

/** Advertisement_Interval of each profile, in ms: 0.284 s and 0.067 s of gap at a loss of power, as measured. */
export const ADVERT_INTERVALS = { default: 100, fast: 20 };
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
        ownAddresses: values.own_address,
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
        snat: values.snat,
        dhcp: values.dhcp,
        where: at.where,
      },
    ];
  });
}

function decodeWans(sections: readonly UciSection[], context: ContextOf): FloatingWan[] {
  const found = sections.filter((section) => section.type === 'wan');
  return found.flatMap((section) => {
    const at = context(section, optionText(section, 'interface'));
    const values = decodeSection(WAN, section, at);
    if (values === null) return [];
    const name = values.interface ?? section.name;
    if (name !== null) return [{ interface: name, macaddr: values.macaddr, where: at.where }];
    const text = 'Is missing; a section without a name needs it.';
    at.report({ severity: 'error', where: `${at.where}.interface`, text });
    return [];
  });
}

type ContextOf = (section: UciSection, about: string | null) => DecodeContext;

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
  const wans = decodeWans(sections, context);
  checkPair(routers, sections, report);
  checkWans(wans, addresses, report);
  checkAddresses(addresses, routers, report);
  if (globals === null || problems.some(({ severity }) => severity === 'error'))
    return { value: null, problems };
  const value: HagwConfig = {
    enabled: globals.enabled,
    engine: globals.engine,
    syncInterface: globals.sync_interface,
    managePair: globals.manage_pair,
    advertProfile: globals.advert_profile,
    advertIntervalMs: globals.advert_interval_ms ?? ADVERT_INTERVALS[globals.advert_profile],
    preempt: globals.preempt,
    preemptDelayS: globals.preempt_delay_s,
    vrrpTransport: globals.vrrp_transport,
    holdS: globals.hold_s,
    conntrackdPort: globals.conntrackd_port,
    conntrackdTransport: globals.conntrackd_transport,
    pollIntervalMs: globals.poll_interval_ms,
    routers,
    addresses,
    wans,
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
