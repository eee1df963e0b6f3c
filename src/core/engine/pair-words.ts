/** What the pair machine says in words. */
import type { OutReason, PartnerMessage } from './pair-types.ts';
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
