/**
 * `nft monitor` as a source of hints that somebody changed nftables, us included: of its lines only the table's name is looked
 * for.
 */
import type { Timers } from '../ports/clock.ts';
import type { Processes } from '../ports/processes.ts';
import { watchLines } from './line-watch.ts';

const ARGV = ['nft', 'monitor'];
const OURS = / inet hagw\b/;

/** Calls `changed` at most once in `quietMs` while our table changes, and `heard` as soon as the kernel tells of it. */
export function watchNft(
  processes: Processes,
  timers: Timers,
  changed: () => void,
  heard: () => void = () => undefined,
  quietMs = 200,
): { stop(): void } {
  return watchLines<true>(processes, timers, () => changed(), {
    argv: ARGV,
    hintOf: (line) => (OURS.test(line) ? true : undefined),
    afterRestart: true,
    quietMs,
    heard,
  });
}
