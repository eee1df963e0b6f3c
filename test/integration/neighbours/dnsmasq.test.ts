import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDnsmasqLeases } from '../../../src/adapters/dnsmasq.ts';
import { connect, type Machine, startMachine, until, WHY_NOT } from './machine.ts';

describe.skipIf(WHY_NOT !== '')(`a real dnsmasq and a real client ${WHY_NOT}`, () => {
  let router: Machine;
  let client: Machine;

  beforeAll(async () => {
    router = await startMachine();
    client = await startMachine();
    connect('lan0', router, '192.168.77.1/24', client, '192.168.77.9/24');
  });

  afterAll(() => {
    router?.stop();
    client?.stop();
  });

  it('is absent, then holds the lease that the client got', async () => {
    const leases = createDnsmasqLeases(router.files);
    expect(await leases.read()).toMatchObject({ ok: false, error: { code: 'absent' } });
    router.start(
      [
        'dnsmasq',
        '--keep-in-foreground',
        '--conf-file=/dev/null',
        '--port=0',
        '--user=root',
        '--pid-file=/tmp/dnsmasq.pid',
        '--interface=lan0',
        '--dhcp-authoritative',
        '--no-ping',
        '--dhcp-range=192.168.77.100,192.168.77.120,1h',
        '--dhcp-leasefile=/tmp/dhcp.leases',
      ],
      '/tmp/dnsmasq.log',
    );
    await until('dnsmasq listening', () => (router.read('/tmp/dnsmasq.pid') !== '' ? true : null));
    client.run(
      'busybox',
      'udhcpc',
      '-n',
      '-q',
      '-t',
      '10',
      '-f',
      '-i',
      'lan0',
      '-x',
      'hostname:laptop',
      '-s',
      '/bin/true',
    );
    const facts = await until('the lease in the file', async () => {
      const outcome = await leases.read();
      return outcome.ok && outcome.value.ipv4.length > 0 ? outcome.value : null;
    });
    const mac = /link\/ether (\S+)/.exec(client.run('ip', '-o', 'link', 'show', 'dev', 'lan0'))?.[1];
    expect(mac).toBeDefined();
    expect(facts.damaged).toEqual([]);
    expect(facts.ipv4).toMatchObject([{ mac, hostname: 'laptop' }]);
    expect(facts.ipv4[0]?.address).toMatch(/^192\.168\.77\.1[0-2]\d$/);
    expect(facts.ipv4[0]?.expiresS).toBeGreaterThan(Date.now() / 1000);
  });
});
