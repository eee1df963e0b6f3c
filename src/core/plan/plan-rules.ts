/**
 * The way from the kernel's ip rules to ours: what is missing is added, what is ours and no longer wanted removed, and
 * nothing else touched. All additions come before all removals, so that no WAN is without its rule in between.
 */
import type { Marks } from '../policy/marks.ts';
import type { IpRule } from '../policy/model.ts';
import type { KernelRule } from './decode-rules.ts';
import { isOurPreference, ruleText, ruleWords, wanOfRule } from './ours.ts';
import type { Finding, IpCommand } from './steps.ts';
import { isBatchWord, shown } from './words.ts';

export interface IpPlan {
  readonly additions: readonly IpCommand[];
  readonly removals: readonly IpCommand[];
  readonly findings: readonly Finding[];
}

const identity = (rule: IpRule): string => `${rule.family} ${ruleText(rule)}`;

function command(rule: IpRule, verb: 'add' | 'del'): IpCommand {
  const other = verb === 'add' ? 'del' : 'add';
  const words = ruleWords(rule);
  return { family: rule.family, words: ['rule', verb, ...words], undo: ['rule', other, ...words] };
}

function finding(code: Finding['code'], text: string): Finding {
  return { code, object: 'rule', text };
}

/**
 * @param previous the rules that we had applied, null if that is not known: it tells what somebody removed from what is new.
 */
export function planRules(
  desired: readonly IpRule[],
  actual: readonly KernelRule[],
  marks: Marks,
  previous: readonly IpRule[] | null = null,
): IpPlan {
  const findings: Finding[] = [];
  const usable = desired.filter((rule) => {
    const fits = ruleWords(rule).every(isBatchWord);
    if (!fits)
      findings.push(finding('unusable', `The ip rule '${shown(ruleText(rule))}' cannot be written.`));
    return fits;
  });
  const wanted = new Map(usable.map((rule) => [identity(rule), rule]));
  const ours = new Set((previous ?? []).map(identity));
  const present = new Set<string>();
  const removals: IpCommand[] = [];
  for (const { rule, family, preference, text } of actual) {
    const id = rule === null ? null : identity(rule);
    if (rule !== null && id !== null && wanted.has(id) && !present.has(id)) {
      present.add(id);
    } else if (rule !== null && id !== null && (wanOfRule(rule) !== null || ours.has(id))) {
      removals.push(command(rule, 'del'));
      if (wanted.has(id)) findings.push(finding('extra', `The ip rule '${shown(text)}' is there twice.`));
      else if (!ours.has(id)) {
        const text6 = family === 'ipv6' ? 'IPv6 rule' : 'ip rule';
        findings.push(
          finding(
            'left-over',
            `The ${text6} '${shown(text)}' is of no use to this configuration: mwan3 or an earlier one left it.`,
          ),
        );
      }
    } else if (isOurPreference(preference, marks)) {
      findings.push(
        finding(
          'foreign',
          `The ip rule '${shown(text)}' is not ours, but has a preference of ours: it is left alone.`,
        ),
      );
    }
  }
  const missing = [...wanted].filter(([id]) => !present.has(id));
  for (const [id, rule] of missing)
    if (ours.has(id))
      findings.push(
        finding('missing', `Somebody removed the ip rule '${shown(ruleText(rule))}' (${rule.family}).`),
      );
  return { additions: missing.map(([, rule]) => command(rule, 'add')), removals, findings };
}
