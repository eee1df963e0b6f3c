import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { createKeepalivedVrrp } from '../../../src/adapters/keepalived.ts';
import type { Vrrp } from '../../../src/ports/vrrp.ts';
import { FakeMachine } from './fake-keepalived.ts';

const recordings = join(import.meta.dirname, '../../captures/keepalived/run');
const read = (name: string) => readFileSync(join(recordings, `json-${name}.json`), 'utf8');
const MASTER = read('master');
const BACKUP = read('backup');

let machine: FakeMachine;
let vrrp: Vrrp;

beforeEach(() => {
  machine = new FakeMachine();
  machine.writes = [MASTER];
  vrrp = createKeepalivedVrrp(machine.ports());
});

async function states() {
  const outcome = await vrrp.read();
  return outcome.ok ? outcome.value.instances.map((facts) => facts.state) : outcome.error;
}

describe("keepalived's dump on request", () => {
  it('asks for the number of the signal once and signals the process of the pid file', async () => {
    expect(await vrrp.read()).toMatchObject({
      ok: true,
      value: { pid: 4711, instances: [{ name: 'lan' }, {}] },
    });
    expect(await states()).toEqual(['active', 'active']);
    expect(machine.signumCalls).toHaveLength(1);
    expect(machine.kills).toEqual(['kill -36 4711', 'kill -36 4711']);
  });

  it('never gives an old dump for a new one', async () => {
    machine.leaveDump(BACKUP, 60_000);
    machine.writes = ['keep', 'keep', MASTER];
    expect(await states()).toEqual(['active', 'active']);
  });

  it('waits for the rest of a dump that is being written', async () => {
    machine.leaveDump(BACKUP, 60_000);
    machine.writes = [null, '', MASTER.slice(0, 700), MASTER.slice(0, -2), MASTER];
    expect(await states()).toEqual(['active', 'active']);
  });

  it('keeps clear of a dump of the same clock tick', async () => {
    machine.leaveDump(MASTER, 3);
    const before = machine.nowMs;
    expect(await states()).toEqual(['active', 'active']);
    expect(machine.nowMs - before).toBeGreaterThanOrEqual(20);
  });

  it('shares one dump among reads that come before its signal', async () => {
    const all = await Promise.all([vrrp.read(), vrrp.read(), vrrp.read()]);
    expect(all.every((outcome) => outcome.ok)).toBe(true);
    expect(machine.kills).toHaveLength(1);
  });

  it('takes another dump for reads that come after its signal, one for all of them', async () => {
    const late: Promise<unknown>[] = [];
    let first = true;
    machine.onKill = () => {
      if (!first) return;
      first = false;
      machine.writes = [BACKUP];
      late.push(states(), states());
    };
    expect(await states()).toEqual(['active', 'active']);
    expect(await Promise.all(late)).toEqual([
      ['backup', 'backup'],
      ['backup', 'backup'],
    ]);
    expect(machine.kills).toHaveLength(2);
  });
});

describe('a keepalived without any vrrp_instance', () => {
  const EMPTY = '! Configuration File for keepalived\nglobal_defs {\n}\n';

  it.each([
    [['keepalived', '-n', '-f', '/tmp/keepalived.conf'], '/tmp/keepalived.conf'],
    [['keepalived', '-n', '-f/tmp/k.conf'], '/tmp/k.conf'],
    [['keepalived', '--use-file=/tmp/k.conf'], '/tmp/k.conf'],
    [['keepalived', '--use-file', '/tmp/k.conf', '-l'], '/tmp/k.conf'],
    [['keepalived'], '/etc/keepalived/keepalived.conf'],
  ])('is known by the file of its command line (%j), and not asked', async (cmdline, path) => {
    Object.assign(machine, { cmdline, configs: { [path]: EMPTY } });
    const before = machine.nowMs;
    expect(await vrrp.read()).toEqual({ ok: true, value: { pid: 4711, instances: [] } });
    expect(machine.kills).toEqual([]);
    expect(machine.signumCalls).toEqual([]);
    expect(machine.nowMs).toBe(before);
  });

  it.each([
    [`${EMPTY}vrrp_instance lan {\n}\n`],
    [`${EMPTY}include /etc/keepalived/more/*.conf\n`],
    [`${EMPTY}@one vrrp_instance lan {\n}\n`],
  ])('is no matter of %j: that one is asked', async (text) => {
    machine.configs = { '/tmp/keepalived.conf': text };
    expect(await states()).toEqual(['active', 'active']);
    expect(machine.kills).toHaveLength(1);
  });

  it('is asked if its file is not known', async () => {
    machine.cmdline = ['keepalived', '-f', 'keepalived.conf'];
    machine.configs = { 'keepalived.conf': EMPTY, '/etc/keepalived/keepalived.conf': EMPTY };
    expect(await states()).toEqual(['active', 'active']);
  });
});

describe('which process is signalled', () => {
  it('asks procd when the pid file names another program', async () => {
    machine.pidFile = '1\n';
    machine.procd = {
      keepalived: { instances: { old: { running: false }, instance1: { running: true, pid: 4711 } } },
    };
    expect(await states()).toEqual(['active', 'active']);
  });

  it.each([['4711'], ['4711\n'], [' 4711 \n']])('reads the pid file %j', async (text) => {
    machine.pidFile = text;
    expect(await states()).toEqual(['active', 'active']);
  });

  it.each([[null], [''], ['0'], ['1'], ['-4711'], ['4711 4712'], ['4712'], ['keepalived'], ['4711\u0000']])(
    'signals nobody for the pid file %j',
    async (text) => {
      machine.pidFile = text;
      expect(await states()).toMatchObject({ code: 'absent' });
      expect(machine.kills).toEqual([]);
    },
  );

  it('signals no other program that has got the number', async () => {
    machine.comm = 'dnsmasq';
    machine.exe = '/usr/sbin/dnsmasq';
    expect(await states()).toEqual({
      code: 'absent',
      message: 'keepalived does not run: neither its pid file nor procd names a process of it.',
    });
    expect(machine.kills).toEqual([]);
  });

  it('knows keepalived under another name by its program, even one that has been replaced', async () => {
    machine.comm = 'vrrp-main';
    machine.exe = '/usr/sbin/keepalived (deleted)';
    expect(await states()).toEqual(['active', 'active']);
  });

  it('does not signal a keepalived that has not yet made provision for it', async () => {
    machine.blocked = '0000000000000000';
    expect(await states()).toEqual({
      code: 'failed',
      message: 'keepalived (process 4711) does not take signal 36.',
    });
    expect(machine.kills).toEqual([]);
    expect(machine.alive).toBe(true);
  });

  it.each([
    ['', 'exit'],
    ['x\n', 'word'],
    ['15\n', 'SIGTERM'],
    ['9\n', 'SIGKILL'],
    ['65\n', 'none'],
  ])('signals nothing if keepalived names %j (%s) as the number', async (text) => {
    machine.signum = text;
    expect(await states()).toMatchObject({ code: 'failed' });
    expect(machine.kills).toEqual([]);
  });
});

describe('a dump that does not come', () => {
  it('is given up after the deadline', async () => {
    machine.writes = [];
    const before = machine.nowMs;
    expect(await states()).toEqual({
      code: 'timeout',
      message:
        'keepalived (process 4711) wrote nothing to /tmp/keepalived.json; it does so only if it has a vrrp_instance (after 1000 ms).',
    });
    expect(machine.nowMs - before).toBeLessThanOrEqual(1100);
  });

  it('is given up when it stays unfinished', async () => {
    machine.writes = ['[{'];
    expect(await states()).toMatchObject({
      code: 'timeout',
      message: expect.stringContaining('left /tmp/keepalived.json unfinished'),
    });
  });

  it('is malformed if it is another JSON', async () => {
    machine.writes = ['[{"data":{}}]'];
    expect(await states()).toEqual({
      code: 'malformed',
      message: "keepalived's dump /tmp/keepalived.json is not understood: [0].data.state is missing.",
    });
  });

  it('is absent if keepalived ends meanwhile', async () => {
    machine.writes = [];
    machine.onKill = () => {
      machine.alive = false;
    };
    expect(await states()).toMatchObject({ code: 'absent' });
  });

  it('names a kill that fails', async () => {
    machine.killCode = 1;
    expect(await states()).toEqual({
      code: 'failed',
      message: 'keepalived (process 4711) could not be signalled by `kill -36 4711`.',
    });
  });

  it('is asked for again by the next read', async () => {
    machine.writes = [];
    expect(await states()).toMatchObject({ code: 'timeout' });
    machine.writes = [MASTER];
    expect(await states()).toEqual(['active', 'active']);
  });
});
