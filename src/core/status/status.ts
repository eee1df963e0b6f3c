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

function partnerStatus(state: State): Status['partner'] {
  const own = whoAmI(state);
  const isFound = own.kind === 'found';
  return {
    known: false,
    reason: isFound ? 'The link between the services is not set up.' : own.reason,
    name: isFound ? own.partner.name : null,
    sync_address: isFound ? own.partner.syncAddress : null,
    last_seen: null,
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
    partner: partnerStatus(state),
    problems: shownProblems(state.problems, now),
  };
}
