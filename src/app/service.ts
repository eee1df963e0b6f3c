/**
 * The service: connects the ports' events to the engine and the engine's effects to the ports. It decides nothing.
 * What it is told over ubus by events is a reason to read, never an order.
 */

import { dutyMayDiffer, dutySituationOf } from '../core/engine/duty.ts';
import { handoverSituationOf } from '../core/engine/handover.ts';
import type { Effect } from '../core/engine/messages.ts';
import { mayDiffer, sameSituation, situationOf, UNKNOWN_SITUATION } from '../core/engine/multiwan-links.ts';
import { liveProblems } from '../core/engine/multiwan-occupied.ts';
import { pairMayDiffer, pairSituationOf } from '../core/engine/pair-config.ts';
import { initialState, type Program } from '../core/engine/state.ts';
import { toEvent } from '../core/events/timeline.ts';
import { READ_PACKAGES } from '../core/pair/types.ts';
import type { BusTable } from '../ports/bus.ts';
import { toTable } from './handler.ts';
import { createConfigHandlers } from './multiwan/configuration.ts';
import { createMultiWanEngine } from './multiwan/engine.ts';
import { createMwan3Object, createWanHandlers } from './multiwan/objects.ts';
import { provideObjects } from './objects.ts';
import { createConntrackHandlers } from './pair/conntrack.ts';
import { createDuty } from './pair/duty.ts';
import { createHandoverWatch } from './pair/handover.ts';
import { createPairManager } from './pair/manager.ts';
import type { ServicePorts } from './ports.ts';
import { createReactor, type Reactor } from './reactor.ts';
import { readSource } from './readers.ts';

/** The ubus event for everybody; subscribers of `hagw` get `state.changed`. */
const STATE_EVENT = 'hagw.state';

/** Packages that the pair's files follow from, or are in. */
const PAIR_READS: readonly string[] = ['hagw', ...READ_PACKAGES];

/** How long another service has to answer; one whose process is gone may keep the name on ubus for a moment. */
const RIVAL_MS = 2000;

export interface Service {
  readonly reactor: Reactor;
  /** SIGHUP. */
  reload(): void;
  /** Says good-bye and closes the connection to ubus. */
  stop(): void;
}

function textOf(data: BusTable, name: string): string {
  const value = data[name];
  return typeof value === 'string' ? value : '';
}

/**
 * Starts the service: it registers its objects and begins to read.
 * @param onRival called with a sentence if another service answers under our name on ubus: then this one should end,
 *   since both would tell everything.
 */
export function startService(
  ports: ServicePorts,
  program: Omit<Program, 'startedAt' | 'run'>,
  pid: number,
  onRival: (sentence: string) => void = () => undefined,
): Service {
  const { bus, clock, links, log } = ports;
  const startedAt = clock.monotonicMs();
  const run = `${clock.wallMs().toString(36)}-${pid}`;
  // The first events come while the parts below are made; they are told with the ones after.
  let isComplete = false;
  let situation = UNKNOWN_SITUATION;
  const reactor = createReactor(
    initialState({ ...program, run, startedAt }),
    ports,
    runEffect,
    (before, after) => {
      if (!isComplete) return;
      if (mayDiffer(before, after)) {
        const now = situationOf(after, multiWan?.state().config);
        if (!sameSituation(now, situation)) multiWan?.situation(now);
        situation = now;
      }
      if (dutyMayDiffer(before, after)) duty?.situation(dutySituationOf(after));
      handover?.situation(handoverSituationOf(after));
      if (pairMayDiffer(before, after)) pair?.situation(pairSituationOf(after));
    },
  );
  const multiWan =
    ports.multiWan === undefined
      ? null
      : createMultiWanEngine(
          { ...ports.multiWan, clock, timers: ports.timers, log },
          (report, happenings) => {
            reactor.dispatch({ kind: 'multiWanReported', report, happenings });
            if (report.running) mwan3Object.offer();
          },
        );
  const duty =
    ports.duty === undefined
      ? null
      : createDuty({ ...ports.duty, clock, timers: ports.timers, log }, run, (news) =>
          reactor.dispatch({ kind: 'dutyReported', ...news }),
        );
  const pair =
    ports.pairTools === undefined
      ? null
      : createPairManager({ ...ports, tools: ports.pairTools }, (report) => {
          reactor.dispatch({ kind: 'pairConfigReported', report });
          // Nobody else tells of our own writing.
          if (report.state === 'applied') reactor.dispatch({ kind: 'configChanged', package: 'keepalived' });
        });
  const handover =
    ports.handover === undefined
      ? null
      : createHandoverWatch({ ...ports, handover: ports.handover }, (report, happenings) =>
          reactor.dispatch({ kind: 'handoverReported', report, happenings }),
        );
  const wan = createWanHandlers(multiWan, ports.multiWan?.flows ?? null, reactor.now);
  const wanConfig = createConfigHandlers(ports.files, bus, (config) =>
    multiWan === null ? [] : liveProblems(multiWan.state(), config),
  );
  const handlers = {
    ...wan,
    'hagw.wan': { ...wan['hagw.wan'], ...wanConfig },
    'hagw.conntrack': createConntrackHandlers(reactor, ports.timers, ports.survey),
  };
  const objects = provideObjects(bus, reactor, log, handlers, pair, duty, handover, ports.files);
  const mwan3Object = createMwan3Object(
    bus,
    () => multiWan,
    reactor.now,
    () =>
      Object.fromEntries(
        (reactor.state().links.value?.interfaces ?? []).map(({ name, uptimeS }) => [name, uptimeS ?? 0]),
      ),
  );

  isComplete = true;

  function runEffect(effect: Effect): void {
    switch (effect.kind) {
      case 'read':
        readSource(ports, effect.source, reactor.dispatch);
        return;
      case 'canary':
        void ports.conntrack.canary?.().then((done) => {
          if (!done.ok) log.write('warning', done.error);
        });
        return;
      case 'log':
        log.write(effect.level, effect.message);
        return;
      case 'notify':
        objects['hagw']?.notify('state.changed', toTable(toEvent(effect.entry, reactor.now())));
        return;
      case 'send':
        bus.send(STATE_EVENT, toTable(toEvent(effect.entry, reactor.now())));
        return;
    }
  }

  /** Asks whoever has our name on ubus for its run: it should be ours. */
  function lookForRival(): void {
    void bus.call('hagw', 'events', { limit: 1 }, RIVAL_MS).then((reply) => {
      const other = reply.ok ? textOf(reply.value, 'run') : '';
      if (other !== '' && other !== run)
        onRival(`another hagw service (run ${other}) answers on ubus; this one ends.`);
    });
  }

  links.onChange(({ interface: name, action }) =>
    reactor.dispatch({ kind: 'linksChanged', interface: name, action }),
  );
  bus.subscribe(
    'service',
    (name, data) => {
      if (name === 'config.change') {
        const changed = textOf(data, 'config');
        if (PAIR_READS.includes(changed)) pair?.changed();
        reactor.dispatch({ kind: 'configChanged', package: changed });
      } else if (name.startsWith('instance.')) {
        reactor.dispatch({ kind: 'serviceChanged', service: textOf(data, 'service') });
      }
    },
    () => undefined,
  );
  bus.onConnection((isConnected) => {
    reactor.dispatch(isConnected ? { kind: 'busConnected' } : { kind: 'busLost' });
    if (isConnected) lookForRival();
  });
  reactor.dispatch({ kind: 'started' });

  return {
    reactor,
    reload: () => {
      pair?.changed();
      reactor.dispatch({ kind: 'reloadRequested', by: 'signal' });
    },
    stop: () => {
      reactor.dispatch({ kind: 'stopping' });
      reactor.stop();
      multiWan?.stop();
      duty?.stop();
      handover?.stop();
      pair?.stop();
      bus.close();
    },
  };
}
