import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeHandoverConf, decodeJournal } from '../../../src/core/pair/journal.ts';

/** Written by the script, under dash, with a conntrackd that hung at the second takeover. */
const JOURNAL = `3147.01 314701 LOAD sysctl 0 ok
3147.05 314701 LOAD role 40 ok
3147.05 314701 LOAD done 50 ok
3228.45 322843 MASTER commit 20 ok
3228.49 322843 MASTER flush 40 failed 1 conntrackd: can't connect: is conntrackd running? appropriate permissions?
3228.93 322843 MASTER superseded 500 ok
3229.00 322893 BACKUP sysctl 0 ok
3229.05 322893 BACKUP role 50 ok
3229.05 322893 BACKUP done 160 ok
3240.10 324010 MASTER commit 10000 cut not done within 10 s
`;

describe('the journal of the handover', () => {
  it('is a list of runs with their steps', () => {
    const runs = decodeJournal(JOURNAL);
    expect(runs.map(({ sequence, state, end, ms, lastAt }) => [sequence, state, end, ms, lastAt])).toEqual([
      [314701, 'LOAD', 'done', 50, 3_147_050],
      [322843, 'MASTER', 'superseded', 500, 3_228_930],
      [322893, 'BACKUP', 'done', 160, 3_229_050],
      [324010, 'MASTER', null, null, 3_240_100],
    ]);
    expect(runs[1]?.steps).toEqual([
      { step: 'commit', ms: 20, outcome: 'ok', words: '' },
      {
        step: 'flush',
        ms: 40,
        outcome: 'failed',
        words: "1 conntrackd: can't connect: is conntrackd running? appropriate permissions?",
      },
    ]);
    expect(runs[3]?.steps).toEqual([
      { step: 'commit', ms: 10_000, outcome: 'cut', words: 'not done within 10 s' },
    ]);
  });

  it('may be cut off at its beginning and its end, and anything may stand between', () => {
    const lines = JOURNAL.split('\n');
    const torn = `45 322843 MASTER commit 20 ok\n${lines.slice(4, 9).join('\n')}\n3240.10 3240`;
    expect(decodeJournal(torn).map(({ state }) => state)).toEqual(['MASTER', 'BACKUP']);
    const odd = [
      '',
      'nonsense',
      '1.00 1 ROOT done 10 ok',
      '1.00 1 MASTER do;ne 10 ok',
      '1.00 99999999999999 MASTER done 10 ok',
      '1.0 1 MASTER done 10 ok',
      '1.00 1 MASTER done -10 ok',
      '1.00 1 MASTER done 10 fine',
    ].join('\n');
    expect(decodeJournal(odd)).toEqual([]);
    const [run] = decodeJournal(`1.00 1 MASTER role 10 failed ${'\u0007\u00e9<b>'.repeat(100)}\n`);
    expect(run?.steps[0]?.words).toMatch(/^[\x20-\x7e]{1,160}$/);
  });

  it('keeps a run whose process was killed apart from the next one', () => {
    const runs = decodeJournal(
      '1.00 1 MASTER commit 0 ok\n9.00 9 MASTER commit 0 ok\n9.10 9 MASTER done 10 ok\n',
    );
    expect(runs.map(({ sequence, end }) => [sequence, end])).toEqual([
      [1, null],
      [9, 'done'],
    ]);
  });

  it('never makes the decoder fail', () => {
    const piece = fc.oneof(fc.string(), fc.constantFrom(...JOURNAL.split('\n'), ' ', '\n', '0.00', 'MASTER'));
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        for (const run of decodeJournal(pieces.join('\n'))) {
          expect(Number.isSafeInteger(run.sequence)).toBe(true);
          expect(Number.isSafeInteger(run.lastAt)).toBe(true);
          for (const { words } of run.steps) expect(words).toMatch(/^[\x20-\x7e]*$/);
        }
      }),
      { seed: 20261121, numRuns: 2000 },
    );
  });
});

describe('handover.conf', () => {
  it('is read as the script reads it', () => {
    const text =
      '# hagw\nwatch INSTANCE hagw_pair\nstandby br-lan\nstandby a"b\nserve dnsmasq /tmp/dhcp.leases\nconntrackd cache\nlater x';
    expect(decodeHandoverConf(text)).toEqual({
      standby: ['br-lan'],
      serve: ['dnsmasq'],
      lock: '/var/lock/conntrack.lock',
    });
    expect(decodeHandoverConf(`${text}\nlock /tmp/l`).lock).toBe('/tmp/l');
    expect(decodeHandoverConf('')).toEqual({ standby: [], serve: [], lock: null });
  });
});
