/**
 * Replays test/captures/netifd on the stand-in: one machine on veth devices with the recorded configuration, a DHCP server
 * at the other end of eth1 that gives the recorded lease. Per interface, the ubus events, the notifications with their
 * status, and the environments of the hotplug scripts must be the recorded ones, in order. What is left out, and why:
 *
 * | recording | left out | why |
 * |---|---|---|
 * | all | order between interfaces and between the three channels | netifd has none that holds |
 * | all | how often an equal interface.update follows another | one or two in the recordings, as it happened |
 * | all | ip6prefix, ip6assign: `ipv6-prefix`, `-assignment`, `updated: prefixes`, unreachable routes | not done by the stand-in |
 * | all | `uptime`, `SHLVL` | time, and a habit of busybox's shell |
 * | 05, 06 | values of `network.device status` that are the machine's: address, counters | the names are compared |
 * | 40 | `autostart` | ifup is `down` and `up`: whether `up` comes before the client has ended is a race |
 * | 39 | `status` after the update lacks `updated` there | set by the next lease in the recorder's network |
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bootMachine, CAPTURES, capture, type Machine, until } from '../procd/machine.ts';
import { collect, comparable, type Happened, happenedIn, type Recording } from './recording.ts';

const DEADLINE_MS = 40_000;
const HOTPLUG_LOG = '/tmp/hotplug.log';

/** eth1's neighbour is a DHCP server in a namespace of its own, held by a sleeping process; the other ends stay here. */
const SETUP = `
for pair in eth1:isp eth2:sw2 lan1:sw3; do
	ip link add "\${pair%:*}" type veth peer name "\${pair#*:}"
	ip link set dev "\${pair#*:}" up
done
mkdir -p "$root/etc/config" "$root/etc/hotplug.d/iface" "$root/etc/isp"
head -n 5 "${join(CAPTURES, 'netifd/network.config')}" >"$root/etc/config/network"
printf '{ env; echo; } >>${HOTPLUG_LOG}\\n' >"$root/etc/hotplug.d/iface/10-record"
`;

const DHCP_SERVER = [
  '/usr/sbin/dnsmasq --no-daemon --conf-file=/dev/null --port=0 --no-ping --interface=isp --except-interface=lo',
  '--leasefile-ro --pid-file=/tmp/isp.pid --user=root --log-facility=-',
  '--dhcp-range=198.18.1.109,198.18.1.109,255.255.255.0,2m --dhcp-option=3,198.18.1.1',
  '--dhcp-option=6,203.0.113.53,203.0.113.54 --dhcp-option=15,isp.example --dhcp-option=42,203.0.113.123',
  '--dhcp-option-force=12,router',
].join(' ');

let machine: Machine;
const events: Record<string, unknown>[] = [];
const notes: { name: string; data: Record<string, unknown> }[] = [];

const plain = (value: unknown) => JSON.parse(JSON.stringify(value)) as Record<string, unknown>;

function hotplugRuns(): Record<string, string>[] {
  return machine
    .read(HOTPLUG_LOG)
    .split('\n\n')
    .filter((block) => block.includes('INTERFACE='))
    .map((block) =>
      Object.fromEntries(
        block
          .split('\n')
          .filter((line) => line.includes('='))
          .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
      ),
    );
}

beforeAll(async () => {
  machine = await bootMachine(SETUP);
  const isp = await machine.sh(
    `mkdir -p /tmp/isp; unshare --net sh -c 'echo $$ >/tmp/isp/pid; exec sleep infinity' >/dev/null 2>&1 &
while ! [ -s /tmp/isp/pid ]; do sleep 0.02; done
pid=$(cat /tmp/isp/pid); ip link set dev isp netns "$pid"
nsenter --target="$pid" --net sh -c 'ip addr add 198.18.1.1/24 dev isp; ip link set dev isp up; ${DHCP_SERVER} >/tmp/isp/log 2>&1 &'`,
  );
  expect(isp).toEqual({ code: 0, output: '' });
  machine.ubus.listen('network.interface', (_, data) => events.push(plain(data)));
  await new Promise<void>((resolve) => {
    machine.ubus.subscribe('network.interface', {
      onNotify: (name, data) => notes.push({ name, data: plain(data) }),
      onAttached: resolve,
    });
  });
});

afterAll(() => machine?.stop());

/** Does what the recorder did, then waits until each interface has seen what was recorded, and nothing else. */
async function replay(name: string, command: string, ignored: readonly string[] = []): Promise<void> {
  // What is still on its way belongs to the step before.
  await machine.sh('while pgrep -f "[h]otplug-call iface" >/dev/null; do sleep 0.02; done');
  const from = { events: events.length, notes: notes.length, hotplug: hotplugRuns().length };
  const expected = happenedIn(capture<Recording>('netifd', name), ignored);
  await machine.sh(`grep -c ACTION=ifdown ${HOTPLUG_LOG} >/tmp/downs`);
  const ran = await machine.sh(command);
  expect(ran.code, `${command}: ${ran.output}`).toBe(0);
  let actual: Record<string, Happened> = {};
  const look = () => {
    actual = collect(
      events.slice(from.events),
      notes.slice(from.notes),
      hotplugRuns().slice(from.hotplug),
      ignored,
    );
    return JSON.stringify(sorted(actual)) === JSON.stringify(sorted(expected)) ? true : undefined;
  };
  await until(`What happens in ${name}`, DEADLINE_MS, look).catch(() => expect(actual).toEqual(expected));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  );
}

interface Snapshot {
  readonly result: unknown;
}

const snapshot = (name: string) => capture<Snapshot>('netifd', name).result;
const CONFIG = readFileSync(join(CAPTURES, 'netifd/network.config'), 'utf8');
let config = CONFIG;

/** What `uci set network.wanb.OPTION=VALUE; uci commit` would leave in the file. */
function setWanb(option: string, value: string): void {
  const line = `\toption ${option} '${value}'\n`;
  config = config.replace(/config interface 'wanb'\n(\t.*\n)*/, (section) => {
    const without = section.replace(new RegExp(`\\toption ${option} .*\\n`), '');
    return without + line;
  });
  machine.write('/etc/config/network', config);
}

const ISP = 'nsenter --target="$(cat /tmp/isp/pid)" --net';

describe('netifd, as recorded', () => {
  it('01: brings everything up at a reload', async () => {
    machine.write('/etc/config/network', config);
    await replay('01', 'ubus call network reload');
  });

  it('02, 03, 04: shows the states of all interfaces', async () => {
    const { interface: list } = plain(await machine.call('network.interface', 'dump'));
    const recorded = (snapshot('02') as { interface: Record<string, unknown>[] }).interface;
    expect((list as Record<string, unknown>[]).map(comparable)).toEqual(recorded.map(comparable));
    for (const name of [
      'alias',
      'badproto',
      'down',
      'lan',
      'loopback',
      'nodev',
      'none',
      'wan',
      'wan6',
      'wanb',
    ]) {
      const status = plain(await machine.call(`network.interface.${name}`, 'status'));
      expect(comparable(status), name).toEqual(
        comparable(snapshot(`03-status-${name}`) as Record<string, unknown>),
      );
    }
    const byName = await machine.call('network.interface', 'status', { interface: 'wan' });
    expect(comparable(plain(byName))).toEqual(comparable(snapshot('04') as Record<string, unknown>));
  });

  it('05, 06: shows the devices', async () => {
    const shapes = (devices: Record<string, unknown>) =>
      Object.entries(devices)
        .map(([name, device]) => [name, Object.keys(device as object).sort()])
        .sort();
    const all = plain(await machine.call('network.device', 'status'));
    for (const [name, keys] of shapes(snapshot('05') as Record<string, unknown>)) {
      expect(shapes(all), String(name)).toContainEqual([name, keys]);
    }
    expect(all['absent0']).toEqual({ external: false, present: false, type: 'Network device' });
    const one = plain(await machine.call('network.device', 'status', { name: 'eth1' }));
    const recorded = snapshot('06') as Record<string, unknown>;
    expect({ ...one, macaddr: '', statistics: {} }).toEqual({ ...recorded, macaddr: '', statistics: {} });
  });

  it('07: declares the methods of an interface', async () => {
    const ran = await machine.sh('ubus -v list network.interface.wan');
    expect(ran.output.replace(/@[0-9a-f]+/, '@<id>')).toBe(snapshot('07'));
  });

  it('08: knows its protocols', async () => {
    expect(plain(await machine.call('network', 'get_proto_handlers'))).toEqual(snapshot('08'));
  });

  it('09: refuses as recorded', async () => {
    const status = async (path: string, method: string, args: Record<string, string>) => {
      const answer = await machine.ubus.call(path, method, args);
      return answer.ok ? 0 : answer.error.status;
    };
    expect(await status('network.interface', 'status', { interface: 'none-such' })).toBe(4);
    expect(await status('network.interface', 'status', {})).toBe(2);
    expect(await status('network.interface.none-such', 'status', {})).toBe(4);
    expect(await status('network.device', 'status', { name: 'absent0' })).toBe(0);
    expect(await status('network.device', 'status', { name: 'zzz' })).toBe(2);
    expect(await status('network.interface.wan', 'status', { bogus: '1' })).toBe(0);
    expect(await status('network.interface.disabled', 'status', {})).toBe(4);
  });

  it('10, 11: writes the resolver file and sets the routes', async () => {
    expect(machine.read('/tmp/resolv.conf.d/resolv.conf.auto')).toBe(snapshot('10'));
    const { 'ip route': routes } = snapshot('11') as Record<string, string>;
    const lines = (text: string | undefined) => (text ?? '').trim().split(/\s*\n/).sort();
    expect(lines((await machine.sh('ip route')).output)).toEqual(lines(routes));
    expect((await machine.sh('ip -6 route')).output).toContain(
      'default via 2001:db8:1::1 dev eth2 proto static metric 30',
    );
  });

  it('20: ifdown of a static interface with aliases', () => replay('20', 'ifdown wanb'));
  it('21: ifup again', () => replay('21', 'ifup wanb'));
  it('22: ifdown of the dhcp interface', () => replay('22', 'ifdown wan'));
  it('23: ifup: lease', () => replay('23', 'ifup wan'));

  it('24: a renewed lease that is the same is not announced', async () => {
    const acks = async () => (await machine.sh('grep -c DHCPACK /tmp/isp/log')).output;
    const before = await acks();
    await machine.sh('ubus call network.interface.wan renew');
    await until('The renewal', DEADLINE_MS, async () => ((await acks()) !== before ? true : undefined));
    await replay('24', 'ubus call network.interface.wan status');
  });

  it('25: restart', () => replay('25', 'ubus call network.interface.wanb restart'));
  it('26: up of what is up', () => replay('26', 'ubus call network.interface.wanb up'));
  it('27: down of what is down', () => replay('27', 'ubus call network.interface.down down'));

  it('28, 29: ifup of an interface with auto 0', async () => {
    await replay('28', 'ip link add dummy9 type veth peer name dummy9p; ip link set dummy9p up; ifup down');
    const status = plain(await machine.call('network.interface.down', 'status'));
    expect(comparable(status)).toEqual(comparable(snapshot('29') as Record<string, unknown>));
  });

  it('30: a static interface stays up without carrier', async () => {
    await replay('30', 'ip link set sw2 down');
    const { status, device } = capture<{ status: Record<string, unknown>; device: Record<string, unknown> }>(
      'netifd',
      '30',
    );
    expect(comparable(plain(await machine.call('network.interface.wanb', 'status')))).toEqual(
      comparable(status),
    );
    const eth2 = plain(await machine.call('network.device', 'status', { name: 'eth2' }));
    expect([eth2['up'], eth2['carrier']]).toEqual([device['up'], device['carrier']]);
  });
  it('31: carrier back', () => replay('31', 'ip link set sw2 up'));

  it('32: dhcp goes down without carrier', async () => {
    await replay('32', `${ISP} ip link set isp down`);
    const { status } = capture<{ status: Record<string, unknown> }>('netifd', '32');
    // The data of the lease go when the client has ended.
    await until('The end of the client', DEADLINE_MS, async () => {
      const now = plain(await machine.call('network.interface.wan', 'status'));
      return JSON.stringify(sorted(comparable(now))) === JSON.stringify(sorted(comparable(status)))
        ? true
        : undefined;
    });
  });
  it('33: carrier back: a lease', () => replay('33', `${ISP} ip link set isp up`));

  it('34: a changed metric is quiet, and set', async () => {
    setWanb('metric', '25');
    await replay('34', 'ubus call network reload');
    await until('The new metric', DEADLINE_MS, async () =>
      (await machine.sh('ip route show dev eth2')).output.includes(
        'default via 198.51.100.1 proto static metric 25',
      )
        ? true
        : undefined,
    );
    await until('The end of the old one', DEADLINE_MS, async () =>
      (await machine.sh('ip route')).output.includes('metric 20') ? undefined : true,
    );
  });

  it('35: a changed address is a full ifdown and ifup', async () => {
    setWanb('ipaddr', '198.51.100.3');
    await replay('35', 'ubus call network reload');
  });

  it('36: force_link 0 follows the carrier', async () => {
    setWanb('force_link', '0');
    await replay(
      '36',
      `ubus call network reload && ip link set sw2 down
while ubus call network.interface.alias status | grep -q '"up": true'; do sleep 0.02; done
while ubus call network.interface.badproto status | grep -q '"up": true'; do sleep 0.02; done
while [ "$(grep -c ACTION=ifdown ${HOTPLUG_LOG})" -lt "$(($(cat /tmp/downs) + 4))" ]; do sleep 0.02; done
ip link set sw2 up`,
    );
  });

  it('37: set_data shows in the status until the next ifdown', async () => {
    await replay(
      '37',
      `ubus call network.interface.wanb set_data '{"hagw":{"x":1},"k":"v"}'
while [ "$(grep -c ACTION=ifupdate ${HOTPLUG_LOG})" -lt 1 ]; do sleep 0.02; done
ifdown wanb; while ubus call network.interface.alias status | grep -q '"up": true'; do sleep 0.02; done
while [ "$(tail -n 20 ${HOTPLUG_LOG} | grep -c INTERFACE=alias)" -lt 1 ]; do sleep 0.02; done; ifup wanb`,
    );
    expect((await machine.call('network.interface.wanb', 'status'))['data']).toEqual({});
  });

  it('38: add_dynamic and remove', () =>
    replay(
      '38',
      `ubus call network add_dynamic '{"name":"dyn1","proto":"static","device":"lo","ipaddr":["10.7.7.1/24"]}'
while ! grep -q INTERFACE=dyn1 ${HOTPLUG_LOG}; do sleep 0.02; done; ubus call network.interface.dyn1 remove`,
    ));

  it('39: a report of a protocol script is an ifupdate', async () => {
    const report =
      '{"action":0,"link-up":true,"ifname":"eth1","ipaddr":[{"ipaddr":"198.18.1.77","mask":"24"}],"data":{"x":"y"}}';
    await replay('39', `ubus call network.interface.wan notify_proto '${report}'`);
    const answer = await machine.ubus.call('network.interface.wanb', 'notify_proto', {
      action: 0,
      'link-up': true,
    });
    expect(answer).toMatchObject({ ok: false, error: { status: 8 } });
  });

  it('40: ifup of what is up is down and up', () => replay('40', 'ifup wan', ['autostart']));
});
