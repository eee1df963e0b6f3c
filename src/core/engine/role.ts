/**
 * The role of this router in its pair: the state of its sync group, or of its instances where there is no group. If
 * they differ, the role is unknown and says who differs: no majority, no guess.
 */
import type { VrrpState } from '../../api/status.ts';
import type { Role, State, TrackedVrrp } from './state.ts';

/** A state as a sentence has it, after "is". */
export function stateText(state: VrrpState): string {
  if (state === 'fault') return 'in fault';
  if (state === 'stop') return 'stopped';
  return state === 'initialize' ? 'starting' : state;
}

type Finding = Pick<Role, 'state' | 'reason'>;

function listed(items: readonly TrackedVrrp[], what: (item: TrackedVrrp) => string): string {
  return items.map((item) => `${what(item)} '${item.name}' is ${stateText(item.state)}`).join(', ');
}

function findRole(state: State): Finding {
  const { value, error } = state.vrrp;
  const isHinted = [...state.groups, ...state.instances].some(({ hintedAt }) => hintedAt !== null);
  if (error?.code === 'absent' && !isHinted) return { state: 'stop', reason: 'keepalived does not run.' };
  if (value === null && state.instances.length === 0) {
    return { state: 'unknown', reason: error?.message ?? 'keepalived has not been asked yet.' };
  }
  const grouped = (state.keepalivedConfig.value?.groups ?? []).flatMap(({ members }) => members);
  const alone = state.instances.filter(({ name }) => !grouped.includes(name));
  const units = [...state.groups, ...alone];
  const what = (item: TrackedVrrp): string => (state.groups.includes(item) ? 'sync group' : 'instance');
  const [first] = units;
  if (first === undefined) return { state: 'unknown', reason: 'keepalived has no VRRP instance.' };
  if (units.some((unit) => unit.state !== first.state)) {
    return { state: 'unknown', reason: `They differ: ${listed(units, what)}.` };
  }
  if (first.state === 'unknown') {
    const members = state.instances.filter(({ name }) => grouped.includes(name));
    const differ = members.some((member) => member.state !== members[0]?.state);
    return {
      state: 'unknown',
      reason: differ
        ? `The members of a group differ: ${listed(members, () => 'instance')}.`
        : (error?.message ?? `keepalived says nothing of ${what(first)} '${first.name}'.`),
    };
  }
  const witness = isHinted ? "by keepalived's notification" : 'as keepalived says';
  const names = units.map((unit) => `'${unit.name}'`).join(', ');
  const subject = units.length === 1 ? `The ${what(first)} ${names} is` : `${names} are`;
  return { state: first.state, reason: `${subject} ${stateText(first.state)}, ${witness}.` };
}

/** The role as of now; `since` moves only with the state. */
export function deriveRole(state: State, at: number): Role {
  const found = findRole(state);
  const { role } = state;
  if (found.state === role.state) return found.reason === role.reason ? role : { ...role, ...found };
  const times = [...state.groups, ...state.instances]
    .filter((unit) => unit.state === found.state)
    .map(({ since }) => since);
  if (role.state !== 'unknown') return { ...found, since: at };
  const known = times.flatMap((time) => (time === null ? [] : [time]));
  return { ...found, since: times.length > 0 && known.length === times.length ? Math.max(...known) : null };
}
