import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../lab/programs.ts';
import { CONF, type House, LOCK, openHouse, RUN, type Shell } from './house.ts';

/** Calls of the fakes by which each step is known, and what it is part of. */
const STEPS = [
  ['MASTER', 'conntrackd.-c', 'commit'],
  ['MASTER', 'conntrackd.-f', 'flush'],
  ['MASTER', 'conntrackd.-R', 'resync'],
  ['MASTER', 'conntrackd.-B', 'bulk'],
  ['MASTER', 'nft.-f', 'role'],
  ['MASTER', 'dnsmasq.restart', 'dnsmasq'],
  ['BACKUP', 'nft.-f', 'role'],
  ['BACKUP', 'conntrackd.-t', 'timers'],
  ['BACKUP', 'conntrackd.-n', 'request'],
] as const;

describe.each<Shell>(['dash', 'ash'])('a handover that goes wrong, under %s', (shell) => {
  /** What waits for time-outs is tried once, under the shell that OpenWrt has. */
  const once = (name: string, test: () => Promise<void>, timeoutMs: number): void => {
    if (shell === 'ash') it(name, test, timeoutMs);
  };

  let house: House;
  beforeAll(async () => {
    house = await openHouse(shell);
  });
  afterAll(() => house?.close());
  beforeEach(() => house.reset());

  const steps = (): string[] => house.journal().map(({ step }) => step);
  const outcome = (step: string) => house.journal().find((line) => line.step === step);
  const called = (call: string) =>
    until(call, 10_000, () => (house.read('/run/calls').includes(call.replace('.', ' ')) ? true : undefined));
  /** Every process of the script, as the kernel would when memory runs out; the step itself goes on. */
  const killRun = async (): Promise<void> => {
    await house.sh('pkill -KILL -x handover');
    await until('The death of the script', 10_000, () =>
      house.processes().some((line) => line.startsWith('handover')) ? undefined : true,
    );
  };
  const want = async (state: string): Promise<void> => {
    expect(await house.role()).toBe(state === 'MASTER' ? 'active' : 'standby');
    expect(house.processes()).toEqual([]);
  };

  it.each(STEPS)('to %s: %s fails, the others are run', async (state, call, step) => {
    house.fake(call, 'fail');
    await house.change(state);
    await house.quiet();
    expect(outcome(step)).toMatchObject({ outcome: 'failed', words: expect.stringContaining('1 ') });
    // nft: the set is filled or emptied by a second call, where the table is there.
    if (call !== 'nft.-f') await want(state);
    const others = state === 'MASTER' ? ['sysctl', 'role', 'dnsmasq', 'done'] : ['role', 'request', 'done'];
    expect(steps()).toEqual(expect.arrayContaining(others));
    expect(house.read('/run/calls')).toMatch(/^logger -t hagw -p daemon\.warning .*failed/m);
  });

  it.each(STEPS)('to %s: killed during %s, the next call runs it all', async (state, call, step) => {
    house.fake(call, 'hang');
    await house.change(state);
    await called(call);
    await killRun();
    expect(steps()).not.toContain('done');
    house.fake(call, '');
    await house.sh('/usr/lib/hagw/handover again');
    await house.quiet();
    expect(outcome(step)).toMatchObject({ outcome: 'ok' });
    expect(house.journal().at(-1)).toMatchObject({ state, step: 'done' });
    await want(state);
  });

  it('is begun anew by the next notification, too, when a killed run left its note', async () => {
    house.fake('conntrackd.-R', 'hang');
    await house.change('MASTER');
    await called('conntrackd.-R');
    await killRun();
    house.fake('conntrackd.-R', '');
    await house.change('BACKUP');
    await house.quiet();
    expect(house.journal().at(-1)).toMatchObject({ state: 'BACKUP', step: 'done' });
    await want('BACKUP');
  });

  once(
    'cuts a conntrackd that hangs, with what it started, and DHCP is served all the same',
    async () => {
      for (const how of ['hang', 'stop']) {
        await house.reset();
        house.fake('conntrackd.-c', how);
        await house.change('MASTER');
        await house.quiet();
        expect(outcome('commit')).toMatchObject({ outcome: 'cut', words: 'not done within 10 s' });
        expect(steps()).toEqual(['commit', 'sysctl', 'role', 'dnsmasq', 'done']);
        await want('MASTER');
      }
    },
    60_000,
  );

  once(
    'cuts a wedged init script of dnsmasq; the way back is not kept waiting for longer',
    async () => {
      house.fake('dnsmasq.restart', 'hang');
      await house.change('MASTER');
      await called('dnsmasq.restart');
      await house.change('BACKUP');
      await house.quiet(60_000);
      expect(outcome('dnsmasq')).toMatchObject({ outcome: 'cut' });
      expect(house.journal().at(-1)).toMatchObject({ state: 'BACKUP', step: 'done' });
      await want('BACKUP');
    },
    90_000,
  );

  it.each(['MASTER', 'BACKUP'] as const)(
    'to %s: a conntrackd that was killed is started, its lock file removed',
    async (state) => {
      house.write('/run/no-conntrackd', '');
      house.write(LOCK, '');
      await house.change(state);
      await house.quiet();
      expect(house.read(LOCK)).toBe('');
      expect(outcome('start')).toMatchObject({ outcome: 'ok' });
      expect(house.calls()).toEqual(expect.arrayContaining(['conntrackd restart']));
      expect(outcome(state === 'MASTER' ? 'bulk' : 'request')).toMatchObject({ outcome: 'ok' });
      await want(state);
    },
  );

  it('starts no conntrackd beside one that runs, and none when the router goes down', async () => {
    house.write('/run/no-conntrackd', '');
    house.write(LOCK, '');
    await house.sh('cp /bin/sleep /run/conntrackd; /run/conntrackd 1000 >/dev/null 2>&1 &');
    await house.change('MASTER');
    await until('The end', 15_000, () => (steps().includes('done') ? true : undefined));
    expect(outcome('start')).toMatchObject({
      outcome: 'failed',
      words: '1 conntrackd runs, but does not answer',
    });
    expect(steps()).not.toContain('bulk');
    await house.sh('pkill -KILL -x conntrackd');
    await house.quiet();
    await house.change('STOP');
    await house.quiet();
    expect(house.calls()).not.toContain('conntrackd restart');
    await want('STOP');
  });

  it('names a missing /etc/protocols', async () => {
    await house.sh('mv /etc/protocols /etc/protocols.away');
    await house.change('MASTER');
    await house.quiet();
    await house.sh('mv /etc/protocols.away /etc/protocols');
    expect(outcome('protocols')?.words).toBe('1 /etc/protocols is missing: conntrackd synchronises nothing');
  });

  it('without a usable pair.nft at least moves the set', async () => {
    await house.change('BACKUP');
    await house.quiet();
    house.write('/etc/hagw/pair.nft', 'table inet hagw_pair { nonsense }\n');
    await house.change('MASTER');
    await house.quiet();
    expect(outcome('role')).toMatchObject({ outcome: 'ok' });
    expect(house.journal().filter(({ step }) => step === 'role')[1]).toMatchObject({ outcome: 'failed' });
    await want('MASTER');
    await house.change('FAULT');
    await house.quiet();
    await want('FAULT');
  });

  it('runs once more when asked, but not for a sequence that is over', async () => {
    await house.change('MASTER');
    await house.quiet();
    const { sequence } = house.journal().at(-1) ?? { sequence: 0 };
    await house.sh('/usr/sbin/nft.real flush ruleset');
    await house.sh(`/usr/lib/hagw/handover again ${sequence - 1} BACKUP`);
    await house.quiet();
    expect(await house.role()).toBe('none');
    await house.sh(`/usr/lib/hagw/handover again ${sequence} MASTER`);
    await house.quiet();
    await want('MASTER');
    expect(house.calls().filter((call) => call === 'conntrackd -c')).toHaveLength(2);
    // What keepalived says later is later than what somebody asked for.
    await house.change('BACKUP');
    await house.quiet();
    await want('BACKUP');
  });

  it('restarts dnsmasq only if it has something to read, does not run, or left DHCP out', async () => {
    const takeOver = async (): Promise<boolean> => {
      house.remove('/run/calls');
      await house.change('BACKUP');
      await house.quiet();
      await house.change('MASTER');
      await house.quiet();
      return house.calls().includes('dnsmasq restart');
    };
    expect(await takeOver()).toBe(true);
    await house.sh('mkdir -p /var/run/dnsmasq; echo 1 >/var/run/dnsmasq/dnsmasq.pid; rm -f /tmp/dhcp.leases');
    expect(await takeOver()).toBe(false);
    await house.sh('echo lease >/tmp/dhcp.leases; touch -d "-1 hour" /tmp/dhcp.leases');
    expect(await takeOver()).toBe(false);
    await house.sh('touch -d "+1 hour" /tmp/dhcp.leases');
    expect(await takeOver()).toBe(true);
    await house.sh('touch -d "-1 hour" /tmp/dhcp.leases; echo 1 >/var/run/dnsmasq.cfg01411c.lan.dhcp');
    expect(await takeOver()).toBe(true);
    await house.sh('rm /var/run/dnsmasq.cfg01411c.lan.dhcp; echo 999999 >/var/run/dnsmasq/dnsmasq.pid');
    expect(await takeOver()).toBe(true);
    await house.sh('rm -r /var/run/dnsmasq /tmp/dhcp.leases');
    house.write('/etc/hagw/handover.conf', CONF.replace('serve dnsmasq /tmp/dhcp.leases', ''));
    expect(await takeOver()).toBe(false);
  });

  it('keeps a journal that does not grow for ever', async () => {
    const old = Array.from({ length: 500 }, (_, at) => `${at}.00 ${at} MASTER done 10 ok\n`).join('');
    house.write(`${RUN}/handover.journal`, old);
    await house.change('MASTER');
    await house.quiet();
    expect(house.journal()).toHaveLength(200);
    expect(house.journal().at(-1)).toMatchObject({ state: 'MASTER', step: 'done' });
  });
});
