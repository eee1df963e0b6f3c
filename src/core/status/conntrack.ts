/** conntrackd in full, for `hagw.conntrack`, and what the survey of its connections goes by. */
import type { ConntrackDetail, SyncCache } from '../../api/conntrack.ts';
import { parseIpAddress, parseIpPrefix } from '../../lib/ip.ts';
import type { CacheFacts } from '../conntrackd/facts.ts';
import type { SurviveSituation } from '../conntrackd/survive.ts';
import type { State } from '../engine/state.ts';
import { type Now, wallOf } from '../events/timeline.ts';
import { marksOf, wanMark } from '../policy/marks.ts';
import { conntrackStatus } from './neighbours.ts';

function cache(facts: CacheFacts | undefined): SyncCache | null {
  if (facts === undefined) return null;
  const { active, created, updated, destroyed } = facts;
  return {
    active,
    created,
    create_failed: facts.createFailed,
    updated,
    update_failed: facts.updateFailed,
    destroyed,
    destroy_failed: facts.destroyFailed,
  };
}

export function conntrackDetail(state: State, now: Now): ConntrackDetail {
  const { value } = state.conntrack;
  const status = conntrackStatus(state);
  const { sync } = state;
  const said = state.duty?.partner?.sync;
  return {
    ...status,
    state: status.running === false ? 'not-running' : (sync?.state ?? 'unknown'),
    text: (sync?.faults ?? []).map(({ text }) => text).join(' ') || (state.conntrack.error?.message ?? ''),
    internal: cache(value?.internal),
    external: cache(value?.external),
    links: (value?.links ?? []).map((link) => ({
      device: link.device,
      transport: link.transport,
      status: link.status,
      role: link.role,
    })),
    malformed_messages: value?.malformedMessages ?? null,
    lost_messages: value?.lostMessages ?? null,
    counters: { ...value?.inside },
    canary_at: sync === null || sync.canaryAt === null ? null : wallOf(sync.canaryAt, now),
    partner: said === undefined ? null : { internal: said.internal, external: said.external },
  };
}

export function surviveSituationOf(state: State): SurviveSituation {
  const config = state.hagw.value;
  const interfaces = state.links.value?.interfaces ?? [];
  const wans = state.wans.map(({ name }) => name);
  const wanOf = (name: string): string => (wans.includes(name) ? name : '');
  const virtual = new Map<string, string>();
  for (const { address, interface: name } of config?.addresses ?? []) {
    const parsed = parseIpPrefix(address);
    if (parsed !== null) virtual.set(parsed.text, wanOf(name));
  }
  const own = new Map<string, string>();
  for (const { name, addresses } of interfaces)
    for (const { address } of addresses) {
      const text = parseIpAddress(address)?.text ?? address;
      if (!virtual.has(text)) own.set(text, wanOf(name));
    }
  for (const { syncAddress } of config?.routers ?? [])
    own.set(parseIpAddress(syncAddress)?.text ?? syncAddress, '');
  const multiWan = state.multiWanConfig.value;
  const isOurs = config?.engine !== 'none' && multiWan !== null;
  const marks = isOurs ? marksOf(multiWan.mask) : null;
  const role = state.role.state;
  return {
    virtual,
    own,
    wans,
    marks:
      marks === null || multiWan === null
        ? null
        : {
            mask: marks.mask,
            wans: new Map(multiWan.wans.map(({ number, name }) => [wanMark(marks, number), name])),
          },
    blocked:
      role === 'backup'
        ? 'This router is not active: no connections of clients go through it.'
        : state.conntrack.value === null
          ? `Nothing is synced: ${state.conntrack.error?.message ?? 'conntrackd has not been asked yet.'}`
          : state.sync !== null && state.sync.state !== 'syncs'
            ? state.sync.faults.map(({ text }) => text).join(' ') ||
              "conntrackd's link to the partner is down."
            : '',
  };
}
