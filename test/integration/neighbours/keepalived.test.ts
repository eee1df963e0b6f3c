import { parsePackage } from 'uci-parser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKeepalivedVrrp } from '../../../src/adapters/keepalived.ts';
import { renderKeepalived } from '../../../src/core/keepalived/render.ts';
import { fail } from '../../../src/lib/result.ts';
import type { Bus } from '../../../src/ports/bus.ts';
import type { Vrrp } from '../../../src/ports/vrrp.ts';
import { clock, connect, type Machine, startMachine, timers, until, WHY_NOT } from './machine.ts';

const unused = () => {
  throw new Error('the reader only calls');
};
/** No procd here: the pid file must do. */
const noBus: Bus = {
  call: async () => fail({ code: 'disconnected', status: 0, message: 'there is no ubus' }),
  provide: unused,
  subscribe: unused,
  listen: unused,
  send: unused,
  onConnection: unused,
  close: unused,
};

function configuration(priority: number): string {
  const leg = (name: string, device: string, address: string, vrid: number) => `
config ipaddress
	option name 'vip_${name}'
	option address '${address}'
	option device '${device}'

config vrrp_instance
	option name '${name}'
	option state 'BACKUP'
	option interface '${device}'
	option virtual_router_id '${vrid}'
	option priority '${priority}'
	option advert_int '0.1'
	option version '3'
	option nopreempt '1'
	list virtual_ipaddress 'vip_${name}'
`;
  const uci = `
config globals 'globals'
	option router_id 'r${priority}'

config vrrp_sync_group
	option name 'gw'
	list group 'lan'
	list group 'wan'
${leg('lan', 'lan0', '192.168.77.1/24', 77)}${leg('wan', 'wan0', '203.0.113.1/24', 78)}`;
  const parsed = parsePackage('keepalived', uci);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return renderKeepalived(parsed.value.sections, 'present', { written: 'now' });
}

describe.skipIf(WHY_NOT !== '')(`a real keepalived on each of two machines ${WHY_NOT}`, () => {
  let a: Machine;
  let b: Machine;
  let vrrpA: Vrrp;
  let vrrpB: Vrrp;

  const startKeepalived = (machine: Machine) =>
    machine.start(['keepalived', '-n', '-l', '-f', '/tmp/keepalived.conf'], '/tmp/keepalived.log');
  const stateOf = async (vrrp: Vrrp) => {
    const outcome = await vrrp.read();
    if (!outcome.ok) return outcome.error.code;
    const [lan, wan] = outcome.value.instances.map((facts) => facts.state);
    return lan === wan ? lan : 'mixed';
  };
  const reaches = (name: string, vrrp: Vrrp, state: string) =>
    until(`${name} ${state}`, async () => ((await stateOf(vrrp)) === state ? true : null));

  beforeAll(async () => {
    a = await startMachine();
    b = await startMachine();
    connect('lan0', a, '192.168.77.2/24', b, '192.168.77.3/24');
    connect('wan0', a, '203.0.113.2/24', b, '203.0.113.3/24');
    a.write('/tmp/keepalived.conf', configuration(150));
    b.write('/tmp/keepalived.conf', configuration(100));
    const ports = { bus: noBus, clock, timers };
    vrrpA = createKeepalivedVrrp({ ...ports, files: a.files, processes: a.processes });
    vrrpB = createKeepalivedVrrp({ ...ports, files: b.files, processes: b.processes });
  });

  afterAll(() => {
    a?.stop();
    b?.stop();
  });

  it('is absent before it is started', async () => {
    expect(await vrrpA.read()).toMatchObject({ ok: false, error: { code: 'absent' } });
  });

  it('takes the rendered configuration without a complaint', () => {
    expect(a.run('keepalived', '-t', '-f', '/tmp/keepalived.conf')).toBe('');
  });

  it('is read as active and as backup, with address, priority and counters', async () => {
    startKeepalived(a);
    await reaches('a', vrrpA, 'active');
    startKeepalived(b);
    await reaches('b', vrrpB, 'backup');
    const pair = await until('b having heard a', async () => {
      const [activeSide, backupSide] = await Promise.all([vrrpA.read(), vrrpB.read()]);
      if (!activeSide.ok || !backupSide.ok) return null;
      const [active] = activeSide.value.instances;
      const [backup] = backupSide.value.instances;
      if (active === undefined || backup === undefined) return null;
      const heard = backup.counters['advert_rcvd'] ?? 0;
      const sent = active.counters['advert_sent'] ?? 0;
      // b begins without knowing of a, and may be anything until it does.
      const knows = backup.state === 'backup' && backup.activePriority !== null && backup.vipsSet === false;
      return heard > 2 && sent > 2 && knows ? { active, backup } : null;
    });
    expect(pair.active).toMatchObject({
      name: 'lan',
      state: 'active',
      device: 'lan0',
      vrid: 77,
      version: 3,
      effectivePriority: 150,
      activePriority: null,
      advertIntervalMs: 100,
      vipsSet: true,
      vips: [{ address: '192.168.77.1/24', device: 'lan0', label: 'lan0:vip', set: true }],
      noPreempt: true,
    });
    expect(pair.active.counters['become_master']).toBe(1);
    expect(pair.active.counters['advert_sent']).toBeGreaterThan(2);
    expect(Math.abs((pair.active.lastTransitionMs ?? 0) - Date.now())).toBeLessThan(60_000);
    expect(pair.backup).toMatchObject({
      state: 'backup',
      effectivePriority: 100,
      activePriority: 150,
      activeAdvertIntervalMs: 100,
      vipsSet: false,
      vips: [{ address: '192.168.77.1/24', set: false }],
    });
    expect(a.run('ip', '-o', 'address', 'show', 'dev', 'lan0')).toContain('192.168.77.1/24');
  });

  it('gives a newer dump to each read, one after another', async () => {
    const sent: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      const found = await until('a dump', async () => {
        const outcome = await vrrpA.read();
        // A dump that takes longer than the reader waits for is none; the service asks again, too.
        return outcome.ok ? outcome.value : null;
      });
      sent.push(found.instances[0]?.counters['advert_sent'] ?? -1);
    }
    expect([...sent].sort((x, y) => x - y)).toEqual(sent);
    await until('another advert in a later dump', async () => {
      const outcome = await vrrpA.read();
      const now = outcome.ok ? (outcome.value.instances[0]?.counters['advert_sent'] ?? 0) : 0;
      return now > (sent[sent.length - 1] ?? 0) ? true : null;
    });
  });

  it('sees the fault of a lost cable, the takeover, and the way back to backup', async () => {
    a.run('ip', 'link', 'set', 'lan0', 'down');
    await reaches('a', vrrpA, 'fault');
    a.run('ip', 'link', 'set', 'lan0', 'up');
    await reaches('b', vrrpB, 'active');
    await reaches('a', vrrpA, 'backup');
  });

  it('survives being read from its very first moment, and is absent after its end', async () => {
    const pid = Number(b.read('/run/keepalived.pid'));
    for (let round = 0; round < 3; round += 1) {
      b.run('kill', b.read('/run/keepalived.pid').trim());
      await until('the end of keepalived', async () => ((await stateOf(vrrpB)) === 'absent' ? true : null));
      startKeepalived(b);
      await until('the first answer', async () => ((await stateOf(vrrpB)) === 'absent' ? null : true));
      await reaches('b', vrrpB, 'backup');
      expect(b.read('/tmp/keepalived.log')).not.toMatch(/terminated|unexpectedly|signal 36/i);
    }
    expect(Number(b.read('/run/keepalived.pid'))).not.toBe(pid);
  });
});
