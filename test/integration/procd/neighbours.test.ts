/**
 * The init scripts that render a configuration and run the real program under procd: keepalived (with its notify calls
 * through hotplug-call), conntrackd, dnsmasq (leases and their hotplug events).
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bootMachine, CAPTURES, type Machine, until } from './machine.ts';

const DEADLINE_MS = 20_000;
const RECORD = `echo "$ACTION $TYPE $NAME $*" >>/tmp/notify`;

let machine: Machine;

beforeAll(async () => {
  machine = await bootMachine(`
for device in eth0 eth1 eth2; do
	ip link add "$device" type veth peer name "$device-peer"
	ip link set dev "$device-peer" up
done
mkdir -p "$root/etc/config" "$root/etc/hotplug.d/keepalived" "$root/etc/hotplug.d/dhcp"
cp "${join(CAPTURES, 'keepalived/run/gw-a.uci')}" "$root/etc/config/keepalived"
cat >"$root/etc/hotplug.d/keepalived/10-record" <<'X'
${RECORD}
X
cat >"$root/etc/hotplug.d/dhcp/10-record" <<'X'
echo "$ACTION $MACADDR $IPADDR $HOSTNAME $DNSMASQ_INTERFACE" >>/tmp/leases.log
X
cat >"$root/etc/config/network" <<'X'
config interface 'lan'
	option device 'eth0'
	option proto 'static'
	list ipaddr '192.168.1.2/24'

config interface 'wan'
	option device 'eth1'
	option proto 'static'
	list ipaddr '203.0.113.2/24'
X
# Without a file, fw4 lets nothing in.
printf 'config defaults\n\toption input ACCEPT\n\toption output ACCEPT\n' >"$root/etc/config/firewall"
cat >"$root/etc/config/dhcp" <<'X'
config dnsmasq 'main'
	option authoritative '1'
	option leasefile '/tmp/dhcp.leases'

config dhcp 'lan'
	option interface 'lan'
	option start '100'
	option limit '150'
	option leasetime '12h'
	option force '1'
	list dhcp_option '3,192.168.1.1'
X`);
});

afterAll(() => machine?.stop());

const output = async (command: string) => (await machine.sh(command)).output;

/** The recorded calls of gw-a's first step: `ACTION TYPE NAME arguments`. */
function recordedNotifications(): string[] {
  const text = readFileSync(join(CAPTURES, 'keepalived/run/sequence.txt'), 'utf8');
  const step = text.slice(0, text.indexOf('--- gw-a: log'));
  return [...step.matchAll(/args: (.*?) \| ACTION=(\S+)(.*)$/gm)].map(([, args, action, rest]) => {
    const value = (name: string) => new RegExp(` ${name}=(\\S+)`).exec(rest ?? '')?.[1] ?? '';
    return `${action} ${value('TYPE')} ${value('NAME')} ${args}`;
  });
}

describe('keepalived under procd', () => {
  it('becomes master and calls the hotplug scripts as recorded', async () => {
    const recorded = recordedNotifications();
    await until('All notifications', DEADLINE_MS, () =>
      machine.read('/tmp/notify').split('\n').length > recorded.length ? true : undefined,
    );
    const calls = machine.read('/tmp/notify').trimEnd().split('\n');
    // keepalived starts each script and waits for none: only which calls there are is certain, not their order.
    expect(calls.sort()).toEqual(recorded.sort());
    expect(await output('ip -br addr show eth0')).toContain('192.168.1.1/24');
  });

  it('logs by syslog under its own names', async () => {
    await until('The line in the log', DEADLINE_MS, async () =>
      /daemon\.info Keepalived_vrrp(\[\d+\])?: \(lan\) Entering MASTER STATE/.test(await output('logread'))
        ? true
        : undefined,
    );
  });

  it('reads its configuration again at a reload, and keeps its process', async () => {
    const pid = await output('pgrep -o keepalived');
    const uci = machine.read('/etc/config/keepalived');
    machine.write('/etc/config/keepalived', uci.replaceAll("option priority '150'", "option priority '140'"));
    expect(await machine.sh('/etc/init.d/keepalived reload')).toEqual({ code: 0, output: '' });
    expect(machine.read('/tmp/keepalived.conf')).toContain('priority 140');
    await until('The reload', DEADLINE_MS, async () =>
      (await output('logread')).includes('Reloading') ? true : undefined,
    );
    expect(await output('pgrep -o keepalived')).toBe(pid);
  });

  it('gives its addresses back at a stop', async () => {
    await machine.sh('/etc/init.d/keepalived stop');
    await until('The end of keepalived', DEADLINE_MS, async () =>
      (await output('/etc/init.d/keepalived status')) === 'inactive\n' ? true : undefined,
    );
    expect(await output('ip -br addr show eth0')).not.toContain('192.168.1.1/24');
    // The last script is keepalived's child, and may outlive it.
    await until('The call at the end', DEADLINE_MS, () =>
      machine.read('/tmp/notify').includes('shutdown') ? true : undefined,
    );
  });
});

describe('dnsmasq under procd', () => {
  it('serves the pool and calls the hotplug scripts', async () => {
    expect(machine.read('/tmp/etc/dnsmasq.conf.standin')).toContain(
      'dhcp-range=set:lan,192.168.1.100,192.168.1.249,255.255.255.0,12h\ndhcp-option=lan,3,192.168.1.1\n',
    );
    const client = await machine.sh(
      "unshare --net sh -c 'echo $$ >/tmp/client; exec sleep infinity' >/dev/null 2>&1 & " +
        'while ! [ -s /tmp/client ]; do sleep 0.02; done; ' +
        'ip link set dev eth0-peer netns "$(cat /tmp/client)"; ' +
        'nsenter --target="$(cat /tmp/client)" --net sh -c "ip link set dev eth0-peer up; ' +
        'udhcpc -q -n -t 10 -s /bin/true -x hostname:laptop -i eth0-peer"',
    );
    expect(client.code, client.output).toBe(0);
    await until('The lease', DEADLINE_MS, () =>
      / 192\.168\.1\.\d+ laptop /.test(machine.read('/tmp/dhcp.leases')) ? true : undefined,
    );
    await until('The hotplug event', DEADLINE_MS, () =>
      /^add \S+ 192\.168\.1\.\d+ laptop eth0$/m.test(machine.read('/tmp/leases.log')) ? true : undefined,
    );
  });
});

describe('conntrackd under procd', () => {
  it('does not run without a configuration', async () => {
    expect(await output('/etc/init.d/conntrackd status')).toBe('active with no instances\n');
  });
});
