/**
 * The status: a pure function of the engine's state and the clocks. What has not been read, or could not be, is
 * unknown with the reason.
 */
import { STATUS_SCHEMA, type Status } from '../../api/status.ts';
import { type State, whoAmI } from '../engine/state.ts';
import { type Now, wallOf } from '../events/timeline.ts';
import { shownProblems } from '../health/problems.ts';
import { conntrackStatus, leasesStatus } from './neighbours.ts';
import { vrrpStatus } from './vrrp.ts';
import { engineStatus, policyStatus, wanStatus } from './wans.ts';

function routerStatus(state: State, now: Now): Status['router'] {
  const own = whoAmI(state);
  const { role } = state;
  return {
    known: own.kind === 'found',
    reason: own.kind === 'found' ? '' : own.reason,
    name: own.kind === 'found' ? own.self.name : null,
    hostname: state.program.hostname,
    role: role.state,
    since: role.since === null ? null : wallOf(role.since, now),
    role_reason: role.reason,
    sync_address: own.kind === 'found' ? own.self.syncAddress : null,
    priority: own.kind === 'found' ? own.self.priority : null,
  };
}

function partnerStatus(state: State, now: Now): Status['partner'] {
  const own = whoAmI(state);
  const isFound = own.kind === 'found';
  const { duty } = state;
  const said = duty?.partner ?? null;
  const silence =
    duty === null || duty.silence === '' ? 'the link between the services is not set up' : duty.silence;
  const seen = said !== null ? now.monotonicMs : (duty?.heardAt ?? null);
  return {
    known: isFound && said !== null,
    reason: !isFound ? own.reason : said === null ? sentence(silence) : '',
    name: isFound ? own.partner.name : null,
    sync_address: isFound ? own.partner.syncAddress : null,
    last_seen: seen === null ? null : wallOf(seen, now),
    role: said?.role ?? 'unknown',
    ready: said === null ? null : said.ready,
    out: said === null ? null : said.out,
    usable_wans: said === null ? null : [...said.usableWans],
  };
}

function sentence(text: string): string {
  // Names stay as they are.
  return `${text.replace(/^(the|nothing) /, (word) => word.charAt(0).toUpperCase() + word.slice(1))}.`;
}

function dutyStatus(state: State, now: Now): Status['duty'] {
  const { duty } = state;
  const { out, switched } = duty ?? { out: null, switched: null };
  return {
    out: out?.reason ?? null,
    since: out === null ? null : wallOf(out.since, now),
    maintenance: duty?.maintenance ?? false,
    waits: duty === null || duty.waits === '' ? '' : sentence(duty.waits),
    split_brain: duty !== null && duty.splitSince !== null,
    switchover:
      switched === null
        ? null
        : { ok: switched.ok, at: wallOf(switched.at, now), text: switched.text, steps: [...switched.steps] },
  };
}

/** `ubus call hagw status`. */
export function toStatus(state: State, now: Now): Status {
  return {
    schema: STATUS_SCHEMA,
    version: state.program.version,
    time: Math.round(now.wallMs),
    router: routerStatus(state, now),
    engine: engineStatus(state),
    wans: wanStatus(state, now),
    policies: policyStatus(state),
    vrrp: vrrpStatus(state, now),
    conntrack: conntrackStatus(state),
    leases: leasesStatus(state),
    partner: partnerStatus(state, now),
    duty: dutyStatus(state, now),
    problems: shownProblems(state.problems, now),
  };
}
