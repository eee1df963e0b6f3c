import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPartner } from '../../../src/adapters/duty.ts';
import { decodeHagw } from '../../../src/core/config/hagw.ts';
import { judgeHandover } from '../../../src/core/engine/handover.ts';
import { INITIAL_PAIR, stepPair } from '../../../src/core/engine/pair.ts';
import { encodeMessage, messageLeases } from '../../../src/core/engine/pair-message.ts';
import type { PairSituation, PartnerMessage } from '../../../src/core/engine/pair-types.ts';
import { compilePair } from '../../../src/core/pair/compile.ts';
import { decodeLease, decodeLeases, encodeLeases } from '../../../src/core/pair/leases.ts';
import { HANDOVER_FILE, TABLE_FILE } from '../../../src/core/pair/types.ts';
import { createFakeFiles } from '../../fakes/files.ts';
import { sectionsOf } from '../config/sections.ts';
import { inputOf, SETUPS } from './setups.ts';

/** A WAN without a fixed address: what is compiled for it, how its lease travels, and what the backup may say of it. */

const BASE = SETUPS['two-wans'].uci;
const READY =
  "\toption auto '0'\n\toption norelease '1'\n\toption clientid '01020000000f01'\n\toption metric '30'\n";
const interfaceOf = (proto: string, more: string): string =>
  `\nconfig interface 'wanc'\n\toption device 'eth4.7'\n\toption proto '${proto}'\n${more}`;
const compiled = (proto: string, more: string, wan = '', router: 0 | 1 = 0) =>
  compilePair(
    inputOf({
      uci: {
        ...BASE,
        hagw: `${BASE.hagw}\nconfig wan 'wanc'\n${wan}`,
        network: `${router === 0 ? BASE.network : BASE.network.replace('192.168.1.2', '192.168.1.3')}${interfaceOf(proto, more)}`,
        firewall: BASE.firewall.replace("list network 'wanb'", "list network 'wanb'\n\tlist network 'wanc'"),
        mwan3: `${BASE.mwan3}\nconfig interface 'wanc'\n\toption enabled '1'\n`,
      },
      router,
    }),
  );

describe('what is compiled for a WAN on the active router only', () => {
  it('is a line for the script, a map and a chain, with one MAC address on both routers', () => {
    const [a, b] = ([0, 1] as const).map((router) => compiled('dhcp', READY, '', router));
    expect(a?.problems).toEqual([]);
    const conf = a?.wanted?.files[HANDOVER_FILE] ?? '';
    const line = conf.split('\n').find((text) => text.startsWith('wan ')) ?? '';
    expect(line).toMatch(/^wan wanc eth4\.7 02(:[0-9a-f]{2}){5} 30 3 0x300\/0x3f00$/);
    expect(b?.wanted?.files[HANDOVER_FILE]).toContain(line);
    const table = a?.wanted?.files[TABLE_FILE] ?? '';
    expect(table).toContain('oifname { "eth4.7" } snat ip to oifname map @leased');
    expect(table).toMatch(/iifname \{ "eth1", "eth2", "eth4\.7" \} ct state/);
    expect(
      compiled('dhcp', READY, "\toption macaddr '02:00:00:00:0F:01'\n").wanted?.files[HANDOVER_FILE],
    ).toContain(' 02:00:00:00:0f:01 ');
  });

  it('says with the command what the administrator has to set', () => {
    const { wanted, problems } = compiled('dhcp', '');
    expect(wanted).not.toBeNull();
    expect(problems.map(({ where }) => where)).toEqual([
      'network.wanc.auto',
      'network.wanc.norelease',
      'network.wanc.clientid',
    ]);
    expect(problems[2]?.text).toMatch(
      /`uci set network\.wanc\.clientid=0102[0-9a-f]{10}; uci commit network/,
    );
  });

  it('tells that a PPPoE session starts anew, and takes over no address of it', () => {
    const { wanted, problems } = compiled('pppoe', "\toption auto '0'\n");
    expect(problems).toHaveLength(1);
    expect(problems[0]?.text).toContain('connections by it end whenever the routers change roles');
    expect(wanted?.files[HANDOVER_FILE]).toContain('\nwan wanc eth4.7 ');
    expect(wanted?.files[TABLE_FILE]).not.toContain('snat ip');
  });

  it('is nothing for an interface with a fixed address, or a MAC address that no device can have', () => {
    expect(compiled('static', "\toption ipaddr '10.1.1.1/24'\n").wanted).toBeNull();
    for (const macaddr of ['03:00:00:00:0f:01', '00:00:00:00:00:00', '02:00', '02:00:00:00:0f:01;reboot']) {
      const text = `${BASE.hagw}\nconfig wan 'wanc'\n\toption macaddr '${macaddr}'\n`;
      expect(decodeHagw(sectionsOf(text)).problems[0]?.text).toContain('which no device can have');
    }
    const both = decodeHagw(sectionsOf(`${BASE.hagw}\nconfig wan 'mine'\n\toption interface 'wan'\n`));
    expect(both.problems[0]?.text).toContain('has a virtual address');
  });
});

const LEASE = { interface: 'wan1', address: '203.0.113.10/24', gateway: '203.0.113.1', seconds: 60 };
const MESSAGE: PartnerMessage = {
  ...{ run: 'b-1', at: 1000, echo: null, role: 'active', fit: 6 },
  ...{ ready: false, wants: false, out: false, usableWans: ['wan1'] },
};

describe('a lease on its way to the partner', () => {
  it('is a line that the script can put into commands, or nothing', () => {
    expect(decodeLeases(encodeLeases([LEASE]).join('\n'))).toEqual([LEASE]);
    for (const line of [
      'wan1 203.0.113.10 203.0.113.1 60',
      'wan1 203.0.113.10/24 2001:db8::1 60',
      'wan1 203.0.113.10/24 203.0.113.1 60 more',
      'wan1;reboot 203.0.113.10/24 203.0.113.1 60',
      'wan1 203.0.113.10/24 203.0.113.1 -1',
    ])
      expect(decodeLease(line), line).toBeNull();
    fc.assert(
      fc.property(fc.string(), (line) => {
        const lease = decodeLease(line);
        if (lease !== null) expect(encodeLeases([lease])).toEqual([line]);
      }),
      { seed: 20261121, numRuns: 2000 },
    );
  });

  it('rides on the message; what is no lease is passed over', () => {
    expect(messageLeases(encodeMessage(MESSAGE, [LEASE]))).toEqual([LEASE]);
    expect(messageLeases(encodeMessage(MESSAGE))).toEqual([]);
    expect(messageLeases('{"leases":[1,null,"x",{"a":1}]}')).toEqual([]);
    expect(messageLeases('{"leases":"wan1"}')).toEqual([]);
  });

  it('is kept with the moment until which it may be used, but not from a message that lay there before', () => {
    const disk = createFakeFiles({
      '/proc/uptime': '5000.00 1.00\n',
      '/var/run/hagw/wan-own': 'wan1 203.0.113.10/24 203.0.113.1 60\n',
    });
    const partner = createPartner(disk.files);
    partner.tell(MESSAGE);
    disk.write('/var/run/hagw/partner.json', disk.text('/var/run/hagw/self.json') ?? '');
    partner.read();
    expect(disk.text('/var/run/hagw/wan-leases')).toBeNull();
    partner.tell({ ...MESSAGE, at: 2000 });
    disk.write('/var/run/hagw/partner.json', disk.text('/var/run/hagw/self.json') ?? '');
    partner.read();
    expect(disk.text('/var/run/hagw/wan-leases')).toBe('wan1 203.0.113.10/24 203.0.113.1 5060\n');
  });
});

describe('a WAN that nobody brings up on the active router', () => {
  it('is a fault of the handover, whose steps are run again', () => {
    const steps = [{ step: 'wan', ms: 100, outcome: 'ok', words: '' }] as const;
    const verdict = judgeHandover(
      { role: 'active', missing: [], stopped: ['wan1'], running: [], conntrackdIsGone: false },
      {
        conf: { standby: [], serve: [], lock: null },
        runs: [{ sequence: 7, state: 'MASTER', steps, end: 'done', ms: 100, lastAt: 1000 }],
        standby: [],
        lockIsLeft: false,
        now: 100_000,
      },
    );
    expect(verdict).toMatchObject({ faults: ['wan1 does not run.'], repair: 'again', state: 'MASTER' });
  });
});

describe('the backup, whose WAN runs at the partner', () => {
  const situation = (role: 'active' | 'backup', usable: boolean | null): PairSituation => ({
    ...{ name: 'gw-a', priority: 250, partner: 'gw-b', partnerPriority: 240, holdMs: 10_000 },
    ...{ role, usable, usableWans: [], isHearsay: role === 'backup' },
  });
  const run = (...events: readonly (readonly [number, PairSituation])[]) =>
    events.reduce(
      (state, [now, it]) => stepPair(state, { kind: 'situation', situation: it }, now).state,
      INITIAL_PAIR,
    );

  it('has the hold time to bring it up when it takes over, however long it was well there', () => {
    const state = run([0, situation('backup', true)], [60_000, situation('active', false)]);
    expect(state.wan.counts).toBe(true);
    expect(stepPair(state, { kind: 'tick' }, 69_000).state.wan.counts).toBe(true);
    expect(stepPair(state, { kind: 'tick' }, 70_000).state.wan.counts).toBe(false);
  });

  it('forgets a loss that did not count yet once nobody can say', () => {
    const state = run([0, situation('active', false)], [5000, situation('backup', null)]);
    expect(stepPair(state, { kind: 'tick' }, 60_000).state.wan.counts).toBe(true);
  });

  it('takes the word of the partner that the line is well again', () => {
    const lost = run(
      [0, situation('active', false)],
      [11_000, situation('active', false)],
      [12_000, situation('backup', null)],
    );
    expect(lost.wan.counts).toBe(false);
    const told = stepPair(lost, { kind: 'situation', situation: situation('backup', true) }, 20_000).state;
    expect(stepPair(told, { kind: 'tick' }, 30_000).state.wan.counts).toBe(true);
  });
});
