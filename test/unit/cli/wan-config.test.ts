import { describe, expect, it } from 'vitest';
import { type CliEnvironment, EXIT } from '../../../src/cli/environment.ts';
import { runCli } from '../../../src/cli/main.ts';
import { fail, ok, type Result } from '../../../src/lib/result.ts';
import type { BusError, BusTable } from '../../../src/ports/bus.ts';
import { createFakeFiles } from '../../fakes/files.ts';

const STAGED = { done: true, name: 'wan', changes: 2, problems: [] };
const RULE = {
  name: 'cfg0692bd',
  anonymous: true,
  type: 'rule',
  index: 0,
  staged: 'changed',
  options: { dest_ip: ['192.0.2.0/24', '192.0.2.9'], use_policy: 'both' },
  effective: {
    dest_ip: ['192.0.2.0/24', '192.0.2.9'],
    use_policy: 'both',
    sticky: false,
    timeout: 600,
    src_ip: [],
  },
  problems: [{ severity: 'warning', where: 'mwan3.@rule[0] (both).sticky', text: 'Has no effect.' }],
};

async function run(
  args: readonly string[],
  reply: Result<object, BusError> | ((args: BusTable) => object) = ok(STAGED),
) {
  let [out, err] = ['', ''];
  const calls: (readonly [string, string, BusTable])[] = [];
  const env: CliEnvironment = {
    args: ['wan', ...args],
    version: '1.2.3',
    files: createFakeFiles({}).files,
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
      return (typeof reply === 'function' ? ok(reply(values)) : reply) as Result<BusTable, BusError>;
    },
    service: () => undefined,
  };
  return { code: await runCli(env), out, err, calls };
}

describe('hagw wan, sections of mwan3', () => {
  it.each<[string[], string, BusTable]>([
    [
      ['set', 'wan', 'enabled=1', 'interval='],
      'set',
      { name: 'wan', options: { enabled: '1', interval: '' } },
    ],
    [
      ['set', 'wan', 'track_ip=192.0.2.1', 'track_ip=192.0.2.2', 'track_ip=192.0.2.3'],
      'set',
      { name: 'wan', options: { track_ip: ['192.0.2.1', '192.0.2.2', '192.0.2.3'] } },
    ],
    [
      ['set', '@rule[1]', '--before', '@rule[0]'],
      'set',
      { name: '@rule[1]', options: {}, before: '@rule[0]' },
    ],
    [['set', '@rule[1]', '--before', '-'], 'set', { name: '@rule[1]', options: {}, before: '' }],
    [
      ['add', 'member', 'm1', 'interface=wan'],
      'add',
      { type: 'member', name: 'm1', options: { interface: 'wan' } },
    ],
    [['add', 'rule', 'use_policy=a=b'], 'add', { type: 'rule', options: { use_policy: 'a=b' } }],
    [['delete', 'm1'], 'delete', { name: 'm1' }],
    [['revert'], 'revert', {}],
    [['commit'], 'commit', {}],
  ])('%j', async (args, method, values) => {
    const { code, calls } = await run(args);
    expect([code, calls]).toEqual([EXIT.ok, [['hagw.wan', method, values]]]);
  });

  it('says what was done, and what it warns of', async () => {
    const problems = [{ severity: 'warning', where: 'mwan3.wan.up', text: 'Is odd.' }];
    const { out, err } = await run(['set', 'wan', 'up=1'], ok({ ...STAGED, problems }));
    expect([out, err]).toEqual(['wan: 2 changes staged.\n', 'hagw: warning: mwan3.wan.up: Is odd.\n']);
    expect((await run(['commit'], ok({ ...STAGED, name: '' }))).out).toBe('2 changes committed.\n');
  });

  it('says by section and option why it was refused', async () => {
    const problems = [
      { severity: 'error', where: 'mwan3.wan.up', text: "Is 'x', but must be\u001b a number." },
    ];
    const { code, out, err } = await run(
      ['set', 'wan', 'up=x'],
      ok({ ...STAGED, done: false, changes: 0, problems }),
    );
    expect([code, out]).toEqual([EXIT.badConfig, '']);
    expect(err).toContain("hagw: error: mwan3.wan.up: Is 'x', but must be");
    expect(err).not.toContain('\u001b');
  });

  it('shows sections, what else is in force, what is wrong and what is staged', async () => {
    const { out, calls } = await run(
      ['get', 'rule'],
      ok({ sections: [RULE], total: 1, changes: 3, problems: [] }),
    );
    expect(calls).toEqual([['hagw.wan', 'get', { type: 'rule', offset: 0 }]]);
    expect(out).toBe(
      'rule @rule[0] (cfg0692bd) (changed, not committed)\n    dest_ip = 192.0.2.0/24 192.0.2.9\n    use_policy = both\n' +
        '    otherwise: sticky false, timeout 600\n    warning: mwan3.@rule[0] (both).sticky: Has no effect.\n3 changes are staged.\n',
    );
  });

  it('asks for all pages, and for one by its name', async () => {
    const page = ({ offset }: BusTable) => ({
      sections: [{ ...RULE, name: `r${String(offset)}`, anonymous: false }],
      total: 3,
      changes: 0,
      problems: [],
    });
    const { out, calls } = await run(['get', '--json'], page);
    expect(calls.map(([, , { offset }]) => offset)).toEqual([0, 1, 2]);
    expect(JSON.parse(out).sections.map(({ name }: { name: string }) => name)).toEqual(['r0', 'r1', 'r2']);
    expect((await run(['get', 'wan'], page)).calls[0]?.[2]).toEqual({ name: 'wan', offset: 0 });
    const none = await run(['get', 'nosuch'], ok({ sections: [], total: 0, changes: 0, problems: [] }));
    expect([none.code, none.err]).toEqual([EXIT.usage, expect.stringContaining("no section 'nosuch'")]);
  });

  it('lists what is staged', async () => {
    const changes = [
      ['set', 'wan', 'enabled', '0'],
      ['remove', 'm1'],
    ];
    expect((await run(['changes'], ok({ changes, total: 2 }))).out).toBe('set wan enabled 0\nremove m1\n');
  });

  it.each([
    [['set']],
    [['set', 'wan', 'enabled']],
    [['set', 'wan', 'a.b=1']],
    [['add']],
    [['add', 'zone', 'x']],
    [['delete']],
    [['delete', 'a', 'b']],
    [['commit', 'mwan3']],
    [['get', 'a', 'b']],
    [['delete', 'a', '--before', 'b']],
    [['list', '--before', 'b']],
    [['up', 'wan', '--persist']],
    [['status', 'wan', '--count', '3']],
    [['history']],
    [['history', 'wan', 'wanb']],
    [['history', 'wan', '--count', '0']],
    [['nonsense', 'wan']],
  ])('%j is a wrong call', async (args) => {
    const { code, calls } = await run(args);
    expect([code, calls]).toEqual([EXIT.usage, []]);
  });

  it('passes on what keeps the service from it', async () => {
    const denied = fail<BusError>({ code: 'status', status: 4, message: 'Not found' });
    expect((await run(['get'], denied)).code).toBe(EXIT.noService);
  });
});

describe('hagw wan down and history', () => {
  it('--persist is asked for, or not', async () => {
    expect((await run(['down', 'wan', '--persist'])).calls[0]?.[2]).toEqual({ name: 'wan', persist: true });
    expect((await run(['down', 'wan'])).calls[0]?.[2]).toEqual({ name: 'wan' });
  });

  it('history shows a line for each second, or the reply as it is', async () => {
    const slots = [
      { at: 1_000, latency_ms: 12.345, loss_pct: 0 },
      { at: 2_000, latency_ms: null, loss_pct: 100 },
      { at: 3_000, latency_ms: null, loss_pct: null },
    ];
    const reply = ok({ name: 'wan', resolution: 'second', slots });
    const { out, calls } = await run(['history', 'wan'], reply);
    expect(calls).toEqual([['hagw.wan', 'history', { name: 'wan', resolution: 'second', count: 60 }]]);
    const lines = out.trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/12\.3[45] ms +0 % lost$/);
    expect(lines[1]).toMatch(/100 % lost$/);
    expect(lines[2]).toMatch(/nothing sent$/);
    const minutes = await run(['history', 'wan', '--minutes', '--count', '5', '--json'], reply);
    expect(minutes.calls[0]?.[2]).toEqual({ name: 'wan', resolution: 'minute', count: 5 });
    expect(JSON.parse(minutes.out).slots).toHaveLength(3);
  });
});
