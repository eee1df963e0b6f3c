/** What sections leave behind on their way to a ruleset: zones, sets, and the lines of each chain. */
import type { UciPackage } from 'uci-parser';
import type { Parse, Warn } from './section.ts';
import type { Family, Limit, Subnet } from './values.ts';

export type Policy = 'accept' | 'reject' | 'drop';

/** A logical network as ubus has it. */
export interface Network {
  readonly device: string | undefined;
  /** Addresses with the length of their prefix. */
  readonly addresses: readonly Subnet[];
}

/** What is known of the machine. */
export interface World {
  readonly networks: ReadonlyMap<string, Network>;
  /** Whether the kernel has a module of conntrack. */
  hasModule(name: string): boolean;
  hasDevice(name: string): boolean;
}

export interface Defaults {
  readonly input: Policy;
  readonly output: Policy;
  readonly forward: Policy;
  readonly dropInvalid: boolean;
  /** undefined = no protection. */
  readonly synFlood: { readonly limit: Limit; readonly burst: number } | undefined;
  readonly tcpReject: string;
  readonly anyReject: string;
  readonly autoHelper: boolean;
  readonly offload: boolean;
}

export interface Zone {
  readonly name: string;
  readonly family: Family;
  readonly input: Policy;
  readonly output: Policy;
  readonly forward: Policy;
  readonly masq4: boolean;
  readonly masq6: boolean;
  readonly allowInvalid: boolean;
  readonly mtuFix: boolean;
  readonly counter: boolean;
  readonly networks: readonly string[];
  readonly devices: readonly string[];
  readonly subnets: readonly Subnet[];
  /** Verdicts that a chain VERDICT_from_ZONE is needed for. */
  readonly from: Set<Policy>;
  readonly to: Set<Policy>;
  /** Chains of the zone that are needed. */
  readonly needs: Set<'helper' | 'dnat' | 'snat' | 'notrack'>;
}

export interface IpSet {
  readonly name: string;
  readonly family: 4 | 6;
  readonly lines: readonly string[];
  /** Of each field: which end of the packet, and what of it. */
  readonly fields: readonly { readonly end: 'src' | 'dst'; readonly kind: 'ip' | 'net' | 'port' | 'mac' }[];
}

export interface State {
  readonly pkg: UciPackage;
  readonly world: World;
  readonly warn: Warn;
  readonly defaults: Defaults;
  readonly zones: Zone[];
  readonly sets: IpSet[];
  readonly chains: Map<string, string[]>;
}

/** `*` or a zone. */
export type ZoneRef = Zone | '*';

export const zoneRef =
  (state: State): Parse<ZoneRef> =>
  (text) =>
    text === '*' ? '*' : (state.zones.find(({ name }) => name === text) ?? null);

export function addLine(state: State, chain: string, line: string): void {
  const lines = state.chains.get(chain) ?? [];
  lines.push(line);
  state.chains.set(chain, lines);
}

/**
 * The family that all agree on; null if nobody names one; or the words about the first that does not fit, as fw4 has them.
 */
export function agreeOnFamily(
  own: Family | undefined,
  others: readonly (readonly [Family | undefined, string])[],
): Family | null | string {
  let found = own ?? null;
  for (const [family, name] of others) {
    if (family === undefined || family === 0 || family === found) continue;
    if (found === null || found === 0) found = family;
    else return `is restricted to IPv${found} but referenced ${name} is IPv${family} only`;
  }
  return found;
}
