/** The pair's files in other packages, as the engine knows of them: whether they are as they should be, and for whom they are. */
import type { PairPlan } from '../../api/pair.ts';
import type { HagwConfig, RouterConfig } from '../config/hagw.ts';
import type { ConfigProblem } from '../config/uci.ts';
import type { InterfaceFacts } from '../netifd/facts.ts';
import { type State, whoAmI } from './state.ts';

/** What became of them last. */
export interface PairConfigReport {
  readonly state: PairPlan['state'];
  readonly problems: readonly ConfigProblem[];
  /** What somebody else changed back, one sentence; empty if nobody did. */
  readonly contested: string;
}

/** Who this router is, by what is in force. */
export interface PairSituation {
  readonly config: HagwConfig;
  readonly self: RouterConfig;
  readonly partner: RouterConfig;
  readonly interfaces: readonly InterfaceFacts[];
}

/** A sentence where half of it is not known: then nothing is to be written. */
export function pairSituationOf(state: State): PairSituation | string {
  const config = state.hagw.value;
  if (config === null) return 'There is no configuration of the pair in force.';
  if (state.hagw.rejected) return 'The configuration of the pair in /etc/config/hagw is rejected.';
  if (state.links.value === null) return state.links.error?.message ?? 'netifd has not been asked yet.';
  const own = whoAmI(state);
  if (own.kind === 'unclear') return own.reason;
  const { self, partner } = own;
  return { config, self, partner, interfaces: state.links.value.interfaces };
}

/** Whether what `pairSituationOf` reads may have changed. */
export function pairMayDiffer(before: State, after: State): boolean {
  return before.hagw !== after.hagw || before.links !== after.links;
}
