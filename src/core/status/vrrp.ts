/** The parts of the status about keepalived: what UCI configures, what the dump says, what was notified. */
import type { VrrpGroup, VrrpInstance, VrrpStatus, VrrpTransition } from '../../api/status.ts';
import type { KeepalivedInstance } from '../config/keepalived.ts';
import type { State, TrackedVrrp } from '../engine/state.ts';
import { type Now, wallOf } from '../events/timeline.ts';
import type { VrrpInstanceFacts } from '../keepalived/facts.ts';
import { LIMITS } from './limits.ts';
import { knowledge } from './neighbours.ts';

function transition(tracked: TrackedVrrp | undefined, now: Now): VrrpTransition | null {
  const last = tracked?.last ?? null;
  if (last === null) return null;
  return { at: wallOf(last.at, now), from: last.from, to: last.to, source: last.source };
}

function sinceOf(tracked: TrackedVrrp | undefined, now: Now): number | null {
  const since = tracked?.since ?? null;
  return since === null ? null : wallOf(since, now);
}

function groupOf(state: State, name: string): string | null {
  const groups = state.keepalivedConfig.value?.groups ?? [];
  return groups.find(({ members }) => members.includes(name))?.name ?? null;
}

function running(state: State, facts: VrrpInstanceFacts, now: Now): VrrpInstance {
  const tracked = state.instances.find(({ name }) => name === facts.name);
  // Notified since the dump: the state is newer than what the dump says of the addresses.
  const isOutdated = (tracked?.hintedAt ?? null) !== null;
  return {
    name: facts.name,
    group: groupOf(state, facts.name),
    state: tracked?.state ?? facts.state,
    since: sinceOf(tracked, now),
    device: facts.device,
    vrid: facts.vrid,
    version: facts.version,
    priority: facts.basePriority,
    effective_priority: facts.effectivePriority,
    active_priority: facts.activePriority,
    advert_interval_ms: facts.advertIntervalMs,
    virtual_addresses: facts.vips
      .slice(0, LIMITS.addresses)
      .map(({ address, device, set }) => ({ address, device, set: isOutdated ? null : set })),
    last_transition: transition(tracked, now),
    counters: { ...facts.counters },
  };
}

/** An instance that UCI configures and keepalived does not have (or keepalived does not run). */
function configured(state: State, item: KeepalivedInstance, now: Now): VrrpInstance {
  const tracked = state.instances.find(({ name }) => name === item.name);
  return {
    name: item.name,
    group: groupOf(state, item.name),
    state: tracked?.state ?? (state.vrrp.error?.code === 'absent' ? 'stop' : 'unknown'),
    since: sinceOf(tracked, now),
    device: item.device ?? '',
    vrid: item.vrid,
    version: item.version,
    priority: item.priority,
    effective_priority: null,
    active_priority: null,
    advert_interval_ms: item.advertIntervalMs,
    virtual_addresses: [],
    last_transition: transition(tracked, now),
    counters: {},
  };
}

export function vrrpStatus(state: State, now: Now): VrrpStatus {
  const { value, error } = state.vrrp;
  const isAbsent = error?.code === 'absent';
  const facts = value?.instances ?? [];
  const missing = (state.keepalivedConfig.value?.instances ?? []).filter(
    ({ name }) => !facts.some((item) => item.name === name),
  );
  const configuredGroups = (state.keepalivedConfig.value?.groups ?? []).slice(0, LIMITS.groups);
  const groups = configuredGroups.map(({ name, members }): VrrpGroup => {
    const tracked = state.groups.find((group) => group.name === name);
    return {
      name,
      state: isAbsent && (tracked?.hintedAt ?? null) === null ? 'stop' : (tracked?.state ?? 'unknown'),
      since: sinceOf(tracked, now),
      members: members.slice(0, LIMITS.members),
    };
  });
  return {
    ...(isAbsent ? { known: true, reason: '' } : knowledge(state.vrrp, 'keepalived')),
    running: isAbsent ? false : value === null ? null : true,
    instances: [
      ...facts.map((item) => running(state, item, now)),
      ...missing.map((item) => configured(state, item, now)),
    ].slice(0, LIMITS.instances),
    groups,
  };
}
