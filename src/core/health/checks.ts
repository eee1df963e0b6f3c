/**
 * The checks: pure functions of the engine's state, each about one neighbour. A check speaks only of what has been
 * read; not knowing is a finding of its own and never two.
 */
import type { State } from '../engine/state.ts';
import type { Finding } from './catalogue.ts';
import { configFindings } from './check-config.ts';
import { dutyFindings, handoverFindings } from './check-duty.ts';
import {
  addressFindings,
  conntrackFindings,
  keepalivedFindings,
  pairConfigFindings,
  pairFindings,
} from './check-pair.ts';
import { busFindings, leaseFindings, netifdFindings } from './check-router.ts';
import { engineFindings, wanFindings } from './check-wans.ts';

export const CHECKS: readonly ((state: State) => readonly Finding[])[] = [
  busFindings,
  configFindings,
  netifdFindings,
  pairFindings,
  dutyFindings,
  handoverFindings,
  pairConfigFindings,
  ({ setupFindings }) => setupFindings,
  addressFindings,
  keepalivedFindings,
  conntrackFindings,
  ({ sync }) => (sync?.faults ?? []).map((fault) => ({ ...fault, where: 'conntrackd' })),
  engineFindings,
  wanFindings,
  leaseFindings,
];

/** All that is wrong now, whether it is to be shown or not. */
export function findProblems(state: State): readonly Finding[] {
  return CHECKS.flatMap((check) => check(state));
}
