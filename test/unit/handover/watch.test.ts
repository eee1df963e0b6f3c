import { describe, expect, it } from 'vitest';
import { createHandoverWatch } from '../../../src/app/pair/handover.ts';
import type { HandoverSituation } from '../../../src/core/engine/handover.ts';
import type { Happening } from '../../../src/core/events/timeline.ts';
import { fail, ok } from '../../../src/lib/result.ts';
import { createFakeFiles } from '../../fakes/files.ts';
import { createFakeTime } from '../../fakes/time.ts';

const CONF = '/etc/hagw/handover.conf';
const JOURNAL = '/var/run/hagw/handover.journal';
const TOLD = '/var/run/hagw/handover.told';
const LOCK = '/var/lock/conntrack.lock';

const ACTIVE: HandoverSituation = {
  role: 'active',
  missing: [],
  running: ['dnsmasq'],
  conntrackdIsGone: false,
};
const BACKUP: HandoverSituation = { ...ACTIVE, role: 'backup' };

function rig(journal = '', given: Readonly<Record<string, string>> = {}) {
  const time = createFakeTime();
  const fake = createFakeFiles({
    [CONF]: 'watch GROUP hagw_pair\nstandby br-lan\nconntrackd cache\nserve dnsmasq /tmp/dhcp.leases\n',
    [JOURNAL]: journal,
    '/proc/uptime': '100.00 1.00\n',
    ...given,
  });
  const world: {
    standby: readonly string[] | null;
    /** What the script does when it is run. */
    repair: () => void;
    broken: boolean;
  } = { standby: [], repair: () => undefined, broken: false };
  const runs: string[] = [];
  const reports: (readonly string[])[] = [];
  const told: Happening[] = [];
  const watch = createHandoverWatch(
    {
      files: fake.files,
      clock: time.clock,
      timers: time.timers,
      log: { write: () => undefined },
      handover: {
        standby: async () => (world.broken ? fail('nft does not answer.') : ok(world.standby)),
        run: async (words) => {
          runs.push(words.join(' '));
          world.repair();
          return ok(undefined);
        },
      },
    },
    ({ faults }, happenings) => {
      reports.push(faults);
      told.push(...happenings);
    },
  );
  /** Time passes for the kernel, too. */
  const pass = async (ms: number): Promise<void> => {
    await time.advance(ms);
    fake.write('/proc/uptime', `${((time.clock.monotonicMs() + 99_000) / 1000).toFixed(2)} 1.00\n`);
    await time.settle();
  };
  const passSeconds = async (seconds: number): Promise<void> => {
    for (let second = 0; second < seconds; second += 1) await pass(1000);
  };
  return { watch, world, fake, runs, reports, told, pass, passSeconds };
}

const DONE = '99.00 9900 MASTER commit 0 ok\n99.10 9900 MASTER role 10 ok\n99.20 9900 MASTER done 20 ok\n';

describe('the watch of handovers', () => {
  it('tells the timeline of each run once, with its steps', async () => {
    const { watch, told, fake, runs, passSeconds } = rig(DONE);
    watch.situation(ACTIVE);
    await passSeconds(20);
    expect(told).toEqual([
      {
        kind: 'vrrp',
        subject: 'handover',
        from: '',
        to: 'active',
        text: 'The handover to active took 20 ms: commit 0 ms, role 10 ms.',
      },
    ]);
    expect(fake.text(TOLD)).toBe('9900\n');
    expect(runs).toEqual([]);
    fake.write(
      JOURNAL,
      `${DONE}119.00 11900 BACKUP timers 10000 cut not done within 10 s\n119.00 11900 BACKUP done 10010 ok\n`,
    );
    watch.told();
    await passSeconds(1);
    expect(told.slice(1).map(({ to, text }) => [to, text])).toEqual([
      ['backup', 'The handover to backup took 10010 ms: timers 10000 ms (cut: not done within 10 s).'],
    ]);
  });

  it('tells at its start what happened while it was dead, but not what it has told before', async () => {
    const old = '20.00 2000 BACKUP done 10 ok\n40.00 4000 MASTER done 10 ok\n';
    const { watch, told, passSeconds } = rig(old + DONE, { [TOLD]: '2000\n' });
    watch.situation(ACTIVE);
    await passSeconds(1);
    expect(told.map(({ text }) => text)).toEqual([
      'The handover to active took 10 ms. That was 60 s ago.',
      'The handover to active took 20 ms: commit 0 ms, role 10 ms.',
    ]);
  });

  it('waits for the script before anything is wrong, then has it run, and says so while it lasts', async () => {
    const { watch, world, fake, runs, reports, passSeconds } = rig('90.00 9000 BACKUP done 10 ok\n');
    world.repair = () => {
      fake.write(JOURNAL, `90.00 9000 BACKUP done 10 ok\n104.00 10400 MASTER done 10 ok\n`);
    };
    watch.situation(ACTIVE);
    await passSeconds(2);
    expect(runs).toEqual([]);
    await passSeconds(4);
    expect(runs).toEqual(['again 9000 MASTER']);
    await passSeconds(5);
    expect(reports).toEqual([[], ['keepalived is active, but the last handover was to backup.'], []]);
    expect(runs).toHaveLength(1);
  });

  it('gives up after three attempts, names it for as long as it lasts, and begins anew with the role', async () => {
    const { watch, runs, reports, passSeconds } = rig(
      '99.00 9900 MASTER commit 10 failed 1 no\n99.00 9900 MASTER done 10 ok\n',
    );
    watch.situation(ACTIVE);
    await passSeconds(120);
    expect(runs).toEqual(['again 9900 MASTER', 'again 9900 MASTER', 'again 9900 MASTER']);
    expect(reports[reports.length - 1]).toEqual(['Step commit failed: 1 no.']);
    watch.situation({ ...ACTIVE, role: null });
    await passSeconds(5);
    expect(reports[reports.length - 1]).toEqual([]);
    watch.situation(ACTIVE);
    await passSeconds(10);
    expect(runs.length).toBeGreaterThan(3);
  });

  it.each([
    ['the table is flushed', ACTIVE, null, 'The table inet hagw_pair is gone.'],
    [
      'DHCP is blocked',
      ACTIVE,
      ['br-lan'],
      'DHCP and router advertisements are blocked although it is active.',
    ],
  ] as const)('loads the tables where %s', async (_, situation, standby, fault) => {
    const { watch, world, runs, reports, passSeconds } = rig(DONE);
    world.standby = standby;
    world.repair = () => {
      world.standby = [];
    };
    watch.situation(situation);
    await passSeconds(20);
    expect(runs).toEqual(['load']);
    expect(reports).toContainEqual([fault]);
    expect(reports[reports.length - 1]).toEqual([]);
  });

  it('leaves all as it is while keepalived does not run, and before the first change of role', async () => {
    const { watch, world, runs, reports, passSeconds } = rig(DONE);
    world.standby = ['br-lan'];
    watch.situation({ ...ACTIVE, role: 'stop' });
    await passSeconds(30);
    expect(runs).toEqual([]);
    const fresh = rig('99.00 9900 LOAD done 10 ok\n');
    fresh.world.standby = ['br-lan'];
    fresh.watch.situation(BACKUP);
    await fresh.passSeconds(30);
    expect([fresh.runs, reports.flat(), fresh.reports]).toEqual([[], [], []]);
  });

  it('loads them where a backup serves DHCP', async () => {
    const { watch, world, runs, passSeconds } = rig('99.00 9900 BACKUP done 10 ok\n');
    world.repair = () => {
      world.standby = ['br-lan', 'br-guest'];
    };
    watch.situation(BACKUP);
    await passSeconds(20);
    expect(runs).toEqual(['load']);
  });

  it('has a killed conntrackd started whenever its lock file is left', async () => {
    const { watch, fake, runs, passSeconds } = rig(DONE, { [LOCK]: '' });
    watch.situation({ ...ACTIVE, conntrackdIsGone: true });
    await passSeconds(5);
    expect(runs).toEqual(['again 9900 MASTER']);
    // Stopped on purpose: no lock file.
    fake.remove(LOCK);
    await passSeconds(60);
    expect(runs).toHaveLength(1);
  });

  it('names what the script cannot mend', async () => {
    const { watch, runs, reports, passSeconds } = rig(
      '99.00 9900 MASTER protocols 0 failed 1 /etc/protocols is missing\n99.00 9900 MASTER done 10 ok\n',
    );
    watch.situation({ ...ACTIVE, missing: ['203.0.113.10/24'] });
    await passSeconds(20);
    expect(runs).toEqual([]);
    expect(reports[reports.length - 1]).toEqual([
      'Step protocols failed: 1 /etc/protocols is missing.',
      '203.0.113.10/24 is not on this router.',
    ]);
  });

  it('runs nothing while a run is under way, and once more if that was killed', async () => {
    const { watch, runs, passSeconds } = rig('99.00 9900 MASTER commit 10 ok\n');
    watch.situation(ACTIVE);
    await passSeconds(30);
    expect(runs).toEqual([]);
    await passSeconds(30);
    expect(runs[0]).toBe('again 9900 MASTER');
  });

  it('is silent without the pair, and survives an nft that does not answer', async () => {
    const { watch, world, fake, runs, reports, passSeconds } = rig(DONE);
    fake.remove(CONF);
    watch.situation(BACKUP);
    await passSeconds(30);
    expect([runs, reports]).toEqual([[], []]);
    fake.write(CONF, 'watch GROUP hagw_pair\n');
    world.broken = true;
    await passSeconds(30);
    expect(runs).toEqual([]);
    expect(reports[reports.length - 1]).toEqual(['nft does not answer.']);
    watch.stop();
  });
});
