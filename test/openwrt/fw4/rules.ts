/** Sections `ipset` and `rule`. */
import type { UciSection } from 'uci-parser';
import { familyOf, type Match, matchWords, ofFamily } from './match.ts';
import { type Reader, readSection } from './section.ts';
import {
  addLine,
  agreeOnFamily,
  type IpSet,
  type Policy,
  type State,
  type Zone,
  type ZoneRef,
  zoneRef,
} from './state.ts';
import {
  type Family,
  hex,
  type Mark,
  type Matched,
  parseFamily,
  parseIcmpType,
  parseLimit,
  parseMac,
  parseMark,
  parseMatched,
  parseName,
  parsePort,
  parseProtocols,
  parseSubnet,
  parseWord,
  quoted,
  type Subnet,
  subnetText,
} from './values.ts';

const parseNumber = (text: string): number | null => (/^\d+$/.test(text) ? Number(text) : null);

type Field = IpSet['fields'][number];

function parseField(text: string): Field | null {
  const match = /^(?:(src|dst|dest)_)?(.+)$/.exec(text);
  const kind = parseWord(['ip', 'port', 'mac', 'net'])(match?.[2] ?? '');
  return kind === null ? null : { end: (match?.[1] ?? 'src') === 'src' ? 'src' : 'dst', kind };
}

const NFT_TYPES = { port: 'inet_service', mac: 'ether_addr', ip: 'addr', net: 'addr' } as const;

/** One element; a prefix is only kept by `net` (recording 08). */
function elementText(entry: string, family: 4 | 6, fields: readonly Field[]): string | null {
  const words = entry.split(/[ \t]+/);
  if (words.length !== fields.length) return null;
  const texts = fields.map(({ kind }, at) => {
    const word = words[at] ?? '';
    if (kind === 'port') return parsePort(word) === null ? null : word;
    if (kind === 'mac') return parseMac(word);
    const subnet = parseSubnet(word);
    if (subnet === null || subnet.family !== family) return null;
    const text = subnetText({ ...subnet, bits: family === 4 ? 32 : 128 });
    return kind === 'net' ? `${text}/${subnet.bits}` : text;
  });
  return texts.includes(null) ? null : texts.join(' . ');
}

export function addSet(state: State, section: UciSection): void {
  const reader = readSection(state.pkg, section, state.warn);
  const name = reader.required('name', parseName) ?? '';
  const family = (reader.one('family', parseFamily) ?? 4) === 6 ? 6 : 4;
  const fields = reader.many('match', parseField);
  const size = reader.one('maxelem', parseNumber);
  const timeout = reader.one('timeout', parseNumber);
  // An entry of several fields has blanks: not split.
  const value = section.options.get('entry') ?? [];
  const entries = typeof value === 'string' ? [value] : value;
  reader.known('entry', 'hashsize', 'storage', 'reload_set', 'counters', 'comment');
  if (!reader.ends()) return;
  if (fields.length === 0) {
    reader.warn('has no datatypes assigned');
    return;
  }
  const elements = entries.flatMap((entry) => {
    const text = elementText(entry, family, fields);
    if (text === null) reader.warn(`ignoring invalid ipset entry '${entry}'`);
    return text ?? [];
  });
  const isInterval = fields.some(({ kind }) => kind === 'net');
  const flags = [...(isInterval ? ['interval'] : []), ...(timeout === undefined ? [] : ['timeout'])];
  const types = fields.map(({ kind }) =>
    NFT_TYPES[kind] === 'addr' ? `ipv${family}_addr` : NFT_TYPES[kind],
  );
  const lines = [
    `type ${types.join(' . ')}`,
    ...(size === undefined ? [] : [`size ${size}`]),
    ...(timeout === undefined || timeout === 0 ? [] : [`timeout ${timeout}s`]),
    ...(isInterval ? ['auto-merge'] : []),
    ...(flags.length === 0 ? [] : [`flags ${flags.join(',')}`]),
    ...(elements.length === 0 ? [] : ['elements = {', ...elements.map((one) => `\t${one},`), '}']),
  ];
  state.sets.push({ name, family, fields, lines });
}

const TARGETS = ['accept', 'reject', 'drop', 'notrack', 'mark'] as const;
type Target = (typeof TARGETS)[number];

interface Rule {
  readonly name: string;
  readonly src: ZoneRef | undefined;
  readonly dest: ZoneRef | undefined;
  readonly target: Target | undefined;
  readonly xmark: Mark | undefined;
  readonly counter: boolean;
  readonly device: string | undefined;
  readonly isEgress: boolean;
}

const zoneOf = (ref: ZoneRef | undefined): Zone | undefined => (ref === '*' ? undefined : ref);

function markChain({ src, dest }: Rule): string {
  if ((src === '*' && dest === '*') || (zoneOf(src) !== undefined && zoneOf(dest) !== undefined))
    return 'mangle_forward';
  if (src === '*' && dest !== undefined) return 'mangle_postrouting';
  if (src !== undefined && dest === '*') return 'mangle_prerouting';
  return src !== undefined && dest === undefined ? 'mangle_input' : 'mangle_output';
}

function chainOf(rule: Rule): string {
  const { src, dest, target } = rule;
  if (target === 'mark') return markChain(rule);
  if (target === 'notrack') return `notrack_${zoneOf(src)?.name}`;
  const direction = src === undefined ? 'output' : dest === undefined ? 'input' : 'forward';
  const zone = src === undefined ? zoneOf(dest) : zoneOf(src);
  return zone === undefined ? direction : `${direction}_${zone.name}`;
}

function setMark({ mark, mask }: Mark): string {
  if (mask === 0xffffffff) return hex(mark);
  if (mark === 0) return `mark and ${hex(~mask)}`;
  if (mark === mask) return `mark or ${hex(mark)}`;
  return mask === 0 ? `mark xor ${hex(mark)}` : `mark and ${hex(~mask)} xor ${hex(mark)}`;
}

function verdictOf(rule: Rule): string[] {
  const to = zoneOf(rule.dest);
  if (rule.target === 'mark') return rule.xmark === undefined ? [] : [`meta mark set ${setMark(rule.xmark)}`];
  if (rule.target === 'notrack') return ['notrack'];
  if (rule.target !== undefined && to !== undefined) return [`jump ${rule.target}_to_${to.name}`];
  return rule.target === 'reject' ? ['jump handle_reject'] : rule.target === undefined ? [] : [rule.target];
}

function noteNeeds({ src, dest, target }: Rule): void {
  if (target === 'notrack') zoneOf(src)?.needs.add('notrack');
  else if (target !== 'mark' && target !== undefined) zoneOf(dest)?.to.add(target as Policy);
}

function readRule(reader: Reader, state: State): Rule {
  const xmark = reader.one('set_xmark', parseMark);
  const mark = reader.one('set_mark', parseMark);
  return {
    name: reader.name,
    src: reader.one('src', zoneRef(state)),
    dest: reader.one('dest', zoneRef(state)),
    device: reader.one('device', (text) => text),
    isEgress: reader.one('direction', parseWord(['in', 'out'])) === 'out',
    counter: reader.flag('counter', true),
    target: reader.one('target', parseWord(TARGETS)),
    xmark: mark === undefined ? xmark : { mark: mark.mark, mask: (mark.mark | mark.mask) >>> 0 },
  };
}

export function addRule(state: State, section: UciSection): void {
  const reader = readSection(state.pkg, section, state.warn);
  const own = reader.one('family', parseFamily);
  const rule = readRule(reader, state);
  const setName = reader.matched('ipset', (text) => text.split(/[ \t]/)[0] ?? null);
  const protocols = reader.many('proto', parseProtocols, 'tcpudp').flat();
  const sources = reader.manyMatched('src_ip', parseSubnet);
  const targets = reader.manyMatched('dest_ip', parseSubnet);
  const ports = {
    src: reader.manyMatched('src_port', parsePort),
    dest: reader.manyMatched('dest_port', parsePort),
  };
  const icmp = reader.many('icmp_type', parseIcmpType);
  const more = {
    macs: reader.manyMatched('src_mac', parseMac),
    limit: reader.one('limit', parseLimit),
    limitBurst: reader.one('limit_burst', parseNumber),
    mark: reader.one('mark', (text) => parseMatched(text, parseMark)),
  };
  if (!reader.ends()) return;
  const set = state.sets.find(({ name }) => name === setName?.value);
  if (setName !== undefined && set === undefined) {
    reader.warn(`references unknown set '${setName.value}'`);
    return;
  }
  if (rule.target === 'mark' && rule.xmark === undefined) {
    reader.warn("must specify option 'set_mark' or 'set_xmark' for target 'mark'");
    return;
  }
  if (rule.target === 'notrack' && zoneOf(rule.src) === undefined) {
    reader.warn("must specify a source zone for target 'notrack'");
    return;
  }

  const add = (family: Family, proto: Match['proto'], types: Match['icmp'] = []): void => {
    const hasPorts = proto.name === 'tcp' || proto.name === 'udp';
    const isMark = rule.target === 'mark';
    const device = rule.device === undefined ? undefined : [rule.device];
    const all = (list: readonly Matched<Subnet>[]) => (family === 0 ? [] : ofFamily(list, family));
    const words = matchWords({
      ...more,
      family,
      proto,
      icmp: types,
      from: (rule.isEgress ? undefined : device) ?? (isMark ? zoneOf(rule.src)?.devices : undefined),
      to: (rule.isEgress ? device : undefined) ?? (isMark ? zoneOf(rule.dest)?.devices : undefined),
      sources: all(sources),
      targets: all(targets),
      sourcePorts: hasPorts ? ports.src : [],
      targetPorts: hasPorts ? ports.dest : [],
      set: set === undefined ? undefined : { set, invert: setName?.invert === true },
    });
    const end = [
      ...(rule.counter ? ['counter'] : []),
      ...verdictOf(rule),
      `comment ${quoted(`!fw4: ${rule.name}`)}`,
    ];
    addLine(state, chainOf(rule), [...words, ...end].join(' '));
    noteNeeds(rule);
  };

  for (const proto of protocols) {
    const isIcmp = proto.name === 'icmp' || proto.name === 'ipv6-icmp';
    const family = agreeOnFamily(proto.name === 'ipv6-icmp' ? 6 : own, [
      [set?.family, 'set match'],
      [familyOf(sources), 'source IP'],
      [familyOf(targets), 'destination IP'],
      [zoneOf(rule.src)?.family, 'source zone'],
      [zoneOf(rule.dest)?.family, 'destination zone'],
    ]);
    if (typeof family === 'string') {
      reader.warn(`${family}, skipping`);
      continue;
    }
    const isSpecific = sources.length + targets.length > 0 || (isIcmp && icmp.length > 0);
    if (!family && !isSpecific) {
      add(0, proto);
      continue;
    }
    for (const one of [4, 6] as const) {
      if (family && family !== one) continue;
      // A rule with addresses, or types, of one family says nothing of the other.
      const types = isIcmp ? icmp.filter((type) => type.family === 0 || type.family === one) : [];
      const has = (list: readonly Matched<Subnet>[]) => list.length === 0 || ofFamily(list, one).length > 0;
      if (!has(sources) || !has(targets) || (isIcmp && icmp.length > 0 && types.length === 0)) continue;
      const plain = types.filter(({ hasCode }) => !hasCode);
      const coded = types.filter(({ hasCode }) => hasCode);
      if (plain.length > 0 || coded.length === 0) add(one, proto, plain);
      if (coded.length > 0) add(one, proto, coded);
    }
  }
}
