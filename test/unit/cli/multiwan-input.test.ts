import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EXIT } from '../../../src/cli/environment.ts';
import { decodeLinks, parseRoute } from '../../../src/cli/links.ts';
import { readRoutes } from '../../../src/cli/network.ts';
import { readDevices } from '../../../src/core/config/network.ts';
import { parseConfig } from '../../../src/core/config/parse.ts';
import { ok } from '../../../src/lib/result.ts';
import { encodeText } from '../../../src/lib/text.ts';
import { run } from './run.ts';

const root = join(import.meta.dirname, '../..');
const recorded = (name: string, file: string) =>
  readFileSync(join(root, 'captures/mwan3', name, file), 'utf8');
const golden = (name: string) => readFileSync(join(root, 'golden/multiwan', name), 'utf8');

function network(text: string) {
  const reading = parseConfig('network', ok(encodeText(text)));
  if (reading.kind !== 'read') throw new Error(reading.kind);
  return reading.sections;
}

const NETWORK = network(`
config interface 'lan'
	option device 'br-lan'
	option proto 'static'
	list ipaddr '192.168.1.1/24'
	list ipaddr '192.168.9.1/24'
	option ip6addr 'fd00:1::1/64'
config interface 'wan'
	option device 'eth1'
	option proto 'pppoe'
config interface 'wan6'
	option device '@wan'
	option proto 'dhcpv6'
config interface 'wanb'
	option ifname 'eth2'
	option proto 'static'
	option ipaddr '10.2.0.2'
	option netmask '255.255.255.128'
	option gateway '10.2.0.1'
	option metric '20'
config interface 'wg0'
	option proto 'wireguard'
config interface 'off'
	option device 'eth7'
	option disabled '1'
config interface 'constructor'
	option device '@constructor'
config route
	option interface 'wanb'
	option target '172.16.0.0'
	option netmask '255.240.0.0'
	option gateway '10.2.0.5'
config route6
	option interface 'lan'
	option target '::/0'
	option gateway 'fd00:1::2'
	option table '7'
config route
	option interface 'nowhere'
	option target '172.17.0.0/16'
config route
	option type 'blackhole'
	option target '198.18.0.0/15'
`);

describe('UCI network', () => {
  it('tells the l3 devices', () => {
    expect(readDevices(NETWORK)).toEqual({
      lan: 'br-lan',
      wan: 'pppoe-wan',
      wan6: 'pppoe-wan',
      wanb: 'eth2',
      wg0: 'wg0',
    });
  });

  it('tells the routes, each of which can be read', () => {
    const lines = readRoutes(NETWORK);
    expect(lines).toEqual([
      'local 192.168.1.1 dev br-lan table local proto kernel scope host',
      '192.168.1.0/24 dev br-lan proto kernel scope link src 192.168.1.1',
      'local 192.168.9.1 dev br-lan table local proto kernel scope host',
      '192.168.9.0/24 dev br-lan proto kernel scope link src 192.168.9.1',
      'local fd00:1::1 dev br-lan table local proto kernel scope host',
      'fd00:1::/64 dev br-lan proto kernel scope link',
      'local 10.2.0.2 dev eth2 table local proto kernel scope host',
      '10.2.0.0/25 dev eth2 proto kernel scope link src 10.2.0.2 metric 20',
      'default via 10.2.0.1 dev eth2 proto static metric 20',
      '172.16.0.0/12 via 10.2.0.5 dev eth2 proto static',
      '-6 default via fd00:1::2 dev br-lan table 7 proto static',
      'blackhole 198.18.0.0/15 proto static',
      'fe80::/64 dev br-lan proto kernel metric 256',
      'fe80::/64 dev pppoe-wan proto kernel metric 256',
      'fe80::/64 dev eth2 proto kernel metric 256',
    ]);
    for (const line of lines) expect(parseRoute(line, {}), line).toMatchObject({ ok: true });
  });
});

describe('a route as a line', () => {
  it('becomes what the compiler reads', () => {
    expect(
      parseRoute('default via 10.1.0.1 dev eth1 proto 4 table vpn metric 5 onlink', { vpn: 100 }),
    ).toEqual(
      ok({
        family: 'ipv4',
        table: 100,
        type: 'unicast',
        destination: 'default',
        gateway: '10.1.0.1',
        device: 'eth1',
        metric: 5,
        protocol: 'static',
        scope: null,
        source: null,
        words: ['default', 'via', '10.1.0.1', 'dev', 'eth1', 'proto', '4', 'metric', '5', 'onlink'],
      }),
    );
    expect(parseRoute('-6 default dev wwan0', {})).toMatchObject({
      value: { family: 'ipv6', gateway: null },
    });
    expect(parseRoute('10.0.0.0/8 via inet6 fe80::1 dev eth1', {})).toMatchObject({
      value: { family: 'ipv4', gateway: 'fe80::1', words: expect.arrayContaining(['inet6']) },
    });
    expect(parseRoute('broadcast 10.1.0.255 dev eth1 table local', {})).toMatchObject({
      value: { type: 'broadcast', table: 255 },
    });
  });

  it.each([
    ['', "'' is neither default"],
    ['10.0.0.0/33 dev eth1', "'10.0.0.0/33' is neither"],
    ['default via nobody dev eth1', "'nobody' is no address"],
    ['default dev', "'dev' has no value"],
    ['default dev a/b', "called 'a/b'"],
    ['default dev eth1 table vpn', "table 'vpn' is not known"],
    ['default dev eth1 metric low', "'low' is no metric"],
    ['default dev "eth1"', 'cannot stand in a route'],
    ['-6 10.0.0.0/8 dev eth1', 'not of the family'],
  ])('%j is refused', (line, message) => {
    const route = parseRoute(line, {});
    expect(route.ok ? '' : route.error).toContain(message);
  });
});

describe('the file of links', () => {
  it.each([
    ['{', 'Is no JSON: '],
    ['[]', 'The whole is an array, not a table.'],
    ['{"wan": {}}', 'wan is not known (known are wans, devices, routes, tables).'],
    ['{"wans": {"wan": {"state": "up"}}}', "wans.wan.state is 'up', none of online, offline"],
    ['{"wans": {"wan": {"dev": "eth1"}}}', 'wans.wan.dev is not known'],
    ['{"wans": {"wan": {"device": "a b"}}}', "wans.wan.device is 'a b'"],
    ['{"devices": {"lan": 1}}', 'devices.lan is a number, not a string.'],
    ['{"routes": ["default dev eth1", "x"]}', "routes[1]: 'x' is neither"],
    ['{"routes": {"ipv5": []}}', 'routes.ipv5 is not known'],
    ['{"routes": {"ipv4": [{"dst": 1}]}}', 'routes.ipv4: `ip -j route (ipv4)` answered something unknown'],
    ['{"tables": {"vpn": 0}}', 'tables.vpn is 0'],
  ])('%s is refused with its place', (text, message) => {
    const links = decodeLinks(text);
    expect(links.ok ? '' : links.error).toContain(message);
  });
});

describe('print and explain from recorded configurations', () => {
  const FILES = {
    '/c/mwan3': recorded('01-balanced-3-2', 'mwan3'),
    '/c/network': recorded('01-balanced-3-2', 'network'),
  };
  const print = (what: string, files: Readonly<Record<string, string>> = FILES, ...more: string[]) =>
    run(['print', what, '--config', '/c', ...more], undefined, files);

  it('gives the ruleset that the engine gives for a router with these files', async () => {
    expect(await print('nft')).toMatchObject({ code: EXIT.ok, err: '', out: golden('balanced.nft') });
    const down = { ...FILES, '/l': '{"wans": {"wan": {"state": "offline"}}}' };
    expect((await print('nft', down, '--links', '/l')).out).toBe(golden('balanced-first-down.nft'));
  });

  it('gives the rules and routes of that router as commands', async () => {
    const { out, code } = await print('rules');
    expect(code).toBe(EXIT.ok);
    expect(out.match(/^ip -[46] rule add pref \d+ .*$/gm)).toHaveLength(
      golden('balanced.routing').match(/^ipv[46] \d+:/gm)?.length ?? 0,
    );
    const routes = (await print('routes')).out;
    expect(routes).toContain(
      'ip -4 route add default via 10.1.0.1 dev eth1 proto static metric 10 table 1\n',
    );
    expect(routes).not.toMatch(/dev eth2.* table 1$/m);
  });

  it('says what it has to suppose', async () => {
    const files = {
      ...FILES,
      '/c/network': FILES['/c/network'].replace(
        /option proto 'static'\n\toption ipaddr '10.1.0.2'[\s\S]*?metric '10'/,
        "option proto 'dhcp'",
      ),
    };
    const { out, err } = await print('routes', files);
    expect(err).toBe(
      "hagw: network.wan: Has proto dhcp, so the file tells no gateway: 'default dev eth1' is supposed; --links can tell.\n",
    );
    expect(out).toContain('ip -4 route add default dev eth1 table 1\n');
  });

  it("takes no routing table that is the user's", async () => {
    const network = `${FILES['/c/network']}\nconfig interface 'vpn0'\n\toption ip4table '2'\n`;
    expect(await print('nft', { ...FILES, '/c/network': network })).toMatchObject({
      code: EXIT.badConfig,
      out: '',
      err: expect.stringMatching(/^hagw: network\.vpn0\.ip4table: Is '2', .* of wanb/),
    });
  });

  it('takes NAME_4 for NAME where UCI network has it', async () => {
    const files = {
      ...FILES,
      '/c/network': FILES['/c/network'].replace(/config interface '?wan'?\n/, "config interface 'wan_4'\n"),
    };
    expect(files['/c/network']).toContain('wan_4');
    expect((await print('rules', files)).out).toContain('iif eth1 lookup 1');
  });

  it('names every error with its place, and takes nothing half', async () => {
    const both = { ...FILES, '/l': '{"wans": {"wan": {"device": "eth2"}}}' };
    expect(await print('nft', both, '--links', '/l')).toMatchObject({
      code: EXIT.badConfig,
      out: '',
      err: expect.stringMatching(/^hagw: mwan3\.wanb: Has the device 'eth2', as wan has/),
    });
    const unknown = { ...FILES, '/l': '{"wans": {"lte": {}}}' };
    expect((await print('nft', unknown, '--links', '/l')).err).toBe(
      'hagw: /l: wans.lte is no interface section of mwan3.\n',
    );
    const broken = {
      ...FILES,
      '/c/mwan3': FILES['/c/mwan3']
        .replaceAll("use_policy 'balanced'", "use_policy 'x'")
        .replace("interface 'wan'\n\toption metric", "interface 'y'\n\toption metric"),
    };
    const { err, code } = await print('nft', broken);
    expect(code).toBe(EXIT.badConfig);
    expect(err).toMatch(/^hagw: mwan3\.wan_m1_w3\.interface: Is 'y'/m);
    expect(err).toMatch(/^hagw: mwan3\.default_rule\.use_policy: /m);
  });

  it('takes --down several times, and tells the router by its own addresses', async () => {
    const flow = ['192.168.1.9', '192.0.2.1', 'tcp', '-', '443', '--config', '/c', '--json'];
    const { out } = await run(['explain', ...flow, '--down', 'wan', '--down=wanb'], undefined, FILES);
    expect(JSON.parse(out)).toMatchObject({ rule: 'default_rule', choices: [{ target: 'unreachable' }] });
    const own = await run(
      ['explain', '192.168.1.9', '10.1.0.2', 'udp', '--config', '/c', '--json'],
      undefined,
      FILES,
    );
    expect(JSON.parse(own.out)).toMatchObject({ by: 'network', choices: [{ target: 'local' }] });
  });
});
