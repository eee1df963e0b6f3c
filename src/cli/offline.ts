/** `check --config DIR`, on files alone. Nothing is asked of ubus and nothing is touched, so it works on any machine. */
import type { Health } from '../api/status.ts';
import type { UciSection } from '../core/config/uci.ts';
import { initialState } from '../core/engine/state.ts';
import { step } from '../core/engine/step.ts';
import { shownProblems, toHealth } from '../core/health/problems.ts';
import type { Files } from '../ports/files.ts';
import { readPackage } from './packages.ts';

/** Problems that the files alone show: what a router would say right after it read them. `partner` is a folder of its files. */
export function checkFolder(files: Files, folder: string, partner: string | null = null): Health {
  const now = { monotonicMs: 0, wallMs: 0 };
  const known = (from: string, name: string): readonly UciSection[] | null => {
    const reading = readPackage(files, from, name);
    return reading.kind === 'read' ? reading.sections : null;
  };
  const program = { version: '', hostname: '', run: '', startedAt: 0 };
  const event = {
    kind: 'configRead',
    hagw: readPackage(files, folder, 'hagw'),
    mwan3: readPackage(files, folder, 'mwan3'),
    keepalived: readPackage(files, folder, 'keepalived'),
    network: readPackage(files, folder, 'network'),
    setup: {
      packages: {
        network: known(folder, 'network'),
        mwan3: known(folder, 'mwan3'),
        keepalived: known(folder, 'keepalived'),
        firewall: known(folder, 'firewall'),
        dhcp: known(folder, 'dhcp'),
      },
      live: null,
      partnerMwan3: partner === null ? null : known(partner, 'mwan3'),
    },
  } as const;
  const { state } = step(initialState(program), event, now);
  // Without the moment at which it was seen: nobody saw it. `ubus-lost` is not old enough to show at this moment.
  return toHealth(shownProblems(state.problems, now).map((problem) => ({ ...problem, since: null })));
}
