/**
 * A small machine for programs of the lab's root: own network, mount and process namespace, own /run and /tmp, the root
 * itself untouched (read-only). Less than the lab's routers: no OpenWrt daemons, no overlay. Ends with `stop`, and with this
 * process whatever happens to it.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fail, ok } from '../../../src/lib/result.ts';
import type { Clock, Timers } from '../../../src/ports/clock.ts';
import type { Files } from '../../../src/ports/files.ts';
import type { Processes } from '../../../src/ports/processes.ts';

const ROOT = join(import.meta.dirname, '../../../build/lab/rootfs');

/** Why these tests cannot run here; empty if they can. */
export const WHY_NOT =
  process.getuid?.() !== 0
    ? 'needs root'
    : existsSync(join(ROOT, 'usr/sbin/keepalived'))
      ? ''
      : "needs the lab's root (make test builds it)";

export interface Machine {
  /** Process id of its first process, in this namespace. */
  readonly pid: number;
  /** Runs a program in it to its end. Fails unless it exits 0. */
  run(...argv: string[]): string;
  /** Starts a program in it; it ends with the machine. */
  start(argv: string[], log: string): ChildProcess;
  write(path: string, text: string): void;
  /** What is in a file of its; empty if there is none. */
  read(path: string): string;
  readonly files: Files;
  readonly processes: Processes;
  stop(): void;
}

/** Starts an empty machine: loopback up, nothing else. */
export async function startMachine(): Promise<Machine> {
  const setUp = [
    'set -e',
    'mount --make-rprivate /',
    'mount --bind "$1" "$1"',
    'mount -o remount,bind,ro "$1"',
    'mount -t tmpfs tmpfs "$1/run"',
    'mount -t tmpfs tmpfs "$1/tmp"',
    'mount -t proc proc "$1/proc"',
    'mount --rbind /dev "$1/dev"',
    'exec chroot "$1" sh -c "ip link set lo up; echo up > /run/up; exec sleep 3600"',
  ].join('\n');
  // --pdeathsig: nothing outlives this process, not even when it is killed.
  const argv = [
    '--pdeathsig',
    'KILL',
    'unshare',
    '-n',
    '-m',
    '-p',
    '-f',
    '--kill-child',
    'sh',
    '-c',
    setUp,
    'sh',
    ROOT,
  ];
  const first = spawn('setpriv', argv, { stdio: ['ignore', 'ignore', 'pipe'] });
  const end = () => first.kill('SIGKILL');
  process.once('exit', end);
  const pid = await until('the first process of the machine', () => {
    if (first.exitCode !== null) throw new Error(`unshare ended: ${first.stderr.read()}`);
    const child = childOf(first.pid ?? 0);
    return child !== null && existsSync(`/proc/${child}/root/run/up`) ? child : null;
  });
  const enter = ['-t', String(pid), '-m', '-n', '-p', '-r', '-w', '--'];
  const outside = (path: string) => `/proc/${pid}/root${path.replace(/^\/var\/run\//, '/run/')}`;
  return {
    pid,
    run: (...argv) =>
      execFileSync('nsenter', [...enter, ...argv], { encoding: 'utf8', timeout: 60_000, stdio: 'pipe' }),
    start: (argv, log) =>
      spawn('nsenter', [...enter, 'sh', '-c', 'log=$1; shift; exec "$@" >"$log" 2>&1', 'sh', log, ...argv], {
        stdio: 'ignore',
      }),
    write: (path, text) => {
      const done = spawnSync('nsenter', [...enter, 'sh', '-c', 'cat > "$1"', 'sh', path], { input: text });
      if (done.status !== 0) throw new Error(`${path} could not be written: ${done.stderr}`);
    },
    read: (path) => (existsSync(outside(path)) ? readFileSync(outside(path), 'utf8') : ''),
    files: filesOf(outside),
    processes: processesOf(enter),
    stop: () => {
      process.removeListener('exit', end);
      // The first process of a process namespace takes all others with it.
      first.kill('SIGKILL');
    },
  };
}

/** Joins two machines by a cable; `a` and `b` get the device `name` with these addresses. */
export function connect(name: string, a: Machine, addressA: string, b: Machine, addressB: string): void {
  const cable = ['ip', 'link', 'add', name, 'type', 'veth', 'peer', 'name', name, 'netns', String(b.pid)];
  execFileSync('nsenter', ['-t', String(a.pid), '-n', '--', ...cable]);
  for (const [machine, address] of [[a, addressA] as const, [b, addressB] as const]) {
    machine.run('ip', 'address', 'add', address, 'dev', name);
    machine.run('ip', 'link', 'set', name, 'up');
  }
}

/** Looks every 20 ms until `look` gives something other than null, and says what it waited for after 60 s. */
export async function until<T>(what: string, look: () => T | null | Promise<T | null>): Promise<T> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    if (Date.now() > deadline) throw new Error(`${what} did not come about`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export const clock: Clock = { wallMs: () => Date.now(), monotonicMs: () => performance.now() };
export const timers: Timers = {
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};

function childOf(pid: number): number | null {
  const path = `/proc/${pid}/task/${pid}/children`;
  const child = existsSync(path) ? Number(readFileSync(path, 'utf8').trim().split(' ')[0]) : 0;
  return child > 0 ? child : null;
}

/** Files of the machine, as far as readers need them. A symbolic link that begins with / would lead out of it. */
function filesOf(outside: (path: string) => string): Files {
  const attempt = <T>(path: string, action: () => T) => {
    try {
      return ok(action());
    } catch (error) {
      const { code = 'EUNKNOWN', message } = error as NodeJS.ErrnoException;
      return fail({ code, path, message });
    }
  };
  const unused = () => {
    throw new Error('a reader changes nothing');
  };
  return {
    read: (path) => attempt(path, () => new Uint8Array(readFileSync(outside(path)))),
    readLink: (path) => attempt(path, () => readlinkSync(outside(path))),
    info: (path) =>
      attempt(path, () => {
        const info = statSync(outside(path));
        return {
          kind: info.isFile() ? ('file' as const) : ('other' as const),
          sizeBytes: info.size,
          mode: info.mode & 0o7777,
          modifiedMs: info.mtimeMs,
        };
      }),
    replace: unused,
    append: unused,
    list: unused,
    makeFolder: unused,
    rename: unused,
    remove: unused,
  };
}

function processesOf(enter: string[]): Processes {
  return {
    start: () => {
      throw new Error('a reader runs programs to their end');
    },
    run: async (argv, { timeoutMs }) => {
      const done = spawnSync('nsenter', [...enter, ...argv], { timeout: timeoutMs, killSignal: 'SIGKILL' });
      return ok({
        exit: { kind: 'exited', code: done.status ?? -1 },
        stdout: new Uint8Array(done.stdout),
        stderr: new Uint8Array(done.stderr),
        timedOut: done.signal === 'SIGKILL',
        truncated: false,
      });
    },
  };
}
