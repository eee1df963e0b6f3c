import { describe, expect, it } from 'vitest';
import type { PairPlan } from '../../../src/api/pair.ts';
import { ok } from '../../../src/lib/result.ts';
import { SETUPS } from '../pair/setups.ts';
import { writtenFor } from '../pair/written.ts';
import { run } from './run.ts';

const folderOf = (uci: Readonly<Record<string, string>>, folder = '/c') =>
  Object.fromEntries(Object.entries(uci).map(([name, text]) => [`${folder}/${name}`, text]));
const SETUP = SETUPS['two-wans'];

describe('hagw plan', () => {
  it('shows from files what would be written, and the arithmetic of the gaps', async () => {
    const { code, out, err } = await run(['plan', '--config', '/c'], undefined, folderOf(SETUP.uci));
    expect(err).toBe('');
    expect(code).toBe(0);
    expect(out).toMatch(/^gw-a: \d+ changes to be made\.\n/);
    expect(out).toContain(
      "/etc/config/keepalived\n  + globals hagw_globals\n      option router_id 'gw-a'\n",
    );
    expect(out).toContain('\n+ /etc/hagw/pair.nft\n');
    expect(out).toContain(
      'Services that take it over: firewall, conntrackd, handover, dnsmasq, keepalived.\n',
    );
    // 3 × 100 ms and (256 - 240) × 100 ms / 256 = 6.25 ms, rounded up.
    expect(out).toContain('after at most 0.31 s (3 × 0.10 s + 0.007 s)');
  });

  it('is for the router that is named, and as JSON', async () => {
    const { out } = await run(
      ['plan', '--config', '/c', '--router', 'gw-b', '--json'],
      undefined,
      folderOf(SETUP.uci),
    );
    const plan = JSON.parse(out) as PairPlan;
    expect(plan).toMatchObject({ router: 'gw-b', state: 'refused' });
    expect(plan.problems).toMatchObject([{ where: 'hagw.gw_b.own_address' }]);
  });

  it('has nothing to do where it is done', async () => {
    const { files } = writtenFor(SETUP);
    const there = { ...folderOf(SETUP.uci, '/etc/config'), ...files };
    const { code, out } = await run(['plan', '--router', 'gw-a'], undefined, there);
    expect([code, out]).toEqual([0, 'gw-a: Everything is as it should be.\n']);
  });

  it.each([
    ['hagw is missing', { ...SETUP.uci, hagw: undefined }, 65, '', 'There is no /c/hagw'],
    [
      'it is rejected',
      { ...SETUP.uci, hagw: SETUP.uci.hagw.replace("vrid '10'", "vrid '0'") },
      65,
      '',
      'hagw.lan.vrid',
    ],
    [
      'hagw does not manage the pair',
      { ...SETUP.uci, hagw: SETUP.uci.hagw.replace("'sync'", "'sync'\n\toption manage_pair '0'") },
      0,
      'manage_pair is 0',
      '',
    ],
    [
      'a device is unknown',
      { ...SETUP.uci, network: SETUP.uci.network.replace("device 'eth2'", "metric '5'") },
      65,
      'error: hagw.wanb.interface',
      '',
    ],
  ])('says so when %s', async (_what, uci, expected, words, errors) => {
    const files = Object.fromEntries(
      Object.entries(folderOf(uci as Record<string, string>)).filter(([, text]) => text !== undefined),
    );
    const { code, out, err } = await run(['plan', '--config', '/c'], undefined, files);
    expect(code).toBe(expected);
    expect(out).toContain(words);
    expect(err).toContain(errors);
  });

  it('asks the service without options, as apply does', async () => {
    const plan: PairPlan = {
      router: 'gw-a',
      state: 'applied',
      reason: '',
      changes: [{ file: '/etc/config/dhcp', section: 'dhcp hagw_lan', action: 'remove', options: [] }],
      services: ['dnsmasq'],
      effects: ['One\x1b[31m.'],
      problems: [],
      budget: null,
    };
    for (const command of ['plan', 'apply']) {
      const { code, out, calls } = await run([command], ok(plan));
      expect(calls).toEqual([['hagw', command, {}]]);
      expect(code).toBe(0);
      expect(out).toContain('gw-a: 1 change made.\n/etc/config/dhcp\n  - dhcp hagw_lan\n');
      expect(out).not.toContain('\x1b');
    }
    expect((await run(['apply'], ok({ ...plan, state: 'failed' }))).code).toBe(65);
    expect((await run(['plan'], ok({ ...plan, state: 'waiting', reason: 'Soon.' }))).code).toBe(3);
  });
});

describe('hagw print, while hagw manages the pair', () => {
  const files = folderOf(SETUP.uci);

  it('prints what is written', async () => {
    const written = writtenFor(SETUP);
    const print = async (...args: string[]) =>
      (await run(['print', ...args, '--config', '/c'], undefined, files)).out;
    expect(await print('conntrackd')).toBe(written.files['/etc/conntrackd/conntrackd.conf']);
    expect(await print('pair')).toContain(written.files['/etc/hagw/pair.nft']);
    expect(await print('pair')).toContain('table ip hagw_word');
    for (const script of ['present', '24.10'] as const) {
      const text = await print('keepalived', '--planned', '--script', script);
      expect(text.replace(/^! Written .*$/m, '! Written DATE')).toBe(written.keepalivedConf[script]);
    }
  });
});
