import { describe, expect, it } from 'vitest';
import { createPartner, createStandby } from '../../../src/adapters/duty.ts';
import { createDuty, type Duty } from '../../../src/app/pair/duty.ts';
import type { DutyNews } from '../../../src/core/engine/duty.ts';
import type { PairSituation, PartnerMessage } from '../../../src/core/engine/pair-types.ts';
import { fail, ok } from '../../../src/lib/result.ts';
import type { Bus } from '../../../src/ports/bus.ts';
import type { Processes } from '../../../src/ports/processes.ts';
import { createFakeFiles, type FakeFiles } from '../../fakes/files.ts';
import { createFakeTime, type FakeTime } from '../../fakes/time.ts';

/** The runner and the files: two routers whose files in RAM are carried to each other by hand. */

const [OUT, SELF, PARTNER] = ['out', 'self.json', 'partner.json'].map((name) => `/var/run/hagw/${name}`) as [
  string,
  string,
  string,
];

interface House {
  readonly duty: Duty;
  readonly disk: FakeFiles;
  readonly news: DutyNews[];
  readonly log: string[];
  role: PairSituation['role'];
  kicks: number;
  sends: number;
  become(role: PairSituation['role']): void;
}

function house(time: FakeTime, index: 0 | 1, disk: FakeFiles): House {
  const [name, partner] = index === 0 ? ['gw-a', 'gw-b'] : ['gw-b', 'gw-a'];
  const log: string[] = [];
  const news: DutyNews[] = [];
  const none = {} as { readonly processes: Processes; readonly bus: Bus };
  const standby = createStandby(disk.files, none.processes, none.bus);
  const one: { kicks: number; sends: number } = { kicks: 0, sends: 0 };
  const duty = createDuty(
    {
      clock: time.clock,
      timers: time.timers,
      log: { write: (_level, text) => log.push(text) },
      partner: createPartner(disk.files),
      standby: {
        ...standby,
        kick: async () => {
          made.kicks += 1;
        },
      },
      flush: {
        send: async () => {
          made.sends += 1;
          return index === 0 ? ok(undefined) : fail('conntrackd does not answer.');
        },
        adopt: async () => ok(undefined),
      },
    },
    `${name}-1`,
    (item) => news.push(item),
  );
  const situation = (role: PairSituation['role']): PairSituation => ({
    name,
    priority: 250 - index * 10,
    partner,
    partnerPriority: 240 + index * 10,
    role,
    usable: true,
    usableWans: ['wan'],
    holdMs: 10_000,
  });
  const made: House = {
    ...one,
    duty,
    disk,
    news,
    log,
    role: 'backup',
    become: (role) => duty.situation(situation(role)),
  };
  return made;
}

function disk(): FakeFiles {
  return createFakeFiles({ '/proc/uptime': '5000.00 1.00\n' });
}

async function pair(): Promise<{ time: FakeTime; a: House; b: House; pass(ms: number): Promise<void> }> {
  const time = createFakeTime();
  const [a, b] = [house(time, 0, disk()), house(time, 1, disk())];
  a.become('active');
  b.become('backup');
  const pass = async (ms: number): Promise<void> => {
    for (let spent = 0; spent < ms; spent += 50) {
      await time.advance(50);
      for (const [from, to] of [
        [a, b],
        [b, a],
      ] as const) {
        const text = from.disk.text(SELF);
        if (text !== null) to.disk.write(PARTNER, text);
      }
    }
  };
  await pass(8000);
  return { time, a, b, pass };
}

describe('the runner', () => {
  it('writes nothing but its message while nothing is to be held', async () => {
    const { a, pass } = await pair();
    a.disk.changed.length = 0;
    await pass(5000);
    expect(new Set(a.disk.changed)).toEqual(new Set([SELF]));
    expect(a.disk.changed.length).toBeLessThanOrEqual(6);
    expect([a.kicks, a.log]).toEqual([0, []]);
    expect(a.news.at(-1)?.report.partner?.ready).toBe(true);
  });

  it('holds a lease that the script can read, renews it, and takes it away', async () => {
    const { a, pass } = await pair();
    a.duty.maintenance(true);
    expect(a.disk.text('/etc/hagw/maintenance')).toBe('');
    const [, seconds = '', reason] = /^(\d+\.\d\d) (\S+)\n$/.exec(a.disk.text(OUT) ?? '') ?? [];
    expect(reason).toBe('maintenance');
    expect(Number(seconds)).toBeGreaterThan(5000);
    expect(Number(seconds)).toBeLessThanOrEqual(5004);
    expect(a.kicks).toBe(1);
    a.become('fault');
    a.disk.changed.length = 0;
    await pass(3000);
    expect(a.disk.changed.filter((path) => path === OUT).length).toBeGreaterThanOrEqual(2);
    expect(a.kicks).toBe(1);
    a.duty.maintenance(false);
    expect([a.disk.text(OUT), a.disk.text('/etc/hagw/maintenance'), a.kicks]).toEqual([null, null, 2]);
  });

  it('takes the lease away when it stops, and one that an earlier run left when it starts', async () => {
    const { a, time } = await pair();
    a.duty.maintenance(true);
    expect(a.disk.text(OUT)).not.toBeNull();
    a.duty.stop();
    expect(a.disk.text(OUT)).toBeNull();
    const left = createFakeFiles({ '/proc/uptime': '5000.00 1.00\n', [OUT]: '5003.00 maintenance\n' });
    house(time, 0, left);
    expect(left.text(OUT)).toBeNull();
  });

  it('resolves a switchover with what it took, also if conntrackd does not answer', async () => {
    const { a, b, pass } = await pair();
    const first = a.duty.switchover();
    await pass(50);
    expect([a.sends, a.kicks]).toEqual([1, 1]);
    a.become('fault');
    b.become('active');
    await pass(200);
    const done = await first;
    expect(typeof done === 'string' ? done : done.text).toMatch(/^gw-b is active; it took \d+ ms\.$/);
    expect(a.disk.text(OUT)).toBeNull();
    a.become('backup');
    await pass(2000);
    const second = b.duty.switchover();
    await pass(50);
    expect(b.log).toEqual(['conntrackd does not answer.']);
    b.become('fault');
    a.become('active');
    await pass(200);
    expect(await second).toMatchObject({ ok: true });
    expect(await b.duty.switchover()).toBe(
      'gw-b is not active (fault); a switchover begins on the active router.',
    );
  });

  it('says once that a file cannot be used, and goes on', async () => {
    const { a, time } = await pair();
    const message: Partial<PartnerMessage> = { run: '..' };
    a.disk.write(PARTNER, JSON.stringify(message));
    a.disk.damage(PARTNER, 'EIO');
    await time.advance(6000);
    expect(a.news.at(-1)?.report.silence).toBe('gw-b is no longer heard');
    expect(a.log).toEqual([]);
    expect(await a.duty.switchover()).toBe('Not now: gw-b is no longer heard. gw-a stays active.');
  });
});
