/** The WANs as the compiler uses them: configuration, device and whether policies may choose them. */
import type { LinkStatus } from '../../api/status.ts';
import { isDevice, nameOf } from '../nft/names.ts';
import type { NftMatch } from '../nft/objects.ts';
import { type Marks, wanMark } from './marks.ts';
import type { CompileInput, Family } from './model.ts';

export interface Wan {
  readonly number: number;
  readonly name: string;
  readonly family: Family;
  readonly enabled: boolean;
  /** l3 device, null without one (or with one that nft could not name). */
  readonly device: string | null;
  readonly mark: number;
  /** Whether a policy may send a flow here. */
  readonly usable: boolean;
  /** Chain that gives a packet and its connection the WAN's mark. */
  readonly chain: string;
}

/** Whether flows may be sent to a WAN of this state: mwan3's words, a WAN is used until it is offline. */
export function isUp(state: LinkStatus | undefined): boolean {
  return state === 'online' || state === 'disconnecting';
}

export interface Note {
  readonly where: string;
  readonly text: string;
}

/**
 * The WANs that have a mark, in the order of the file. mwan3's words: a WAN is used until it is offline, so
 * `disconnecting` counts as up and `connecting` as down.
 */
export function resolveWans(
  input: CompileInput,
  marks: Marks,
): { readonly wans: readonly Wan[]; readonly notes: readonly Note[] } {
  const notes: Note[] = [];
  const taken = new Map<string, string>();
  const links = new Map(input.links.map((link) => [link.name, link]));
  const wans = input.config.wans.flatMap((config): readonly Wan[] => {
    const where = `mwan3.${config.name}`;
    if (config.number > marks.capacity) {
      notes.push({
        where,
        text: `Is interface ${config.number}, but the mask has marks for ${marks.capacity} only: it is left out.`,
      });
      return [];
    }
    const link = links.get(config.name);
    let device = link?.device ?? null;
    if (device !== null && !isDevice(device)) {
      notes.push({ where, text: `Has a device whose name cannot stand in a rule: it is left out.` });
      device = null;
    }
    const key = `${config.family} ${device}`;
    const other = taken.get(key);
    if (config.enabled && device !== null && other !== undefined) {
      notes.push({ where, text: `Has the device ${device}, as ${other} has: it is left out.` });
      device = null;
    }
    if (config.enabled && device !== null) taken.set(key, config.name);
    return [
      {
        number: config.number,
        name: config.name,
        family: config.family,
        enabled: config.enabled,
        device,
        mark: wanMark(marks, config.number),
        usable: config.enabled && device !== null && isUp(link?.state),
        chain: `wan_${nameOf(config.name)}`,
      },
    ];
  });
  return { wans, notes };
}

export const FAMILIES: readonly Family[] = ['ipv4', 'ipv6'];

/** 4 or 6: the families' part of names. */
export function digit(family: Family): '4' | '6' {
  return family === 'ipv4' ? '4' : '6';
}

/** Matches packets that nobody has marked yet. */
export function unmarked(marks: Marks): NftMatch {
  return { kind: 'mark', mask: marks.mask, value: 0, negated: false };
}
