/**
 * The multi-WAN machine: `stepMultiWan(state, event, now)` gives the next state and what is to be done. Pure. It joins the trackers of
 * the WANs, the compiler and the applying of what it compiled:
 *
 *   situation, carriers, probes ──► trackers ──► states ─┐
 *   routes ──────────────────────────────────────────────┴─► compile ──► another desired state? ──► apply ──► applied
 *   something changed in the kernel ──────────────────────────────────────────────────────────────► check ──► checked
 *
 * Fail-static: it begins to apply only when all is known, and takes away only when the administrator has another engine in
 * the configuration, never because the service ends. One apply, check or removal is under way at a time; what happens meanwhile makes
 * one more after it. A WAN that comes up disturbs nothing that runs: only what is lost is dropped, after nft's transaction.
 */
import { checkLinks } from '../config/multiwan.ts';
import { same } from '../nft/update.ts';
import { marksOf } from '../policy/marks.ts';
import { nextDeadline as trackerDeadline } from '../track/step.ts';
import { applyIfStale } from './multiwan-apply.ts';
import { linkEvents, UNKNOWN_SITUATION } from './multiwan-links.ts';
import { foreignTables, leftTables, occupiedBy, placeOf, tablesOf } from './multiwan-occupied.ts';
import { type Draft, forget, track, trackAll } from './multiwan-tracking.ts';
import type {
  MultiWanEffect,
  MultiWanEvent,
  MultiWanEventKind,
  MultiWanState,
  MultiWanStep,
  Outcome,
  Phase,
  Situation,
} from './multiwan-types.ts';

/** After an apply that failed. */
const RETRY_MS = 1000;
/** A look at the kernel, its routes and the carriers though nobody said that something changed. */
const CHECK_EVERY_MS = 60_000;

export const INITIAL_MULTI_WAN: MultiWanState = {
  phase: 'waiting',
  reason: 'The service has just started.',
  begun: false,
  left: null,
  keptDown: [],
  tableNumbers: {},
  shuffle: 0,
  situation: UNKNOWN_SITUATION,
  config: null,
  trackers: {},
  usedDevices: {},
  routes: null,
  owned: [],
  ruleTables: [],
  readingRoutes: 'no',
  desired: null,
  compiled: null,
  applied: false,
  usable: {},
  work: 'idle',
  stale: false,
  checkWanted: false,
  owed: [],
  retryAt: null,
  checkAt: null,
  problems: [],
  configProblems: [],
};

type Handler<K extends MultiWanEventKind> = (
  state: MultiWanState,
  event: Extract<MultiWanEvent, { readonly kind: K }>,
  now: number,
) => Draft;

function readRoutes(state: MultiWanState): Draft {
  if (state.readingRoutes !== 'no') return { state: { ...state, readingRoutes: 'again' }, effects: [] };
  return {
    state: { ...state, readingRoutes: 'yes' },
    effects: [{ kind: 'readRoutes', rules: state.phase !== 'running' }],
  };
}

function devicesOf({ wans }: Situation): string[] {
  return Object.values(wans ?? {}).flatMap(({ device }) => device ?? []);
}

/** The phase that the situation asks for, and why it does not run. */
function wantedPhase(state: MultiWanState): { readonly phase: Phase; readonly reason: string } {
  const { situation, config } = state;
  const wait = (reason: string) => ({ phase: 'waiting' as const, reason });
  if (!state.begun || situation.engine === null) return wait('No configuration of hagw is in force.');
  if (situation.engine === 'none')
    return { phase: 'off', reason: 'Switched off by hagw.globals.engine or enabled.' };
  if (situation.engine === 'mwan3') return { phase: 'off', reason: 'The engine is the mwan3 package.' };
  if (situation.mwan3Runs === true)
    return {
      phase: 'refused',
      reason: 'The mwan3 service runs: both at once would undo each other. Stop and disable mwan3.',
    };
  if (state.phase === 'running') return { phase: 'running', reason: '' };
  if (config === null) return wait('No configuration of the WANs (/etc/config/mwan3) is in force.');
  if (config.wans.length === 0) return wait('/etc/config/mwan3 has no interface section.');
  if (situation.wans === null) return wait('netifd has not been heard yet.');
  if (situation.mwan3Runs === null) return wait('procd has not said yet whether the mwan3 service runs.');
  if (state.routes === null) return wait('The routes have not been read yet.');
  const [occupied] = occupiedBy(state, config);
  if (occupied !== undefined) return wait(`${occupied.where}: ${occupied.text}`);
  return { phase: 'running', reason: '' };
}

/** Enters another phase, if the situation asks for one. */
function changePhase(before: Draft, now: number): Draft {
  const { state } = before;
  const { phase, reason } = wantedPhase(state);
  if (phase === state.phase) return { ...before, state: { ...state, reason } };
  const next: MultiWanState = { ...state, phase, reason };
  const say = (to: string, text: string): MultiWanEffect => ({ kind: 'tell', subject: 'engine', to, text });
  if (phase === 'running')
    return {
      state: own({ ...next, stale: true, checkAt: now + CHECK_EVERY_MS }),
      effects: [...before.effects, say('running', 'The multi-WAN engine runs.')],
    };
  if (phase === 'refused')
    return forget(
      { state: next, effects: [...before.effects, say('refused', `The engine does not start: ${reason}`)] },
      Object.keys(next.trackers),
    );
  if (phase !== 'off') return { ...before, state: next };
  const stopped = forget({ state: next, effects: before.effects }, Object.keys(next.trackers));
  const isOurs = state.desired !== null || state.left !== null;
  const off: MultiWanState = { ...stopped.state, left: null, stale: false, checkAt: null, retryAt: null };
  // The words are the administrator's: only now goes what is ours.
  return isOurs
    ? {
        state: { ...off, work: 'removing', desired: null, compiled: null, usable: {}, owed: [] },
        effects: [
          ...stopped.effects,
          { kind: 'remove', marks: marksOf(state.config?.mask ?? 0x3f00) },
          say('off', `The multi-WAN engine is off: ${reason}`),
        ],
      }
    : { ...stopped, state: off };
}

/** The tables of what is in force are ours from now on. */
function own(state: MultiWanState): MultiWanState {
  const { config, owned } = state;
  return config === null ? state : { ...state, owned: [...new Set([...owned, ...tablesOf(config)])] };
}

const KEPT = ' The configuration before it stays in force.';

/** Takes a configuration if it can be used with the links; keeps the one before otherwise. */
function takeConfig(state: MultiWanState): MultiWanState {
  const { config, wans } = state.situation;
  if (config === null) return state;
  if (config === state.config) {
    const stays = state.configProblems.filter(({ text }) => !text.endsWith(KEPT));
    return stays.length === state.configProblems.length ? state : { ...state, configProblems: stays };
  }
  // A file that was emptied by accident must not take all traffic away from what works.
  if (config.wans.length === 0 && (state.config?.wans.length ?? 0) > 0) {
    const text = `Has no interface section any more (hagw.globals.engine 'none' would end the engine).${KEPT}`;
    return { ...state, configProblems: [{ where: 'mwan3', text }] };
  }
  const links = config.wans.map(({ name }) => ({
    name,
    device: wans?.[name]?.device ?? null,
    state: 'unknown' as const,
  }));
  const problems = [...checkLinks(config, links), ...occupiedBy(state, config)];
  // Without another in force there is nothing to keep: what cannot be used is left out by the compiler.
  const keeps = problems.length > 0 && state.config !== null;
  const configProblems = problems.map(({ where, text }) => ({
    where,
    text: keeps ? `${text}${KEPT}` : text,
  }));
  if (keeps) return { ...state, configProblems };
  const taken = { ...state, config, configProblems };
  return state.phase === 'running' ? own(taken) : taken;
}

function finishedWork(state: MultiWanState, outcome: Outcome, now: number): Draft {
  const effects: MultiWanEffect[] = [
    ...outcome.findings.map(
      (text): MultiWanEffect => ({
        kind: 'tell',
        subject: 'kernel',
        to: 'put right',
        text: `${text} It is put right.`,
      }),
    ),
    ...outcome.problems.map((text): MultiWanEffect => ({ kind: 'log', level: 'err', text })),
    ...outcome.dropped
      .filter(({ entries }) => entries > 0)
      .map(
        ({ wan, entries }): MultiWanEffect => ({
          kind: 'log',
          level: 'info',
          text: `${entries} connections of ${wan} were dropped, so that they find another way.`,
        }),
      ),
  ];
  const problems = outcome.problems.map((text) => ({ where: '', text }));
  const next: MultiWanState = { ...state, work: 'idle', checkAt: now + CHECK_EVERY_MS, problems };
  return { state: outcome.ok ? { ...next, owed: [], retryAt: null } : next, effects };
}

const HANDLERS: { readonly [K in MultiWanEventKind]: Handler<K> } = {
  began: (state, { left, down, tableNumbers, shuffle }) =>
    readRoutes({
      ...state,
      begun: true,
      left,
      owed: left?.drop ?? [],
      owned: (left?.tables ?? []).map(({ family, table }) => placeOf(family, table)),
      keptDown: down,
      tableNumbers,
      shuffle,
    }),

  situation: (state, { situation }, now) => {
    const before = state.situation;
    let next = takeConfig({ ...state, situation });
    // netifd mute or procd mute: what was known goes on to hold.
    if (situation.wans === null && before.wans !== null)
      next = { ...next, situation: { ...next.situation, wans: before.wans, devices: before.devices } };
    if (situation.engine !== 'hagw') return { state: next, effects: [] };
    let draft: Draft = trackAll({ state: { ...next, stale: true }, effects: [] }, state.config, now);
    const { wans } = draft.state.situation;
    if (wans === null) return draft;
    for (const name of Object.keys(draft.state.trackers)) {
      const known = Object.keys(state.trackers).includes(name) ? (before.wans?.[name] ?? null) : null;
      for (const event of linkEvents(known, wans[name])) draft = track(draft, name, event, now);
    }
    const devices = devicesOf(draft.state.situation);
    const routes = readRoutes(draft.state);
    return {
      state: routes.state,
      effects: [...draft.effects, { kind: 'readCarriers', devices }, ...routes.effects],
    };
  },

  routesRead: (state, { routes, rules }) => {
    const again = state.readingRoutes === 'again';
    const isNews = !same(routes, state.routes);
    const next: MultiWanState = {
      ...state,
      // Of equal ones the first: what is compiled anew depends on it.
      routes: isNews ? routes : state.routes,
      owned: rules === undefined ? state.owned : [...new Set([...state.owned, ...leftTables(rules)])],
      ruleTables: rules === undefined ? state.ruleTables : foreignTables(rules),
      readingRoutes: 'no',
      stale: state.stale || isNews,
    };
    return again ? readRoutes(next) : { state: next, effects: [] };
  },
  routesFailed: (state, { message }, now) => ({
    state: { ...state, readingRoutes: 'no', retryAt: now + RETRY_MS },
    effects: [{ kind: 'log', level: 'warning', text: message }],
  }),

  kernelChanged: (state, { routes }) => {
    const next: MultiWanState = { ...state, checkWanted: state.phase === 'running' };
    return routes ? readRoutes(next) : { state: next, effects: [] };
  },

  carriers: (state, { carriers }, now) => {
    let draft: Draft = { state, effects: [] };
    for (const [name, { device }] of Object.entries(state.situation.wans ?? {})) {
      const had = draft.state.trackers[name]?.link.carrier;
      if (device === null || had === undefined || !Object.keys(carriers).includes(device)) continue;
      const has = carriers[device] !== false;
      if (had !== has) draft = track(draft, name, { kind: has ? 'carrierFound' : 'carrierLost' }, now);
    }
    return draft;
  },

  admin: (state, { wan, down, persist }, now) => {
    const { keptDown } = state;
    const keeps = down && (persist ?? keptDown.includes(wan));
    const wans = keeps ? [...new Set([...keptDown, wan])] : keptDown.filter((name) => name !== wan);
    const event = { kind: down ? 'adminDown' : 'adminUp' } as const;
    const draft = track({ state: { ...state, keptDown: wans }, effects: [] }, wan, event, now);
    return wans.length === keptDown.length
      ? draft
      : { ...draft, effects: [...draft.effects, { kind: 'keepDown', wans }] };
  },

  tracked: (state, { wan, event }, now) => track({ state, effects: [] }, wan, event, now),

  applied: (state, { outcome }, now) => {
    const done = finishedWork(state, outcome, now);
    if (outcome.ok) return { ...done, state: { ...done.state, left: null } };
    // What it wanted is wanted still, and so are the flows that it should have dropped.
    return { ...done, state: { ...done.state, applied: false, retryAt: now + RETRY_MS } };
  },
  checked: (state, { outcome }, now) => {
    const done = finishedWork(state, outcome, now);
    return outcome.ok
      ? done
      : { ...done, state: { ...done.state, retryAt: now + RETRY_MS, checkWanted: true } };
  },
  removed: (state, { outcome }, now) => {
    const done = finishedWork(state, outcome, now);
    return { ...done, state: { ...done.state, checkAt: null } };
  },

  tick: (state, _event, now) => {
    let draft: Draft = { state, effects: [] };
    for (const [name, tracker] of Object.entries(state.trackers))
      if (trackerDeadline(tracker) <= now) draft = track(draft, name, { kind: 'tick' }, now);
    if (draft.state.retryAt !== null && draft.state.retryAt <= now) {
      const retry = readRoutes({ ...draft.state, retryAt: null, stale: true });
      draft = { state: retry.state, effects: [...draft.effects, ...retry.effects] };
    }
    if (draft.state.checkAt !== null && draft.state.checkAt <= now) {
      const { state: next, effects } = readRoutes({
        ...draft.state,
        checkWanted: true,
        checkAt: now + CHECK_EVERY_MS,
      });
      const devices = devicesOf(next.situation);
      draft = { state: next, effects: [...draft.effects, { kind: 'readCarriers', devices }, ...effects] };
    }
    return draft;
  },
};

/** One event at one moment. */
export function stepMultiWan(state: MultiWanState, event: MultiWanEvent, now: number): MultiWanStep {
  const handler = HANDLERS[event.kind] as Handler<MultiWanEventKind>;
  const handled = handler(state, event, now);
  // Most events are probes that change nothing: for them this is all.
  if (event.kind === 'tracked' && !handled.state.stale) return handled;
  const phased = changePhase(handled, now);
  return phased.state.phase === 'running' ? applyIfStale(phased, now) : phased;
}

/** When `tick` is wanted; null = only when something happens. */
export function nextMultiWanDeadline(state: MultiWanState): number | null {
  const times = [
    ...Object.values(state.trackers).map(trackerDeadline),
    state.retryAt ?? Number.POSITIVE_INFINITY,
    state.work === 'idle' ? (state.checkAt ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY,
  ];
  const first = Math.min(...times);
  return Number.isFinite(first) ? first : null;
}
