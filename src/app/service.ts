/**
 * The service: connects the ports' events to the engine and the engine's effects to the ports. It decides nothing.
 * What it is told over ubus by events is a reason to read, never an order.
 */

import type { Effect } from '../core/engine/messages.ts';

import { mayDiffer, sameSituation, situationOf, UNKNOWN_SITUATION } from '../core/engine/multiwan-links.ts';
import { liveProblems } from '../core/engine/multiwan-occupied.ts';
import { initialState, type Program } from '../core/engine/state.ts';
import { toEvent } from '../core/events/timeline.ts';
import type { BusTable } from '../ports/bus.ts';
import { toTable } from './handler.ts';
import { createConfigHandlers } from './multiwan/configuration.ts';
import { createMultiWanEngine } from './multiwan/engine.ts';
import { createMwan3Object, createWanHandlers } from './multiwan/objects.ts';
import { provideObjects } from './objects.ts';
import type { ServicePorts } from './ports.ts';
import { createReactor, type Reactor } from './reactor.ts';
import { readSource } from './readers.ts';

/** The ubus event for everybody; subscribers of `hagw` get `state.changed`. */
const STATE_EVENT = 'hagw.state';

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
  let situation = UNKNOWN_SITUATION;
  const reactor = createReactor(
    initialState({ ...program, run, startedAt }),
    ports,
    runEffect,
    (before, after) => {
      if (!mayDiffer(before, after)) return;
      const now = situationOf(after, multiWan?.state().config);
      if (sameSituation(now, situation)) return;
      situation = now;
      multiWan?.situation(now);
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
  const wan = createWanHandlers(multiWan, ports.multiWan?.flows ?? null, reactor.now);
  const wanConfig = createConfigHandlers(ports.files, bus, (config) =>
    multiWan === null ? [] : liveProblems(multiWan.state(), config),
  );
  const objects = provideObjects(bus, reactor, log, {
    ...wan,
    'hagw.wan': { ...wan['hagw.wan'], ...wanConfig },
  });
  const mwan3Object = createMwan3Object(
    bus,
    () => multiWan,
    reactor.now,
    () =>
      Object.fromEntries(
        (reactor.state().links.value?.interfaces ?? []).map(({ name, uptimeS }) => [name, uptimeS ?? 0]),
      ),
  );

  function runEffect(effect: Effect): void {
    switch (effect.kind) {
      case 'read':
        readSource(ports, effect.source, reactor.dispatch);
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
        reactor.dispatch({ kind: 'configChanged', package: textOf(data, 'config') });
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
    reload: () => reactor.dispatch({ kind: 'reloadRequested', by: 'signal' }),
    stop: () => {
      reactor.dispatch({ kind: 'stopping' });
      reactor.stop();
      multiWan?.stop();
      bus.close();
    },
  };
}
