/** The files that are hagw's own: conntrackd.conf, the table of the pair and what the handover script reads. */
import { leaseFileOf } from '../config/dhcp.ts';
import { CONNTRACKD_PLACES } from '../conntrackd/places.ts';
import { CONNTRACKD_HASH_LIMIT, renderConntrackd } from '../conntrackd/render.ts';
import { GROUP } from './compile-keepalived.ts';
import { type RunningWan, wanLines, wanTable } from './compile-wans.ts';
import { CONNTRACKD_FILE, HANDOVER_FILE, MADE, type Situation, TABLE_FILE, WORD_FILE } from './types.ts';

/** Table of the pair; the multi-WAN engine's is another one, which it replaces as a whole. */
export const PAIR_TABLE = 'hagw_pair';
export const WORD_TABLE = 'hagw_word';

const lines = (...all: readonly string[]): string => `${all.join('\n')}\n`;
const devicesOf = (situation: Situation, isWan: boolean): readonly string[] => [
  ...new Set(situation.legs.filter((leg) => leg.isWan === isWan).map(({ device }) => device)),
];

function conntrackdText(situation: Situation): string | null {
  const { config, self, partner, own, report } = situation;
  const rendered = renderConntrackd({
    ...CONNTRACKD_PLACES,
    syncDevice: situation.syncDevice,
    localAddress: self.syncAddress,
    partnerAddress: partner.syncAddress,
    transport: config.conntrackdTransport,
    port: config.conntrackdPort,
    // Without those that come and go with their interface: conntrackd would start anew each time.
    ignoreAddresses: [
      ...own.filter(({ fixed }) => fixed).map(({ address }) => address),
      ...self.ownAddresses,
      ...partner.ownAddresses,
    ],
    hashLimit: CONNTRACKD_HASH_LIMIT,
  });
  if (rendered.ok) return `${MADE}\n${rendered.value}`;
  report({ severity: 'error', where: 'hagw.globals.sync_interface', text: rendered.error });
  return null;
}

/**
 * The set `standby` has no elements here: the handover script loads the file and puts the devices in, in one transaction,
 * while this router is not active.
 */
function tableText(situation: Situation, wans: readonly RunningWan[]): string {
  const dhcp = wans.filter(({ isDhcp }) => isDhcp).map(({ l3Device }) => l3Device);
  const quoted = [...new Set([...devicesOf(situation, true), ...dhcp])].map((device) => `"${device}"`);
  const strays =
    quoted.length === 0
      ? []
      : [
          '\tchain strays {',
          '\t\tcomment "!hagw: TCP that opens nothing and belongs to nothing: its state may be on its way, and RST would end it"',
          '\t\ttype filter hook prerouting priority -160; policy accept;',
          `\t\tiifname { ${quoted.join(', ')} } ct state { invalid, new } tcp flags & syn == 0 counter drop`,
          // From inside until the handover has committed the partner's states: as a new connection it might get another WAN.
          '\t\tiifname @standby ct state { invalid, new } tcp flags & syn == 0 counter drop',
          '\t}',
        ];
  return lines(
    MADE,
    `table inet ${PAIR_TABLE} {}`,
    `delete table inet ${PAIR_TABLE}`,
    `table inet ${PAIR_TABLE} {`,
    '\tset standby {',
    '\t\ttype ifname',
    '\t\tcomment "!hagw: networks inside, while the partner is active"',
    '\t}',
    ...strays,
    ...wanTable(wans),
    '\tchain requests {',
    '\t\tcomment "!hagw: DHCP is the active router\'s"',
    '\t\ttype filter hook input priority -10; policy accept;',
    '\t\tiifname @standby udp dport { 67, 547 } counter drop',
    '\t}',
    '\tchain adverts {',
    '\t\tcomment "!hagw: so are router advertisements"',
    '\t\ttype filter hook output priority -10; policy accept;',
    '\t\toifname @standby icmpv6 type 134 counter drop',
    '\t}',
    '}',
  );
}

/** A copy of each advert over the sync cable; the partner's socket is bound to its address, not to a device. */
function wordText({ unicast, partner, syncDevice, lan }: Situation): string | null {
  if (unicast === null || partner.syncAddress.includes(':') || syncDevice === lan?.device) return null;
  return lines(
    MADE,
    `table ip ${WORD_TABLE} {}`,
    `delete table ip ${WORD_TABLE}`,
    `table ip ${WORD_TABLE} {`,
    '\tchain out {',
    '\t\tcomment "!hagw: adverts go over the sync cable, too"',
    '\t\ttype filter hook output priority filter; policy accept;',
    `\t\tip protocol 112 ip daddr ${unicast.peer} dup to ${partner.syncAddress} device "${syncDevice}"`,
    '\t}',
    '}',
  );
}

function handoverText(situation: Situation, wans: readonly RunningWan[]): string {
  const dhcp = situation.packages.dhcp;
  return lines(
    MADE,
    `watch ${situation.unicast === null ? 'GROUP' : 'INSTANCE'} ${GROUP}`,
    ...devicesOf(situation, false).map((device) => `standby ${device}`),
    ...wanLines(wans),
    'conntrackd cache',
    `lock ${CONNTRACKD_PLACES.lockFile}`,
    ...(dhcp === null ? [] : [`serve dnsmasq ${leaseFileOf({ kind: 'read', sections: dhcp })}`]),
  );
}

/** Contents by path; null = not to be there. */
export function compileFiles(
  situation: Situation,
  wans: readonly RunningWan[],
): Readonly<Record<string, string | null>> {
  if (situation.legs.length === 0)
    return { [CONNTRACKD_FILE]: null, [TABLE_FILE]: null, [WORD_FILE]: null, [HANDOVER_FILE]: null };
  return {
    [CONNTRACKD_FILE]: conntrackdText(situation),
    [TABLE_FILE]: tableText(situation, wans),
    [WORD_FILE]: wordText(situation),
    [HANDOVER_FILE]: handoverText(situation, wans),
  };
}
