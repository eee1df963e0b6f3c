import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Events, Health, Status } from '../../../src/api/status.ts';
import { bootMachine, type Machine, until } from '../procd/machine.ts';

/**
 * The real service under qjs on a router of its own: started by its init script, with a real keepalived, netifd and
 * ubusd of the stand-in. What the unit tests show with fakes is shown here once for real.
 */
const REPOSITORY = join(import.meta.dirname, '../../..');
const BUILT = join(REPOSITORY, 'build/router/usr/lib/hagw');
const WHY_NOT = existsSync(join(BUILT, 'hagw.js')) ? '' : '(skipped: no build; run make build)';
const DEADLINE_MS = 30_000;

const HAGW = `config globals 'globals'
	option engine 'none'
	option sync_interface 'sync'
	option manage_pair '0'
config router 'gw_a'
	option name 'gw-a'
	option sync_address '10.255.255.1'
config router 'gw_b'
	option name 'gw-b'
	option sync_address '10.255.255.2'
config address 'lan'
	option interface 'lan'
	option address '192.168.1.1/24'
	option vrid '10'
`;
const KEEPALIVED = `config ipaddress
	option name 'vip_lan'
	option address '192.168.1.1/24'
	option device 'eth0'
config vrrp_instance
	option name 'lan'
	option interface 'eth0'
	option state 'BACKUP'
	option virtual_router_id '10'
	option priority '250'
	option advert_int '0.1'
	option version '3'
	list virtual_ipaddress 'vip_lan'
config vrrp_sync_group
	option name 'gw'
	list group 'lan'
`;
const MWAN3 = `config interface 'wan'
	option enabled '1'
config member 'm'
	option interface 'wan'
config policy 'p'
	list use_member 'm'
`;
const NETWORK = ['lan eth0 192.168.1.2', 'wan eth1 203.0.113.2', 'sync eth2 10.255.255.1'].map((line) => {
  const [name, device, address] = line.split(' ');
  const metric = name === 'wan' ? "\toption gateway '203.0.113.1'\n\toption metric '10'\n" : '';
  return `config interface '${name}'\n\toption device '${device}'\n\toption proto 'static'\n\toption ipaddr '${address}/24'\n${metric}`;
});

const SETUP = `
tar -C '${REPOSITORY}/files' -c . | tar -C "$root" -x --keep-directory-symlink
mkdir -p "$root/usr/lib/hagw" "$root/etc/rc.d"
cp '${BUILT}'/*.js "$root/usr/lib/hagw/"
chmod 755 "$root/usr/sbin/hagw" "$root/etc/init.d/hagw"
ln -sf ../init.d/hagw "$root/etc/rc.d/S95hagw"
for device in eth0 eth1 eth2; do
	ip link add "$device" type veth peer name "p-$device"
	ip link set "$device" up
	ip link set "p-$device" up
done
cat >"$root/etc/config/hagw" <<'X'
${HAGW}X
cat >"$root/etc/config/keepalived" <<'X'
${KEEPALIVED}X
cat >"$root/etc/config/mwan3" <<'X'
${MWAN3}X
cat >"$root/etc/config/network" <<'X'
${NETWORK.join('')}X
`;

describe.skipIf(WHY_NOT !== '')(`the service on a router ${WHY_NOT}`, () => {
  let machine: Machine;

  const status = async () => (await machine.call('hagw', 'status')) as unknown as Status;
  const health = async () => (await machine.call('hagw', 'health')) as unknown as Health;
  const events = async () => (await machine.call('hagw', 'events')) as unknown as Events;
  const codes = async () => (await health()).problems.map(({ code }) => code);

  /** Asks again until the status is as wanted; a call that fails meanwhile is not as wanted. */
  const statusWhen = (what: string, isWanted: (found: Status) => boolean) =>
    until(what, DEADLINE_MS, async () => {
      const reply = await machine.ubus.call('hagw', 'status', {});
      const found = reply.ok ? (reply.value as unknown as Status) : undefined;
      return found !== undefined && isWanted(found) ? found : undefined;
    });

  const pidOf = async (name: string) => {
    const list = await machine.call('service', 'list', { name });
    const pid = /"pid":(\d+)/.exec(JSON.stringify(list))?.[1];
    return pid === undefined ? undefined : Number(pid);
  };

  beforeAll(async () => {
    machine = await bootMachine(SETUP);
    // The file that keepalived's init script makes; said here by hagw, so that this test needs no other command.
    await until('keepalived', DEADLINE_MS, () => pidOf('keepalived'));
    const printed = await machine.sh('hagw print keepalived >/tmp/keepalived.conf');
    expect(printed).toEqual({ code: 0, output: '' });
    await machine.sh(`kill -HUP ${await pidOf('keepalived')}`);
    await statusWhen('the first active role', ({ router }) => router.role === 'active');
  });

  afterAll(() => machine?.stop());

  it('tells the truth: this router, its virtual router, its WAN', async () => {
    const found = await statusWhen('the address on the router', ({ vrrp }) =>
      vrrp.instances.some((item) => item.virtual_addresses.some(({ set }) => set === true)),
    );
    expect(found.router).toMatchObject({ known: true, name: 'gw-a', role: 'active', priority: 250 });
    expect(found.vrrp.instances).toMatchObject([
      { name: 'lan', group: 'gw', state: 'active', device: 'eth0', vrid: 10, advert_interval_ms: 100 },
    ]);
    expect(found.vrrp.instances[0]?.virtual_addresses).toMatchObject([
      { address: '192.168.1.1/24', device: 'eth0', set: true },
    ]);
    expect((await machine.sh('ip -4 addr show eth0')).output).toContain('192.168.1.1/24');
    expect(found.wans).toMatchObject([
      { name: 'wan', up: true, device: 'eth1', addresses: ['203.0.113.2/24'], metric: 10, state: 'online' },
    ]);
    expect(found.partner).toMatchObject({ known: false, name: 'gw-b' });
  });

  it('hears of a lost cable by netifd and of the fault by keepalived', async () => {
    const before = (await events()).newest;
    await machine.sh('ip link set p-eth0 down');
    const fault = await statusWhen('the fault, and the address gone', ({ router, vrrp }) => {
      return router.role === 'fault' && vrrp.instances[0]?.virtual_addresses[0]?.set === false;
    });
    expect(fault.vrrp.instances[0]).toMatchObject({ state: 'fault', virtual_addresses: [{ set: false }] });
    // Shown once it has lasted.
    await until('the problem', DEADLINE_MS, async () =>
      (await codes()).includes('instance-fault') ? true : undefined,
    );
    await machine.sh('ip link set p-eth0 up');
    await statusWhen('the active role again', ({ router }) => router.role === 'active');
    const since = (await machine.call('hagw', 'events', { since: before })) as unknown as Events;
    const roles = since.events.filter(({ kind }) => kind === 'router').map(({ to }) => to);
    expect(roles.filter((to) => to !== 'backup')).toEqual(['fault', 'active']);
  });

  it('outlives a restart of ubusd', async () => {
    const { run } = await events();
    const ubusd = (await machine.sh("ps ax -o pid,args | awk '/node .*\\/ubusd/ && !/awk/ { print $1 }'"))
      .output;
    await machine.sh(`kill -9 ${ubusd.trim()}`);
    await until('the timeline with the loss and the return', DEADLINE_MS, async () => {
      const reply = await machine.ubus.call('hagw', 'events', {});
      if (!reply.ok) return undefined;
      const found = reply.value as unknown as Events;
      const bus = found.events.filter(({ subject }) => subject === 'ubus').map(({ to }) => to);
      return found.run === run && bus.join(' ') === 'lost connected' ? true : undefined;
    });
    expect((await status()).router).toMatchObject({ known: true, role: 'active' });
    // What the next tests tell procd, it must be there to hear.
    await until('procd on the bus', DEADLINE_MS, async () =>
      (await machine.ubus.call('service', 'list', {})).ok ? true : undefined,
    );
  });

  it('keeps the configuration in force when the file breaks, and says so at once', async () => {
    machine.write('/etc/config/hagw', `${HAGW}config x 'y\n`);
    await machine.call('service', 'event', { type: 'config.change', data: { package: 'hagw' } });
    await until('the finding', DEADLINE_MS, async () =>
      (await codes()).includes('config-broken') ? true : undefined,
    );
    expect((await status()).router.name).toBe('gw-a');
    const check = await machine.sh('hagw check');
    expect(check.code).toBe(2);
    expect(check.output).toContain('Parse error');
    machine.write('/etc/config/hagw', HAGW.replace("'gw-a'", "'left'"));
    await machine.sh(`kill -HUP ${await pidOf('hagw')}`);
    await statusWhen('the new name', ({ router }) => router.name === 'left');
    expect(await codes()).not.toContain('config-broken');
  });

  it('refuses wrong arguments and names them in the log', async () => {
    const logged = (words: RegExp) =>
      until(`${words} in the log`, DEADLINE_MS, () =>
        words.test(machine.read('/run/log/messages')) ? true : undefined,
      );
    for (const args of [{ limit: 'many' }, { limit: 501 }, { colour: 'red' }])
      expect(await machine.ubus.call('hagw', 'events', args)).toMatchObject({
        ok: false,
        error: { status: 2 },
      });
    await logged(/argument 'limit' has type string/);
    await logged(/Argument 'limit' must be from 1 to 500/);
    await logged(/argument 'colour'/);
    const accepted = await machine.ubus.call('hagw', 'events', { limit: 1, ubus_rpc_session: '0' });
    expect(accepted.ok).toBe(true);
  });

  it('comes back after a crash and adopts what it finds', async () => {
    const before = await status();
    const { run } = await events();
    await machine.sh(`kill -9 ${await pidOf('hagw')}`);
    await until('another run', DEADLINE_MS, async () => {
      const reply = await machine.ubus.call('hagw', 'events', {});
      return reply.ok && (reply.value as unknown as Events).run !== run ? true : undefined;
    });
    const after = await statusWhen('the role after the crash', ({ router }) => router.role === 'active');
    // keepalived's own moment of the transition: the crash changed nothing.
    expect(Math.abs((after.router.since ?? 0) - (before.router.since ?? 0))).toBeLessThan(1000);
    expect(after.vrrp.instances[0]?.counters['become_master']).toBe(
      before.vrrp.instances[0]?.counters['become_master'],
    );
  });

  it('ends when told to, and the command line says so', async () => {
    await machine.sh('/etc/init.d/hagw stop');
    await until('the end', DEADLINE_MS, async () =>
      (await machine.sh('ubus list hagw')).code !== 0 && (await pidOf('hagw')) === undefined
        ? true
        : undefined,
    );
    const gone = await machine.sh('hagw status');
    expect(gone).toEqual({
      code: 3,
      output: 'hagw: The service does not run (no object hagw on ubus); /etc/init.d/hagw start starts it.\n',
    });
    expect((await machine.sh('ip -4 addr show eth0')).output).toContain('192.168.1.1/24');
  });

  it('is started by a reload, at once and only once', async () => {
    await machine.sh('/etc/init.d/hagw reload');
    const pid = await pidOf('hagw');
    expect(pid).toBeDefined();
    await statusWhen('the status', ({ router }) => router.known);
    // procd would have started another one if the reload had ended this one.
    expect(await pidOf('hagw')).toBe(pid);
  });

  it('reads its configuration again at a reload, without a restart', async () => {
    const pid = await pidOf('hagw');
    machine.write('/etc/config/hagw', HAGW.replace("'gw-a'", "'right'"));
    await machine.sh('/etc/init.d/hagw reload');
    await statusWhen('the new name', ({ router }) => router.name === 'right');
    expect(await pidOf('hagw')).toBe(pid);
  });

  it('ends a second one with a clear sentence, and the first goes on', async () => {
    const { run } = await events();
    const second = await machine.sh('timeout 60 hagw service');
    expect(second.code).toBe(75);
    // The line goes through the log daemon, which may write it after the process that sent it has ended.
    await until('the reason in the log', DEADLINE_MS, () =>
      /another hagw service \(run \S+\) answers on ubus; this one ends/.test(
        machine.read('/run/log/messages'),
      )
        ? true
        : undefined,
    );
    expect((await events()).run).toBe(run);
  });
});
