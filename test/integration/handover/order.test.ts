import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../lab/programs.ts';
import { callsOf, type House, openHouse, RUN, type Shell } from './house.ts';

const TO_ACTIVE = ['commit', 'flush', 'resync', 'bulk', 'sysctl', 'role', 'dnsmasq', 'done'];
const TO_BACKUP = ['sysctl', 'role', 'timers', 'request', 'done'];

function permutations(items: readonly number[]): number[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item) =>
    permutations(items.filter((other) => other !== item)).map((rest) => [item, ...rest]),
  );
}

describe.each<Shell>(['dash', 'ash'])('the notifications of keepalived, under %s', (shell) => {
  let house: House;
  beforeAll(async () => {
    house = await openHouse(shell);
  });
  afterAll(() => house?.close());
  beforeEach(() => house.reset());

  const steps = (): string[] => house.journal().map(({ step }) => step);
  const finished = (count: number) =>
    until(`${count} runs`, 20_000, () =>
      house.journal().filter(({ step }) => step === 'done').length >= count ? true : undefined,
    );

  it('of one change make one run, in whatever order they come', async () => {
    let runs = 0;
    for (const order of permutations([0, 1, 2, 3])) {
      for (const state of ['BACKUP', 'MASTER'] as const) {
        await house.change(state, order);
        runs += 1;
        await finished(runs);
        await house.quiet();
        expect(await house.role(), `${state} ${order.join()}`).toBe(
          state === 'MASTER' ? 'active' : 'standby',
        );
      }
    }
    expect(steps()).toEqual(Array.from({ length: 24 }, () => [...TO_BACKUP, ...TO_ACTIVE]).flat());
    expect(house.journal().filter(({ outcome }) => outcome !== 'ok')).toEqual([]);
    expect(house.journal().map(({ sequence }) => sequence)).toEqual(
      house
        .journal()
        .map(({ sequence }) => sequence)
        .sort((a, b) => a - b),
    );
  }, 120_000);

  it('run conntrackd in the order of its documentation, then dnsmasq; back: timers and a request', async () => {
    await house.change('MASTER');
    await house.quiet();
    expect(house.calls()).toEqual([
      'conntrackd -c',
      'conntrackd -f',
      'conntrackd -R',
      'conntrackd -B',
      'dnsmasq restart',
    ]);
    expect((await house.sh('cat /proc/sys/net/netfilter/nf_conntrack_tcp_be_liberal')).stdout).toBe('1\n');
    house.remove('/run/calls');
    await house.change('BACKUP');
    await house.quiet();
    expect(house.calls()).toEqual(['conntrackd -t', 'conntrackd -n']);
  });

  it('leave the external cache alone where conntrackd has none', async () => {
    house.write('/etc/hagw/handover.conf', house.read('/etc/hagw/handover.conf').replace('cache', 'kernel'));
    for (const state of ['MASTER', 'BACKUP', 'FAULT', 'STOP'] as const) {
      await house.change(state);
      await house.quiet();
    }
    expect(house.calls().filter((call) => /-[ct]$/.test(call))).toEqual([]);
    expect(house.calls().filter((call) => call === 'conntrackd -n')).toHaveLength(3);
  });

  it('count as of when keepalived made them, not as of when they arrive', async () => {
    await house.change('BACKUP');
    await finished(1);
    // The first call of the change to MASTER is held up at its start, and all of a change to BACKUP overtakes it.
    const late = callsOf('MASTER')[2] ?? '';
    await house.sh(
      `mkfifo /run/gate; { read -r _ </run/gate; exec ${late}; } >/dev/null 2>&1 & sleep 0.2; ${callsOf('FAULT').join('; ')}`,
    );
    await finished(2);
    expect(await house.role()).toBe('standby');
    await house.sh('echo >/run/gate; rm /run/gate');
    await until('The late call', 10_000, () =>
      house.read('/run/calls').includes('"action":"NOTIFY_MASTER"') ? true : undefined,
    );
    await house.quiet();
    expect(await house.role()).toBe('standby');
    expect(house.journal().filter(({ state }) => state === 'MASTER')).toEqual([]);
  });

  it('stop a run after its current step when the state is another one, which is then run to its end', async () => {
    house.fake('conntrackd.-c', 'slow 2');
    await house.change('MASTER');
    await until('The commit', 10_000, () => (house.calls().includes('conntrackd -c') ? true : undefined));
    await house.change('BACKUP');
    await finished(1);
    await house.quiet();
    expect(steps()).toEqual(['commit', 'superseded', ...TO_BACKUP]);
    expect(await house.role()).toBe('standby');
    expect(house.calls()).toEqual(['conntrackd -c', 'conntrackd -t', 'conntrackd -n']);
  });

  it('end in the last state, however many come while a step takes its time', async () => {
    house.fake('conntrackd.-c', 'slow 1');
    house.fake('conntrackd.-n', 'slow 1');
    const states = ['MASTER', 'BACKUP', 'MASTER', 'FAULT', 'BACKUP', 'MASTER'] as const;
    for (const state of states) await house.change(state);
    await house.quiet();
    expect(await house.role()).toBe('active');
    expect(house.journal().at(-1)).toMatchObject({ state: 'MASTER', step: 'done' });
    await house.change('MASTER');
    await house.change('STOP');
    await house.quiet();
    expect(await house.role()).toBe('standby');
    expect(house.journal().at(-1)).toMatchObject({ state: 'STOP', step: 'done' });
  }, 60_000);

  it('of others than the pair are none of ours, and neither are states that nobody knows', async () => {
    await house.sh(
      [
        ...[
          'ACTION=NOTIFY_MASTER TYPE=GROUP NAME=other',
          'ACTION=NOTIFY_MASTER TYPE=INSTANCE NAME=hagw_pair',
        ],
        ...['ACTION=NOTIFY_MASTER_RX_LOWER_PRI TYPE=GROUP NAME=hagw_pair', 'ACTION=startup', 'NAME=x'],
      ]
        .map((environment) => `env -i ${environment} /sbin/hotplug-call keepalived`)
        .join('\n'),
    );
    await house.sh(
      '/usr/lib/hagw/handover told GROUP hagw_pair "MASTER;reboot" 1; /usr/lib/hagw/handover nonsense',
    );
    await house.quiet();
    expect(steps()).toEqual([]);
    expect(await house.role()).toBe('none');
  });

  it('of a single instance count where there is no group; the end of keepalived is a stop', async () => {
    house.write('/etc/hagw/handover.conf', 'watch INSTANCE hagw_lan\nstandby br-lan\nstandby br-guest.2');
    await house.sh('env -i ACTION=NOTIFY_MASTER TYPE=INSTANCE NAME=hagw_lan /sbin/hotplug-call keepalived');
    await house.quiet();
    expect(steps()).toEqual(['sysctl', 'role', 'done']);
    expect(await house.role()).toBe('active');
    await house.sh('env -i ACTION=shutdown /sbin/hotplug-call keepalived');
    await house.quiet();
    expect(house.journal().at(-1)).toMatchObject({ state: 'STOP', step: 'done' });
    expect(await house.role()).toBe('standby');
  });

  it('do nothing without the file of the pair, but reach the service', async () => {
    house.remove('/etc/hagw/handover.conf');
    await house.change('MASTER');
    await house.quiet();
    expect(house.read(`${RUN}/handover.journal`)).toBe('');
    expect(await house.role()).toBe('none');
    expect(house.read('/run/calls').match(/call hagw.vrrp notify/g)).toHaveLength(4);
  });

  it('reach the service after the run, and the log with the time of each step', async () => {
    await house.change('MASTER');
    await house.quiet();
    const said = house.read('/run/calls').split('\n');
    expect(said.filter((line) => line === 'ubus -S -t 2 call hagw.vrrp handover {}')).toHaveLength(1);
    expect(said.filter((line) => line.startsWith('logger'))).toEqual([
      expect.stringMatching(
        /^logger -t hagw -p daemon\.notice Handover \(MASTER\): commit \d+ ms, flush \d+ ms, .*dnsmasq \d+ ms, done \d+ ms\.$/,
      ),
    ]);
  });
});
