/** Runs the pair machine (core/engine/pair.ts): holds its state, feeds it one event at a time, has its effects run. It decides nothing. */
import { type DutyNews, dutyReportOf, sameDuty } from '../../core/engine/duty.ts';
import { INITIAL_PAIR, nextPairDeadline, stepPair, switchoverRefusal } from '../../core/engine/pair.ts';
import type {
  PairEffect,
  PairEvent,
  PairSituation,
  PairState,
  SwitchoverOutcome,
} from '../../core/engine/pair-types.ts';
import type { Happening } from '../../core/events/timeline.ts';
import type { Result } from '../../lib/result.ts';
import type { Clock, Timer, Timers } from '../../ports/clock.ts';
import type { Flush, Partner, Standby } from '../../ports/duty.ts';
import type { Log } from '../../ports/log.ts';
import { createTurns } from '../turns.ts';

export interface DutyPorts {
  readonly partner: Partner;
  readonly standby: Standby;
  readonly flush: Flush;
}

export interface Duty {
  situation(situation: PairSituation | null): void;
  /** Resolves when it is over, or with a sentence at once if it cannot be begun. */
  switchover(): Promise<SwitchoverOutcome | string>;
  maintenance(on: boolean): Result<void, string>;
  state(): PairState;
  /** Serves again, for nobody would renew the lease. */
  stop(): void;
}

export function createDuty(
  ports: DutyPorts & { readonly clock: Clock; readonly timers: Timers; readonly log: Log },
  run: string,
  report: (news: DutyNews) => void,
): Duty {
  const { clock, timers, log, partner, standby, flush } = ports;
  const happenings: Happening[] = [];
  const waiting: ((outcome: SwitchoverOutcome) => void)[] = [];
  let state = INITIAL_PAIR;
  let told = dutyReportOf(state, 0);
  let timer: Timer | null = null;
  let toldTrouble = '';

  const complain = (done: Result<void, string>): void => {
    // Once a second is often enough to try, not to say.
    if (!done.ok && done.error !== toldTrouble) log.write('err', done.error);
    toldTrouble = done.ok ? '' : done.error;
  };
  const later = (what: string, work: Promise<unknown>): void => {
    work.catch((error: unknown) => log.write('err', `${what} failed by a defect: ${String(error)}`));
  };

  const perform = (effect: PairEffect): void => {
    switch (effect.kind) {
      case 'lease': {
        const forMs = effect.until === null ? null : effect.until - clock.monotonicMs();
        complain(standby.hold(forMs, effect.reason));
        if (effect.kick) later('The signal to keepalived', standby.kick());
        return;
      }
      case 'tell':
        complain(partner.tell(effect.message));
        return;
      case 'read': {
        const message = partner.read();
        dispatch(
          message.ok
            ? { kind: 'heard', message: message.value, reason: '' }
            : { kind: 'heard', message: null, reason: message.error },
        );
        return;
      }
      case 'flush':
        later(
          'The bulk update',
          flush.send().then((done) => {
            if (!done.ok) log.write('warning', done.error);
            dispatch({ kind: 'flushed', ok: done.ok, text: done.ok ? '' : done.error });
          }),
        );
        return;
      case 'adopt':
        later(
          'The commit',
          flush.adopt().then((done) => {
            if (!done.ok) log.write('warning', done.error);
          }),
        );
        return;
      case 'keepMaintenance':
        complain(standby.setMaintenance(effect.on));
        return;
      case 'switched':
        for (const resolve of waiting.splice(0)) resolve(effect.outcome);
        return;
      case 'happened':
        happenings.push(effect.happening);
        return;
    }
  };

  const take = (event: PairEvent): void => {
    try {
      const next = stepPair(state, event, clock.monotonicMs());
      state = next.state;
      for (const effect of next.effects) perform(effect);
    } catch (error) {
      log.write('err', `The event ${event.kind} failed by a defect: ${String(error)}`);
    }
  };

  const settled = (): void => {
    const now = clock.monotonicMs();
    const news = dutyReportOf(state, now);
    if (happenings.length > 0 || !sameDuty(told, news)) {
      told = news;
      report({ report: news, happenings: happenings.splice(0) });
    }
    timer?.cancel();
    const at = nextPairDeadline(state, clock.monotonicMs());
    timer =
      at === null
        ? null
        : timers.after(Math.max(1, Math.ceil(at - clock.monotonicMs())), () => dispatch({ kind: 'tick' }));
  };
  const turns = createTurns<PairEvent>(take, settled);
  const { dispatch } = turns;

  dispatch({ kind: 'began', run, maintenance: standby.isMaintenance() });
  return {
    situation: (situation) => dispatch({ kind: 'situation', situation }),
    switchover: () => {
      const refusal = switchoverRefusal(state, clock.monotonicMs());
      if (refusal !== null) return Promise.resolve(refusal);
      return new Promise((resolve) => {
        waiting.push(resolve);
        dispatch({ kind: 'switchover' });
      });
    },
    maintenance: (on) => {
      dispatch({ kind: 'maintenance', on });
      return { ok: true, value: undefined };
    },
    state: () => state,
    stop: () => {
      turns.stop();
      timer?.cancel();
      if (state.lease !== null) complain(standby.hold(null, ''));
    },
  };
}
