/** The trackers within the multi-WAN machine: which there are, and what their effects become. */

import { marksOf, wanMark } from '../policy/marks.ts';
import type { MultiWanConfig, WanConfig } from '../policy/model.ts';
import { createTracker, stepTracker } from '../track/step.ts';
import type { TrackEffect, TrackEvent, TrackerState } from '../track/types.ts';
import type { HotplugAction, MultiWanEffect, MultiWanState, WanProbing } from './multiwan-types.ts';

export interface Draft {
  readonly state: MultiWanState;
  readonly effects: readonly MultiWanEffect[];
}

function wanOf(state: MultiWanState, name: string): WanConfig | undefined {
  return state.config?.wans.find((wan) => wan.name === name);
}

/** What the prober needs, by the tracker's wish and the WAN's place in the file. */
function probingOf(state: MultiWanState, tracker: TrackerState): WanProbing | null {
  const wan = wanOf(state, tracker.name);
  const device = state.situation.wans?.[tracker.name]?.device ?? null;
  if (wan === undefined || device === null || tracker.probing === null || state.config === null) return null;
  return {
    ...tracker.probing,
    wan: wan.name,
    device,
    family: wan.family,
    source: null,
    mark: wanMark(marksOf(state.config.mask), wan.number),
  };
}

/** mwan3's event for a change of state; null = it has none. */
function actionOf(to: string): HotplugAction | null {
  switch (to) {
    case 'online':
      return 'connected';
    case 'offline':
    case 'disabled':
      return 'disconnected';
    case 'connecting':
    case 'disconnecting':
      return to;
    default:
      return null;
  }
}

function changedEffects(
  state: MultiWanState,
  name: string,
  change: Extract<TrackEffect, { readonly kind: 'changed' }>,
): readonly MultiWanEffect[] {
  const device = state.situation.wans?.[name]?.device ?? state.usedDevices[name] ?? '';
  const action = actionOf(change.to);
  // Coming out of the unknown into being offline is no loss of a connection.
  const isNews = action !== null && !(action === 'disconnected' && change.from === 'unknown');
  // Between offline and connecting nothing was connected.
  const wasConnected = change.from === 'online' || change.from === 'disconnecting';
  const isLoss = action === 'disconnected';
  const hotplug: readonly MultiWanEffect[] =
    isNews && (!isLoss || wasConnected) && action !== null
      ? [{ kind: 'hotplug', action, wan: name, device, first: change.first }]
      : [];
  const flush = wanOf(state, name)?.flushConntrack ?? [];
  const wantsFlush =
    (action === 'connected' && flush.includes('connected')) ||
    (isLoss && wasConnected && flush.includes('disconnected'));
  return wantsFlush ? [...hotplug, { kind: 'flushFlows' }] : hotplug;
}

function linkEffects(state: MultiWanState, name: string, event: TrackEvent): readonly MultiWanEffect[] {
  if (event.kind !== 'linkUp' && event.kind !== 'linkDown') return [];
  const action = event.kind === 'linkUp' ? 'ifup' : 'ifdown';
  const device = action === 'ifup' ? (state.situation.wans?.[name]?.device ?? '') : '';
  const flush = wanOf(state, name)?.flushConntrack ?? [];
  return [
    { kind: 'hotplug', action, wan: name, device, first: false },
    ...(flush.includes(action) ? [{ kind: 'flushFlows' } as const] : []),
  ];
}

function toEffects(
  state: MultiWanState,
  name: string,
  tracker: TrackerState,
  effect: TrackEffect,
): readonly MultiWanEffect[] {
  switch (effect.kind) {
    case 'setProbing':
      return [{ kind: 'probe', wan: name, probing: probingOf(state, tracker) }];
    case 'burst': {
      const { id, targets, count, spacingMs, timeoutMs } = effect;
      return [{ kind: 'burst', wan: name, burst: { id, targets, count, spacingMs, timeoutMs } }];
    }
    case 'changed':
      return changedEffects(state, name, effect);
    case 'log':
      return [{ kind: 'log', level: effect.level, text: effect.text }];
  }
}

/** Gives a tracker an event, and takes over what it wants. */
export function track(before: Draft, name: string, event: TrackEvent, now: number): Draft {
  const { state } = before;
  const tracker = state.trackers[name];
  if (tracker === undefined) return before;
  const step = stepTracker(tracker, event, now);
  if (step.state === tracker && step.effects.length === 0) return before;
  const device = state.situation.wans?.[name]?.device ?? null;
  const next: MultiWanState = {
    ...state,
    trackers: { ...state.trackers, [name]: step.state },
    stale: state.stale || step.state.status !== tracker.status,
    usedDevices:
      device === null || state.usedDevices[name] === device
        ? state.usedDevices
        : { ...state.usedDevices, [name]: device },
  };
  const effects = step.effects.flatMap((effect) => toEffects(next, name, step.state, effect));
  return { state: next, effects: [...before.effects, ...linkEffects(state, name, event), ...effects] };
}

/** Ends the trackers of these WANs and their probes. */
export function forget(before: Draft, names: readonly string[]): Draft {
  if (names.length === 0) return before;
  const rest = Object.entries(before.state.trackers).filter(([name]) => !names.includes(name));
  return {
    state: { ...before.state, trackers: Object.fromEntries(rest) },
    effects: [
      ...before.effects,
      ...names.map((wan): MultiWanEffect => ({ kind: 'probe', wan, probing: null })),
    ],
  };
}

/**
 * Brings the trackers in line with the configuration: one for each WAN; what is unchanged goes on as it is.
 * @param former the configuration before: probes carry marks, which follow from mask and place in the file.
 */
export function trackAll(before: Draft, former: MultiWanConfig | null, now: number): Draft {
  const { config } = before.state;
  if (config === null) return before;
  const names = config.wans.map(({ name }) => name);
  let draft = forget(
    before,
    Object.keys(before.state.trackers).filter((name) => !names.includes(name)),
  );
  for (const wan of config.wans) {
    const known = draft.state.trackers[wan.name];
    if (known !== undefined) {
      draft = track(draft, wan.name, { kind: 'configChanged', config: wan.track, enabled: wan.enabled }, now);
      const old = former?.wans.find(({ name }) => name === wan.name);
      if (old !== undefined && (old.number !== wan.number || former?.mask !== config.mask))
        draft = track(draft, wan.name, { kind: 'gatewayChanged' }, now);
      continue;
    }
    const state = draft.state.left?.states[wan.name];
    const adopted =
      state === 'online' || state === 'disconnecting'
        ? 'online'
        : state === 'offline' || state === 'connecting'
          ? 'offline'
          : null;
    const tracker = createTracker(wan.name, wan.track, wan.enabled, now, draft.state.shuffle, adopted);
    draft = {
      ...draft,
      state: { ...draft.state, trackers: { ...draft.state.trackers, [wan.name]: tracker } },
    };
    if (draft.state.keptDown.includes(wan.name)) draft = track(draft, wan.name, { kind: 'adminDown' }, now);
  }
  return draft;
}
