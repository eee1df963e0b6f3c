/** The tracker in real time: its effects done by a real prober, its deadlines kept. */
import { createProber } from '../../../src/adapters/probe-methods.ts';
import type { TrackConfig } from '../../../src/core/policy/model.ts';
import { createTracker, nextDeadline, stepTracker } from '../../../src/core/track/step.ts';
import type { TrackEffect, TrackEvent, TrackerState } from '../../../src/core/track/types.ts';
import type { Timer } from '../../../src/ports/clock.ts';
import type { RunningProbe } from '../../../src/ports/probe.ts';
import { DEVICE, type Rig } from './rig.ts';

export interface Driven {
  state(): TrackerState;
  readonly effects: (TrackEffect & { readonly at: number })[];
  send(event: TrackEvent): void;
  stop(): void;
}

export function drive(rig: Rig, config: TrackConfig, name = 'wan'): Driven {
  const { clock, timers } = rig.tools;
  const prober = createProber(rig.tools);
  let state = createTracker(name, config, true, clock.monotonicMs());
  let running: RunningProbe | null = null;
  let timer: Timer | null = null;
  let isStopped = false;
  const effects: Driven['effects'] = [];
  const perform = (effect: TrackEffect): void => {
    effects.push({ ...effect, at: clock.monotonicMs() });
    if (effect.kind === 'burst') running?.burst(effect);
    if (effect.kind !== 'setProbing') return;
    running?.stop();
    const family = config.targets.some((target) => target.includes(':')) ? 'ipv6' : 'ipv4';
    running =
      effect.probing === null
        ? null
        : prober.start(
            { ...effect.probing, wan: name, device: DEVICE, family, source: null, mark: null },
            send,
          );
  };
  function send(event: TrackEvent): void {
    if (isStopped) return;
    const now = clock.monotonicMs();
    const step = stepTracker(state, event, now);
    state = step.state;
    for (const effect of step.effects) perform(effect);
    timer?.cancel();
    const deadline = nextDeadline(state);
    timer = Number.isFinite(deadline) ? timers.after(deadline - now, () => send({ kind: 'tick' })) : null;
  }
  return {
    state: () => state,
    effects,
    send,
    stop: () => {
      isStopped = true;
      timer?.cancel();
      running?.stop();
    },
  };
}
