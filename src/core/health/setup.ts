/**
 * What the router's other configuration looks like to the checks: UCI packages, and facts of the running system that are read
 * with them. A package or fact that nobody has read is null, and the checks say nothing of it.
 */
import type { HagwConfig, RouterConfig } from '../config/hagw.ts';
import { own, readDevices, staticAddresses } from '../config/network.ts';
import { sectionAddress, type UciSection } from '../config/uci.ts';
import type { State } from '../engine/state.ts';
import { whoAmI } from '../engine/state.ts';
import type { InterfaceFacts } from '../netifd/facts.ts';
import { wanDevices, zoneOf } from '../pair/situation.ts';
import type { ReadPackage } from '../pair/types.ts';
import type { Finding, ProblemCode } from './catalogue.ts';

/** Of a router that runs; nothing of it can be told from a folder of files. */
export interface LiveFacts {
  /** net.netfilter.nf_conntrack_tcp_be_liberal and …_tcp_loose. */
  readonly liberal: boolean | null;
  readonly loose: boolean | null;
  /** vrrp_script programs that keepalived would not run: path and why, without a full stop. */
  readonly scripts: readonly (readonly [path: string, why: string])[];
  /** Names in /etc/protocols; null = there is no such file. */
  readonly protocols: readonly string[] | null;
  /** conntrackd.conf; null = there is none. */
  readonly conntrackd: string | null;
  /** A script of the administrator's, or handover.conf, has `conntrackd -t` run. */
  readonly purges: boolean;
  /** There is a handler of DHCP events, and dnsmasq was started without calling it; null = dnsmasq has no configuration. */
  readonly unheard: boolean | null;
}

export interface SetupFacts {
  readonly packages: Readonly<Record<ReadPackage, readonly UciSection[] | null>>;
  readonly live: LiveFacts | null;
  /** UCI mwan3 of the partner. */
  readonly partnerMwan3: readonly UciSection[] | null;
}

/** A virtual address and its network. */
export interface SetupLeg {
  readonly interface: string;
  readonly where: string;
  readonly family: 'ipv4' | 'ipv6';
  /** Without length. */
  readonly host: string;
  readonly vrid: number;
  readonly snat: boolean;
  readonly dhcp: boolean;
  readonly device: string | null;
  readonly isWan: boolean;
  /** Firewall zone; null = in none. */
  readonly zone: UciSection | null;
}

export interface Setup extends SetupFacts {
  readonly config: HagwConfig;
  readonly partner: RouterConfig | null;
  /** null = netifd has not been asked. */
  readonly interfaces: readonly InterfaceFacts[] | null;
  readonly deviceNames: readonly string[];
  readonly legs: readonly SetupLeg[];
  readonly wans: readonly string[];
  deviceOf(name: string): string | null;
  addressesOf(name: string): readonly { family: string; address: string; prefixLength: number }[];
}

/** Where findings of one check go. */
export type Add = (code: ProblemCode, where: string, text: string) => void;
export type SetupCheck = (setup: Setup, add: Add) => void;

/** Place of a section, with its option. */
export function place(
  name: ReadPackage,
  sections: readonly UciSection[],
  section: UciSection,
  option = '',
): string {
  return sectionAddress(name, sections, section) + (option === '' ? '' : `.${option}`);
}

export function setupOf(state: State): Setup | null {
  const config = state.hagw.value;
  const { setup } = state;
  if (config === null || setup === null) return null;
  const { packages } = setup;
  const network = packages.network ?? [];
  const links = state.links.value;
  const me = whoAmI(state);
  const planned = staticAddresses(network);
  const known = planned.map(({ address }) => address);
  const [first, second] = config.routers.map((router) => known.includes(router.syncAddress));
  const guessed = first === second ? null : (config.routers[first ? 1 : 0] ?? null);
  const devices: Record<string, string> = { ...readDevices(network) };
  for (const { name, l3Device, device } of links?.interfaces ?? []) {
    const real = l3Device ?? device;
    if (own(devices, name) === undefined && real !== null) devices[name] = real;
  }
  const deviceOf = (name: string): string | null => own(devices, name) ?? null;
  const wans = wanDevices(setup, devices);
  const firewall = packages.firewall ?? [];
  return {
    ...setup,
    config,
    partner: me.kind === 'found' ? me.partner : guessed,
    interfaces: links?.interfaces ?? null,
    deviceNames: [...(links?.devices ?? []).map(({ name }) => name), ...Object.values(devices)],
    wans,
    deviceOf,
    addressesOf: (name) =>
      links?.interfaces.find((item) => item.name === name)?.addresses ??
      planned.filter((item) => item.interface === name),
    legs: config.addresses.map((item) => {
      const device = deviceOf(item.interface);
      const zone = device === null ? null : zoneOf(firewall, item.interface, device);
      return {
        ...item,
        host: item.address.split('/')[0] ?? '',
        device,
        isWan: device !== null && wans.includes(device),
        zone:
          firewall.find(
            ({ type, options }) =>
              type === 'zone' && options.some(({ name, value }) => name === 'name' && value === zone),
          ) ?? null,
      };
    }),
  };
}

/** Whether what `setupOf` reads may have changed. */
export function setupMayDiffer(before: State, after: State): boolean {
  if (before.hagw !== after.hagw || before.setup !== after.setup) return true;
  if (before.links.value === after.links.value) return false;
  const print = ({ links }: State): string =>
    JSON.stringify([
      links.value?.interfaces.map((item) => [
        item.name,
        item.device,
        item.l3Device,
        item.addresses,
        item.defaultGateway4,
      ]),
      links.value?.devices.map(({ name }) => name),
    ]);
  return print(before) !== print(after);
}

export function runSetup(state: State, checks: readonly SetupCheck[]): readonly Finding[] {
  const setup = setupOf(state);
  const found = new Map<string, Finding>();
  if (setup !== null)
    for (const check of checks)
      check(setup, (code, where, text) => {
        const key = `${code} ${where}`;
        if (!found.has(key)) found.set(key, { code, where, text });
      });
  return [...found.values()];
}
