/** The texts of `hagw wan`. */
import type { WanDetail, WanHistory, WanList } from '../api/wan.ts';
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
