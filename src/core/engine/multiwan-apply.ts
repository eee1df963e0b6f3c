/** When the multi-WAN machine applies: the desired state, what a change of it loses, and a check of the kernel. */

import type { FlowDrop } from '../plan/steps.ts';
import { compile } from '../policy/compile.ts';
import { marksOf, wanMark } from '../policy/marks.ts';
import type { CompileInput, Desired, WanConfig } from '../policy/model.ts';
import { recompile } from '../policy/switch.ts';
import { isUp } from '../policy/wans.ts';
import type { Draft } from './multiwan-tracking.ts';
import type { MultiWanState } from './multiwan-types.ts';

/** All that the compiler is given; null while something is missing. */
export function compileInput(state: MultiWanState): CompileInput | null {
  const { config, routes, situation, trackers, tableNumbers } = state;
  if (config === null || routes === null) return null;
  return {
    config,
    routes,
    tableNumbers,
    devices: situation.devices,
    links: config.wans.map(({ name }) => ({
      name,
      device: situation.wans?.[name]?.device ?? null,
      state: trackers[name]?.status ?? 'unknown',
    })),
  };
}

function isUsable(state: MultiWanState, { name, enabled }: WanConfig): boolean {
  return enabled && isUp(state.trackers[name]?.status);
}

/** Flows of the WANs that can be used no more, as their `flush` wants it. */
export function dropsOf(state: MultiWanState): readonly FlowDrop[] {
  const { config, usable, owed } = state;
  if (config === null) return owed;
  const marks = marksOf(config.mask);
  const lost = config.wans.filter(
    (wan) => wan.flush !== 'keep' && usable[wan.name] === true && !isUsable(state, wan),
  );
  const drops = lost.map(
    ({ name, number, family, flush }): FlowDrop => ({
      which: flush === 'all' ? 'all' : 'wan',
      wan: name,
      family,
      number,
      mark: wanMark(marks, number),
      mask: marks.mask,
    }),
  );
  // A WAN that came back meanwhile keeps what runs on it.
  const still = owed.filter(
    ({ wan }) =>
      !drops.some((one) => one.wan === wan) &&
      config.wans.some((item) => item.name === wan && !isUsable(state, item)),
  );
  return [...still, ...drops];
}

/** The desired state for this input, and whether it is another one than the kernel was last asked to have. */
function desire(
  state: MultiWanState,
  input: CompileInput,
): { readonly desired: Desired; readonly isOther: boolean } {
  const { desired: before, compiled } = state;
  const desired =
    before === null || compiled === null
      ? compile(input)
      : recompile({ input: compiled, desired: before }, input);
  return { desired, isOther: desired !== before };
}

/** Compiles if something may be different, and applies if it is; looks at the kernel if somebody touched it. */
export function applyIfStale(before: Draft, now: number): Draft {
  const { state, effects } = before;
  if (state.work !== 'idle') return before;
  const input = state.stale && state.retryAt === null ? compileInput(state) : null;
  if (input !== null) {
    const { desired, isOther } = desire(state, input);
    const usable = Object.fromEntries(input.config.wans.map((wan) => [wan.name, isUsable(state, wan)]));
    const drop = dropsOf(state);
    const next: MultiWanState = { ...state, stale: false, desired, compiled: input, usable };
    if (isOther || !state.applied || drop.length > 0) {
      const states = Object.fromEntries(
        Object.values(state.trackers).map(({ name, status }) => [name, status]),
      );
      return {
        state: { ...next, applied: true, owed: drop, work: 'applying' },
        effects: [...effects, { kind: 'apply', desired, marks: marksOf(input.config.mask), drop, states }],
      };
    }
    return checkIfWanted({ state: next, effects }, now);
  }
  return checkIfWanted(before, now);
}

function checkIfWanted({ state, effects }: Draft, _now: number): Draft {
  if (!state.checkWanted || state.desired === null) return { state, effects };
  return {
    state: { ...state, checkWanted: false, work: 'checking' },
    effects: [...effects, { kind: 'check' }],
  };
}
