/** What the outcome of a probe does: statistics, rounds, score, bursts, the time-out. */
import { BURST_COUNT, BURST_GRACE_MS, BURST_PAUSE_MS, BURST_SPACING_MS, LOSS_WINDOW } from './defaults.ts';
import { addTally, enterOutcome, judge, NO_TALLY, neededTargets, targetStatus } from './rounds.ts';
import { walk } from './score.ts';
import { adaptTimeout, burstTimeoutMs, observe } from './timeout.ts';
import { type Draft, draft, enter, forgetPath, quietAfter, withProbing } from './transition.ts';
import type { Reason, TargetState, TrackEffect, TrackEvent, TrackerState } from './types.ts';

type Outcome = Extract<TrackEvent, { readonly kind: 'probeReply' | 'probeLost' }>;

/** @param outcome of a probe that the state has asked for; any other is stale and dropped. */
export function takeOutcome(state: TrackerState, outcome: Outcome, now: number): Draft {
  const index = state.targets.findIndex(({ target }) => target === outcome.target);
  if (state.probing === null || index < 0) return draft(state);
  if (outcome.burst !== null) return takeBurstOutcome(state, outcome, outcome.burst, index, now);
  const answered = outcome.kind === 'probeReply';
  const latencyMs = outcome.kind === 'probeReply' ? outcome.latencyMs : -1;
  const target = state.targets[index];
  if (target === undefined) return draft(state);
  const recent = target.recent.slice(1 - LOSS_WINDOW);
  recent.push(latencyMs);
  const seen: TargetState = {
    ...target,
    recent,
    latencyMs: answered ? latencyMs : target.latencyMs,
    status: targetStatus(state.config, target, recent, answered, isSilent(state, recent)),
  };
  const targets = state.targets.map((one, at) => (at === index ? seen : one));
  const judged = enterOutcome(
    state.config,
    state.rounds,
    state.judged,
    targets,
    index,
    outcome.seq,
    answered,
  );
  const next: TrackerState = {
    ...state,
    targets,
    rounds: judged.rounds,
    judged: judged.verdict === null ? state.judged : judged.number,
    proberFailure: null,
    quietAt: quietAfter(state.probing, now),
    roundTrip: answered ? observe(state.roundTrip, latencyMs, state.timeoutMs) : state.roundTrip,
  };
  const told = tellSilentTargets(next);
  const walked = judged.verdict === null ? told : takeRound(told, judged.verdict, now);
  const timeoutMs = adaptTimeout(
    walked.state.config.timeoutMs,
    walked.state.timeoutMs,
    walked.state.roundTrip,
  );
  const { state: last } = walked;
  return withProbing(
    timeoutMs === last.timeoutMs ? walked : { ...walked, state: { ...last, timeoutMs } },
    now,
  );
}

/** A whole round's worth of probes to the target was lost, one after the other. */
function isSilent(state: TrackerState, recent: readonly number[]): boolean {
  const { count } = state.config;
  if (recent.length < count) return false;
  for (let at = recent.length - count; at < recent.length; at += 1) if ((recent[at] ?? 0) >= 0) return false;
  return true;
}

/** Walks the score by one round and enters the status that comes of it. */
function takeRound(before: Draft, verdict: 'good' | 'bad', now: number): Draft {
  const { state } = before;
  const { status, score, config } = state;
  if (status === 'disabled' || status === 'unknown') return before;
  const good = verdict === 'good';
  const walked = walk({ status, score }, good, config.up, config.down);
  const counted: TrackerState = {
    ...state,
    turn: state.turn + 1,
    lost: good ? 0 : state.lost + 1,
    score: walked.score,
  };
  // Most rounds change nothing: no sentence is made for them.
  if (walked.status === status) return { ...before, state: counted };
  const reason = roundReason(state, verdict);
  const entered = enter({ ...before, state: counted }, walked.status, walked.score, reason, now);
  if (walked.status !== 'offline') return entered;
  // It may be slow rather than dead: a time-out from better days would keep a slow path out for ever.
  return { ...entered, state: { ...forgetPath(entered.state), trusted: false, burst: null } };
}

function roundReason(state: TrackerState, verdict: 'good' | 'bad'): Reason {
  const silent = state.targets.filter(({ status }) => status === 'down').map(({ target }) => target);
  if (verdict === 'good') return { code: 'round-good', text: `${state.name} answers its probes.` };
  const what = state.config.quality === null ? 'No answer' : 'No answer of sufficient quality';
  return {
    code: 'round-bad',
    text: `${what} from ${silent.join(', ') || 'enough targets'} within ${state.timeoutMs} ms, ${state.lost + 1} round(s) in a row.`,
  };
}

/** A target that is silent while the WAN works has a limit or trouble of its own: said once, and once when it is back. */
function tellSilentTargets(state: TrackerState): Draft {
  if (state.status !== 'online' || state.targets.length < 2) return draft(state);
  const effects: TrackEffect[] = [];
  if (
    state.targets.every(
      ({ silentAlone, latencyMs, recent }) => !silentAlone && recent[recent.length - 1] === latencyMs,
    )
  )
    return draft(state);
  const targets = state.targets.map((target): TargetState => {
    const isLongSilent =
      target.recent.length === LOSS_WINDOW && target.recent.every((latencyMs) => latencyMs < 0);
    const isBack = target.silentAlone && target.status === 'up';
    if (target.silentAlone ? !isBack : !isLongSilent) return target;
    effects.push({
      kind: 'log',
      level: 'info',
      text: isBack
        ? `Target ${target.target} of ${state.name} answers again.`
        : `Target ${target.target} of ${state.name} does not answer though others do: its own trouble, or it limits how often it answers.`,
    });
    return { ...target, silentAlone: !isBack };
  });
  return effects.length === 0 ? draft(state) : draft({ ...state, targets }, ...effects);
}

/** Sends a burst, unless one is on its way, it was just answered, or there is nothing to find out. */
export function startBurst(state: TrackerState, now: number): Draft {
  const mayFall = state.status === 'online' || state.status === 'disconnecting';
  if (!mayFall || state.probing === null || state.burst !== null || now < state.nextBurstAt)
    return draft(state);
  const id = state.nextBurstId;
  const timeoutMs = burstTimeoutMs(state.roundTrip, state.timeoutMs);
  const lastedMs = (BURST_COUNT - 1) * BURST_SPACING_MS + timeoutMs;
  return draft(
    {
      ...state,
      nextBurstId: id + 1,
      burst: { id, giveUpAt: now + lastedMs + BURST_GRACE_MS, tallies: state.targets.map(() => NO_TALLY) },
    },
    {
      kind: 'burst',
      id,
      targets: state.probing.targets,
      count: BURST_COUNT,
      spacingMs: BURST_SPACING_MS,
      timeoutMs,
    },
  );
}

/** One answer clears a target; one without any has failed. So many failed that the WAN cannot be good: offline at once. */
function takeBurstOutcome(
  state: TrackerState,
  outcome: Outcome,
  id: number,
  index: number,
  now: number,
): Draft {
  const { burst } = state;
  if (burst === null || burst.id !== id) return draft(state);
  const tallies = addTally(burst.tallies, index, outcome.kind === 'probeReply');
  const verdict = judge(
    tallies.map(({ replies, lost }) => (replies > 0 ? 'good' : lost >= BURST_COUNT ? 'bad' : null)),
    neededTargets(state.config),
  );
  if (verdict === null) return draft({ ...state, burst: { ...burst, tallies } });
  const over: TrackerState = { ...state, burst: null, nextBurstAt: now + BURST_PAUSE_MS };
  // Good: the regular rounds go on deciding; with quality checked one answer is not enough to clear a WAN.
  if (verdict === 'good') return draft(over);
  const reason: Reason = {
    code: 'burst-bad',
    text: `${state.name} sends and receives nothing, and ${BURST_COUNT} quick probes to each target were not answered.`,
  };
  const targets = over.targets.map((target, at) =>
    (tallies[at]?.replies ?? 0) > 0 ? target : { ...target, status: 'down' as const },
  );
  const fallen = enter(draft({ ...over, targets, lost: over.lost + 1 }), 'offline', 0, reason, now);
  return withProbing({ ...fallen, state: { ...forgetPath(fallen.state), trusted: false } }, now);
}
