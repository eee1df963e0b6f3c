/**
 * Numbers that the packets carry and the kernel's rules know: marks, rule preferences, routing tables. The arithmetic
 * is mwan3's (2.12: `mwan3_id2mask`, `MWAN3_INTERFACE_MAX`), so that a pair of which one router still runs mwan3 agrees.
 *
 * Who else uses what: netifd 10000, 20000, 90000 and 4200000000 (rule preferences), Tailscale 5210-5270 and mark 0xff0000,
 * pbr near 30000 and mark 0xff0000, main/default/local the tables 254/253/255. Ours: preferences 1001-1250, 2001-2250,
 * 3001-3250 and two of 2000 + the highest marks; tables 1-250; the bits of `mmx_mask`.
 */
import { fail, ok, type Result } from '../../lib/result.ts';
import type { Family, IpRule } from './model.ts';

/** Tables 253-255 are the kernel's own; a WAN's number is its table. The limit is ours. */
export const MOST_WANS = 250;

const IIF_PREFERENCE = 1000;
const MARK_PREFERENCE = 2000;
const UNREACHABLE_PREFERENCE = 3000;

export interface Marks {
  readonly mask: number;
  /** All bits: the packet goes by table main. */
  readonly default: number;
  readonly unreachable: number;
  readonly blackhole: number;
  /** How many WANs the mask has marks for. */
  readonly capacity: number;
}

/** Spreads the bits of `number` over the bits of `mask`, lowest first; bits beyond the mask's are lost. */
export function spread(number: number, mask: number): number {
  let result = 0;
  let taken = 0;
  for (let bit = 0; bit < 32; bit += 1) {
    if (((mask >>> bit) & 1) === 0) continue;
    if (((number >>> taken) & 1) === 1) result |= 1 << bit;
    taken += 1;
  }
  return result >>> 0;
}

function allOnes(mask: number): number {
  let count = 0;
  for (let bit = 0; bit < 32; bit += 1) count += (mask >>> bit) & 1;
  return 2 ** count - 1;
}

/** The marks of a mask (32 bits). Of a mask with fewer than three bits, the built-in ones collide: capacity 0. */
export function marksOf(mask: number): Marks {
  const ones = allOnes(mask);
  return {
    mask: mask >>> 0,
    default: spread(ones, mask),
    unreachable: spread(ones - 1, mask),
    blackhole: spread(Math.max(ones - 2, 0), mask),
    capacity: Math.max(0, Math.min(ones - 3, MOST_WANS)),
  };
}

/** The mark of WAN `number` (from 1). */
export function wanMark(marks: Marks, number: number): number {
  return spread(number, marks.mask);
}

/** The marks of a mask, or a sentence that says why it does not do for `wans` WANs. */
export function checkMarks(mask: number, wans: number): Result<Marks, string> {
  if (!Number.isInteger(mask) || mask <= 0 || mask > 0xffffffff)
    return fail(`Is no mask of 32 bits that has a bit set.`);
  const marks = marksOf(mask);
  if (wans <= marks.capacity) return ok(marks);
  const text = `0x${mask.toString(16)}`;
  return fail(
    wans > MOST_WANS
      ? `There are ${wans} interface sections; more than ${MOST_WANS} have no routing table.`
      : `${text} has room for ${marks.capacity} interfaces, but there are ${wans}: give it more bits.`,
  );
}

/** The two rules that every family has: the built-in marks that drop. */
export function builtinRules(marks: Marks, family: Family): readonly IpRule[] {
  const ones = allOnes(marks.mask);
  const match = (mark: number) => ({ mark, mask: marks.mask });
  return [
    {
      family,
      preference: MARK_PREFERENCE + ones - 2,
      match: match(marks.blackhole),
      action: 'blackhole',
    },
    {
      family,
      preference: MARK_PREFERENCE + ones - 1,
      match: match(marks.unreachable),
      action: 'unreachable',
    },
  ];
}

/** The rules of one WAN. Without a device there is nothing that could come in by it. */
export function wanRules(
  marks: Marks,
  wan: { readonly number: number; readonly family: Family; readonly device: string | null },
): readonly IpRule[] {
  const { number, family, device } = wan;
  const match = { mark: wanMark(marks, number), mask: marks.mask };
  const byMark: IpRule[] = [
    { family, preference: MARK_PREFERENCE + number, match, action: { table: number } },
    { family, preference: UNREACHABLE_PREFERENCE + number, match, action: 'unreachable' },
  ];
  if (device === null) return byMark;
  return [
    { family, preference: IIF_PREFERENCE + number, match: { iif: device }, action: { table: number } },
    // What the router sends by a socket bound to the device leaves by it, whatever mark it gets: probes that can carry none.
    { family, preference: IIF_PREFERENCE + number, match: { oif: device }, action: { table: number } },
    ...byMark,
  ];
}
