import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundle } from '../../../src/build/bundle.mjs';
import { CONNTRACKD_HASH_LIMIT, renderConntrackd } from '../../../src/core/conntrackd/render.ts';
import { connect, type Machine, startMachine, until, WHY_NOT } from './machine.ts';

const KEEPALIVED = `
vrrp_instance lan {
	state BACKUP
	interface lan0
	virtual_router_id 5
	version 3
	priority 90
	advert_int 0.05
	virtual_ipaddress {
		192.168.77.1/24 dev lan0
	}
}
`;

/** The readers on the runtime that routers have, with the real programs. */
describe.skipIf(WHY_NOT !== '')(`the readers under qjs ${WHY_NOT}`, () => {
  let machine: Machine;
  let other: Machine;

  const read = () => JSON.parse(machine.run('qjs', '-m', '/tmp/reader.js'));

  beforeAll(async () => {
    const entry = 'test/integration/neighbours/qjs-main.js';
    const out = await bundle({ name: 'qjs-reader', entry, out: 'build/test/qjs-reader.js', kind: 'qjs' });
    machine = await startMachine();
    other = await startMachine();
    connect('lan0', machine, '192.168.77.2/24', other, '192.168.77.3/24');
    machine.write('/tmp/reader.js', readFileSync(out, 'utf8'));
  });

  afterAll(() => {
    machine?.stop();
    other?.stop();
  });

  it('say what is absent', () => {
    expect(read()).toMatchObject({
      vrrp: { ok: false, error: { code: 'absent' } },
      conntrack: { ok: false, error: { code: 'absent' } },
      leases: { ok: false, error: { code: 'absent' } },
    });
  });

  it('read what is there', async () => {
    const rendered = renderConntrackd({
      syncDevice: 'lan0',
      localAddress: '192.168.77.2',
      partnerAddress: '192.168.77.3',
      port: 3780,
      ignoreAddresses: [],
      logTo: { kind: 'syslog' },
      lockFile: '/tmp/conntrack.lock',
      controlSocket: '/tmp/conntrackd.ctl',
      hashLimit: CONNTRACKD_HASH_LIMIT,
    });
    expect(rendered.ok).toBe(true);
    machine.write('/tmp/conntrackd.conf', rendered.ok ? rendered.value : '');
    machine.write('/tmp/keepalived.conf', KEEPALIVED);
    machine.write('/tmp/dhcp.leases', '1795000000 02:00:00:00:01:02 192.168.77.20 laptop *\nrubbish\n');
    machine.start(['conntrackd', '-C', '/tmp/conntrackd.conf'], '/tmp/conntrackd.out');
    machine.start(['keepalived', '-n', '-l', '-f', '/tmp/keepalived.conf'], '/tmp/keepalived.log');
    const outcomes = await until('both answering, keepalived as active', () => {
      const now = read();
      const isAll = now.conntrack.ok && now.vrrp.ok && now.again.every(({ ok }: { ok: boolean }) => ok);
      return isAll && now.vrrp.value.instances[0]?.state === 'active' ? now : null;
    });
    expect(outcomes).toMatchObject({
      vrrp: {
        value: {
          pid: Number(machine.read('/run/keepalived.pid')),
          instances: [{ name: 'lan', effectivePriority: 90, advertIntervalMs: 50, vipsSet: true }],
        },
      },
      again: [
        { ok: true, value: { instances: [{ name: 'lan' }] } },
        { ok: true, value: { instances: [{ name: 'lan' }] } },
      ],
      conntrack: { value: { links: [{ device: 'lan0', running: true }] } },
      leases: {
        value: { ipv4: [{ address: '192.168.77.20', hostname: 'laptop' }], damaged: [{ line: 2 }] },
      },
    });
  });
});
