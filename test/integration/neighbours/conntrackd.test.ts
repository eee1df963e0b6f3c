import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createConntrackd } from '../../../src/adapters/conntrackd.ts';
import { CONNTRACKD_PLACES } from '../../../src/core/conntrackd/places.ts';
import {
  CONNTRACKD_HASH_LIMIT,
  CONNTRACKD_PORT,
  renderConntrackd,
} from '../../../src/core/conntrackd/render.ts';
import type { Conntrack } from '../../../src/ports/conntrack.ts';
import { connect, type Machine, startMachine, until, WHY_NOT } from './machine.ts';

const CONFIG = '/tmp/conntrackd.conf';

function configuration(local: string, partner: string): string {
  const rendered = renderConntrackd({
    syncDevice: 'sync0',
    localAddress: local,
    partnerAddress: partner,
    port: CONNTRACKD_PORT,
    ignoreAddresses: ['192.168.77.2', 'fd00::2'],
    ...CONNTRACKD_PLACES,
    // The machine's /var/lock is in its root, which is read-only.
    lockFile: '/tmp/conntrack.lock',
    logTo: { kind: 'file', path: '/tmp/conntrackd.log' },
    hashLimit: CONNTRACKD_HASH_LIMIT,
  });
  if (!rendered.ok) throw new Error(rendered.error);
  return rendered.value;
}

describe.skipIf(WHY_NOT !== '').each([
  ['IPv4', '10.255.0.1', '10.255.0.2', 30],
  ['IPv6', 'fd00:255::1', 'fd00:255::2', 64],
])(
  `a real conntrackd on each of two machines over %s ${WHY_NOT}`,
  (family, addressA, addressB, prefixLength) => {
    let a: Machine;
    let b: Machine;
    let readerA: Conntrack;
    let readerB: Conntrack;

    const startConntrackd = (machine: Machine) =>
      machine.start(['conntrackd', '-C', CONFIG], '/tmp/conntrackd.out');
    const answers = (name: string, machine: Machine, reader: Conntrack) =>
      until(`${name} answering`, async () => {
        const outcome = await reader.read();
        if (outcome.ok) return outcome.value;
        if (outcome.error.code !== 'absent') {
          throw new Error(`${outcome.error.message} ${machine.read('/tmp/conntrackd.out')}`);
        }
        return null;
      });

    beforeAll(async () => {
      a = await startMachine();
      b = await startMachine();
      connect('sync0', a, `${addressA}/${prefixLength}`, b, `${addressB}/${prefixLength}`);
      if (family === 'IPv6')
        await until('the addresses usable', () => (usable(a) && usable(b) ? true : null));
      a.write(CONFIG, configuration(addressA, addressB));
      b.write(CONFIG, configuration(addressB, addressA));
      readerA = createConntrackd(a.processes, CONFIG);
      readerB = createConntrackd(b.processes, CONFIG);
    });

    afterAll(() => {
      a?.stop();
      b?.stop();
    });

    it('is absent before it runs, and without a configuration', async () => {
      expect(await readerA.read()).toMatchObject({ ok: false, error: { code: 'absent' } });
      expect(await createConntrackd(a.processes, '/nonexistent').read()).toMatchObject({
        ok: false,
        error: {
          code: 'absent',
          message: 'conntrackd does not run: its configuration /nonexistent cannot be read.',
        },
      });
    });

    it('runs with the rendered configuration, finds its partner and carries a connection over', async () => {
      startConntrackd(a);
      const alone = await answers('a', a, readerA);
      expect(alone.links).toMatchObject([
        { device: 'sync0', transport: 'UDP', status: 'RUNNING', role: 'ACTIVE' },
      ]);
      startConntrackd(b);
      await answers('b', b, readerB);
      a.run(
        ...'conntrack -I -p tcp -s 192.168.77.9 -d 198.51.100.7 --sport 40000 --dport 443 --state ESTABLISHED'.split(
          ' ',
        ),
        ...'-u ASSURED,SEEN_REPLY -t 300 -m 256'.split(' '),
      );
      const own = await until('the connection in the internal cache', async () => {
        const outcome = await readerA.read();
        return outcome.ok && outcome.value.internal.active === 1 ? outcome.value : null;
      });
      expect(own.external.active).toBe(0);
      const partners = await until('the connection in the external cache of the partner', async () => {
        const outcome = await readerB.read();
        return outcome.ok && outcome.value.external.active === 1 ? outcome.value : null;
      });
      expect(partners.internal.active).toBe(0);
      expect(partners.traffic?.packetsReceived).toBeGreaterThan(0);
      expect(partners.packetsLost).toBe(0);
      expect(b.run('conntrackd', '-C', CONFIG, '-e')).toMatch(/dport=443.*mark=256/);
    });

    it('passes over what is to be ignored', async () => {
      a.run(
        ...'conntrack -I -p tcp -s 192.168.77.2 -d 198.51.100.7 --sport 40001 --dport 443 --state ESTABLISHED'.split(
          ' ',
        ),
        ...'-u ASSURED,SEEN_REPLY -t 300'.split(' '),
      );
      a.run(
        ...'conntrack -I -p udp -s 192.168.77.9 -d 198.51.100.7 --sport 40002 --dport 53 -u SEEN_REPLY -t 300'.split(
          ' ',
        ),
      );
      const later = await until('the later connection in the internal cache', async () => {
        const outcome = await readerA.read();
        return outcome.ok && (outcome.value.internal.active ?? 0) > 1 ? outcome.value : null;
      });
      expect(later.internal.active).toBe(2);
    });

    it('names a lost link', async () => {
      b.run('ip', 'link', 'set', 'sync0', 'down');
      await until('a link without carrier', async () => {
        const outcome = await readerA.read();
        return outcome.ok && outcome.value.links[0]?.running === false ? true : null;
      });
    });

    it('is absent after its end', async () => {
      a.run('conntrackd', '-C', CONFIG, '-k');
      await until('the end of conntrackd', async () => {
        const outcome = await readerA.read();
        return !outcome.ok && outcome.error.code === 'absent' ? true : null;
      });
    });
  },
);

/** IPv6 addresses cannot be bound before duplicate address detection is over. */
function usable(machine: Machine): boolean {
  return !machine.run('ip', '-6', 'address', 'show', 'dev', 'sync0').includes('tentative');
}
