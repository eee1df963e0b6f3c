/** What the pair machine says in words. */
import { freshMessage } from './pair-trust.ts';
import type { OutReason, PairState, PartnerMessage } from './pair-types.ts';
import { stateText } from './role.ts';

/** Why this router is out of service, without a full stop. */
export const OUT_TEXT: Readonly<Record<OutReason, string>> = {
  'no-wan': 'it has no usable WAN, and the partner has one',
  maintenance: 'maintenance',
  switchover: 'switchover',
  'split-brain': 'both routers were active',
};

/** Why a partner that is heard cannot take over, to be read after its name and a colon. */
export function partnerText({ out, role, fit }: PartnerMessage): string {
  if (out) return 'it holds itself out of service';
  if (role !== 'active' && role !== 'backup') return `it is ${stateText(role)}`;
  if (fit <= 2) return 'it has no usable WAN';
  return fit <= 4 ? 'it is in maintenance' : 'it has not agreed yet';
}

/** A message comes each second. */
const HEARD_MS = 5000;

/** Why nothing is known of the partner, without a full stop; empty while it is. */
export function silenceText(state: PairState, now: number): string {
  if (freshMessage(state, now) !== null) return '';
  const name = state.situation?.partner ?? 'the partner';
  if (state.heard === null) return state.silence;
  if (now - state.heardAt >= HEARD_MS) return `${name} is no longer heard`;
  return `${name} is heard, but does not hear this router`;
}
