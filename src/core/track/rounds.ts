/**
 * Rounds. All targets are probed in parallel and without a pause; round n is made of the probes n · count … n · count + count − 1
 * of each target. It is judged as soon as it can be: good when `reliability` targets are good, bad when so many are
 * silent that they cannot be reached any more. A round that was sent before a judged one says nothing new: a lost probe
 * whose successor was answered is loss, not silence, and counts in the statistics alone.
 */
import type { TrackConfig } from '../policy/model.ts';
import { MAX_OPEN_ROUNDS, QUALITY_WINDOW } from './defaults.ts';
import type { OpenRound, Tally, TargetState } from './types.ts';

export const NO_TALLY: Tally = { replies: 0, lost: 0 };

export interface Judged {
  readonly rounds: readonly OpenRound[];
  /** null = no round could be judged. */
  readonly verdict: 'good' | 'bad' | null;
  readonly number: number;
}

/** How many of the targets must answer: all, where `reliability` is beyond their number (in mwan3 that is never met). */
export function neededTargets(config: TrackConfig): number {
  return Math.max(1, Math.min(config.reliability, config.targets.length));
}

export function addTally(tallies: readonly Tally[], index: number, answered: boolean): readonly Tally[] {
  return tallies.map((tally, at) =>
    at === index
      ? {
          replies: tally.replies + (answered ? 1 : 0),
          lost: tally.lost + (answered ? 0 : 1),
        }
      : tally,
  );
}

/** What one target says in a round: null while it may still go either way. */
export function targetVerdict(
  config: TrackConfig,
  tally: Tally,
  target: TargetState | undefined,
): 'good' | 'bad' | null {
  const heard = tally.replies + tally.lost;
  if (config.quality === null) {
    if (tally.replies > 0) return 'good';
    return heard >= config.count ? 'bad' : null;
  }
  if (heard < config.count) return null;
  if (tally.replies === 0) return 'bad';
  return target?.status === 'down' ? 'bad' : 'good';
}

/** Judges a set of tallies by the number of targets that must answer. */
export function judge(verdicts: readonly ('good' | 'bad' | null)[], needed: number): 'good' | 'bad' | null {
  let good = 0;
  let bad = 0;
  for (const verdict of verdicts) {
    if (verdict === 'good') good += 1;
    else if (verdict === 'bad') bad += 1;
  }
  if (good >= needed) return 'good';
  return verdicts.length - bad < needed ? 'bad' : null;
}

/**
 * Enters the outcome of one probe and judges its round.
 * @param index of the target. @param judgedBefore number of the newest judged round.
 */
export function enterOutcome(
  config: TrackConfig,
  rounds: readonly OpenRound[],
  judgedBefore: number,
  targets: readonly TargetState[],
  index: number,
  seq: number,
  answered: boolean,
): Judged {
  const number = Math.floor(seq / config.count);
  const nothing: Judged = { rounds, verdict: null, number };
  if (number <= judgedBefore) return nothing;
  const open = rounds.find((round) => round.number === number) ?? {
    number,
    tallies: targets.map(() => NO_TALLY),
  };
  const entered: OpenRound = { number, tallies: addTally(open.tallies, index, answered) };
  const others = rounds.filter((round) => round.number !== number);
  const verdict = judge(
    entered.tallies.map((tally, at) => targetVerdict(config, tally, targets[at])),
    neededTargets(config),
  );
  if (verdict === null) {
    const all = [...others, entered].sort((a, b) => a.number - b.number);
    return { rounds: all.slice(-MAX_OPEN_ROUNDS), verdict, number };
  }
  // A bad round waits for nobody: the ones before it that are still open are older and end with it.
  return { rounds: others.filter((round) => round.number > number), verdict, number };
}

/**
 * A target's status after an outcome. With quality checked the loss and the mean latency of the window decide: at or above
 * a failure bound down, at or below both recovery bounds up, between them as before.
 * @param silent its part of the round is over and nothing came. @param answered the outcome was a reply.
 */
export function targetStatus(
  config: TrackConfig,
  before: TargetState,
  recent: readonly number[],
  answered: boolean,
  silent: boolean,
): TargetState['status'] {
  const { quality } = config;
  if (quality === null) {
    if (answered) return 'up';
    return silent ? 'down' : before.status;
  }
  if (silent) return 'down';
  const windowSize = config.count >= 5 ? config.count : QUALITY_WINDOW;
  const probes = recent.slice(-windowSize);
  const replies = probes.filter((latencyMs) => latencyMs >= 0);
  // A window that is not full yet would make one lost probe 100 %; the first replies are taken as they are.
  if (probes.length < windowSize) return before.status === 'skipped' && answered ? 'up' : before.status;
  const lossPct = ((probes.length - replies.length) * 100) / probes.length;
  const latencyMs = replies.reduce((sum, one) => sum + one, 0) / Math.max(1, replies.length);
  if (replies.length === 0 || lossPct >= quality.failureLossPct || latencyMs >= quality.failureLatencyMs)
    return 'down';
  if (lossPct <= quality.recoveryLossPct && latencyMs <= quality.recoveryLatencyMs) return 'up';
  return before.status;
}
