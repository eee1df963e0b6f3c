/** Sections `nat` (SNAT, masquerading, exceptions) and `redirect` (DNAT with its reflection). */
import type { UciSection } from 'uci-parser';
import { familyOf, type Match, matchWords, ofFamily, oneSubnet } from './match.ts';
import { type Reader, readSection } from './section.ts';
import { addLine, agreeOnFamily, type State, type Zone, zoneRef } from './state.ts';
import {
  type Family,
  hostOf,
  hostText,
  type Matched,
  networkOf,
  type Port,
  parseFamily,
  parseLimit,
  parseMac,
  parseMark,
  parseMatched,
  parsePort,
  parseProtocols,
  parseSubnet,
  parseWord,
  portText,
  quoted,
  type Subnet,
} from './values.ts';

const parseText = (text: string): string => text;
const parseNumber = (text: string): number | null => (/^\d+$/.test(text) ? Number(text) : null);
const hasPorts = (name: string | undefined): boolean => name === 'tcp' || name === 'udp';
const listOf = <T>(one: T | undefined): readonly T[] => (one === undefined ? [] : [one]);

/** `ADDRESS`, `ADDRESS:PORT` or `:PORT`. */
function rewrite(address: Subnet | undefined, port: Port | undefined): string {
  const host = address === undefined ? '' : hostText(address);
  if (port === undefined) return host;
  return `${address?.family === 6 ? `[${host}]` : host}:${portText(port)}`;
}

/** Options that narrow both kinds of section. */
function narrowing(reader: Reader): Pick<Match, 'limit' | 'limitBurst' | 'mark'> {
  return {
    limit: reader.one('limit', parseLimit),
    limitBurst: reader.one('limit_burst', parseNumber),
    mark: reader.one('mark', (text) => parseMatched(text, parseMark)),
  };
}

const line = (match: readonly string[], counter: boolean, action: string, name: string): string =>
  [...match, ...(counter ? ['counter'] : []), action, `comment ${quoted(`!fw4: ${name}`)}`].join(' ');

export function addNat(state: State, section: UciSection): void {
  const reader = readSection(state.pkg, section, state.warn);
  const own = reader.one('family', parseFamily);
  const src = reader.one('src', zoneRef(state));
  const device = reader.one('device', parseText);
  const protocols = reader.many('proto', parseProtocols, 'all').flat();
  const sources = oneSubnet(reader, 'src_ip');
  const sourcePorts = listOf(reader.matched('src_port', parsePort));
  const address = reader.one('snat_ip', parseSubnet);
  const port = reader.one('snat_port', parsePort);
  const targets = oneSubnet(reader, 'dest_ip');
  const targetPorts = listOf(reader.matched('dest_port', parsePort));
  const more = narrowing(reader);
  const counter = reader.flag('counter', true);
  const target = reader.one('target', parseWord(['accept', 'snat', 'masquerade'])) ?? 'masquerade';
  if (!reader.ends()) return;
  if (target === 'snat' && address === undefined && port === undefined) {
    reader.warn("needs either 'snat_ip' or 'snat_port' for target snat, ignoring section");
    return;
  }
  if (target !== 'snat' && (address !== undefined || port !== undefined)) {
    reader.warn(
      `must not use '${address === undefined ? 'snat_port' : 'snat_ip'}' for non-snat target, ignoring section`,
    );
    return;
  }
  if (port !== undefined || sourcePorts.length + targetPorts.length > 0) {
    if (!protocols.every(({ name }) => hasPorts(name))) {
      reader.warn('specifies ports but no UDP/TCP protocol, ignoring section');
      return;
    }
  }
  const zone = src === '*' ? undefined : src;
  for (const proto of protocols) {
    const agreed = agreeOnFamily(own, [
      [familyOf(sources), 'source IP'],
      [familyOf(targets), 'destination IP'],
      [address?.family, 'rewrite IP'],
      [zone?.family, 'source zone'],
    ]);
    if (typeof agreed === 'string') {
      reader.warn(`${agreed}, skipping`);
      continue;
    }
    zone?.needs.add('snat');
    // Without any sign it is IPv4.
    const family = agreed ?? 4;
    for (const one of family === 0 ? ([4, 6] as const) : [family]) {
      const match = matchWords({
        ...more,
        family: one,
        proto,
        to: device === undefined ? undefined : [device],
        sources: ofFamily(sources, one),
        targets: ofFamily(targets, one),
        ...(hasPorts(proto.name) ? { sourcePorts, targetPorts } : {}),
      });
      const action = target === 'snat' ? `snat ${rewrite(address, port)}` : target;
      addLine(
        state,
        zone === undefined ? 'srcnat' : `srcnat_${zone.name}`,
        line(match, counter, action, reader.name),
      );
    }
  }
}

interface Redirect {
  readonly name: string;
  readonly zone: Zone;
  readonly dest: Zone | undefined;
  readonly proto: Match['proto'];
  readonly sources: readonly Matched<Subnet>[];
  readonly targets: readonly Matched<Subnet>[];
  readonly sourcePorts: readonly Matched<Port>[];
  readonly targetPorts: readonly Matched<Port>[];
  readonly to: Subnet | undefined;
  readonly toPort: Port | undefined;
  readonly more: Partial<Match>;
}

const plain = (value: Subnet): Matched<Subnet> => ({ invert: false, value });

/** Clients of the inner zone that use the outer address reach the server too, and it answers by the router. */
function addReflection(state: State, redirect: Redirect, inner: Zone, reader: Reader): void {
  const { to, proto, toPort, targetPorts } = redirect;
  if (to?.family !== 4 || !redirect.zone.masq4) return;
  const inside = inner.subnets.filter(({ family }) => family === 4);
  const outside =
    redirect.targets.length > 0
      ? redirect.targets
      : redirect.zone.subnets.filter(({ family }) => family === 4).map((one) => plain(hostOf(one)));
  const isNear = (one: Subnet): boolean => networkOf(one) === networkOf({ ...to, bits: one.bits });
  const router = inside.find(isNear) ?? inside[0];
  if (router === undefined) {
    reader.warn('internal rewrite IP cannot be determined, disabling reflection');
    return;
  }
  if (outside.length === 0) {
    reader.warn('external address range cannot be determined, disabling reflection');
    return;
  }
  const sources = inside.map(plain);
  const name = `${redirect.name} (reflection)`;
  const there = matchWords({
    family: 4,
    proto,
    sources,
    targets: outside,
    targetPorts,
    rewritesPort: toPort !== undefined,
  });
  addLine(state, `dstnat_${inner.name}`, line(there, false, `dnat ${rewrite(to, toPort)}`, name));
  const back = matchWords({
    family: 4,
    proto,
    sources,
    targets: [plain(to)],
    targetPorts: toPort === undefined ? [] : [{ invert: false, value: toPort }],
  });
  addLine(state, `srcnat_${inner.name}`, line(back, false, `snat ${hostText(router)}`, name));
}

function addDnat(state: State, redirect: Redirect, family: Family, counter: boolean): void {
  const { to, toPort, proto, more, sources, targets, sourcePorts, targetPorts } = redirect;
  const match = matchWords({
    ...more,
    ...{ family, proto, sources, targets, sourcePorts, targetPorts },
    rewritesPort: toPort !== undefined,
  });
  const port = toPort === undefined ? '' : ` to ${portText(toPort)}`;
  const action = to === undefined ? `redirect${port}` : `dnat ${rewrite(to, toPort)}`;
  addLine(state, `dstnat_${redirect.zone.name}`, line(match, counter, action, redirect.name));
}

/** Target DNAT alone; SNAT by a redirect is what `config nat` does. */
export function addRedirect(state: State, section: UciSection): void {
  const reader = readSection(state.pkg, section, state.warn);
  const own = reader.one('family', parseFamily);
  const src = reader.one('src', zoneRef(state));
  const named = reader.one('dest', zoneRef(state));
  const protocols = reader.many('proto', parseProtocols, 'tcpudp').flat();
  const sources = oneSubnet(reader, 'src_ip');
  const targets = oneSubnet(reader, 'src_dip');
  const ports = {
    sourcePorts: listOf(reader.matched('src_port', parsePort)),
    targetPorts: listOf(reader.matched('src_dport', parsePort)),
  };
  const to = reader.one('dest_ip', parseSubnet);
  const toPort = reader.one('dest_port', parsePort) ?? ports.targetPorts[0]?.value;
  const more = { ...narrowing(reader), macs: reader.manyMatched('src_mac', parseMac) };
  const counter = reader.flag('counter', true);
  const reflects = reader.flag('reflection', true);
  const target = reader.one('target', parseWord(['dnat', 'snat'])) ?? 'dnat';
  if (!reader.ends()) return;
  if (target === 'snat') {
    reader.warn('has a target that the stand-in does not know, ignoring section');
    return;
  }
  if (src === undefined) {
    reader.warn('has no source specified');
    return;
  }
  if (src === '*') {
    reader.warn("must not have source '*' for dnat target");
    return;
  }
  const near = (zone: Zone): boolean =>
    to !== undefined &&
    zone.subnets.some(
      (one) => one.family === to.family && networkOf(one) === networkOf({ ...to, bits: one.bits }),
    );
  const assumed = named === undefined ? state.zones.find(near) : undefined;
  if (assumed !== undefined) reader.warn(`does not specify a destination, assuming '${assumed.name}'`);
  const dest = named === '*' ? undefined : (named ?? assumed);
  src.needs.add('dnat');
  if (reflects && dest !== undefined && src.masq4) {
    dest.to.add('accept');
    dest.needs.add('dnat').add('snat');
  }
  for (const proto of protocols) {
    const agreed = agreeOnFamily(own, [
      [familyOf(sources), 'source IP'],
      [familyOf(targets), 'destination IP'],
      [to?.family, 'rewrite IP'],
      [src.family, 'source zone'],
      [dest?.family, 'destination zone'],
    ]);
    if (typeof agreed === 'string') {
      reader.warn(`${agreed}, skipping`);
      continue;
    }
    const hasNone = { sourcePorts: [], targetPorts: [] };
    const redirect: Redirect = {
      ...{ name: reader.name, zone: src, dest, proto, sources, targets, to, more },
      ...(hasPorts(proto.name) ? ports : hasNone),
      toPort: hasPorts(proto.name) ? toPort : undefined,
    };
    if (reflects && dest !== undefined && to !== undefined) addReflection(state, redirect, dest, reader);
    addDnat(state, redirect, agreed ?? 4, counter);
  }
}
