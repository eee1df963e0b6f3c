/** A router boots: init, ubusd, netifd, the init scripts; what it starts is supervised, and SIGTERM ends all in order. */
import { closeSync, openSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bootMachine, type Machine, until } from './machine.ts';

const DEADLINE_MS = 20_000;

const DEMO = `#!/bin/sh /etc/rc.common
START=90
STOP=10
USE_PROCD=1
start_service() {
	procd_open_instance
	procd_set_param command /bin/sh -c 'echo demo runs; exec sleep 1000'
	procd_set_param respawn 3600 1 0
	procd_set_param stdout 1
	procd_close_instance
}
shutdown() {
	logger -t demo 'goes down'
	until grep -q 'goes down' /run/log/messages; do sleep 0.02; done
	stop
}
`;

let machine: Machine;

beforeAll(async () => {
  machine = await bootMachine(`
mkdir -p "$root/etc/config" "$root/etc/rc.d"
cat >"$root/etc/init.d/demo" <<'X'
${DEMO}X
chmod +x "$root/etc/init.d/demo"
ln -s ../init.d/demo "$root/etc/rc.d/S90demo"
ln -s ../init.d/demo "$root/etc/rc.d/K10demo"
cat >"$root/etc/config/network" <<'X'
config interface 'loopback'
	option device 'lo'
	option proto 'static'
	list ipaddr '127.0.0.1/8'
X`);
});

afterAll(() => machine?.stop());

interface Listed {
  readonly demo?: {
    readonly instances?: { readonly instance1?: { readonly running: boolean; readonly pid?: number } };
  };
}

async function demoPid(): Promise<number | undefined> {
  const list = (await machine.call('service', 'list', { name: 'demo' })) as Listed;
  return list.demo?.instances?.instance1?.pid;
}

describe('a router', () => {
  it('has the objects of its daemons', async () => {
    const wanted = [
      ...['service', 'log', 'system', 'session'],
      ...['network', 'network.device', 'network.interface', 'network.interface.loopback'],
    ];
    // The end of the boot is that all are started; each comes to the bus when it is ready.
    await until(`Objects ${wanted.join(', ')}`, DEADLINE_MS, async () => {
      const objects = (await machine.sh('ubus list')).output.split('\n');
      return wanted.every((name) => objects.includes(name)) ? true : undefined;
    });
  });

  it('brings its interfaces up', async () => {
    await until('127.0.0.1', DEADLINE_MS, async () =>
      (await machine.sh('ip -br addr show lo')).output.includes('127.0.0.1/8') ? true : undefined,
    );
  });

  it('runs an init script and respawns what it started', async () => {
    const first = await until('The demo', DEADLINE_MS, demoPid);
    expect((await machine.sh('/etc/init.d/demo status')).output).toBe('running\n');
    expect((await machine.sh(`kill -9 ${first}`)).code).toBe(0);
    const second = await until('The respawned demo', DEADLINE_MS, async () => {
      const pid = await demoPid();
      return pid === first ? undefined : pid;
    });
    expect(second).toBeGreaterThan(0);
  });

  it('keeps a log of syslog messages and of the output of instances', async () => {
    await machine.sh('logger -t tester -p daemon.warn "a word with  two blanks"');
    await until('The message', DEADLINE_MS, async () =>
      /daemon\.warn tester(\[\d+\])?: a word with {2}two blanks\n/.test((await machine.sh('logread')).output)
        ? true
        : undefined,
    );
    await until('The word of the demo', DEADLINE_MS, async () =>
      /daemon\.info sh\[\d+\]: demo runs\n/.test((await machine.sh('logread -e "demo runs"')).output)
        ? true
        : undefined,
    );
    const { log } = await machine.call('log', 'read', { lines: 1, stream: false, oneshot: true });
    expect(log).toMatchObject([{ priority: expect.any(Number), msg: expect.any(String) }]);
  });

  it('reaps orphans', async () => {
    await machine.sh('(sleep 0.05 &) ; (sh -c "sleep 0.01 & exec true" &)');
    await until('No zombie', DEADLINE_MS, async () =>
      (await machine.sh('ps -eo stat=')).output.includes('Z') ? undefined : true,
    );
  });

  it('goes on when ubusd dies', async () => {
    await machine.sh('kill -9 $(pgrep -f "sbin/[u]busd")');
    await until('The object service', DEADLINE_MS, async () => {
      const { output } = await machine.sh('ubus list');
      return output.includes('service\n') && output.includes('network.interface.loopback\n')
        ? true
        : undefined;
    });
    await until('The demo by our own connection', DEADLINE_MS, async () => {
      const answer = await machine.ubus.call('service', 'list', { name: 'demo' });
      return answer.ok && ((await demoPid()) ?? 0) > 0 ? true : undefined;
    });
  });

  it('runs hotplug scripts in order, from an empty environment', async () => {
    machine.write(
      '/etc/hotplug.d/keepalived/20-b',
      'echo "b $ACTION $HOTPLUG_TYPE $LOGNAME $*" >>/tmp/order\n',
    );
    machine.write(
      '/etc/hotplug.d/keepalived/10-a',
      'echo "a $PATH $USER $DEVICENAME." >>/tmp/order; exit 3\n',
    );
    const call =
      '/bin/busybox env -i ACTION=NOTIFY TYPE=GROUP NAME=gw /sbin/hotplug-call keepalived GROUP gw MASTER 0';
    expect(await machine.sh(call)).toEqual({ code: 0, output: '' });
    expect(machine.read('/tmp/order')).toBe(
      'a /usr/sbin:/usr/bin:/sbin:/bin root .\nb NOTIFY keepalived root keepalived GROUP gw MASTER 0\n',
    );
  });

  it('runs interface triggers at the notifications of netifd', async () => {
    machine.write(
      '/etc/init.d/follower',
      `#!/bin/sh /etc/rc.common
USE_PROCD=1
start_service() { :; }
reload_service() { echo reload >>/tmp/follower; }
service_triggers() {
	PROCD_RELOAD_DELAY=0
	procd_add_reload_interface_trigger loopback
}
`,
      0o755,
    );
    await machine.sh('/etc/init.d/follower start');
    // procd subscribes to netifd again some time after ubusd has come back.
    await until('The reload', DEADLINE_MS, async () => {
      await machine.sh('ifdown loopback; ifup loopback');
      return machine.read('/tmp/follower').startsWith('reload\n') ? true : undefined;
    });
  });

  it('tells of changed files by reload_config, from its second run on', async () => {
    const changes: unknown[] = [];
    await new Promise<void>((resolve) => {
      machine.ubus.subscribe('service', {
        onNotify: (name, data) => void (name === 'config.change' && changes.push(data['config'])),
        onAttached: resolve,
      });
    });
    await machine.sh('reload_config');
    machine.write('/etc/config/extra', "config thing 'a'\n");
    await machine.sh('reload_config; reload_config');
    await until('config.change', DEADLINE_MS, () => (changes.length > 0 ? true : undefined));
    expect(changes).toEqual(['extra']);
  });

  it('powers off at SIGTERM: shutdown scripts, then everything', async () => {
    // The machine's files go with it, except what is open.
    const file = openSync(`/proc/${machine.pid}/root/run/log/messages`, 'r');
    process.kill(machine.pid, 'SIGTERM');
    await machine.ended;
    const log = readFileSync(file, 'utf8');
    closeSync(file);
    expect(log).toContain('procd: - shutdown -');
    expect(log).toContain('goes down');
  });
});
