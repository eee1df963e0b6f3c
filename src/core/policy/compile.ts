/**
 * The compiler of the multi-WAN engine: configuration, links and routes to the state that the kernel shall have. Pure; the
 * meaning is mwan3's (its recordings are test/captures/mwan3; differences: docs/differences-from-mwan3.md).
 *
 * A packet's way, in both hooks: (output only: a mark that the socket has set stays) → `main`: neighbour discovery is
 * left alone → the connection's mark is restored → a packet without one gets the mark of the WAN it came in by, or the
 * default mark for a destination that main knows, or what the user's rules say; connection and packet get it together →
 * a packet to a destination that main knows goes by table main, whatever its connection's mark is.
 */
import { isDevice, plain } from '../nft/names.ts';
import type { NftChain, NftMatch, NftRule, NftSet, NftTable } from '../nft/objects.ts';
import { compileNetworks, customTables, NETWORKS, networkSet, TABLE_LOCAL } from './compile-networks.ts';
import { BUILTIN_CHAINS, compilePolicy } from './compile-policies.ts';
import { compileTables } from './compile-routes.ts';
import { compileRules } from './compile-rules.ts';
import { builtinRules, type Marks, marksOf, wanRules } from './marks.ts';
import type { CompileInput, Desired, Family, KernelRoute, LastResort } from './model.ts';
import { parsePrefix } from './prefixes.ts';
import { digit, FAMILIES, type Note, resolveWans, unmarked, type Wan } from './wans.ts';

/** Name of our table; the family is inet. */
export const TABLE_NAME = 'hagw';

/** `mangle` (nft(8), "standard priority names"): before destination NAT, where mwan3's chains are. */
const PRIORITY_MANGLE = -150;

/** Router and neighbour discovery and redirects (RFC 4861): link-scope, not a matter of policy. */
const DISCOVERY_TYPES = [133, 134, 135, 136, 137];

const BUILTINS: readonly LastResort[] = ['default', 'unreachable', 'blackhole'];

function rule(
  matches: readonly NftMatch[],
  statement: NftRule['statements'][number],
  comment: string,
): NftRule {
  return { matches, statements: [statement], comment: plain(comment) };
}

/** Chains that give a mark to a packet and its connection. */
function markChains(marks: Marks, wans: readonly Wan[]): readonly NftChain[] {
  const { mask } = marks;
  const chain = (name: string, value: number, comment: string): NftChain => ({
    name,
    base: null,
    comment: plain(comment),
    rules: [
      {
        matches: [],
        statements: [
          { kind: 'set-mark', mask, value },
          { kind: 'set-ct-mark', mask, value },
        ],
        comment: plain(comment),
      },
    ],
  });
  return [
    ...wans.map((wan) => chain(wan.chain, wan.mark, `mark of ${wan.name}`)),
    ...BUILTINS.map((kind) => chain(BUILTIN_CHAINS[kind], marks[kind], `mark of ${kind}`)),
  ];
}

/**
 * Connections from before our table was there: their addresses are translated for one WAN already, and no other one would
 * carry them. They get the mark of the WAN that has the address.
 */
function settledRules(
  family: Family,
  wans: readonly Wan[],
  routes: readonly KernelRoute[],
): readonly NftRule[] {
  const chains = routes.flatMap(({ family: its, table, type, device, destination }) => {
    const wan = wans.find((one) => one.device !== null && one.device === device);
    const isOwn = its === family && table === TABLE_LOCAL && type === 'local' && wan !== undefined;
    const prefix = isOwn ? parsePrefix(destination) : null;
    return wan === undefined || prefix === null || prefix.length < (family === 'ipv4' ? 32 : 128)
      ? []
      : [{ address: destination.replace(/\/\d+$/, ''), chain: wan.chain }];
  });
  if (chains.length === 0) return [];
  return (['reply', 'original'] as const).map((direction) =>
    rule(
      [{ kind: 'settled' }],
      { kind: 'address-map', direction, family, chains },
      'from before this table: it stays on the WAN of its address',
    ),
  );
}

/** New flows in one family: what came in by a WAN, what goes to a known network, the user's rules. */
function familyChains(
  family: Family,
  marks: Marks,
  wans: readonly Wan[],
  routes: readonly KernelRoute[],
): readonly NftChain[] {
  const networks = (
    side: 'source' | 'destination',
    statement: NftRule['statements'][number],
    comment: string,
  ) =>
    NETWORKS.map((kind) =>
      rule(
        [{ kind: 'set', side, family, set: networkSet(kind, family) }],
        statement,
        `${comment} ${kind} network`,
      ),
    );
  const toDefault = { kind: 'goto', chain: BUILTIN_CHAINS.default } as const;
  const devices = wans.flatMap(({ device, chain }) => (device === null ? [] : [{ device, chain }]));
  const label = family === 'ipv4' ? 'IPv4' : 'IPv6';
  const regular = (name: string, comment: string, rules: readonly NftRule[]): NftChain => ({
    name: `${name}${digit(family)}`,
    base: null,
    rules,
    comment: plain(`${comment}, ${label}`),
  });
  return [
    regular('in', 'what came in by a WAN', [
      ...(devices.length === 0
        ? []
        : [
            ...networks('source', toDefault, 'from a'),
            rule([], { kind: 'iif-map', chains: devices }, 'answers leave by the WAN that this came in by'),
          ]),
    ]),
    regular('new', 'flows without a mark', [
      ...networks('destination', toDefault, 'to a'),
      ...settledRules(family, wans, routes),
      rule([], { kind: 'goto', chain: `rules${digit(family)}` }, 'to elsewhere: the first rule that matches'),
    ]),
    regular(
      'known',
      'known networks go by table main',
      networks('destination', { kind: 'set-mark', mask: marks.mask, value: marks.default }, 'to a'),
    ),
  ];
}

function mainChain(marks: Marks, wans: readonly Wan[]): NftChain {
  const none = unmarked(marks);
  const inboundRules = FAMILIES.flatMap((family): readonly NftRule[] => {
    const devices = wans.flatMap((wan) => (wan.family === family && wan.device !== null ? [wan.device] : []));
    return devices.length === 0
      ? []
      : [
          rule(
            [{ kind: 'family', family }, none, { kind: 'iif', devices }],
            { kind: 'jump', chain: `in${digit(family)}` },
            'new, came in by a WAN',
          ),
        ];
  });
  return {
    name: 'main',
    base: null,
    comment: plain('from both hooks'),
    rules: [
      rule(
        [{ kind: 'icmp6-type', types: DISCOVERY_TYPES }],
        { kind: 'return' },
        'router and neighbour discovery',
      ),
      rule([none], markMap('ct-mark', 'jump', marks, wans), 'a known connection keeps its WAN'),
      ...inboundRules,
      ...FAMILIES.map((family) =>
        rule([{ kind: 'family', family }, none], { kind: 'jump', chain: `new${digit(family)}` }, 'new'),
      ),
      ...FAMILIES.map((family) =>
        rule(
          [
            { kind: 'family', family },
            { kind: 'mark', mask: marks.mask, value: marks.default, negated: true },
          ],
          { kind: 'jump', chain: `known${digit(family)}` },
          'what table main knows goes by it; the connection keeps its mark',
        ),
      ),
    ],
  };
}

function markMap(
  key: 'mark' | 'ct-mark',
  verdict: 'jump' | 'goto',
  marks: Marks,
  wans: readonly Wan[],
): NftRule['statements'][number] {
  return {
    kind: 'mark-map',
    key,
    mask: marks.mask,
    verdict,
    chains: [
      ...wans.map((wan) => ({ value: wan.mark, chain: wan.chain })),
      ...BUILTINS.map((kind) => ({ value: marks[kind], chain: BUILTIN_CHAINS[kind] })),
    ],
  };
}

function baseChains(marks: Marks, wans: readonly Wan[]): readonly NftChain[] {
  const toMain = rule([], { kind: 'jump', chain: 'main' }, 'choose a WAN');
  return [
    {
      name: 'prerouting',
      base: { type: 'filter', hook: 'prerouting', priority: PRIORITY_MANGLE },
      rules: [toMain],
      comment: plain('forwarded and inbound packets'),
    },
    {
      name: 'output',
      base: { type: 'route', hook: 'output', priority: PRIORITY_MANGLE },
      rules: [rule([], markMap('mark', 'goto', marks, wans), 'probes carry the mark of their WAN'), toMain],
      comment: plain("the router's own packets"),
    },
  ];
}

function compileTable(input: CompileInput, marks: Marks, all: readonly Wan[], notes: Note[]): NftTable {
  const enabled = all.filter((wan) => wan.enabled);
  const note = (where: string, text: string): void => {
    if (!notes.some((known) => known.where === where && known.text === text)) notes.push({ where, text });
  };
  const byFamily = FAMILIES.map((family) => compileRules(family, { input, marks, wans: all, note }));
  const sets: readonly NftSet[] = [
    ...FAMILIES.flatMap((family) => compileNetworks(input, family)),
    ...byFamily.flatMap((compiled) => compiled.sets),
  ];
  return {
    family: 'inet',
    name: TABLE_NAME,
    sets,
    chains: [
      ...markChains(marks, enabled),
      ...input.config.policies.flatMap((policy) =>
        FAMILIES.map((family) => compilePolicy(policy, family, all)),
      ),
      ...byFamily.flatMap((compiled) => compiled.chains),
      ...FAMILIES.flatMap((family) =>
        familyChains(
          family,
          marks,
          enabled.filter((wan) => wan.family === family),
          input.routes,
        ),
      ),
      mainChain(marks, enabled),
      ...baseChains(marks, enabled),
    ],
  };
}

/** Without devices whose names cannot stand in a rule: `src_iface` takes such an interface for one without device. */
export function withSafeDevices(input: CompileInput): CompileInput {
  const devices = Object.entries(input.devices).filter(([, device]) => isDevice(device));
  return { ...input, devices: Object.fromEntries(devices) };
}

/**
 * The desired state. What the configuration names and the router has not is left out with a note; a rule that names a
 * policy that is not there must have been refused by the decoder, and throws.
 */
export function compile(input: CompileInput): Desired {
  const marks = marksOf(input.config.mask);
  if (marks.capacity === 0)
    throw new Error('The mask has fewer than three bits: its marks are not distinct.');
  const { wans, notes: wanNotes } = resolveWans(input, marks);
  const notes: Note[] = [...wanNotes];
  for (const name of customTables(input).unknown)
    notes.push({
      where: 'mwan3.globals.rt_table_lookup',
      text: `Names the routing table '${name}', which this router does not know.`,
    });
  const nft = compileTable(withSafeDevices(input), marks, wans, notes);
  const enabled = wans.filter((wan) => wan.enabled);
  return {
    nft,
    rules: FAMILIES.flatMap((family) => [
      ...enabled.filter((wan) => wan.family === family).flatMap((wan) => wanRules(marks, wan)),
      ...builtinRules(marks, family),
    ]).sort((a, b) => (a.family === b.family ? a.preference - b.preference : 0)),
    tables: compileTables(input, wans),
    notes,
  };
}
