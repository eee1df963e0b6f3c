import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EXIT } from '../../../src/cli/environment.ts';
import { COMMANDS, EXIT_TEXTS, helpText } from '../../../src/cli/help.ts';
import { toHealth } from '../../../src/core/health/problems.ts';
import { toStatus } from '../../../src/core/status/status.ts';
import { fail, ok } from '../../../src/lib/result.ts';
import type { BusError } from '../../../src/ports/bus.ts';
import { HAGW, KEEPALIVED, MWAN3 } from '../../fakes/router.ts';
import { at, healthy } from '../engine/situations.ts';
import { GONE, run } from './run.ts';

const NETWORK = `
config interface 'lan'
	option device 'eth0'
	option ipaddr '192.168.1.3/24'

config interface 'sync'
	option device 'eth3'
	option ipaddr '10.255.255.2'
	option netmask '255.255.255.252'
`;

const STATUS = toStatus(healthy(), at(20_000));
const folder = (files: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(files).map(([name, text]) => [`/cfg/${name}`, text]));
const PAIR = folder({
  hagw: HAGW,
  mwan3: MWAN3,
  keepalived: KEEPALIVED.replaceAll("'250'", "'240'"),
  network: NETWORK,
});

describe('the command line', () => {
  it('shows the status, as text and as JSON', async () => {
    const text = await run(['status'], ok(STATUS));
    expect(text).toMatchObject({ code: 0, err: '', calls: [['hagw', 'status', {}]] });
    expect(text.out).toContain('gw-a 10.255.255.1');
    expect(text.out).not.toContain('\x1b');
    const json = await run(['status', '--json'], ok(STATUS));
    expect(JSON.parse(json.out)).toEqual(STATUS);
    expect(json.out.split('\n')).toHaveLength(2);
  });

  it('uses colours on a terminal, and never lets a name speak to it', async () => {
    const evil = { ...STATUS, router: { ...STATUS.router, name: 'gw\x1b[31m\x07\u009b2J' } };
    const { out } = await run(['status'], ok(evil), {}, true);
    expect(out).toContain('\x1b[32mactive');
    expect(out).toContain('gw?[31m??2J');
  });

  it.each<[BusError, RegExp]>([
    [GONE, /service does not run .*init.d\/hagw start/],
    [{ code: 'disconnected', status: 10, message: 'x' }, /no connection to ubus/],
    [
      { code: 'timeout', status: 7, message: 'hagw status: Request timed out.' },
      /did not answer: hagw status: Request timed out\.\n/,
    ],
  ])('says in one clear sentence that there is no answer: %j', async (error, message) => {
    for (const command of ['status', 'events', 'check', 'reload']) {
      const { code, out, err } = await run([command], fail(error));
      expect({ code, out }).toEqual({ code: EXIT.noService, out: '' });
      expect(err).toMatch(message);
      expect(err.split('\n')).toHaveLength(2);
    }
  });

  it.each<[readonly string[], RegExp]>([
    [['nonsense'], /no command 'nonsense'/],
    [['status', '--colour'], /no option '--colour'/],
    [['status', '-j'], /no option '-j'/],
    [['status', 'now'], /takes fewer words/],
    [['status', '--json=1'], /takes no value/],
    [['status', '--json', '--json'], /twice/],
    [['events', '--since'], /needs a value: SEQ/],
    [['events', '--since', 'x'], /whole number from 0/],
    [['events', '--limit', '501'], /from 1 to 500/],
    [['print'], /needs keepalived\|conntrackd/],
    [['print', 'dnsmasq'], /cannot be printed/],
    [['print', 'keepalived', '--script', '23.05'], /present or 24.10/],
    [['print', 'keepalived', '--router', 'x'], /for print conntrackd/],
    [['print', 'conntrackd', '--script', '24.10'], /for print keepalived/],
    [['status', '--__proto__', 'x'], /no option/],
    [['constructor'], /no command/],
  ])('refuses %j', async (args, message) => {
    const { code, out, err, calls } = await run(args, ok(STATUS), PAIR);
    expect({ code, out, calls }).toEqual({ code: EXIT.usage, out: '', calls: [] });
    expect(err).toMatch(message);
  });

  it('shows events with the asked cursor and limit', async () => {
    const event = {
      seq: 7,
      at: STATUS.time,
      router: 'gw-a',
      kind: 'wan',
      subject: 'wan',
      from: 'online',
      to: 'offline',
      text: "WAN 'wan' is offline.",
    };
    const reply = ok({ run: 'r', newest: 7, gap: true, events: [event] });
    const { code, out, calls } = await run(['events', '--since=3', '--limit', '2'], reply);
    expect(calls).toEqual([['hagw', 'events', { since: 3, limit: 2 }]]);
    expect(code).toBe(0);
    expect(out).toMatch(
      /^\(older events are left out\)\n +7 {2}\d{4}-\d\d-\d\d .* gw-a {2}WAN 'wan' is offline\.\n$/,
    );
  });

  it.each([
    ['notice', EXIT.ok],
    ['warning', EXIT.warning],
    ['error', EXIT.error],
  ] as const)('ends check with the code of the worst problem: %s', async (severity, code) => {
    const problem = { code: 'x', severity, title: 'T', text: 'What to do.', where: 'hagw.a', since: null };
    const outcome = await run(['check'], ok(toHealth([problem])));
    expect(outcome.code).toBe(code);
    expect(outcome.out).toContain('What to do.');
    expect((await run(['check'], ok(toHealth([])))).code).toBe(EXIT.ok);
  });

  it('checks a folder without ubus', async () => {
    const good = await run(['check', '--config', '/cfg'], fail(GONE), PAIR);
    expect(good).toMatchObject({ code: 0, calls: [], out: 'All is well.\n' });
    const ours = {
      ...PAIR,
      '/cfg/hagw': HAGW.replace("'none'", "'hagw'"),
      '/cfg/network': "config route\n\toption table '1'\n",
    };
    const taken = await run(['check', '--config', '/cfg', '--json'], fail(GONE), ours);
    expect(JSON.parse(taken.out).problems).toContainEqual(
      expect.objectContaining({ code: 'config-invalid', where: 'network.@route[0].table' }),
    );
    const bad = { ...PAIR, '/cfg/hagw': HAGW.replace("vrid '10'", "vrid '0'") };
    const found = await run(['check', '--config', '/cfg', '--json'], fail(GONE), bad);
    expect(found.code).toBe(EXIT.error);
    expect(JSON.parse(found.out)).toMatchObject({
      state: 'error',
      problems: [{ code: 'config-invalid', where: 'hagw.lan.vrid', since: null }],
    });
    const wrong = { ...PAIR, '/cfg/keepalived': KEEPALIVED, '/b/mwan3': MWAN3.replaceAll("'wan'", "'wanc'") };
    const codes = JSON.parse(
      (await run(['check', '--config', '/cfg', '--partner', '/b', '--json'], fail(GONE), wrong)).out,
    ).problems.map(({ code }: { code: string }) => code);
    expect(codes).toEqual(['vrrp-priority', 'vrrp-priority', 'wans-differ']);
    for (const folder of ['/none', '/cfg/hagw']) {
      const { code, out, err } = await run(['check', '--config', folder], fail(GONE), PAIR);
      expect({ code, out }).toEqual({ code: EXIT.badConfig, out: '' });
      expect(err).toContain(folder);
    }
  });

  it('prints keepalived.conf of both ages', async () => {
    const present = await run(['print', 'keepalived', '--config', '/cfg'], fail(GONE), PAIR);
    expect(present.code).toBe(0);
    // As the C locale's %c: the day of the month is padded with a blank.
    expect(present.out).toContain('! Written Sun Nov  1 04:05:06 2026');
    expect(present.out).toContain('virtual_router_id 10');
    const old = await run(['print', 'keepalived', '--config', '/cfg', '--script', '24.10'], fail(GONE), PAIR);
    expect(old.code).toBe(0);
  });

  it('prints conntrackd.conf for this router or the named one', async () => {
    const own = await run(['print', 'conntrackd', '--config', '/cfg'], fail(GONE), PAIR);
    expect(own.code).toBe(0);
    expect(own.out).toContain('IPv4_address 10.255.255.2');
    expect(own.out).toContain('Interface eth3');
    const other = await run(
      ['print', 'conntrackd', '--config', '/cfg', '--router', 'gw-a'],
      fail(GONE),
      PAIR,
    );
    expect(other.out).toContain('IPv4_address 10.255.255.1');
  });

  it.each<[string, Readonly<Record<string, string>>, readonly string[], RegExp]>([
    ['no file', {}, ['print', 'keepalived'], /There is no \/etc\/config\/keepalived/],
    [
      'a broken file',
      { '/cfg/keepalived': "config a 'b" },
      ['print', 'keepalived', '--config', '/cfg'],
      /Parse error/,
    ],
    [
      'a rejected file',
      { ...PAIR, '/cfg/hagw': HAGW.replace("vrid '10'", "vrid '0'") },
      ['print', 'conntrackd', '--config', '/cfg'],
      /hagw\.lan\.vrid: Is '0'/,
    ],
    [
      'an unknown router',
      PAIR,
      ['print', 'conntrackd', '--config', '/cfg', '--router', 'x'],
      /no router 'x'/,
    ],
    [
      'nobody that it could be',
      { ...PAIR, '/cfg/network': NETWORK.replace('10.255.255.2', '10.9.9.9') },
      ['print', 'conntrackd', '--config', '/cfg'],
      /--router NAME/,
    ],
    [
      'no sync device',
      { ...PAIR, '/cfg/network': NETWORK.replace("option device 'eth3'", '') },
      ['print', 'conntrackd', '--config', '/cfg'],
      /no interface 'sync' with a device/,
    ],
  ])('says what is wrong with the configuration: %s', async (_what, files, args, message) => {
    const { code, out, err } = await run(args, fail(GONE), files);
    expect({ code, out }).toEqual({ code: EXIT.badConfig, out: '' });
    expect(err).toMatch(message);
  });

  it('has the service read anew', async () => {
    expect(await run(['reload'], ok({}))).toMatchObject({
      code: 0,
      out: '',
      calls: [['hagw', 'reload', {}]],
    });
  });

  it('becomes the service', async () => {
    expect(await run(['service'])).toMatchObject({ code: null, isService: true, calls: [] });
  });

  it.each([['version'], ['--version']])('%s prints the version', async (word) => {
    expect(await run([word])).toMatchObject({ code: 0, out: '1.2.3\n' });
  });

  it('helps, and names all commands, options and exit codes', async () => {
    for (const word of ['help', '--help', '-h']) expect((await run([word])).out).toBe(helpText());
    expect(await run([])).toMatchObject({ code: EXIT.usage, out: '', err: helpText() });
    for (const [name, { options }] of Object.entries(COMMANDS)) {
      expect(helpText()).toContain(name);
      for (const option of Object.keys(options)) expect(helpText()).toContain(`--${option}`);
    }
    expect(EXIT_TEXTS.map(([code]) => code)).toEqual(Object.values(EXIT));
  });

  it('has its help in docs/cli.md', () => {
    const path = join(import.meta.dirname, '../../../docs/cli.md');
    const text = readFileSync(path, 'utf8');
    const current = text.replace(/```text\n[\s\S]*?```/, () => `\`\`\`text\n${helpText()}\`\`\``);
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(path, current);
    expect(readFileSync(path, 'utf8')).toBe(current);
  });
});
