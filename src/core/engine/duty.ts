/** The pair machine and the rest of the service: what it needs to know, and what it reports. */
import { syncWordOf } from '../conntrackd/watch.ts';
import type { Happening } from '../events/timeline.ts';
import { reasonOf } from './pair.ts';
import { freshMessage } from './pair-trust.ts';
import type { OutReason, PairSituation, PairState, PartnerMessage, SwitchoverOutcome } from './pair-types.ts';
import { OUT_TEXT, partnerText, silenceText } from './pair-words.ts';
import { type State, whoAmI } from './state.ts';

export interface DutyReport {
  /** This router holds itself out of service. Moments are monotonic. */
  readonly out: { readonly reason: OutReason; readonly text: string; readonly since: number } | null;
  readonly maintenance: boolean;
  /** Why it is not out although it should be; empty else. */
  readonly waits: string;
  /** What the partner says of itself; null with the reason while it is not heard. */
  readonly partner: PartnerMessage | null;
  readonly silence: string;
  readonly heardAt: number | null;
  /** Both routers are active, since when. */
  readonly splitSince: number | null;
  readonly switched: SwitchoverOutcome | null;
}

export interface DutyNews {
  readonly report: DutyReport;
  readonly happenings: readonly Happening[];
}

/** A WAN that is on its way to another state still counts as it did. */
const USABLE: readonly string[] = ['online', 'disconnecting'];
const LOST: readonly string[] = ['offline', 'disabled', 'connecting'];

export function dutySituationOf(state: State): PairSituation | null {
  const own = whoAmI(state);
  const config = state.hagw.value;
  if (config === null || !config.enabled || own.kind !== 'found' || config.addresses.length === 0)
    return null;
  // Not here, they cannot be judged here; the line is the same one.
  const away = state.role.state === 'active' ? [] : config.wans.map((wan) => wan.interface);
  const here = state.wans.filter(({ name }) => !away.includes(name));
  const usableWans = here.filter((wan) => USABLE.includes(wan.state)).map(({ name }) => name);
  const isLost = here.length > 0 && here.every((wan) => LOST.includes(wan.state));
  const isHearsay = usableWans.length === 0 && away.length > 0;
  const said = state.duty?.partner;
  const isSaid = said?.role === 'active' && away.some((name) => said.usableWans.includes(name));
  const sync = syncWordOf(state.conntrack.value);
  return {
    name: own.self.name,
    priority: own.self.priority,
    partner: own.partner.name,
    partnerPriority: own.partner.priority,
    role: state.role.state,
    usable: usableWans.length > 0 || (isHearsay && isSaid) ? true : isLost && !isHearsay ? false : null,
    usableWans,
    isHearsay,
    holdMs: config.holdS * 1000,
    ...(sync === null ? {} : { sync }),
  };
}

export function dutyMayDiffer(before: State, after: State): boolean {
  return (
    before.hagw !== after.hagw ||
    before.links !== after.links ||
    before.duty !== after.duty ||
    before.role !== after.role ||
    before.conntrack !== after.conntrack ||
    before.wans !== after.wans
  );
}

export function dutyReportOf(state: PairState, now: number): DutyReport {
  const { lease, situation, heard } = state;
  const partner = freshMessage(state, now);
  const reason = reasonOf(state);
  const name = situation?.partner ?? 'the partner';
  const silence = silenceText(state, now);
  const isWaiting = reason !== null && lease === null && situation !== null;
  return {
    out: lease === null ? null : { reason: lease.reason, text: OUT_TEXT[lease.reason], since: lease.since },
    maintenance: state.maintenance,
    waits: !isWaiting ? '' : partner === null ? silence : `${name} is not ready: ${partnerText(partner)}`,
    partner,
    silence,
    heardAt: heard === null ? null : state.heardAt,
    splitSince: state.split?.phase === 'told' ? state.split.since : null,
    switched: state.switched,
  };
}

/** Whether there is news in it: a further message that says the same is none. */
export function sameDuty(a: DutyReport, b: DutyReport): boolean {
  const bare = (report: DutyReport): string =>
    JSON.stringify({
      ...report,
      heardAt: null,
      partner: report.partner === null ? null : { ...report.partner, at: 0, echo: null },
    });
  return bare(a) === bare(b);
}
