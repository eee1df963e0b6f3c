/** The texts of `hagw explain` and `hagw print nft|rules|routes`. */
import type { Explained } from '../api/wan.ts';
import { renderTable } from '../core/nft/render.ts';
import { ruleText } from '../core/plan/ours.ts';
import type { Desired } from '../core/policy/model.ts';
import { clean } from './format.ts';

/** The desired state as the programs would be given it. */
export function desiredText(desired: Desired, what: 'nft' | 'rules' | 'routes'): string {
  switch (what) {
    case 'nft':
      return renderTable(desired.nft);
    case 'rules':
      return desired.rules
        .map((rule) => `ip ${rule.family === 'ipv4' ? '-4' : '-6'} rule add ${ruleText(rule)}\n`)
        .join('');
    case 'routes':
      return desired.tables
        .flatMap(({ family, table, routes }) =>
          routes.map(
            (words) => `ip ${family === 'ipv4' ? '-4' : '-6'} route add ${words.join(' ')} table ${table}\n`,
          ),
        )
        .join('');
  }
}

export function explainedText(found: Explained): string {
  const ways = found.choices.map(({ target, wan, share_pct, mark, table, device, gateway }) => {
    const where = [
      wan === null ? target : clean(wan),
      `mark 0x${mark.toString(16)}`,
      table === null ? null : `table ${table}`,
      device === null ? null : `dev ${clean(device)}`,
      gateway === null ? null : `via ${clean(gateway)}`,
    ].filter((part) => part !== null);
    return `  ${String(share_pct).padStart(6)} %  ${where.join(', ')}\n`;
  });
  const rule =
    found.rule === null
      ? ''
      : `rule ${clean(found.rule)}, policy ${clean(found.policy ?? '')}${found.sticky ? ', sticky' : ''}\n`;
  const others = found.why_not.map(({ rule: name, reason }) => `  not ${clean(name)}: ${clean(reason)}\n`);
  return `${clean(found.reason)}\n${rule}${ways.join('')}${others.join('')}`;
}
