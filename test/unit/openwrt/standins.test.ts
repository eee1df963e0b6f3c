/** The pure parts of the stand-ins of procd and netifd, with input that must not get further. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parsePackage } from 'uci-parser';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compareInterface, decodeNetwork, maskLength } from '../../openwrt/netifd/config.ts';
import { decodeReport } from '../../openwrt/netifd/dhcp-client.ts';
import { hotplugEnvironment } from '../../openwrt/netifd/hotplug.ts';
import { addressLines, routeLines } from '../../openwrt/netifd/kernel.ts';
import { decodeInstance, mustRestart } from '../../openwrt/procd/instance-config.ts';
import { createFileLog } from '../../openwrt/procd/system-log.ts';
import { scriptsOf } from '../../openwrt/procd/triggers.ts';

function network(text: string) {
  const parsed = parsePackage('network', text);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return decodeNetwork(parsed.value);
}

describe('UCI network', () => {
  it('drops addresses, devices and gateways that are none', () => {
    const { interfaces } = network(`config interface 'lan'
	option device 'eth0; reboot'
	option proto 'static'
	list ipaddr '10.0.0.1/33'
	list ipaddr '10.0.0.2/24'
	option gateway '$(reboot)'
	list dns 'no address'
`);
    expect(interfaces.get('lan')).toMatchObject({
      device: undefined,
      addresses4: [{ address: '10.0.0.2', mask: 24 }],
      routes: [],
      dns: [],
    });
  });

  it('knows no disabled interface', () => {
    expect(network("config interface 'x'\n\toption disabled '1'\n").interfaces.size).toBe(0);
  });

  it('tells a quiet change from one that needs a restart', () => {
    const of = (options: string) => {
      const config = network(`config interface 'w'\n\toption proto 'static'\n${options}`).interfaces.get('w');
      if (config === undefined) throw new Error('The interface is missing.');
      return config;
    };
    expect(compareInterface(of(''), of(''))).toBe('same');
    expect(compareInterface(of(''), of("\toption metric '5'\n"))).toBe('quiet');
    expect(compareInterface(of(''), of("\toption ipaddr '10.0.0.1/24'\n"))).toBe('restart');
  });

  it.each([
    ['255.255.255.0', 24],
    ['0.0.0.0', 0],
    ['24', 24],
    ['255.0.255.0', undefined],
    ['x', undefined],
  ])('reads the mask %s', (text, length) => expect(maskLength(text)).toBe(length));
});

describe('lines for ip', () => {
  it('gives a subnet route with the metric of the interface', () => {
    expect(addressLines('add', 'eth1', [{ address: '198.51.100.130', mask: 25 }], 20)).toEqual([
      'addr replace 198.51.100.130/25 brd + dev eth1 noprefixroute',
      'route replace 198.51.100.128/25 dev eth1 proto static scope link metric 20',
    ]);
  });

  it('leaves the subnet route to the kernel without a metric', () => {
    expect(addressLines('add', 'lan1', [{ address: '192.168.50.1', mask: 24 }], 0)).toEqual([
      'addr replace 192.168.50.1/24 brd + dev lan1',
    ]);
  });

  it('prefers the source of a dhcp route', () => {
    const route = { target: '0.0.0.0', mask: 0, nexthop: '198.18.1.1', source: '198.18.1.109/32' };
    expect(routeLines('replace', 'eth1', [route], 10)).toEqual([
      'route replace 0.0.0.0/0 via 198.18.1.1 dev eth1 proto static src 198.18.1.109 metric 10',
    ]);
  });
});

describe('reports of a protocol script', () => {
  it('drops what is no address', () => {
    const report = decodeReport({
      action: 0,
      'link-up': true,
      ipaddr: [
        { ipaddr: '1.2.3.4 dev lo', mask: '24' },
        { ipaddr: '1.2.3.4', mask: '24' },
      ],
      routes: [{ target: '0.0.0.0', netmask: '0', gateway: 'x' }],
      dns: ['8.8.8.8', 'x'],
      dns_search: ['ok.example', 'bad\nnameserver 6.6.6.6'],
    });
    expect(report).toMatchObject({
      addresses4: [{ address: '1.2.3.4', mask: 24 }],
      routes: [],
      dns: ['8.8.8.8'],
      dnsSearch: ['ok.example'],
    });
  });

  it('takes action 0 alone', () => expect(decodeReport({ action: 1 })).toBeUndefined());
});

describe('hotplug', () => {
  it('has no DEVICE on ifdown', () => {
    const event = { action: 'ifdown', interface: 'wan', device: 'eth1', updated: [] } as const;
    expect(hotplugEnvironment(event)).not.toHaveProperty('DEVICE');
    expect(hotplugEnvironment({ ...event, action: 'ifupdate', updated: ['data'] })).toMatchObject({
      DEVICE: 'eth1',
      IFUPDATE_DATA: '1',
    });
  });
});

describe('procd', () => {
  it('takes wrong types for absent', () => {
    expect(
      decodeInstance({ command: 'x', respawn: true, env: { A: 1, B: 'b' }, stdout: 'yes' }),
    ).toMatchObject({
      command: [],
      respawn: undefined,
      env: { B: 'b' },
      stdout: false,
    });
  });

  it('restarts for a change of anything but data', () => {
    const old = decodeInstance({ command: ['/bin/a'], data: { x: 1 }, env: { A: '1', B: '2' } });
    expect(
      mustRestart(old, decodeInstance({ command: ['/bin/a'], data: { x: 2 }, env: { B: '2', A: '1' } })),
    ).toBe(false);
    expect(mustRestart(old, decodeInstance({ command: ['/bin/b'], env: { A: '1', B: '2' } }))).toBe(true);
    expect(mustRestart(old, decodeInstance({ command: ['/bin/a'], env: { A: '1' } }))).toBe(true);
  });

  it('evaluates the rules of triggers', () => {
    const run = (name: string) => ['run_script', name];
    const rule = [
      'if',
      ['and', ['eq', 'package', 'a', 'b'], ['not', ['eq', 'x', '1']]],
      run('/yes'),
      run('/no'),
    ];
    expect(scriptsOf(rule, { package: 'b' })).toEqual([['/yes']]);
    expect(scriptsOf(rule, { package: 'b', x: '1' })).toEqual([['/no']]);
    expect(scriptsOf([run('/one'), run('/two')], {})).toEqual([['/one'], ['/two']]);
    expect(scriptsOf(['unknown', 'x'], {})).toEqual([]);
  });
});

describe('the log', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'hagw-log-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const at = () => new Date(Date.UTC(2026, 10, 1, 4, 5, 6));

  it('separates datagrams that came together', () => {
    const log = createFileLog(join(folder, 'messages'), at);
    log.feed('<30>Nov  1 04:05:06 Keepalived[12]: one<11>Nov  1 04:05:06 logger: <b> two\n');
    log.feed('no header');
    expect(readFileSync(join(folder, 'messages'), 'utf8')).toBe(
      'Sun Nov  1 04:05:06 2026 daemon.info Keepalived[12]: one\n' +
        'Sun Nov  1 04:05:06 2026 user.err logger: <b> two\n' +
        'Sun Nov  1 04:05:06 2026 user.notice no header\n',
    );
  });

  it('keeps one line per message', () => {
    const log = createFileLog(join(folder, 'messages'), at);
    log.feed('<30>Nov  1 04:05:06 x: a\nSun Nov  1 forged');
    expect(readFileSync(join(folder, 'messages'), 'utf8').split('\n')).toHaveLength(2);
  });
});
