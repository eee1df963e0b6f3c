/** Whether the last handover came about: what keepalived says, against what the script did and what is there. Pure. */
import type { VrrpState } from '../../api/status.ts';
import type { Happening } from '../events/timeline.ts';
import type { HandoverConf, HandoverRun, HandoverState } from '../pair/journal.ts';
import type { State } from './state.ts';

export interface HandoverReport {
  /** What is not as the role wants it, one sentence each. */
  readonly faults: readonly string[];
}

/** What the rest of the service knows. */
export interface HandoverSituation {
  /** null while keepalived is on its way, or nobody knows. */
  readonly role: 'active' | 'backup' | 'fault' | 'stop' | null;
  /** Virtual addresses that keepalived should have set and has not. */
  readonly missing: readonly string[];
  /** WANs of the active router only that nobody has netifd bring up: after a start of the network. */
  readonly stopped?: readonly string[];
  /** procd's running services; null = unknown. */
  readonly running: readonly string[] | null;
  readonly conntrackdIsGone: boolean;
}

/** What was looked up for this judgement. */
export interface HandoverFacts {
  readonly conf: HandoverConf;
  readonly runs: readonly HandoverRun[];
  /** Elements of the table's set; null = there is no table. */
  readonly standby: readonly string[] | null;
  readonly lockIsLeft: boolean;
  /** Uptime in milliseconds. */
  readonly now: number;
}

export interface HandoverVerdict {
  readonly faults: readonly string[];
  /** `again`: all steps, for `state`; `load`: the tables alone. */
  readonly repair: 'again' | 'load' | null;
  readonly state: HandoverState;
  readonly sequence: number;
}

/** A run ends within 40 s, whatever hangs. */
const LONGEST_RUN_MS = 45_000;
/** So long after a takeover a service that does not run is the handover's fault. */
const FRESH_MS = 60_000;

const TARGETS = { active: 'MASTER', backup: 'BACKUP', fault: 'FAULT', stop: 'STOP' } as const;
const WORDS: Readonly<Record<HandoverState, string>> = {
  MASTER: 'active',
  BACKUP: 'backup',
  FAULT: 'fault',
  STOP: 'stop',
  LOAD: '',
};
/** Named, but the same the next time. */
const HOPELESS: readonly string[] = ['protocols', 'word'];

function stoppedWans({ hagw, links }: State): readonly string[] {
  const wans = hagw.value?.wans ?? [];
  return (links.value?.interfaces ?? []).flatMap(({ name, up, pending, autostart }) =>
    !up && !pending && !autostart && wans.some((wan) => wan.interface === name) ? [name] : [],
  );
}

export function handoverSituationOf(state: State): HandoverSituation {
  const { role, instances, groups, vrrp, services, conntrack } = state;
  const isOnItsWay = [...instances, ...groups].some(({ hintedAt }) => hintedAt !== null);
  const known = Object.keys(TARGETS).includes(role.state) ? (role.state as keyof typeof TARGETS) : null;
  const vips = vrrp.value?.instances.flatMap((instance) => instance.vips) ?? [];
  return {
    role: isOnItsWay ? null : known,
    missing: known === 'active' ? vips.filter(({ set }) => !set).map(({ address }) => address) : [],
    stopped: known === 'active' ? stoppedWans(state) : [],
    running: services.value?.running ?? null,
    conntrackdIsGone: conntrack.error?.code === 'absent',
  };
}

/** null = not to be said yet. */
export function judgeHandover(
  { role, missing, stopped = [], running, conntrackdIsGone }: HandoverSituation,
  { conf, runs, standby, lockIsLeft, now }: HandoverFacts,
): HandoverVerdict | null {
  // Without keepalived nobody knows who holds the addresses: what is, stays.
  if (role === null || role === 'stop') return null;
  const wanted = TARGETS[role];
  const last = runs.filter(({ state }) => state !== 'LOAD').pop();
  const age = last === undefined ? 0 : now - last.lastAt;
  if (last !== undefined && last.end !== 'done' && age < LONGEST_RUN_MS) return null;
  const isActive = role === 'active';
  const faults: string[] = [];
  let repair: HandoverVerdict['repair'] = null;
  const add = (fault: string, how: HandoverVerdict['repair']): void => {
    faults.push(fault);
    if (how === 'again' || repair === null) repair = how ?? repair;
  };
  // A router that has not been active yet needs no more than its tables.
  if (last === undefined ? isActive : (last.state === 'MASTER') !== isActive) {
    const was =
      last === undefined ? 'there was no handover' : `the last handover was to ${WORDS[last.state]}`;
    add(`keepalived is ${role}, but ${was}.`, 'again');
  } else if (last !== undefined && last.end !== 'done') add('The last handover did not end.', 'again');
  else
    for (const { step, outcome, words, ms } of last?.steps ?? []) {
      if (outcome === 'ok') continue;
      const how = outcome === 'cut' ? `was cut after ${ms} ms` : 'failed';
      add(
        `Step ${step} ${how}${words === '' ? '' : `: ${words.replace(/\.$/, '')}`}.`,
        HOPELESS.includes(step) ? null : 'again',
      );
    }
  if (standby === null) add('The table inet hagw_pair is gone.', 'load');
  else if (isActive && standby.length > 0)
    add('DHCP and router advertisements are blocked although it is active.', 'load');
  else if (!isActive && conf.standby.some((device) => !standby.includes(device)))
    add('DHCP and router advertisements are not blocked although it is not active.', 'load');
  if (conntrackdIsGone && lockIsLeft && conf.lock !== null)
    add(`conntrackd was killed and left ${conf.lock} behind, which keeps it from starting.`, 'again');
  if (isActive) {
    for (const name of stopped) add(`${name} does not run.`, 'again');
    for (const address of missing) add(`${address} is not on this router.`, null);
    for (const service of conf.serve)
      if (running !== null && !running.includes(service) && age < FRESH_MS)
        add(`${service} does not run.`, 'again');
  }
  return { faults, repair, state: wanted, sequence: last?.sequence ?? 0 };
}

/** A run for the timeline. `now`: uptime in milliseconds. null = nothing that anybody wants to read. */
export function handoverHappening(run: HandoverRun, now: number): Happening | null {
  const troubles = run.steps.filter(({ outcome }) => outcome !== 'ok');
  if (run.state === 'LOAD' && troubles.length === 0) return null;
  const to = WORDS[run.state] as VrrpState | '';
  const steps = run.steps.map(
    ({ step, ms, outcome, words }) =>
      `${step} ${ms} ms${outcome === 'ok' ? '' : ` (${outcome}${words === '' ? '' : `: ${words}`})`}`,
  );
  const what = run.state === 'LOAD' ? 'The tables of the pair were loaded' : `The handover to ${to}`;
  const how = run.end === 'superseded' ? 'gave way to a newer one' : `took ${run.ms ?? 0} ms`;
  const age = Math.round((now - run.lastAt) / 1000);
  const late = age >= 10 ? ` That was ${age} s ago.` : '';
  const text = `${what}${run.state === 'LOAD' ? '' : ` ${how}`}${steps.length === 0 ? '' : `: ${steps.join(', ')}`}.${late}`;
  return { kind: 'vrrp', subject: 'handover', from: '', to, text };
}
