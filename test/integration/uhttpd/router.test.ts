/** ubusd, rpcd and uhttpd as programs of a router: a login over HTTP, a change that procd hears of, rights by the real uid. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bootMachine, type Machine, until } from '../procd/machine.ts';

const DEADLINE_MS = 60_000;
const NULL_SESSION = '0'.repeat(32);

const WATCHER = `#!/bin/sh /etc/rc.common
START=90
USE_PROCD=1
start_service() {
	echo started >>/tmp/watcher
	procd_open_instance
	procd_set_param command /bin/sleep 1000
	procd_close_instance
}
service_triggers() { procd_add_reload_trigger watched; }
`;

let machine: Machine;

beforeAll(async () => {
  machine = await bootMachine(`
mkdir -p "$root/etc/config" "$root/etc/rc.d" "$root/www"
cat >"$root/etc/config/rpcd" <<'X'
config login
	option username 'root'
	option password '$p$root'
	list read '*'
	list write '*'
X
cat >"$root/etc/config/uhttpd" <<'X'
config uhttpd 'main'
	list listen_http '0.0.0.0:80'
X
cat >"$root/etc/config/watched" <<'X'
config thing 'one'
	option value 'old'
X
echo '<p>here</p>' >"$root/www/index.html"
sed -i 's/^root:[^:]*:/root::/' "$root/etc/shadow"
cat >"$root/etc/init.d/watcher" <<'X'
${WATCHER}X
chmod +x "$root/etc/init.d/watcher"
ln -s ../init.d/watcher "$root/etc/rc.d/S90watcher"`);
});

afterAll(() => machine?.stop());

/** Runs a request by a program in the router, whose network is its own; gives status and body. */
async function http(path: string, body?: unknown): Promise<{ status: number; body: string }> {
  const options = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
  const script = `fetch('http://127.0.0.1${path}', ${JSON.stringify(options)})
    .then(async (r) => console.log(JSON.stringify({ status: r.status, body: await r.text() })))
    .catch((e) => console.log(JSON.stringify({ status: 0, body: String(e) })))`;
  const { output } = await machine.sh(`node -e '${script.replaceAll("'", "'\\''")}'`);
  const line = output.split('\n').find((one) => one.startsWith('{"status"')) ?? '{"status":-1,"body":""}';
  return JSON.parse(line);
}

const rpc = async (session: string, object: string, method: string, args: unknown): Promise<unknown> => {
  const params = [session, object, method, args];
  const answer = await http('/ubus', { jsonrpc: '2.0', id: 1, method: 'call', params });
  return JSON.parse(answer.body).result;
};

/** rpcd, and the web server's own way to it, come when they are ready. */
function login(): Promise<string> {
  return until('a login', DEADLINE_MS, async () => {
    const result = await rpc(NULL_SESSION, 'session', 'login', { username: 'root', password: '' });
    return /"ubus_rpc_session":"([0-9a-f]{32})"/.exec(JSON.stringify(result) ?? '')?.[1];
  });
}

describe('a router with its web server', () => {
  it('sends files', async () => {
    await until('uhttpd', DEADLINE_MS, async () => ((await http('/')).status === 200 ? true : undefined));
    expect(await http('/')).toEqual({ status: 200, body: '<p>here</p>\n' });
  });

  it('lets root in without a password as long as none is set, and applies a change that procd hears of', async () => {
    const session = await login();
    const values = { value: 'new' };
    expect(await rpc(session, 'uci', 'set', { config: 'watched', section: 'one', values })).toEqual([0]);
    expect(await rpc(session, 'uci', 'apply', { rollback: true, timeout: 30 })).toEqual([0]);
    expect(await rpc(session, 'uci', 'confirm', {})).toEqual([0]);
    expect(machine.read('/etc/config/watched')).toContain("option value 'new'");
    await until('the reload', DEADLINE_MS, () =>
      machine.read('/tmp/watcher') === 'started\nstarted\n' ? true : undefined,
    );
  });

  it('tells by the uid who is on the bus, and follows SIGHUP', async () => {
    const asNobody = (command: string) =>
      machine.sh(`setpriv --reuid=65534 --regid=65534 --clear-groups ${command}`);
    expect(await asNobody('ubus list')).toEqual({ code: 0, output: '' });
    const rule = { user: 'nobody', access: { system: { methods: ['board'] } } };
    machine.write('/usr/share/acl.d/nobody.json', JSON.stringify(rule));
    expect((await asNobody('ubus list')).output).toBe('');
    await machine.sh('kill -HUP $(pgrep -f [/]sbin/ubusd)');
    await until('the new rule', DEADLINE_MS, async () =>
      (await asNobody('ubus list')).output === 'system\n' ? true : undefined,
    );
    expect((await asNobody('ubus call system board')).code).toBe(0);
    expect((await asNobody('ubus call system info')).output).toContain('Permission denied');
  });

  it('has the same objects again after ubusd was killed', async () => {
    const session = await login();
    await machine.sh('kill -9 $(pgrep -f [/]sbin/ubusd)');
    await until('the objects', DEADLINE_MS, async () => {
      const { output } = await machine.sh('ubus list');
      return ['rc', 'session', 'uci', 'file', 'service'].every((name) => output.split('\n').includes(name))
        ? true
        : undefined;
    });
    const listed = await until('the web server on the bus', DEADLINE_MS, async () => {
      const result = await rpc(session, 'session', 'list', {});
      return Array.isArray(result) && result[0] === 0 ? result : undefined;
    });
    expect(listed).toMatchObject([0, { ubus_rpc_session: session }]);
  });
});
