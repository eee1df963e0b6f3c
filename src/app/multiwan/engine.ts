/**
 * Runs the multi-WAN machine: holds its state, feeds it events one at a time, has its effects run, and reports to the rest of the
 * service. It decides nothing. `stop` ends probes and watches and leaves the kernel as it is.
 */
import { INITIAL_MULTI_WAN, nextMultiWanDeadline, stepMultiWan } from '../../core/engine/multiwan.ts';
import { type MultiWanReport, reportOf, sameReport } from '../../core/engine/multiwan-report.ts';
import type {
  MultiWanEffect,
  MultiWanEvent,
  MultiWanState,
  Outcome,
  Situation,
} from '../../core/engine/multiwan-types.ts';
import type { Happening } from '../../core/events/timeline.ts';
import { createHistory, type History, recordProbe } from '../../core/track/history.ts';
import type { Result } from '../../lib/result.ts';
import type { Clock, Timer, Timers } from '../../ports/clock.ts';
import type { KernelError } from '../../ports/kernel-error.ts';
import type { Log } from '../../ports/log.ts';
import type { ProbeResult, RunningProbe } from '../../ports/probe.ts';
import type { KernelRule } from '../../ports/routing.ts';
import { createTurns } from '../turns.ts';
import { type ApplyReport, createApplier } from './applier.ts';
import { createHotplug } from './hotplug.ts';
import { readKeptDown, writeKeptDown } from './kept-down.ts';
import type { MultiWanPorts } from './ports.ts';
import { createSuspicionWatch } from './suspicion-watch.ts';
import { readTableNames } from './table-names.ts';

export interface MultiWanEngine {
  situation(situation: Situation): void;
  dispatch(event: MultiWanEvent): void;
  state(): MultiWanState;
  history(wan: string): History | null;
  /** Ends probes and watches; nothing in the kernel changes. */
  stop(): void;
}

type Report = (report: MultiWanReport, happenings: readonly Happening[]) => void;

function toOutcome(result: Result<ApplyReport, KernelError>): Outcome {
  if (!result.ok)
    return { ok: false, how: 'unchanged', problems: [result.error.message], findings: [], dropped: [] };
  const { how, problems, findings, dropped } = result.value;
  return { ok: true, how, problems, findings: findings.map(({ text }) => text), dropped };
}

export function createMultiWanEngine(
  ports: MultiWanPorts & { readonly clock: Clock; readonly timers: Timers; readonly log: Log },
  report: Report,
): MultiWanEngine {
  const { clock, timers, log } = ports;
  const applier = createApplier(ports);
  const hotplug = createHotplug(ports.processes, ports.files, log);
  const probes = new Map<string, RunningProbe>();
  const histories = new Map<string, History>();
  let state = INITIAL_MULTI_WAN;
  let told = '';
  let timer: Timer | null = null;
  let timerAt = 0;
  let isStopped = false;
  let watches: readonly { stop(): void }[] = [];

  const suspicion = createSuspicionWatch(
    ports,
    () =>
      Object.values(state.trackers).flatMap((tracker) => {
        const device = state.situation.wans?.[tracker.name]?.device ?? null;
        const { probing } = tracker;
        if (device === null || probing === null || tracker.status !== 'online') return [];
        const probesPerSecond = (probing.targets.length * 1000) / probing.intervalMs;
        return [
          { wan: tracker.name, device, probesPerSecond, roundTripMs: tracker.roundTrip?.smoothedMs ?? 0 },
        ];
      }),
    (wan) => dispatch({ kind: 'tracked', wan, event: { kind: 'trafficSuspicion' } }),
  );

  const readCarriers = (devices: readonly string[]): void => {
    const carriers = devices.map((device) => {
      const carrier = ports.counters.carrier(device);
      return [device, carrier.ok ? carrier.value : carrier.error.code === 'ENODEV' ? false : null] as const;
    });
    dispatch({ kind: 'carriers', carriers: Object.fromEntries(carriers) });
  };

  const readRoutes = async (withRules: boolean): Promise<void> => {
    const [four, six] = [await ports.routing.routes('ipv4'), await ports.routing.routes('ipv6')];
    const rules: KernelRule[] = [];
    for (const family of withRules ? (['ipv4', 'ipv6'] as const) : []) {
      const found = await ports.routing.rules(family);
      if (!found.ok) return dispatch({ kind: 'routesFailed', message: found.error.message });
      rules.push(...found.value);
    }
    if (!four.ok) dispatch({ kind: 'routesFailed', message: four.error.message });
    else if (!six.ok) dispatch({ kind: 'routesFailed', message: six.error.message });
    else
      dispatch({
        kind: 'routesRead',
        routes: [...four.value, ...six.value],
        ...(withRules ? { rules } : {}),
      });
  };

  const probed = (wan: string, result: ProbeResult): void => {
    const history = histories.get(wan) ?? createHistory();
    histories.set(wan, history);
    const now = clock.monotonicMs();
    if (result.kind !== 'proberFailed' && result.burst === null)
      recordProbe(history, result.kind === 'probeReply' ? result.latencyMs : null, now);
    dispatch({ kind: 'tracked', wan, event: result });
    suspicion.probed(now);
  };

  /** Whatever a task ends in, the machine hears of it: it waits for that. */
  const work = (
    kind: 'applied' | 'checked' | 'removed',
    task: () => Promise<Result<ApplyReport, KernelError>>,
  ): void => {
    task().then(
      (result) => dispatch({ kind, outcome: toOutcome(result) }),
      (error: unknown) =>
        dispatch({
          kind,
          outcome: {
            ok: false,
            how: 'unchanged',
            problems: [`A defect: ${String(error)}`],
            findings: [],
            dropped: [],
          },
        }),
    );
  };

  /** The part of the timeline that an effect is. */
  const happenings: Happening[] = [];

  const run = (effect: MultiWanEffect): void => {
    switch (effect.kind) {
      case 'readRoutes':
        readRoutes(effect.rules).catch((error: unknown) =>
          dispatch({ kind: 'routesFailed', message: `A defect: ${String(error)}` }),
        );
        return;
      case 'readCarriers':
        readCarriers(effect.devices);
        return;
      case 'probe': {
        const { wan, probing } = effect;
        probes.get(wan)?.stop();
        probes.delete(wan);
        if (probing !== null)
          probes.set(
            wan,
            ports.prober.start(probing, (result) => probed(wan, result)),
          );
        return;
      }
      case 'burst':
        probes.get(effect.wan)?.burst(effect.burst);
        return;
      case 'apply':
        work('applied', () => applier.apply(effect));
        return;
      case 'check':
        work('checked', () => applier.check());
        return;
      case 'remove':
        work('removed', () => applier.stop(effect.marks));
        return;
      case 'flushFlows':
        ports.flows.deleteAll().then(
          (done) => {
            if (!done.ok) log.write('warning', done.error.message);
          },
          (error: unknown) => log.write('err', String(error)),
        );
        return;
      case 'keepDown': {
        const why = writeKeptDown(ports.files, effect.wans);
        if (why !== null) log.write('err', `What is switched off by hand cannot be kept: ${why}`);
        return;
      }
      case 'hotplug':
        hotplug.push(effect);
        return;
      case 'log':
        log.write(effect.level, effect.text);
        return;
      case 'tell':
        happenings.push({ kind: 'wan', subject: effect.subject, from: '', to: effect.to, text: effect.text });
        return;
    }
  };

  const take = (event: MultiWanEvent): void => {
    const before = state;
    try {
      const next = stepMultiWan(state, event, clock.monotonicMs());
      state = next.state;
      for (const effect of next.effects) {
        try {
          run(effect);
        } catch (error) {
          log.write('err', `The effect ${effect.kind} failed by a defect: ${String(error)}`);
        }
      }
    } catch (error) {
      log.write('err', `The event ${event.kind} failed by a defect: ${String(error)}`);
    }
    if (happenings.length > 0 || !sameReport(before, state)) tellRest();
  };

  /** Reports what is news; most probes are none. */
  const tellRest = (): void => {
    const now = reportOf(state);
    const text = JSON.stringify(now);
    if (text === told && happenings.length === 0) return;
    told = text;
    report(now, happenings.splice(0));
  };

  const plan = (): void => {
    const at = isStopped ? null : nextMultiWanDeadline(state);
    // Each probe moves deadlines away: a timer that comes too early costs less than one for each probe.
    if (timer !== null && at !== null && at >= timerAt) return;
    timer?.cancel();
    timer = null;
    if (at === null) return;
    timerAt = at;
    timer = timers.after(Math.max(1, Math.ceil(at - clock.monotonicMs())), () => {
      timer = null;
      dispatch({ kind: 'tick' });
    });
  };

  const turns = createTurns<MultiWanEvent>(take, plan);
  const { dispatch } = turns;

  /** The watches are processes: only for an engine that runs, or is about to. */
  const watch = (wanted: boolean): void => {
    if (!wanted) {
      for (const one of watches) one.stop();
      watches = [];
      suspicion.stop();
    } else if (watches.length === 0) {
      watches = [
        ports.routing.watch((what) => {
          const devices = Object.values(state.situation.wans ?? {}).flatMap(({ device }) => device ?? []);
          if (what.has('link') || what.has('all')) readCarriers(devices);
          dispatch({ kind: 'kernelChanged', routes: true });
        }),
        ports.watchNft(() => dispatch({ kind: 'kernelChanged', routes: false }), applier.heard),
      ];
      suspicion.start();
    }
  };

  const memory = applier.recall();
  dispatch({
    kind: 'began',
    left:
      memory === null
        ? null
        : { states: memory.states, tables: memory.applied.tables, drop: memory.intent?.drop ?? [] },
    down: readKeptDown(ports.files),
    tableNumbers: readTableNames(ports.files),
    shuffle: Math.floor(clock.wallMs()),
  });

  return {
    situation: (situation) => {
      watch(situation.engine === 'hagw' && situation.mwan3Runs !== true);
      dispatch({ kind: 'situation', situation });
    },
    dispatch,
    state: () => state,
    history: (wan) => histories.get(wan) ?? null,
    stop: () => {
      watch(false);
      isStopped = true;
      turns.stop();
      plan();
      for (const probe of probes.values()) probe.stop();
      probes.clear();
    },
  };
}
