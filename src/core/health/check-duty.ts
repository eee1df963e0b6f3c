/** Whether this router takes part, what is heard of the partner, and whether the last handover came about. */
import { type State, whoAmI } from '../engine/state.ts';
import type { Finding } from './catalogue.ts';

export function dutyFindings(state: State): readonly Finding[] {
  const own = whoAmI(state);
  if (state.links.value === null || own.kind === 'unclear') return [];
  const { duty } = state;
  const { name, where } = own.partner;
  const findings: Finding[] = [];
  const add = (code: Finding['code'], text: string, place = ''): void => {
    findings.push({ code, where: place, text });
  };
  if (duty === null || duty.partner === null) {
    const why =
      duty === null || duty.silence === '' ? 'the link between the services is not set up' : duty.silence;
    add('partner-unknown', `Nothing is known of ${name}: ${why}.`, where);
  }
  if (duty === null) return findings;
  if (duty.splitSince !== null)
    add(
      'split-brain',
      `${own.self.name} and ${name} both hold the virtual addresses: they do not hear each other's adverts.`,
    );
  const waits = duty.waits === '' ? '' : ` It goes on serving: ${duty.waits}.`;
  if (duty.maintenance) add('in-maintenance', `${own.self.name} is in maintenance.${waits}`);
  if (duty.out !== null && duty.out.reason !== 'maintenance')
    add('out-of-service', `${own.self.name} holds itself out of service: ${duty.out.text}.`);
  return findings;
}

export function handoverFindings({ handover }: State): readonly Finding[] {
  if (handover === null || handover.faults.length === 0) return [];
  return [{ code: 'handover-incomplete', where: '', text: handover.faults.join(' ') }];
}
