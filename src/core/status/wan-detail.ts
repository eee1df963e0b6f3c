/** The multi-WAN machine's state as the object `hagw.wan` and mwan3's own object show it. */
import type { Explained, WanDetail, WanList, WanTarget } from '../../api/wan.ts';
import { fail, ok, type Result } from '../../lib/result.ts';
import { compileInput } from '../engine/multiwan-apply.ts';
import { wanReason } from '../engine/multiwan-report.ts';
import type { MultiWanState } from '../engine/multiwan-types.ts';
import { type Now, wallOf } from '../events/timeline.ts';
import { type ExplainFlow, type Explanation, explain } from '../policy/explain.ts';
import { marksOf, wanMark } from '../policy/marks.ts';
import type { Family, PolicyConfig } from '../policy/model.ts';
import type { TargetState, TrackerState } from '../track/types.ts';
import { LIMITS } from './limits.ts';

const rounded = (value: number): number => Math.round(value * 100) / 100;

function lossOf({ recent }: TargetState): number | null {
  return recent.length === 0 ? null : (recent.filter((one) => one < 0).length * 100) / recent.length;
}

function targetOf(target: TargetState): WanTarget {
  const loss = lossOf(target);
  return {
    target: target.target,
    status: target.status,
    latency_ms: target.latencyMs === null ? null : rounded(target.latencyMs),
    loss_pct: loss === null ? null : rounded(loss),
  };
}

/** One WAN; null = there is none of that name. */
export function wanDetail(state: MultiWanState, name: string, now: Now): WanDetail | null {
  const wan = state.config?.wans.find((one) => one.name === name);
  if (wan === undefined || state.config === null) return null;
  const tracker: TrackerState | undefined = state.trackers[name];
  return {
    name,
    number: wan.number,
    family: wan.family,
    enabled: wan.enabled,
    admin_down: tracker?.adminDown ?? false,
    admin_down_persists: state.keptDown.includes(name),
    device: state.situation.wans?.[name]?.device ?? null,
    state: tracker?.status ?? 'unknown',
    since: tracker === undefined || tracker.status === 'unknown' ? null : wallOf(tracker.since, now),
    reason: tracker === undefined ? state.reason : wanReason(tracker),
    score: tracker?.score ?? 0,
    score_max: wan.track.up + wan.track.down,
    mark: wanMark(marksOf(state.config.mask), wan.number),
    interval_ms: tracker?.probing?.intervalMs ?? null,
    timeout_ms: tracker?.probing?.timeoutMs ?? null,
    round_trip_ms:
      tracker === undefined || tracker.roundTrip === null ? null : rounded(tracker.roundTrip.smoothedMs),
    targets: (tracker?.targets ?? []).map(targetOf),
  };
}

export function wanList(state: MultiWanState, now: Now): WanList {
  const names = (state.config?.wans ?? []).slice(0, LIMITS.wans).map(({ name }) => name);
  return {
    running: state.phase === 'running',
    reason: state.reason,
    wans: names.flatMap((name) => wanDetail(state, name, now) ?? []),
  };
}

/** `explain` by the state as it is now. */
export function explainNow(
  state: MultiWanState,
  flow: ExplainFlow,
  down: readonly string[],
): Result<Explained, string> {
  const input = compileInput(state);
  if (input === null) return fail(state.reason === '' ? 'The routes have not been read yet.' : state.reason);
  const found = explain(input, flow, down);
  return found.ok ? ok(toExplained(found.value)) : found;
}

export function toExplained(found: Explanation): Explained {
  return {
    family: found.family,
    by: found.by,
    reason: found.reason,
    rule: found.rule,
    policy: found.policy,
    sticky: found.sticky,
    choices: found.choices.map(({ target, wan, sharePct, mark, table, device, gateway }) => ({
      target,
      wan,
      share_pct: rounded(sharePct),
      mark,
      table,
      device,
      gateway,
    })),
    why_not: found.whyNot.map(({ rule, reason }) => ({ rule, reason })),
  };
}

/** Shares of a policy among its members that can be used now, in percent; mwan3's own figures are often wrong. */
function sharesOf(state: MultiWanState, policy: PolicyConfig, family: Family) {
  const usable = policy.members.filter(({ wan }) => {
    const config = state.config?.wans.find(({ name }) => name === wan);
    const status = state.trackers[wan]?.status;
    return config?.family === family && (status === 'online' || status === 'disconnecting');
  });
  const lowest = Math.min(...usable.map(({ metric }) => metric));
  const chosen = usable.filter(({ metric }) => metric === lowest);
  const total = chosen.reduce((sum, { weight }) => sum + weight, 0);
  return chosen.map(({ wan, weight }) => ({
    interface: wan,
    percent: Math.round((weight * 100) / total),
  }));
}

/** `ubus call mwan3 status` in mwan3 2.12's shape (recorded in test/captures/mwan3), times in seconds. */
export function mwan3Status(state: MultiWanState, uptimes: Readonly<Record<string, number>>, at: number) {
  const wans = state.config?.wans ?? [];
  const interfaces = wans.map(({ name, enabled, family }) => {
    const tracker = state.trackers[name];
    const status = tracker?.status ?? 'unknown';
    const seconds = tracker === undefined ? 0 : Math.floor((at - tracker.since) / 1000);
    const isOnline = status === 'online' || status === 'disconnecting';
    return [
      name,
      {
        age: 0,
        online: isOnline ? seconds : 0,
        offline: isOnline ? 0 : seconds,
        uptime: uptimes[`${name}_${family === 'ipv4' ? 4 : 6}`] ?? uptimes[name] ?? 0,
        score: tracker?.score ?? 0,
        lost: tracker?.lost ?? 0,
        turn: tracker?.turn ?? 0,
        status,
        enabled,
        running: tracker !== undefined,
        tracking: tracker?.probing == null ? 'disabled' : 'active',
        up: state.situation.wans?.[name]?.up ?? false,
        track_ip: (tracker?.targets ?? []).map((target) => ({
          ip: target.target,
          status: target.status,
          latency: Math.round(target.latencyMs ?? 0),
          packetloss: Math.round(lossOf(target) ?? 0),
        })),
      },
    ] as const;
  });
  const connected = (digit: '4' | '6'): readonly string[] =>
    state.desired?.nft.sets.find(({ name }) => name === `connected${digit}`)?.elements ?? [];
  const policies = (family: Family) =>
    Object.fromEntries(
      (state.config?.policies ?? []).map((policy) => [policy.name, sharesOf(state, policy, family)] as const),
    );
  return {
    interfaces: Object.fromEntries(interfaces),
    connected: { ipv4: connected('4').slice(0, 500), ipv6: connected('6').slice(0, 500) },
    policies: { ipv4: policies('ipv4'), ipv6: policies('ipv6') },
  };
}
