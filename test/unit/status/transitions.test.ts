import { describe, expect, it } from 'vitest';
import { decodeJournal } from '../../../src/core/pair/journal.ts';
import { vrrpTransitions } from '../../../src/core/status/transitions.ts';
import { dutyReport } from '../../fakes/router.ts';
import { at, feed, healthy } from '../engine/situations.ts';

/** `hagw.vrrp transitions`: what the script wrote down, when it was by the wall clock, and why. */

const JOURNAL = `100.00 9 LOAD role 10 ok
100.10 9 LOAD done 20 ok
500.00 10 MASTER commit 20 ok
500.05 10 MASTER dnsmasq 30 failed 1 it does not run
500.10 10 MASTER done 60 ok
900.00 11 FAULT role 10 ok
900.10 11 FAULT done 20 ok
901.00 12 BACKUP role 10 ok
`;

describe('transitions', () => {
  it('have their steps and causes; tables that were loaded are none', () => {
    // The router went out 40 ms before the steps of FAULT began: this moment is 60 s later.
    const out = {
      kind: 'dutyReported' as const,
      report: dutyReport(),
      happenings: [
        {
          kind: 'router' as const,
          subject: 'gw-a',
          from: '',
          to: 'out',
          text: 'gw-a goes out of service: maintenance.',
        },
      ],
    };
    const state = feed(healthy(), [out], 100_000).state;
    const now = at(160_000);
    const { transitions } = vrrpTransitions(state, decodeJournal(JOURNAL), 10, now, 960_140);
    expect(
      transitions.map(({ to, cause, total_ms, superseded }) => [to, cause, total_ms, superseded]),
    ).toEqual([
      ['active', 'The adverts of the partner stopped, or had priority 0.', 60, false],
      ['fault', 'gw-a goes out of service: maintenance.', 20, false],
      [
        'backup',
        'keepalived hears a router of a greater priority, or has just started or recovered.',
        null,
        false,
      ],
    ]);
    expect(transitions[0]?.steps).toEqual([
      { step: 'commit', ms: 20, outcome: 'ok', words: '' },
      { step: 'dnsmasq', ms: 30, outcome: 'failed', words: '1 it does not run' },
    ]);
    expect(transitions.map((one) => one.at)).toEqual(
      [500_100, 900_100, 901_000].map((ms) => now.wallMs - (960_140 - ms)),
    );
    expect(vrrpTransitions(state, decodeJournal(JOURNAL), 1, now, 960_140).transitions).toHaveLength(1);
  });
});
