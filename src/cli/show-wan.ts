/** The texts of `hagw wan`, `hagw explain` and `hagw print nft|rules|routes`. */
import type { Explained, WanDetail, WanHistory, WanList } from '../api/wan.ts';
import { renderTable } from '../core/nft/render.ts';
import { ruleText } from '../core/plan/ours.ts';
import type { Desired } from '../core/policy/model.ts';
import { clean, createPaint, timeText } from './format.ts';

export function wanText(wan: WanDetail, colours: boolean): string {
  const paint = createPaint(colours);
  const state = wan.state === 'online' ? paint.good(wan.state) : wan.state;
  const since = wan.since === null ? '' : ` since ${timeText(wan.since)}`;
  const targets = wan.targets.map(({ target, status, latency_ms, loss_pct }) => {
    const figures = [
      latency_ms === null ? null : `${latency_ms} ms`,
      loss_pct === null ? null : `${loss_pct} % lost`,
    ].filter((part) => part !== null);
    return `    ${clean(target).padEnd(24)} ${status}${figures.length === 0 ? '' : `, ${figures.join(', ')}`}\n`;
  });
  const device = wan.device === null ? 'no device' : clean(wan.device);
  return `${clean(wan.name)}  ${state}${since}, ${device}, ${wan.family}, score ${wan.score} of ${wan.score_max}\n    ${paint.dim(clean(wan.reason))}\n${targets.join('')}`;
}

export function wanListText(list: WanList, colours: boolean): string {
  const head = list.running ? '' : `The engine does not run: ${clean(list.reason)}\n`;
  return `${head}${list.wans.map((wan) => wanText(wan, colours)).join('')}`;
}

/** A line for each second or minute, oldest first. */
export function historyText({ slots }: WanHistory): string {
  return slots
    .map(({ at, latency_ms, loss_pct }) => {
      const latency = latency_ms === null ? '' : `${latency_ms.toFixed(2)} ms`;
      const loss = loss_pct === null ? 'nothing sent' : `${loss_pct} % lost`;
      return `${timeText(at)}  ${latency.padStart(12)}  ${loss.padStart(12)}\n`;
    })
    .join('');
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
