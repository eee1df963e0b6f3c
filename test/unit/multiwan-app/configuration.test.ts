import { describe, expect, it } from 'vitest';
import type { Edited, WanChanges, WanSections } from '../../../src/api/wan-config.ts';
import type { BusTable } from '../../../src/ports/bus.ts';
import { createFakeRouter, type FakeRouter } from '../../fakes/router.ts';

/** `hagw.wan get|set|add|delete|changes|revert|commit` through the service's own objects, over files in memory. */
const SESSION = '0123456789abcdef0123456789abcdef';
const PLAIN = '/tmp/.uci/mwan3';
const OF_SESSION = `/var/run/rpcd/uci-${SESSION}/mwan3`;

async function started(): Promise<FakeRouter & { asked: BusTable[]; committed: BusTable[] }> {
  const router = createFakeRouter();
  const [asked, committed]: [BusTable[], BusTable[]] = [[], []];
  router.start();
  router.bus.offer('session', {
    access: (args) => {
      asked.push(args);
      return { access: args['ubus_rpc_session'] === SESSION };
    },
  });
  router.bus.offer('uci', {
    commit: (args) => {
      committed.push(args);
      return {};
    },
  });
  router.bus.connect();
  await router.time.settle();
  return { ...router, asked, committed };
}

async function ask<T>(router: FakeRouter, method: string, args: BusTable = {}): Promise<T> {
  const reply = await router.bus.call('hagw.wan', method, args);
  if (!reply.ok) throw new Error(reply.error.message);
  return reply.value as unknown as T;
}

const get = (router: FakeRouter, args: BusTable = {}) => ask<WanSections>(router, 'get', args);
const edit = (router: FakeRouter, method: string, args: BusTable = {}) => ask<Edited>(router, method, args);

describe('hagw.wan stages changes of mwan3', () => {
  it('where the command uci has its own, the file itself stays', async () => {
    const router = await started();
    const file = router.files.text('/etc/config/mwan3');
    const args = { name: 'wan', options: { enabled: false, track_ip: ['192.0.2.1'] } };
    expect(await edit(router, 'set', args)).toEqual({ done: true, name: 'wan', changes: 2, problems: [] });
    expect(router.files.text(PLAIN)).toBe("mwan3.wan.enabled='0'\n|mwan3.wan.track_ip='192.0.2.1'\n");
    expect(router.files.text('/etc/config/mwan3')).toBe(file);
    const { changes, total } = await ask<WanChanges>(router, 'changes');
    expect([changes, total]).toEqual([
      [
        ['set', 'wan', 'enabled', '0'],
        ['list-add', 'wan', 'track_ip', '192.0.2.1'],
      ],
      2,
    ]);
    expect(router.asked).toEqual([]);
  });

  it('one upon the other, and all see them', async () => {
    const router = await started();
    await edit(router, 'add', { type: 'interface', name: 'wanc', options: { enabled: '1' } });
    const member = { type: 'member', name: 'wanc_m', options: { interface: 'wanc', weight: 7 } };
    expect((await edit(router, 'add', member)).done).toBe(true);
    expect((await edit(router, 'delete', { name: 'wanc' })).problems).toEqual([
      { severity: 'error', where: 'mwan3.wanc_m.interface', text: expect.stringContaining("'wanc'") },
    ]);
    const { sections, changes } = await get(router, { type: 'member' });
    expect(sections.map(({ name, staged }) => [name, staged])).toEqual([
      ['wan_m1', 'no'],
      ['wanb_m2', 'no'],
      ['wanc_m', 'added'],
    ]);
    expect(changes).toBe(5);
    expect((await get(router, { name: 'wanc_m' })).sections[0]?.effective).toMatchObject({
      weight: 7,
      metric: 1,
    });
  });

  it('in the folder of the session that the call carries, apart from all others', async () => {
    const router = await started();
    const args = { name: 'wan', options: { enabled: 0 }, ubus_rpc_session: SESSION };
    expect((await edit(router, 'set', args)).done).toBe(true);
    expect(router.files.text(OF_SESSION)).toBe("mwan3.wan.enabled='0'\n");
    expect(router.files.text(PLAIN)).toBeNull();
    expect(router.asked).toEqual([
      { ubus_rpc_session: SESSION, scope: 'uci', object: 'mwan3', function: 'write' },
    ]);
    expect((await get(router)).changes).toBe(0);
    expect((await get(router, { ubus_rpc_session: SESSION })).changes).toBe(1);
    await edit(router, 'revert', { ubus_rpc_session: SESSION });
    expect((await get(router, { ubus_rpc_session: SESSION })).changes).toBe(0);
  });

  it.each<[string, string]>([
    ['one that rpcd does not know', 'f'.repeat(32)],
    ['the null session', '0'.repeat(32)],
    ['a path', '../../../etc/config/../../../tmp'],
    ['no id', 'x'],
  ])('not for a session that may not: %s', async (_what, session) => {
    const router = await started();
    const args = { name: 'wan', options: { enabled: 0 }, ubus_rpc_session: session };
    for (const [method, more] of [
      ['set', args],
      ['get', { ubus_rpc_session: session }],
      ['commit', { ubus_rpc_session: session }],
    ] as const)
      expect(await router.bus.call('hagw.wan', method, more)).toMatchObject({
        ok: false,
        error: { status: 6 },
      });
    expect(router.files.changed).toEqual([]);
    expect(router.committed).toEqual([]);
  });

  it('nothing at all when one value is bad', async () => {
    const router = await started();
    const done = await edit(router, 'set', {
      name: 'wan',
      options: { enabled: 0, count: 'many', colour: 1 },
    });
    expect(done).toMatchObject({ done: false, changes: 0 });
    expect(done.problems.map(({ where }) => where).sort()).toEqual(['mwan3.wan.colour', 'mwan3.wan.count']);
    expect(router.files.changed).toEqual([]);
  });

  it.each<[string, BusTable]>([
    ['set', { options: {} }],
    ['set', { name: 'wan', options: 'x' }],
    ['set', { name: 'wan', options: ['x'] }],
    ['add', { type: 'zone' }],
    ['get', { offset: -1 }],
  ])('%s %j is a wrong call', async (method, args) => {
    const router = await started();
    expect(await router.bus.call('hagw.wan', method, args)).toMatchObject({
      ok: false,
      error: { status: 2 },
    });
  });

  it('says when there is nothing to write to, or it cannot be read', async () => {
    const router = await started();
    router.files.write('/etc/config/mwan3', "config x 'y\n");
    expect((await edit(router, 'set', { name: 'wan', options: {} })).problems[0]?.text).toContain(
      'Parse error',
    );
    router.files.remove('/etc/config/mwan3');
    expect((await edit(router, 'add', { type: 'rule' })).problems[0]?.text).toContain('no file');
    expect(router.files.changed).toEqual([]);
  });

  it('drops what is staged', async () => {
    const router = await started();
    await edit(router, 'set', { name: 'wan', options: { enabled: 0 } });
    expect(await edit(router, 'revert')).toMatchObject({ done: true, changes: 1 });
    expect([router.files.text(PLAIN), (await get(router)).changes]).toEqual(['', 0]);
  });

  it('has rpcd commit, which locks, but no file that would be rejected', async () => {
    const router = await started();
    await edit(router, 'set', { name: 'wan', options: { enabled: 0 } });
    expect(await edit(router, 'commit')).toMatchObject({ done: true, changes: 1 });
    await edit(router, 'commit', { ubus_rpc_session: SESSION });
    expect(router.committed).toEqual([{ config: 'mwan3' }, { config: 'mwan3', ubus_rpc_session: SESSION }]);
    // Staged by somebody else, who checks nothing.
    router.files.write(PLAIN, "mwan3.wan_m1.interface='nosuch'\n");
    const refused = await edit(router, 'commit');
    expect([refused.done, refused.problems[0]?.where]).toEqual([false, 'mwan3.wan_m1.interface']);
    expect(router.committed).toHaveLength(2);
  });

  it('names another way when rpcd does not answer', async () => {
    const router = await started();
    router.bus.withdraw('uci');
    const { done, problems } = await edit(router, 'commit');
    expect([done, problems[0]?.text]).toEqual([false, expect.stringContaining('uci commit mwan3')]);
  });

  it('gives very many sections by pages, each once', async () => {
    const router = await started();
    const rules = Array.from(
      { length: 3000 },
      (_, at) => `config rule 'r${at}'\n\toption use_policy 'default'\n`,
    );
    router.files.write('/etc/config/mwan3', rules.join(''));
    const names: string[] = [];
    for (;;) {
      const page = await get(router, { offset: names.length });
      expect(JSON.stringify(page).length).toBeLessThan(300_000);
      names.push(...page.sections.map(({ name }) => name));
      if (names.length >= page.total) break;
    }
    expect(names).toEqual(rules.map((_, at) => `r${at}`));
  });
});
