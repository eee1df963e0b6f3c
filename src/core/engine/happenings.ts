/** What a step changed, in sentences for the timeline: the difference of two states, part by part. */
import type { Happening } from '../events/timeline.ts';
import { stateText } from './role.ts';
import { type PackageState, routerName, type State, type TrackedVrrp } from './state.ts';

/** conntrackd in one word. */
function conntrackWord(state: State): 'running' | 'link down' | 'stopped' | 'unknown' {
  const { value, error } = state.conntrack;
  if (error?.code === 'absent') return 'stopped';
  if (value === null) return 'unknown';
  return value.links.length > 0 && !value.links.some(({ running }) => running) ? 'link down' : 'running';
}

function vrrpHappenings(
  what: string,
  before: readonly TrackedVrrp[],
  after: readonly TrackedVrrp[],
): Happening[] {
  const changed = after.flatMap((item): Happening[] => {
    const known = before.find(({ name }) => name === item.name);
    const from = known?.state ?? 'unknown';
    if (from === item.state) return [];
    const by =
      from === 'unknown'
        ? 'found so'
        : item.hintedAt === null
          ? 'as keepalived says'
          : 'notified by keepalived';
    const text = `${what} '${item.name}' is ${stateText(item.state)}, ${by}.`;
    return [{ kind: 'vrrp', subject: item.name, from, to: item.state, text }];
  });
  const gone = before
    .filter(({ name }) => !after.some((item) => item.name === name))
    .map(
      ({ name, state }): Happening => ({
        kind: 'vrrp',
        subject: name,
        from: state,
        to: '',
        text: `${what} '${name}' is no longer configured.`,
      }),
    );
  return [...changed, ...gone];
}

function configHappenings(
  name: string,
  before: PackageState<unknown>,
  after: PackageState<unknown>,
): Happening[] {
  if (before === after || JSON.stringify(before) === JSON.stringify(after)) return [];
  const path = `/etc/config/${name}`;
  const said = (to: string, text: string): Happening[] => [
    { kind: 'config', subject: name, from: before.file === 'unread' ? '' : before.file, to, text },
  ];
  const force = after.value === null ? 'No configuration is in force.' : 'The one before it stays in force.';
  switch (after.file) {
    case 'unread':
      return [];
    case 'missing':
      return said('missing', `${path} is missing.${name === 'hagw' ? ` ${force}` : ''}`);
    case 'broken':
    case 'unreadable':
      return said(
        after.file,
        `${path} cannot be read: ${after.message}${name === 'hagw' ? ` ${force}` : ''}`,
      );
    case 'read': {
      if (!after.rejected) return said('read', `${path} has been read and is in force.`);
      const errors = after.problems.filter(({ severity }) => severity === 'error').length;
      return said('rejected', `${path} has ${errors === 1 ? 'an error' : `${errors} errors`}. ${force}`);
    }
  }
}

function wanHappenings(before: State, after: State): Happening[] {
  if (before.wans === after.wans) return [];
  return after.wans.flatMap((wan): Happening[] => {
    const known = before.wans.find(({ name }) => name === wan.name);
    // Nobody has looked at a new one yet: that is no news.
    if ((known?.state ?? 'unknown') === wan.state) return [];
    const text = `WAN '${wan.name}' is ${wan.state}: ${wan.reason}`;
    return [{ kind: 'wan', subject: wan.name, from: known?.state ?? '', to: wan.state, text }];
  });
}

function conntrackHappenings(before: State, after: State): Happening[] {
  const [from, to] = [conntrackWord(before), conntrackWord(after)];
  if (from === to) return [];
  const why = after.conntrack.error?.message ?? '';
  const text =
    to === 'running'
      ? 'conntrackd runs.'
      : to === 'link down'
        ? 'conntrackd runs, but its link is down.'
        : why === ''
          ? `conntrackd is ${to}.`
          : why;
  return [{ kind: 'conntrack', subject: 'conntrackd', from, to, text }];
}

function roleHappenings(before: State, after: State): Happening[] {
  if (before.role.state === after.role.state) return [];
  const name = routerName(after);
  const text = `${name} is ${stateText(after.role.state)}: ${after.role.reason}`;
  return [{ kind: 'router', subject: name, from: before.role.state, to: after.role.state, text }];
}

/** What is different between two states, causes before consequences. */
export function happeningsBetween(before: State, after: State): readonly Happening[] {
  return [
    ...configHappenings('hagw', before.hagw, after.hagw),
    ...configHappenings('mwan3', before.multiWanConfig, after.multiWanConfig),
    ...configHappenings('keepalived', before.keepalivedConfig, after.keepalivedConfig),
    ...vrrpHappenings('Instance', before.instances, after.instances),
    ...vrrpHappenings('Sync group', before.groups, after.groups),
    ...roleHappenings(before, after),
    ...wanHappenings(before, after),
    ...conntrackHappenings(before, after),
  ];
}
