/**
 * Nothing of a lab shows on the machine, and nothing is left behind, whatever ends it. Other programs may come and go
 * on the machine meanwhile, so what is looked for is told by the lab's own namespaces, not by counting.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { REPOSITORY } from './disk.ts';
import { createLab, type Lab } from './lab.ts';
import { must, run, until } from './programs.ts';
import { isAlive, type LabRecord, processId, RECORDS, readRecords, sweep, writeRecord } from './records.ts';

const KINDS = ['pid', 'net', 'mnt'] as const;

/** Inode names of a process' namespaces, e.g. `net:[4026532]`. */
function namespacesOf(pid: number | 'self'): string[] {
  return KINDS.flatMap((kind) => {
    try {
      return [readlinkSync(`/proc/${pid}/ns/${kind}`)];
    } catch {
      return [];
    }
  });
}

function commOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    // It was there a moment ago, and that is what counts.
    return pid;
  }
}

/** Processes that live in any of these namespaces. */
function living(spaces: ReadonlySet<string>): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => namespacesOf(Number(pid)).some((space) => spaces.has(space)))
    .map((pid) => commOf(pid));
}

/** What entered a lab from outside ends when its program in there has: a moment after the lab itself. */
async function end(spaces: ReadonlySet<string> = new Set()): Promise<void> {
  await until('The end of all in the lab', 30_000, () => {
    const left = living(spaces);
    if (left.length > 0) throw new Error(`still there: ${left.join(' ')}`);
    return true;
  });
}

function spacesOf(record: LabRecord): Set<string> {
  const pids = [...Object.values(record.routers), ...(record.cage === null ? [] : [record.cage.pid])];
  const own = new Set(namespacesOf('self'));
  return new Set(pids.flatMap(namespacesOf).filter((space) => !own.has(space)));
}

function recordOf(lab: Lab): LabRecord {
  const record = readRecords().find(({ id }) => id === lab.id);
  if (record === undefined) throw new Error(`There is no record of lab ${lab.id}.`);
  return record;
}

async function showsOnMachine(): Promise<string[]> {
  const names = (await must(['ip', 'netns', 'list'])).split('\n').map((line) => line.split(' ')[0] ?? '');
  const links = (await must(['ip', '-oneline', 'link'])).split('\n');
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  return [
    ...names.filter((name) => /^(gw-[ab]|isp\d|internet|client\d+)$/.test(name)),
    ...links.filter((line) => /: (sw-|gw-[ab]\.|isp\d|client\d)/.test(line)),
    ...mounts.filter((line) => /\/run\/lab\/|lowerdir=\S*build\/openwrt/.test(line)),
  ];
}

describe('two labs at once', () => {
  const labs: Lab[] = [];
  afterAll(async () => {
    for (const lab of labs) await lab.close();
  });

  it('do not meet, do not show, and leave nothing', async () => {
    labs.push(...(await Promise.all([createLab({ packages: [] }), createLab({ packages: [], wans: 3 })])));
    const [one, other] = labs;
    if (one === undefined || other === undefined) throw new Error('There are two labs.');
    expect(one.id).not.toBe(other.id);
    expect(await showsOnMachine()).toEqual([]);

    one.routers['gw-a'].write('/etc/mark', 'one');
    expect(() => other.routers['gw-a'].read('/etc/mark')).toThrow(/ENOENT/);
    expect(existsSync('/etc/mark')).toBe(false);
    const devices = async (lab: Lab): Promise<string> => lab.routers['gw-b'].must(['ip', '-brief', 'link']);
    expect(await devices(one)).not.toContain('wan3');
    expect(await devices(other)).toContain('wan3');

    const spaces = labs.map((lab) => spacesOf(recordOf(lab)));
    for (const lab of spaces) expect(living(lab).length).toBeGreaterThan(5);
    await one.close();
    await end(spaces[0]);
    expect(living(spaces[1] ?? new Set()).length).toBeGreaterThan(5);
    await other.close();
    await end(spaces[1]);
    expect(await showsOnMachine()).toEqual([]);
    expect(readRecords().map(({ id }) => id)).not.toContain(one.id);
  });
});

describe('an owner that is ended', () => {
  let owner: ChildProcess | null = null;
  afterAll(() => {
    owner?.kill('SIGKILL');
  });

  /** A lab of another process, with power on both routers. */
  async function startOwner(): Promise<{ child: ChildProcess; record: LabRecord }> {
    const child = spawn(process.execPath, [join(REPOSITORY, 'build/bin/lab'), 'shell'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    owner = child;
    let words = '';
    child.stderr?.on('data', (bytes: Buffer) => {
      words += bytes.toString();
    });
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(`build/bin/lab ended with exit status ${code}: ${words}`);
    });
    const found = until('The lab of another process', 90_000, () =>
      readRecords().find((one) => one.owner.pid === child.pid && Object.keys(one.routers).length === 2),
    );
    const record = await Promise.race([found, ended]);
    ended.catch(() => {});
    return { child, record };
  }

  it.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)('by %s leaves nothing', async (signal) => {
    const { child, record } = await startOwner();
    const spaces = spacesOf(record);
    expect(living(spaces).length).toBeGreaterThan(5);
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
    await end(spaces);
    expect(await showsOnMachine()).toEqual([]);
    // SIGKILL leaves the record, and nothing else; whoever makes or sweeps a lab next removes it.
    const file = join(RECORDS, `${record.id}.json`);
    if (signal === 'SIGKILL') sweep();
    expect(existsSync(file)).toBe(false);
  });
});

describe('records', () => {
  it('tell a process from a later one of the same number', () => {
    const own = processId(process.pid);
    if (own === null) throw new Error('/proc does not list this process.');
    expect(isAlive(own)).toBe(true);
    expect(isAlive({ ...own, startTicks: own.startTicks - 1 })).toBe(false);
  });

  it('of an owner that is gone are swept, with what still runs', async () => {
    const own = processId(process.pid);
    const cage = spawn('sleep', ['1000'], { stdio: 'ignore' });
    const ended = once(cage, 'exit');
    const id = processId(cage.pid ?? 0);
    if (own === null) throw new Error('/proc does not list this process.');
    const record = { id: `test-${process.pid}`, cage: id, routers: {}, pages: {} };
    writeRecord({ ...record, owner: own });
    sweep();
    expect(cage.exitCode).toBeNull();
    expect(readRecords()).toContainEqual({ ...record, owner: own });
    writeRecord({ ...record, owner: { ...own, startTicks: own.startTicks - 1 } });
    sweep();
    expect((await ended)[1]).toBe('SIGKILL');
    expect(readRecords().map((one) => one.id)).not.toContain(record.id);
  });

  it('let others name a lab that does not run', async () => {
    const ran = await run([
      process.execPath,
      join(REPOSITORY, 'build/bin/lab'),
      'exec',
      '--lab',
      'none',
      'gw-a',
    ]);
    expect(ran).toMatchObject({ code: 1, stderr: "lab: No lab 'none' runs.\n" });
  });
});
