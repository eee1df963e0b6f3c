/**
 * Which ip rules and routing tables are ours. By number: preferences 1001-1250, 2001-2250, 3001-3250 and the two of the mask's
 * highest marks. By shape: within these, what the arithmetic of marks.ts gives for the rule's own mask, whoever wrote it: mwan3
 * leaves the same, and an earlier configuration of ours with another mask does, too.
 */
import { type Marks, MOST_WANS, marksOf, wanMark } from '../policy/marks.ts';
import type { Family, IpRule } from '../policy/model.ts';
import type { KernelRule } from './decode-rules.ts';

const IIF = 1000;
const MARK = 2000;
const UNREACHABLE = 3000;

/** What identifies a rule: all of it. */
export function ruleText(rule: IpRule): string {
  return ruleWords(rule).join(' ');
}

/** Selector and action as `ip rule add` takes them. */
export function ruleWords({ preference, match, action }: IpRule): readonly string[] {
  return [
    'pref',
    String(preference),
    ...('iif' in match
      ? ['iif', match.iif]
      : 'oif' in match
        ? ['oif', match.oif]
        : ['fwmark', `0x${match.mark.toString(16)}/0x${match.mask.toString(16)}`]),
    ...(typeof action === 'string' ? [action] : ['lookup', String(action.table)]),
  ];
}

/** Whether a preference is one of those that we use with these marks. */
export function isOurPreference(preference: number, marks: Marks): boolean {
  const within = (base: number): boolean => preference > base && preference <= base + MOST_WANS;
  return within(IIF) || within(MARK) || within(UNREACHABLE) || builtinPreferences(marks).includes(preference);
}

function builtinPreferences(marks: Marks): readonly number[] {
  let ones = 0;
  for (let bit = 0; bit < 32; bit += 1) ones += (marks.mask >>> bit) & 1;
  return [MARK + 2 ** ones - 3, MARK + 2 ** ones - 2];
}

/** Number of the WAN that a rule of our shape belongs to, 0 for the two built-in ones, null for a rule that is not of our shape. */
export function wanOfRule(rule: IpRule): number | null {
  const { preference, match, action } = rule;
  if ('iif' in match || 'oif' in match) {
    const number = preference - IIF;
    const isOurs = typeof action !== 'string' && action.table === number;
    return isOurs && number >= 1 && number <= MOST_WANS ? number : null;
  }
  const marks = marksOf(match.mask);
  const [blackhole, unreachable] = builtinPreferences(marks);
  if (preference === blackhole && action === 'blackhole' && match.mark === marks.blackhole) return 0;
  if (preference === unreachable && action === 'unreachable' && match.mark === marks.unreachable) return 0;
  const base = action === 'unreachable' ? UNREACHABLE : MARK;
  const number = preference - base;
  if (number < 1 || number > marks.capacity || match.mark !== wanMark(marks, number)) return null;
  return action === 'unreachable' || (typeof action !== 'string' && action.table === number) ? number : null;
}

export interface OwnedTable {
  readonly family: Family;
  readonly table: number;
}

/** Tables that rules of our shape lead to by a mark: those of an earlier run or of mwan3. */
export function tablesOfRules(rules: readonly KernelRule[]): readonly OwnedTable[] {
  return rules.flatMap(({ family, rule }) => {
    if (rule === null || !('mark' in rule.match) || typeof rule.action === 'string') return [];
    return wanOfRule(rule) === null ? [] : [{ family, table: rule.action.table }];
  });
}
