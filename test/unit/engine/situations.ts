/** A short way to bring the engine into a situation: facts go in as events, time passes between them. */
import type { Effect, Event } from '../../../src/core/engine/messages.ts';
import { initialState, type Source, type State } from '../../../src/core/engine/state.ts';
import { step } from '../../../src/core/engine/step.ts';
import type { TimelineEntry } from '../../../src/core/events/timeline.ts';
import { readError } from '../../../src/core/neighbours/read-error.ts';
import {
  conntrackFacts,
  deviceFacts,
  HAGW,
  interfaceFacts,
  KEEPALIVED,
  MWAN3,
  vrrpFacts,
} from '../../fakes/router.ts';
import { sectionsOf } from '../config/sections.ts';

/** Monotonic 1000 ms is this moment of the wall clock. */
export const WALL = Date.UTC(2026, 10, 21, 4, 0, 0) - 1000;

export function at(monotonicMs: number) {
  return { monotonicMs, wallMs: WALL + monotonicMs };
}

export const LINKS = {
  interfaces: [
    interfaceFacts('lan', 'eth0', '192.168.1.2'),
    interfaceFacts('wan', 'eth1', '203.0.113.2', 10),
    interfaceFacts('wanb', 'eth2', '198.51.100.2', 20),
    interfaceFacts('sync', 'sync', '10.255.255.1'),
  ],
  devices: ['eth0', 'eth1', 'eth2', 'sync'].map((name) => deviceFacts(name)),
};

export function configRead(
  hagw: string = HAGW,
  mwan3: string = MWAN3,
  keepalived: string = KEEPALIVED,
): Event {
  const read = (text: string) => ({ kind: 'read', sections: sectionsOf(text) }) as const;
  return {
    kind: 'configRead',
    hagw: read(hagw),
    mwan3: read(mwan3),
    keepalived: read(keepalived),
    network: { kind: 'missing' },
  };
}

export function failed(
  source: Source,
  code: 'absent' | 'failed' | 'timeout' | 'malformed' = 'timeout',
): Event {
  return { kind: 'readFailed', source, error: readError(code, `${source} is ${code}.`) };
}

export interface Run {
  readonly state: State;
  readonly effects: readonly Effect[];
}

/** Feeds events in order, each `gapMs` after the other, from the moment `fromMs` on. */
export function feed(state: State, events: readonly Event[], fromMs = 1000, gapMs = 0): Run {
  let run: Run = { state, effects: [] };
  for (const [index, event] of events.entries()) {
    const next = step(run.state, event, at(fromMs + index * gapMs));
    run = { state: next.state, effects: [...run.effects, ...next.effects] };
  }
  return run;
}

export function fresh(): State {
  return initialState({ version: '0.1.0', hostname: 'host-a', run: 'r1', startedAt: 1000 });
}

/** Everything read once and well at 1000 ms. */
export function healthy(events: readonly Event[] = []): State {
  return feed(fresh(), [
    { kind: 'started' },
    { kind: 'busConnected' },
    configRead(),
    { kind: 'linksRead', facts: LINKS },
    { kind: 'vrrpRead', facts: vrrpFacts('active') },
    { kind: 'conntrackRead', facts: conntrackFacts() },
    { kind: 'leasesRead', facts: { file: '/tmp/dhcp.leases', ipv4: 3, ipv6: 0, damaged: 0 } },
    { kind: 'servicesRead', facts: { running: ['keepalived'] } },
    ...events,
  ]).state;
}

export function reads(effects: readonly Effect[]): Source[] {
  return effects.flatMap((effect) => (effect.kind === 'read' ? [effect.source] : []));
}

export function told(effects: readonly Effect[]): TimelineEntry[] {
  return effects.flatMap((effect) => (effect.kind === 'notify' ? [effect.entry] : []));
}
