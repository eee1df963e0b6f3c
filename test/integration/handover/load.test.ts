import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../lab/programs.ts';
import { type House, openHouse, RUN, type Shell } from './house.ts';

const WORD = `table ip hagw_word {}
delete table ip hagw_word
table ip hagw_word {
	chain out {
		type filter hook output priority filter; policy accept;
		ip protocol 112 counter
	}
}
`;

describe.each<Shell>(['dash', 'ash'])('the tables of the pair, under %s', (shell) => {
  let house: House;
  beforeAll(async () => {
    house = await openHouse(shell);
  });
  afterAll(() => house?.close());
  beforeEach(() => house.reset());

  const load = () => house.sh('/etc/init.d/hagw-pair start');
  const hasWord = async (): Promise<boolean> =>
    (await house.sh('/usr/sbin/nft.real list table ip hagw_word')).code === 0;

  it('come at boot, for a router that is not active', async () => {
    house.write('/etc/hagw/word.nft', WORD);
    await house.sh('/etc/init.d/hagw-pair boot');
    await house.quiet();
    expect(await house.role()).toBe('standby');
    expect(await hasWord()).toBe(true);
    expect(house.calls()).toEqual([]);
    const sysctl = 'net/netfilter/nf_conntrack_tcp_be_liberal net/ipv4/conf/all/promote_secondaries';
    expect((await house.sh(`cd /proc/sys && cat ${sysctl}`)).stdout).toBe('1\n1\n');
    expect(house.journal().map(({ state, step }) => [state, step])).toEqual([
      ['LOAD', 'sysctl'],
      ['LOAD', 'role'],
      ['LOAD', 'word'],
      ['LOAD', 'done'],
    ]);
    house.remove('/etc/hagw/word.nft');
    await load();
    expect(await hasWord()).toBe(false);
  });

  it('come back after a flush, as the role is; that is only known while keepalived runs', async () => {
    await house.change('MASTER');
    await house.quiet();
    await house.sh(
      '/usr/sbin/nft.real flush ruleset; cp /bin/sleep /run/keepalived; /run/keepalived 1000 >/dev/null 2>&1 &',
    );
    await load();
    expect(await house.role()).toBe('active');
    await house.change('BACKUP');
    await until('The way back', 10_000, async () => ((await house.role()) === 'standby' ? true : undefined));
    await house.sh('/usr/sbin/nft.real flush ruleset');
    await load();
    expect(await house.role()).toBe('standby');
    await house.change('MASTER');
    await house.quiet();
    await house.sh('pkill -KILL -x keepalived');
    await load();
    expect(await house.role()).toBe('standby');
    expect(house.calls().filter((call) => call === 'conntrackd -c')).toHaveLength(2);
  });

  it('wait for a run that is under way', async () => {
    house.fake('conntrackd.-c', 'slow 2');
    await house.change('MASTER');
    await until('The commit', 10_000, () => (house.calls().includes('conntrackd -c') ? true : undefined));
    await house.sh('cp /bin/sleep /run/keepalived; /run/keepalived 1000 >/dev/null 2>&1 &');
    await load();
    expect(await house.role()).toBe('active');
    expect(
      house
        .journal()
        .filter(({ step }) => step === 'done')
        .map(({ state }) => state),
    ).toEqual(['MASTER', 'LOAD']);
    await house.sh('pkill -KILL -x keepalived');
  });

  it('leave the run that a change of role asked for meanwhile to it', async () => {
    house.fake('nft.-f', 'slow 1');
    const loading = load();
    await until('The load', 10_000, () => (house.read('/run/calls').includes('nft -f') ? true : undefined));
    await house.change('MASTER');
    await loading;
    await house.quiet();
    expect(await house.role()).toBe('active');
    expect(house.journal().at(-1)).toMatchObject({ state: 'MASTER', step: 'done' });
  });

  it('go with the pair, and with the package', async () => {
    house.write('/etc/hagw/word.nft', WORD);
    await load();
    house.remove('/etc/hagw/handover.conf');
    await load();
    expect(await house.role()).toBe('none');
    expect(await hasWord()).toBe(false);
    await house.reset();
    await load();
    await house.sh('/etc/init.d/hagw-pair shutdown');
    expect(await house.role()).toBe('standby');
    await house.sh('/etc/init.d/hagw-pair stop');
    expect(await house.role()).toBe('none');
  });

  it('are none of our business without a pair', async () => {
    house.remove('/etc/hagw/handover.conf');
    await load();
    await house.quiet();
    expect(house.read('/run/calls')).toBe('');
    expect((await house.sh(`ls ${RUN}`)).code).not.toBe(0);
  });
});

describe.each<Shell>(['dash', 'ash'])('ready, under %s', (shell) => {
  let house: House;
  beforeAll(async () => {
    house = await openHouse(shell);
  });
  afterAll(() => house?.close());

  /** Its status with a lease whose text may use the uptime's hundredths. */
  async function ready(lease: ((now: number) => string) | null): Promise<number> {
    house.remove(`${RUN}/out`);
    if (lease !== null) {
      const now = Math.round(Number(house.read('/proc/uptime').split(' ')[0] ?? '') * 100);
      house.write(`${RUN}/out`, lease(now));
    }
    // Without PATH: it starts no program.
    return (await house.sh('PATH= /usr/lib/hagw/ready')).code;
  }
  const seconds = (hundredths: number): string => (hundredths / 100).toFixed(2);

  it('fails only while the lease holds', async () => {
    expect(await ready(null)).toBe(0);
    expect(await ready((now) => `${seconds(now + 1500)} switchover\n`)).toBe(1);
    expect(await ready((now) => `${seconds(now + 5900)} maintenance by the administrator\n`)).toBe(1);
    expect(await ready((now) => `${seconds(now + 1500)}\n`)).toBe(1);
    expect(await ready((now) => `${seconds(now - 1)} switchover\n`)).toBe(0);
  });

  it('takes whatever else is there for no lease', async () => {
    for (const lease of [
      '',
      '\n',
      'x\n',
      '12\n',
      '12.5\n',
      '-1.00 x\n',
      '0.10 x\n',
      '012.50 x\n',
      '1.2.34 x\n',
    ])
      expect(await ready(() => lease), JSON.stringify(lease)).toBe(0);
    expect(await ready((now) => `${seconds(now + 7000)} too far\n`)).toBe(0);
    expect(await ready(() => `${'9'.repeat(40)}.00 x\n`)).toBe(0);
    expect(await ready((now) => `${Math.round(now / 100) + 20}.0a x\n`)).toBe(0);
    expect(await ready((now) => `$((${now})).00 x\n`)).toBe(0);
    expect(await ready(() => '\u0000\u0001\u00ff')).toBe(0);
    await house.sh(`rm -f /var/run/hagw/out; mkdir -p /var/run/hagw/out`);
    expect((await house.sh('/usr/lib/hagw/ready')).code).toBe(0);
    await house.sh('rmdir /var/run/hagw/out');
  });
});
