import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RoutingChange } from '../../../src/ports/routing.ts';
import { until, WHY_NOT } from '../neighbours/machine.ts';
import { good, type Rig, request, startRig } from './rig.ts';

/** conntrack, ip monitor and refusals, as they really are. */
describe.skipIf(WHY_NOT !== '')(`flows, changes and refusals of a kernel ${WHY_NOT}`, () => {
  let rig: Rig;

  beforeAll(async () => {
    rig = await startRig();
  });
  afterAll(() => rig?.stop());

  const track = (source: string, mark: string, port: number): void => {
    const family = source.includes(':') ? 'ipv6' : 'ipv4';
    const target = family === 'ipv6' ? '2001:db8:ffff::1' : '203.0.113.1';
    const ports = ['--sport', String(port), '--dport', '53', '-t', '300', '-m', mark];
    rig.machine.run('conntrack', '-I', '-p', 'udp', '-s', source, '-d', target, ...ports);
  };

  it("drops the lost WAN's connections alone, by mark within the mask and family", async () => {
    const { flows } = rig.ports;
    for (let port = 1; port <= 20; port += 1) track('192.168.1.5', port % 2 === 0 ? '0x100' : '0x300', port);
    // Bits of others beside ours; the IPv6 WAN has number 2; 0x1100 is another number of ours.
    track('192.168.1.6', '0x80100', 30);
    track('192.168.1.6', '0x1100', 31);
    track('2001:db8:1:1::5', '0x200', 32);
    track('192.168.1.6', '0x0', 33);
    expect(good(await flows.count())).toBe(24);
    const applier = rig.fresh();
    const routes = await rig.routes();
    good(await applier.apply(request(routes)));
    const report = good(await applier.apply(request(routes, { wan: 'offline' }, ['wan'])));
    expect(report.dropped).toEqual([{ wan: 'wan', entries: 11 }]);
    expect(good(await flows.countByMark(0x100, 0x3f00))).toBe(0);
    expect(good(await flows.countByMark(0x300, 0x3f00))).toBe(10);
    expect(good(await flows.count())).toBe(13);
    expect(good(await flows.deleteByMark(0x200, 0x3f00))).toBe(1);
    expect(good(await flows.deleteByMark(0x200, 0x3f00))).toBe(0);
    expect(good(await flows.deleteBySource('192.168.1.6'))).toBe(2);
    expect(await flows.deleteBySource('-F')).toMatchObject({ ok: false, error: { code: 'refused' } });
    good(await flows.deleteAll());
    expect(good(await flows.count())).toBe(0);
    good(await applier.stop(request([]).marks));
  });

  it('tells of changes by kind, and of few calls for many changes', async () => {
    const heard: RoutingChange[][] = [];
    const watch = rig.ports.routing.watch((what) => heard.push([...what].sort()), 200);
    // The process needs a moment to listen: change until it hears.
    await until('the first change', () => {
      if (heard.length > 0) return true;
      rig.machine.run('ip', 'rule', 'add', 'pref', '500', 'lookup', '100');
      rig.machine.run('ip', 'rule', 'del', 'pref', '500');
      return null;
    });
    expect(new Set(heard.flat())).toEqual(new Set(['rule']));
    heard.length = 0;
    const lines = Array.from({ length: 200 }, (_, index) => [
      'route',
      'add',
      `10.55.${index}.0/24`,
      'dev',
      'br-lan',
    ]);
    good(await rig.ports.routing.batch('ipv4', lines));
    await until('the routes', () => (heard.flat().includes('route') ? true : null));
    expect(heard.length).toBeLessThan(50);
    rig.machine.run('ip', 'link', 'set', 'wwan0', 'down');
    await until('the link', () => (heard.flat().includes('link') ? true : null));
    rig.machine.run('ip', 'address', 'add', '10.44.0.1/24', 'dev', 'br-lan');
    await until('the address', () => (heard.flat().includes('address') ? true : null));
    watch.stop();
    rig.machine.run('ip', 'link', 'set', 'wwan0', 'up');
    rig.machine.run(
      'ip',
      'route',
      'add',
      'default',
      'via',
      '10.9.0.1',
      'dev',
      'wwan0',
      'proto',
      'static',
      'metric',
      '30',
    );
  });

  it('says which line ip refused, and that the lines before it are done', async () => {
    const rule = (pref: number, ...rest: string[]) => ['rule', 'add', 'pref', String(pref), ...rest];
    const lines = [rule(601, 'lookup', '100'), rule(601, 'lookup', '100'), rule(602, 'lookup', '100')];
    const outcome = await rig.ports.routing.batch('ipv4', lines);
    expect(outcome).toMatchObject({ ok: false, error: { code: 'refused', line: 2 } });
    expect(rig.machine.run('ip', 'rule')).toMatch(/^601:/m);
    expect(rig.machine.run('ip', 'rule')).not.toMatch(/^602:/m);
    rig.machine.run('ip', 'rule', 'del', 'pref', '601');
    expect(await rig.ports.routing.batch('ipv4', [rule(601, 'iif', 'a b', 'lookup', '1')])).toMatchObject({
      ok: false,
    });
    expect(rig.machine.run('ip', 'rule')).not.toMatch(/^601:/m);
  });

  it('nft refuses as a whole, with its reason', async () => {
    const text = 'table inet hagw { chain a { jump nowhere; }; }\n';
    expect(await rig.ports.nft.check(text)).toMatchObject({ ok: false, error: { code: 'refused' } });
    const outcome = await rig.ports.nft.apply(text);
    expect(outcome.ok ? '' : outcome.error.message).toMatch(
      /^`nft -f -` failed: .*No such file or directory.*\.$/,
    );
    expect(good(await rig.ports.nft.readTable())).toBeNull();
    good(await rig.ports.nft.check('table inet hagw { chain a { accept; }; }\n'));
    expect(good(await rig.ports.nft.readTable())).toBeNull();
  });

  it('leaves out a route that the kernel does not take, says so, and does the rest', async () => {
    const routes = await rig.routes();
    const wanted = request([
      ...routes,
      {
        ...(routes[0] ?? never()),
        table: 254,
        destination: '10.66.0.0/16',
        device: 'gone0',
        words: ['10.66.0.0/16', 'dev', 'gone0'],
      },
    ]);
    const applier = rig.fresh();
    const report = good(await applier.apply(wanted));
    expect(report.problems.length).toBeGreaterThan(0);
    expect(report.problems.every((text) => text.includes('gone0'))).toBe(true);
    expect(rig.machine.run('ip', 'route', 'show', 'table', '3')).toContain('default via 10.2.0.1');
    expect(good(await rig.ports.nft.readTable())).not.toBeNull();
    good(await applier.stop(wanted.marks));
  });
});

function never(): never {
  throw new Error('there are no routes');
}
