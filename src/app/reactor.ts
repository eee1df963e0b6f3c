/**
 * Holds the engine's state, feeds it events one at a time, and has its effects run. Effects may dispatch further
 * events: they queue. One timer stands for the engine's next deadline.
 */
import type { Effect, Event } from '../core/engine/messages.ts';
import type { State } from '../core/engine/state.ts';
import { nextDeadline, step } from '../core/engine/step.ts';
import type { Now } from '../core/events/timeline.ts';
import type { Clock, Timer, Timers } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import { createTurns } from './turns.ts';

/**
 * The two clocks cannot be read at one moment: below this their difference is taken for unchanged, so that a past event
 * has the same wall-clock time whenever somebody asks. Beyond it, the clock has been set.
 */
const CLOCK_JITTER_MS = 50;

export interface Reactor {
  dispatch(event: Event): void;
  state(): State;
  now(): Now;
  /** Ends the timer; events are dropped from then on. */
  stop(): void;
}

export function createReactor(
  initial: State,
  ports: { readonly clock: Clock; readonly timers: Timers; readonly log: Log },
  run: (effect: Effect) => void,
  changed: (before: State, after: State) => void = () => undefined,
): Reactor {
  let state = initial;
  let timer: Timer | null = null;
  let isStopped = false;

  let offset = ports.clock.wallMs() - ports.clock.monotonicMs();

  const now = (): Now => {
    const monotonicMs = ports.clock.monotonicMs();
    const current = ports.clock.wallMs() - monotonicMs;
    if (Math.abs(current - offset) > CLOCK_JITTER_MS) offset = current;
    return { monotonicMs, wallMs: monotonicMs + offset };
  };

  /** A defect must not end the service: it is logged, the state stays sound, and what comes next goes on. */
  const guarded = (what: string, work: () => void): void => {
    try {
      work();
    } catch (error) {
      ports.log.write('err', `${what} failed by a defect: ${String(error)}`);
    }
  };

  const take = (event: Event): void => {
    const before = state;
    let effects: readonly Effect[] = [];
    guarded(`The event ${event.kind}`, () => {
      const next = step(state, event, now());
      state = next.state;
      effects = next.effects;
    });
    // One by one: a read that is not started would never be asked for again.
    for (const effect of effects) guarded(`The effect ${effect.kind}`, () => run(effect));
    if (state !== before) guarded('A change of state', () => changed(before, state));
  };

  const plan = (): void => {
    timer?.cancel();
    const at = isStopped ? null : nextDeadline(state);
    timer =
      at === null
        ? null
        : ports.timers.after(Math.max(1, Math.ceil(at - now().monotonicMs)), () => {
            timer = null;
            turns.dispatch({ kind: 'tick' });
          });
  };

  const turns = createTurns<Event>(take, plan);

  return {
    dispatch: turns.dispatch,
    state: () => state,
    now,
    stop: () => {
      isStopped = true;
      turns.stop();
      plan();
    },
  };
}
