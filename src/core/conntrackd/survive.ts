/**
 * Which connections would outlive the loss of this router, or of a WAN, and why the others would not. Reads the lines of
 * `conntrackd -i` (what is synced: `have`) and of `conntrack -L` (what there is: `count`) one by one and keeps numbers alone.
 */
import type { Survive, SurviveReason } from '../../api/conntrack.ts';

/** A connection that nobody has, between addresses of documentation (RFC 5737). */
export const CANARY = { source: '192.0.2.253', destination: '198.51.100.253' };
/** Connections that are looked at; of the others nothing is said. */
export const MOST_CONNECTIONS = 20_000;

/** What follows from the configuration and netifd. Addresses in the spelling of the kernel. */
export interface SurviveSituation {
  /** Virtual addresses, with the WAN whose it is; '' = of none. */
  readonly virtual: ReadonlyMap<string, string>;
  /** This router's other addresses, likewise. */
  readonly own: ReadonlyMap<string, string>;
  readonly wans: readonly string[];
  /** WANs by their mark; null = hagw does not give marks. */
  readonly marks: { readonly mask: number; readonly wans: ReadonlyMap<number, string> } | null;
  /** Why nothing survives at all now; empty = it may. */
  readonly blocked: string;
}

interface Entry {
  readonly protocol: string;
  readonly state: string;
  readonly from: string;
  readonly to: string;
  /** Of the reply: who answers, and to which address. */
  readonly answers: string;
  readonly back: string;
  /** The original direction alone tells them apart; ICMP has type, code and id. */
  readonly key: string;
  readonly mark: number;
}

/**
 * Both programs write `PROTO NUMBER [TIMEOUT] [STATE] src= dst= … src= dst= … mark=`. One expression: QuickJS on a small router takes
 * its time for each word of 40000 lines.
 */
const LINE =
  /^(\S+) +\d+ (?:\d+ )?([A-Z_0-9]* ?)(src=(\S+) dst=(\S+)(?: (?:sport|dport|type|code|id|srckey|dstkey)=\S+)*).*? src=(\S+) dst=(\S+)(.*)/;
const MARK = / mark=(\d+)/;

function parse(line: string): Entry | null {
  const match = LINE.exec(line);
  if (match === null) return null;
  const [, protocol = '', state = '', tuple = '', from = '', to = '', answers = '', back = '', rest = ''] =
    match;
  const mark = MARK.exec(rest);
  return { protocol, state, from, to, answers, back, key: protocol + tuple, mark: Number(mark?.[1] ?? '0') };
}

export interface Survey {
  /** A line of `conntrackd -i`. */
  have(line: string): void;
  /** A line of `conntrack -L`, after all of the others. False = enough. */
  count(line: string): boolean;
  /** @param partner how many entries conntrackd's external cache has there, null = it has no such cache; null = not known. */
  result(partner: { readonly external: number | null } | null): Survive;
}

export function createSurvey(situation: SurviveSituation): Survey {
  const { virtual, own, marks, blocked } = situation;
  const synced = new Set<string>();
  let total = 0;
  /** Those of them that conntrackd has. */
  let held = 0;
  let survivors = 0;
  let truncated = false;
  const reasons = new Map<SurviveReason, { count: number; example: string }>();
  const byWan = new Map(situation.wans.map((name) => [name, 0]));

  const markedWan = (mark: number): string | undefined => marks?.wans.get((mark & marks.mask) >>> 0);

  const judge = (entry: Entry, has: boolean): SurviveReason | null => {
    const { from, to, answers, back, mark } = entry;
    const isHere = (address: string): boolean =>
      virtual.has(address) || own.has(address) || address.startsWith('127.') || address === '::1';
    // From the router, or to it without a translation to somebody behind it.
    if (isHere(from) || isHere(answers) || /^(22[4-9]|23\d|255)\.|^ff/.test(to)) return 'local';
    if (back !== from && own.has(back)) return 'own-address';
    if (/^(SYN|NONE)/.test(entry.state)) return 'handshake';
    if (!has) return 'not-synced';
    const wan = virtual.get(back) ?? virtual.get(to) ?? '';
    if (marks !== null && wan !== '' && markedWan(mark) !== wan) return 'wrong-mark';
    return null;
  };

  const note = (reason: SurviveReason, example: string): void => {
    const known = reasons.get(reason);
    reasons.set(reason, { count: (known?.count ?? 0) + 1, example: known?.example ?? example });
  };

  return {
    have(line) {
      const entry = synced.size < MOST_CONNECTIONS * 2 ? parse(line) : null;
      if (entry !== null) synced.add(entry.key);
    },
    count(line) {
      const entry = parse(line);
      if (entry === null || entry.from === CANARY.source) return true;
      if (total >= MOST_CONNECTIONS) {
        truncated = true;
        return false;
      }
      total += 1;
      const { from, to, back, mark } = entry;
      const has = synced.has(entry.key);
      if (has) held += 1;
      const reason = judge(entry, has);
      if (reason === null) survivors += 1;
      else note(reason, `${entry.protocol} ${from} > ${to}`);
      const wan =
        [back, to, from]
          .map((address) => virtual.get(address) || own.get(address) || '')
          .find((name) => name !== '') ??
        markedWan(mark) ??
        '';
      const lost = byWan.get(wan);
      if (lost !== undefined) byWan.set(wan, lost + 1);
      return true;
    },
    result(partner) {
      const missing =
        partner === null || partner.external === null ? 0 : Math.max(0, held - partner.external);
      // Which ones those are is not known; fewer than all cannot live.
      const late = Math.min(survivors, missing);
      const why = [...reasons].map(([reason, { count, example }]) => ({ reason, count, example }));
      if (late > 0) why.push({ reason: 'not-at-partner', count: late, example: '' });
      const isNone = blocked !== '';
      return {
        total,
        truncated,
        router: {
          survive: isNone ? 0 : survivors - late,
          blocked,
          reasons: why.sort((a, b) => b.count - a.count),
        },
        wans: [...byWan].map(([name, lost]) => ({ name, survive: total - lost, lost })),
        partner_known: partner !== null,
      };
    },
  };
}
