/**
 * Sections of mwan3 by `hagw.wan`, on a router with the package, rpcd, uhttpd and `uci`: what is staged is what these show and
 * commit, and the engine takes it over. And what outlives a restart of the service.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { WanDetail, WanHistory } from '../../../src/api/wan.ts';
import type { Edited, WanSections } from '../../../src/api/wan-config.ts';
import { type Gateway, mwan3Config, startGateway, waitForWans } from '../../lab/multiwan.ts';
import { forwardPage, type Page } from '../../lab/page.ts';
import { until } from '../../lab/programs.ts';
import type { Router } from '../../lab/router.ts';

const DEADLINE_MS = 20_000;

let gateway: Gateway;
let router: Router;
let page: Page;
beforeAll(async () => {
  gateway = await startGateway({
    wans: 3,
    mwan3: mwan3Config([1, 2, 3]),
    packages: ['hagw', 'luci-app-hagw'],
  });
  ({ router } = gateway);
  page = await forwardPage(router, 0);
}, 120_000);
afterAll(async () => {
  page?.close();
  await gateway?.lab.close();
});
afterEach(() => router.must(['hagw', 'wan', 'revert']));

/** A call as a browser makes it: [status, data], or the JSON-RPC error's code. */
async function browse(session: string, object: string, method: string, args: object): Promise<unknown> {
  const body = { jsonrpc: '2.0', id: 1, method: 'call', params: [session, object, method, args] };
  const reply = await fetch(`${page.url}ubus`, { method: 'POST', body: JSON.stringify(body) });
  const { result, error } = (await reply.json()) as { result?: unknown; error?: { code: number } };
  return result ?? error?.code;
}

async function login(): Promise<string> {
  const reply = (await browse('0'.repeat(32), 'session', 'login', { username: 'root', password: '' })) as [
    number,
    { ubus_rpc_session: string },
  ];
  return reply[1].ubus_rpc_session;
}

const rules = async (): Promise<string> => router.must(['nft', 'list', 'chain', 'inet', 'hagw', 'rules4']);
const ruleWhen = (what: string, isThere: boolean): Promise<true> =>
  until(`the rule for ${what}`, DEADLINE_MS, async () =>
    (await rules()).includes(what) === isThere ? true : undefined,
  );
const strip = (text: string): string => text.replace(/packets \d+ bytes \d+/g, '');
const pending = (): Promise<string> => router.must(['uci', 'changes', 'mwan3']);

describe('on the command line', () => {
  it('what is staged is what uci shows and commits', async () => {
    const added = await router.must([
      ...['hagw', 'wan', 'add', 'rule', 'pinned', 'dest_ip=192.0.2.77', 'use_policy=main', '--before', 'all'],
    ]);
    expect(added).toBe('pinned: 4 changes staged.\n');
    expect(await pending()).toMatch(/^mwan3\.pinned='rule'\n.*dest_ip.*192\.0\.2\.77/);
    expect(await router.must(['hagw', 'wan', 'get', 'pinned'])).toContain('(added, not committed)');
    expect(await rules()).not.toContain('192.0.2.77');
    await router.must(['uci', 'commit', 'mwan3']);
    expect(await pending()).toBe('');
    expect(router.read('/etc/config/mwan3').indexOf("'pinned'")).toBeLessThan(
      router.read('/etc/config/mwan3').indexOf("'all'"),
    );
    await router.ubus('service', 'event', { type: 'config.change', data: { package: 'mwan3' } });
    await ruleWhen('192.0.2.77', true);
  });

  it('what uci has staged is seen, and `commit` tells procd', async () => {
    await router.must(['uci', 'set', 'mwan3.pinned.dest_ip=192.0.2.78']);
    const { sections } = (await router.ubus('hagw.wan', 'get', { name: 'pinned' })) as WanSections;
    expect(sections).toMatchObject([{ staged: 'changed', options: { dest_ip: '192.0.2.78' } }]);
    await router.must(['hagw', 'wan', 'commit']);
    await ruleWhen('192.0.2.78', true);
    await router.must(['hagw', 'wan', 'delete', 'pinned']);
    await router.must(['hagw', 'wan', 'commit']);
    await ruleWhen('192.0.2.78', false);
  });

  it.each([
    [['delete', 'm1'], 'mwan3.main.use_member'],
    [['set', 'wan1', 'interval=never'], 'mwan3.wan1.interval'],
    [['set', 'globals', 'mmx_mask=0x0300'], 'mwan3.globals.mmx_mask'],
    [['add', 'rule', 'dest_ip=10.0.0.0/8', 'use_policy=nosuch'], 'use_policy'],
  ])('%j is refused with its place, and nothing is staged', async (words, where) => {
    const { code, stderr } = await router.exec(['hagw', 'wan', ...words]);
    expect([code, stderr]).toEqual([65, expect.stringContaining(where)]);
    expect(await pending()).toBe('');
  });

  it("a WAN whose table is the user's is refused by its name", async () => {
    await router.must(['ip', 'route', 'add', '10.99.0.0/16', 'dev', 'lo', 'table', '4']);
    await until('the route in the eyes of the engine', DEADLINE_MS, async () => {
      const { stderr } = await router.exec(['hagw', 'wan', 'add', 'interface', 'wan4', 'enabled=1']);
      await router.must(['hagw', 'wan', 'revert']);
      return stderr.includes('mwan3.wan4') && stderr.includes('10.99.0.0/16') ? true : undefined;
    });
    await router.must(['ip', 'route', 'del', '10.99.0.0/16', 'dev', 'lo', 'table', '4']);
  });

  it('a table of UCI network, too: what runs goes on, a service that starts waits, both say where', async () => {
    const network = router.read('/etc/config/network');
    const told = () =>
      router.ubus('service', 'event', { type: 'config.change', data: { package: 'network' } });
    const said = (what: RegExp): Promise<true> =>
      until(String(what), DEADLINE_MS, async () => {
        const { stdout } = await router.exec(['hagw', 'check']);
        return what.test(stdout) ? true : undefined;
      });
    const ruleset = await router.must(['nft', 'list', 'table', 'inet', 'hagw']);
    router.write(
      '/etc/config/network',
      `${network}\nconfig interface 'vpn0'\n\toption disabled '1'\n\toption ip4table '2'\n`,
    );
    await told();
    await said(/network\.vpn0\.ip4table[\s\S]*Is '2', but the routing table 2 is that of wan2/);
    await waitForWans(router, () => 'online');
    await router.must(['/etc/init.d/hagw', 'restart']);
    await said(/The WANs' traffic goes on as the kernel has it\. network\.vpn0\.ip4table: Is '2'/);
    expect(strip(await router.must(['nft', 'list', 'table', 'inet', 'hagw']))).toBe(strip(ruleset));
    router.write('/etc/config/network', network);
    await told();
    await waitForWans(router, () => 'online');
  });

  it('history has the seconds that have passed', async () => {
    await until('some seconds with replies', DEADLINE_MS, async () => {
      const text = await router.must(['hagw', 'wan', 'history', 'wan1', '--count', '5', '--json']);
      const { slots } = JSON.parse(text) as WanHistory;
      return slots.length === 5 && slots.some(({ latency_ms }) => latency_ms !== null) ? true : undefined;
    });
    expect(await router.must(['hagw', 'wan', 'history', 'wan1', '--count', '3'])).toMatch(/ms .* % lost\n/);
  });
});

describe('in a session of LuCI', () => {
  const setting = { name: 'm3', options: { weight: 7 } };

  it('what the page stages is among its unsaved changes, and apply brings it into force', async () => {
    const session = await login();
    const [status, reply] = (await browse(session, 'hagw.wan', 'set', setting)) as [number, Edited];
    expect([status, reply]).toEqual([0, { done: true, name: 'm3', changes: 1, problems: [] }]);
    expect(await browse(session, 'uci', 'changes', {})).toEqual([
      0,
      { changes: { mwan3: [['set', 'm3', 'weight', '7']] } },
    ]);
    // Nobody else sees it.
    expect(await pending()).toBe('');
    expect(await browse(await login(), 'hagw.wan', 'changes', {})).toEqual([0, { changes: [], total: 0 }]);
    expect(await browse(session, 'uci', 'apply', { rollback: true, timeout: 30 })).toEqual([0]);
    expect(await browse(session, 'uci', 'confirm', {})).toEqual([0]);
    await until('the weight in force', DEADLINE_MS, async () => {
      const status = JSON.stringify(await router.ubus('hagw', 'status'));
      return status.includes('"interface":"wan3","metric":3,"weight":7') ? true : undefined;
    });
  });

  it('a bad value is named, and is no change', async () => {
    const session = await login();
    const args = { name: 'm3', options: { weight: 0, interface: 'nosuch' } };
    const [, reply] = (await browse(session, 'hagw.wan', 'set', args)) as [number, Edited];
    expect(reply.done).toBe(false);
    expect(reply.problems.map(({ where }) => where).sort()).toEqual([
      'mwan3.m3.interface',
      'mwan3.m3.weight',
    ]);
    expect(await browse(session, 'uci', 'changes', {})).toEqual([0, { changes: {} }]);
  });

  it('revert, and commit without a rollback', async () => {
    const session = await login();
    await browse(session, 'hagw.wan', 'set', { name: 'm3', options: { weight: 9 } });
    expect(await browse(session, 'hagw.wan', 'revert', {})).toMatchObject([0, { done: true, changes: 1 }]);
    await browse(session, 'hagw.wan', 'set', { name: 'm3', options: { weight: '' } });
    expect(await browse(session, 'hagw.wan', 'commit', {})).toMatchObject([0, { done: true }]);
    expect(router.read('/etc/config/mwan3')).not.toContain("'7'");
  });

  it('who may not write the package may not stage, though he may call the method', async () => {
    const made = (await router.ubus('session', 'create', { timeout: 60 })) as { ubus_rpc_session: string };
    const id = made.ubus_rpc_session;
    const objects = [
      ['hagw.wan', 'set'],
      ['hagw.wan', 'get'],
    ];
    await router.ubus('session', 'grant', { ubus_rpc_session: id, scope: 'ubus', objects });
    expect(await browse(id, 'hagw.wan', 'set', setting)).toEqual([6]);
    expect(await browse(id, 'hagw.wan', 'get', {})).toEqual([6]);
    const read = { ubus_rpc_session: id, scope: 'uci', objects: [['mwan3', 'read']] };
    await router.ubus('session', 'grant', read);
    expect(await browse(id, 'hagw.wan', 'get', { name: 'm3' })).toMatchObject([0, { total: 1 }]);
    expect(await browse(id, 'hagw.wan', 'set', setting)).toEqual([6]);
    expect(await browse('0'.repeat(32), 'hagw.wan', 'get', {})).toBe(-32002);
  });
});

describe('down', () => {
  const detail = async (name: string): Promise<WanDetail> =>
    JSON.parse(await router.must(['hagw', 'wan', 'status', name, '--json'])) as WanDetail;

  it('ends with the service, unless it shall persist', async () => {
    await router.must(['hagw', 'wan', 'down', 'wan2']);
    await router.must(['hagw', 'wan', 'down', 'wan3', '--persist']);
    expect([await detail('wan2'), await detail('wan3')]).toMatchObject([
      { state: 'disabled', admin_down: true, admin_down_persists: false },
      { state: 'disabled', admin_down: true, admin_down_persists: true },
    ]);
    await router.must(['/etc/init.d/hagw', 'restart']);
    await waitForWans(router, (wan) => (wan === 'wan3' ? 'disabled' : 'online'));
    await router.must(['hagw', 'wan', 'up', 'wan3']);
    await router.must(['/etc/init.d/hagw', 'restart']);
    await waitForWans(router, () => 'online');
  });
});
