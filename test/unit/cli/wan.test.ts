import { describe, expect, it } from 'vitest';
import { type CliEnvironment, EXIT } from '../../../src/cli/environment.ts';
import { runCli } from '../../../src/cli/main.ts';
import { fail, ok, type Result } from '../../../src/lib/result.ts';
import type { BusError, BusTable } from '../../../src/ports/bus.ts';
import { createFakeFiles } from '../../fakes/files.ts';

const MWAN3 = `
config interface 'wan'
	option enabled '1'
config interface 'wanb'
	option enabled '1'
config member 'm1'
	option interface 'wan'
	option weight '3'
config member 'm2'
	option interface 'wanb'
config policy 'both'
	list use_member 'm1'
	list use_member 'm2'
config rule 'web'
	option proto 'tcp'
	option dest_port '443'
	option use_policy 'both'
`;
const NETWORK = `
config interface 'lan'
	option device 'br-lan'
	option ipaddr '192.168.1.1'
	option netmask '255.255.255.0'
config interface 'wan'
	option device 'eth1'
	option gateway '203.0.113.1'
config interface 'wanb'
	option device 'eth2'
	option gateway '198.51.100.1'
`;
const LINKS = JSON.stringify({
  wans: { wan: { device: 'eth1', state: 'offline' }, wanb: { device: 'eth2' } },
  devices: { lan: 'br-lan' },
  routes: {
    ipv4: [
      { dst: 'default', gateway: '203.0.113.1', dev: 'eth1', metric: 10, flags: [] },
      { dst: 'default', gateway: '198.51.100.1', dev: 'eth2', metric: 20, flags: [] },
      { dst: '192.168.1.0/24', dev: 'br-lan', scope: 'link', flags: [] },
    ],
  },
});
const FILES = { '/c/mwan3': MWAN3, '/c/network': NETWORK, '/links.json': LINKS, '/bad.json': '{' };

async function run(
  args: readonly string[],
  reply: Result<object, BusError> | ((method: string) => Result<object, BusError>) = ok({}),
) {
  let [out, err] = ['', ''];
  const calls: (readonly [string, string, BusTable])[] = [];
  const env: CliEnvironment = {
    args,
    version: '1.2.3',
    files: createFakeFiles(FILES).files,
    foreignImporters: {},
    colours: false,
    wallMs: () => 0,
    stdout: (text) => {
      out += text;
    },
    stderr: (text) => {
      err += text;
    },
    call: async (path, method, values) => {
      calls.push([path, method, values]);
      return (typeof reply === 'function' ? reply(method) : reply) as Result<BusTable, BusError>;
    },
    service: () => undefined,
  };
  return { code: await runCli(env), out, err, calls };
}

const OFFLINE = ['--config', '/c'];
const FLOW = ['192.168.1.9', '192.0.2.1', 'tcp', '-', '443'];

describe('hagw explain', () => {
  it('says rule, shares, mark, table and gateway from files alone', async () => {
    const { code, out, calls } = await run(['explain', ...FLOW, ...OFFLINE]);
    expect([code, calls]).toEqual([EXIT.ok, []]);
    expect(out).toMatch(/75 % {2}wan, mark 0x100, table 1, dev eth1, via 203\.0\.113\.1/);
    expect(out).toMatch(/25 % {2}wanb, mark 0x200, table 2, dev eth2, via 198\.51\.100\.1/);
  });

  it('by the states of a file, and by what is supposed to be down', async () => {
    const byFile = await run(['explain', ...FLOW, ...OFFLINE, '--links', '/links.json', '--json']);
    const supposed = await run(['explain', ...FLOW, ...OFFLINE, '--down', 'wan', '--json']);
    for (const { out } of [byFile, supposed])
      expect(JSON.parse(out)).toMatchObject({ rule: 'web', choices: [{ wan: 'wanb', share_pct: 100 }] });
  });

  it('asks the service otherwise', async () => {
    const reply = { family: 'ipv4', by: 'none', reason: 'No rule.', rule: null, policy: null, sticky: false };
    const { code, out, calls } = await run(
      ['explain', 'router', '192.0.2.1', 'udp', '-', '53', '--down', 'wan'],
      ok({ ...reply, choices: [], why_not: [{ rule: 'web', reason: 'Another protocol.' }] }),
    );
    expect(calls).toEqual([
      ['hagw', 'explain', { destination: '192.0.2.1', protocol: 'udp', destination_port: 53, down: 'wan' }],
    ]);
    expect([code, out]).toEqual([EXIT.ok, 'No rule.\n  not web: Another protocol.\n']);
  });

  it.each([
    [['explain', '192.0.2.1'], EXIT.usage],
    [['explain', '192.168.1.9', '192.0.2.1', 'tcp', '99999'], EXIT.usage],
    [['explain', ...FLOW, '--config', '/nowhere'], EXIT.badConfig],
    [['explain', ...FLOW, ...OFFLINE, '--links', '/bad.json'], EXIT.badConfig],
    [['explain', ...FLOW, ...OFFLINE, '--links', '/nowhere.json'], EXIT.badConfig],
    [['explain', ...FLOW, ...OFFLINE, '--down', 'nosuch'], EXIT.usage],
    [['explain', 'nonsense', '192.0.2.1', ...OFFLINE], EXIT.usage],
    [['explain', 'nonsense', '192.0.2.1'], EXIT.usage],
    [['explain', '192.168.1.9', '192.0.2', 'tcp'], EXIT.usage],
    [['explain', '192.168.1.9', '192.0.2.1', 'tpc'], EXIT.usage],
  ])('%j is refused', async (args, code) => {
    const found = await run(args);
    expect([found.code, found.out]).toEqual([code, '']);
    expect(found.err).toMatch(/^hagw: .*\.\n$|^hagw: .* commands\.\n$/);
  });
});

describe('hagw print nft|rules|routes', () => {
  it('prints what the kernel would be given', async () => {
    expect((await run(['print', 'nft', ...OFFLINE])).out).toContain('table inet hagw {');
    expect((await run(['print', 'rules', ...OFFLINE])).out).toContain(
      'ip -4 rule add pref 2001 fwmark 0x100/0x3f00 lookup 1\n',
    );
    const { out } = await run(['print', 'routes', ...OFFLINE, '--links', '/links.json']);
    expect(out).toMatch(/^ip -4 route add default via 198\.51\.100\.1 dev eth2.* table 2$/m);
  });

  it('takes no option of another print', async () => {
    expect((await run(['print', 'nft', '--router', 'a'])).code).toBe(EXIT.usage);
    expect((await run(['print', 'keepalived', '--links', 'a'])).code).toBe(EXIT.usage);
  });
});

describe('hagw wan and hagw release', () => {
  it.each([
    [['wan'], ['hagw.wan', 'list', {}], { running: false, reason: 'Off.', wans: [] }],
    [['wan', 'down', 'wan'], ['hagw.wan', 'down', { name: 'wan' }], {}],
    [['wan', 'probe', 'wan'], ['hagw.wan', 'probe', { name: 'wan' }], {}],
    [['release', 'wan'], ['hagw.wan', 'release', { name: 'wan' }], { entries: 3 }],
    [
      ['release', '--client', '192.168.1.9'],
      ['hagw.wan', 'release', { client: '192.168.1.9' }],
      { entries: 3 },
    ],
  ])('%j asks the service', async (args, call, reply) => {
    const { code, calls } = await run(args, ok(reply));
    expect([code, calls]).toEqual([EXIT.ok, [call]]);
  });

  it.each([[['wan', 'explode', 'wan']], [['wan', 'up']], [['wan', 'list', 'wan']], [['release']]])(
    '%j is wrong use',
    async (args) => {
      const { code, calls } = await run(args);
      expect([code, calls]).toEqual([EXIT.usage, []]);
    },
  );

  it('says that there is no such WAN, or no service', async () => {
    const gone: BusError = { code: 'status', status: 4, message: 'Not found' };
    const none = await run(['wan', 'up', 'nosuch'], fail(gone));
    expect(none.code).toBe(EXIT.noService);
    expect(none.err).toMatch(/^hagw: The service does not run/);
    const list = { running: true, reason: '', wans: [{ name: 'wan' }, { name: 'wanb' }] };
    for (const args of [
      ['wan', 'up', 'nosuch'],
      ['release', 'nosuch'],
    ]) {
      const replies = (method: string) => (method === 'list' ? ok(list) : fail(gone));
      const { code, err } = await run(args, replies);
      expect([code, err]).toEqual([EXIT.usage, "hagw: There is no WAN 'nosuch'; there are: wan, wanb.\n"]);
    }
  });

  it.each([
    [2, EXIT.usage, /its log says why/],
    [5, EXIT.badConfig, /no multi-WAN engine/],
    [9, EXIT.noService, /did not answer: Failed/],
  ])('says why the service refuses: %i', async (status, code, message) => {
    for (const args of [['wan'], ['wan', 'down', 'wan'], ['release', 'wan'], ['explain', ...FLOW]]) {
      const found = await run(args, fail({ code: 'status', status, message: 'Failed' }));
      expect([found.code, found.out]).toEqual([code, '']);
      expect(found.err).toMatch(message);
    }
  });
});
