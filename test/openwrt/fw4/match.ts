/** The matching half of a rule's line, in the order in which fw4 writes it. */
import type { Reader } from './section.ts';
import type { IpSet } from './state.ts';
import {
  type Family,
  hex,
  type IcmpType,
  type Limit,
  type Mark,
  type Matched,
  type Port,
  type Protocol,
  parseSubnet,
  portText,
  type Subnet,
  setText,
  subnetText,
} from './values.ts';

export interface Match {
  readonly family: Family;
  readonly proto: Protocol;
  readonly from?: readonly string[] | undefined;
  readonly to?: readonly string[] | undefined;
  readonly sources?: readonly Matched<Subnet>[];
  readonly targets?: readonly Matched<Subnet>[];
  readonly sourcePorts?: readonly Matched<Port>[];
  readonly targetPorts?: readonly Matched<Port>[];
  /** The rule writes ports, though it matches none. */
  readonly rewritesPort?: boolean;
  readonly macs?: readonly Matched<string>[];
  readonly icmp?: readonly IcmpType[];
  readonly limit?: Limit | undefined;
  readonly limitBurst?: number | undefined;
  readonly mark?: Matched<Mark> | undefined;
  readonly set?: { readonly set: IpSet; readonly invert: boolean } | undefined;
}

/** `WORD VALUES` for those that are meant, `WORD != VALUES` for those that are not. */
function sides<T>(word: string, list: readonly Matched<T>[], text: (value: T) => string): string[] {
  return [false, true].flatMap((invert) => {
    const values = list.filter((one) => one.invert === invert).map(({ value }) => text(value));
    return values.length === 0 ? [] : [`${word} ${invert ? '!= ' : ''}${setText(values)}`];
  });
}

function protocolText({ family, proto }: Match): string {
  if (proto.name !== 'icmp' || family === 4) return proto.name ?? '';
  return family === 6 ? 'ipv6-icmp' : setText(['icmp', 'ipv6-icmp']);
}

function icmpText(family: Family, types: readonly IcmpType[]): string[] {
  if (types.length === 0) return [];
  const word = family === 4 ? 'icmp' : 'icmpv6';
  const texts = types.map(({ type4, type6 }) => (family === 4 ? type4 : type6));
  return [
    types[0]?.hasCode
      ? `${word} type . ${word} code ${setText(texts, true)}`
      : `${word} type ${setText(texts)}`,
  ];
}

function fieldText(set: IpSet, proto: Protocol): string {
  return set.fields
    .map(({ end, kind }) => {
      if (kind === 'port') return `${proto.name} ${end === 'src' ? 'sport' : 'dport'}`;
      if (kind === 'mac') return 'ether saddr';
      return `${set.family === 4 ? 'ip' : 'ip6'} ${end === 'src' ? 'saddr' : 'daddr'}`;
    })
    .join(' . ');
}

/** The words of a match, each with what follows it. */
export function matchWords(match: Match): string[] {
  const { family, sources = [], targets = [], sourcePorts = [], targetPorts = [], icmp = [] } = match;
  const ip = family === 4 ? 'ip' : 'ip6';
  const hasPorts = sourcePorts.length + targetPorts.length > 0 || match.rewritesPort === true;
  const names = (word: string, devices: readonly string[] | undefined): string[] =>
    devices === undefined || devices.length === 0 ? [] : [`${word} ${setText(devices)}`];
  return [
    ...(family !== 0 && sources.length + targets.length === 0 ? [`meta nfproto ipv${family}`] : []),
    ...(match.proto.name !== undefined && !hasPorts && icmp.length === 0
      ? [`meta l4proto ${protocolText(match)}`]
      : []),
    ...names('iifname', match.from),
    ...names('oifname', match.to),
    ...sides(`${ip} saddr`, sources, subnetText),
    ...sides(`${ip} daddr`, targets, subnetText),
    ...sides(`${match.proto.name} sport`, sourcePorts, portText),
    ...sides(`${match.proto.name} dport`, targetPorts, portText),
    ...sides('ether saddr', match.macs ?? [], (mac) => mac),
    ...icmpText(family, icmp),
    ...(match.limit === undefined
      ? []
      : [
          `limit rate ${match.limit.rate}/${match.limit.unit}${match.limitBurst === undefined ? '' : ` burst ${match.limitBurst} packets`}`,
        ]),
    ...(match.mark === undefined ? [] : [markText(match.mark)]),
    ...(match.set === undefined
      ? []
      : [`${fieldText(match.set.set, match.proto)}${match.set.invert ? ' !=' : ''} @${match.set.set.name}`]),
  ];
}

function markText({ invert, value: { mark, mask } }: Matched<Mark>): string {
  if (mask === 0xffffffff) return `meta mark ${invert ? '!= ' : ''}${hex(mark)}`;
  return `meta mark and ${hex(mask)} ${invert ? '!=' : '=='} ${hex(mark)}`;
}

export const ofFamily = (list: readonly Matched<Subnet>[], family: 4 | 6): Matched<Subnet>[] =>
  list.filter(({ value }) => value.family === family);

/** The family that all addresses of a list have; undefined if there are none, or some of each. */
export function familyOf(list: readonly Matched<Subnet>[]): Family | undefined {
  const families = new Set(list.map(({ value }) => value.family));
  return families.size === 1 ? [...families][0] : undefined;
}

/** An option with one address. */
export function oneSubnet(reader: Reader, option: string): readonly Matched<Subnet>[] {
  const found = reader.matched(option, parseSubnet);
  return found === undefined ? [] : [found];
}
