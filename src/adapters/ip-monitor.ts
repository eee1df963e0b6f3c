/** `ip monitor` as a source of hints, of whose lines only the label is read. */
import type { Timers } from '../ports/clock.ts';
import type { Processes } from '../ports/processes.ts';
import type { RoutingChange, RoutingWatch } from '../ports/routing.ts';
import { watchLines } from './line-watch.ts';

const ARGV = ['ip', '-o', 'monitor', 'label', 'route', 'address', 'link', 'rule'];
const LABELS: Readonly<Record<string, RoutingChange>> = {
  ROUTE: 'route',
  ADDR: 'address',
  LINK: 'link',
  RULE: 'rule',
};

export function watchRouting(
  processes: Processes,
  timers: Timers,
  changed: (what: ReadonlySet<RoutingChange>) => void,
  quietMs: number,
): RoutingWatch {
  return watchLines<RoutingChange>(processes, timers, changed, {
    argv: ARGV,
    hintOf: (line) => LABELS[/^\[([A-Z]+)\]/.exec(line)?.[1] ?? ''],
    afterRestart: 'all',
    quietMs,
  });
}
