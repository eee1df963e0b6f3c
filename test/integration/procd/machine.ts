/**
 * One router of its own for a test: namespaces for mounts, processes and network, build/openwrt/root over the lab's root,
 * /sbin/init as pid 1. Smaller than the lab (no neighbours but what `setup` makes). Everything ends with `stop`, or with
 * the test's process.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createClient, type PlainTable, type Transport, type UbusClient } from '@openwrt/ubus-client';

const REPOSITORY = join(import.meta.dirname, '../../..');
const BOOT_MS = 60_000;
const POLL_MS = 20;

export interface Ran {
  readonly code: number;
  /** Standard output and error, as they came. */
  readonly output: string;
}

export interface Machine {
  /** Runs a shell's command line in the router. */
  sh(command: string): Promise<Ran>;
  readonly ubus: UbusClient;
  /** The reply of a method; throws if the call fails. */
  call(path: string, method: string, args?: PlainTable): Promise<PlainTable>;
  /** A file of the router; empty if it is missing. `path` must not lead over a symbolic link. */
  read(path: string): string;
  write(path: string, content: string, mode?: number): void;
  /** pid 1, as numbered outside. */
  readonly pid: number;
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

/** Polls until `ready` gives a value other than undefined; rejects with `what` after the deadline. A `ready` that throws has ended it. */
export async function until<T>(
  what: string,
  deadlineMs: number,
  ready: () => T | undefined | Promise<T | undefined>,
): Promise<T> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    const value = await ready();
    if (value !== undefined) return value;
    if (performance.now() > end) throw new Error(`${what} did not come within ${deadlineMs} ms.`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function run(argv: readonly string[], input = ''): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const [program = '', ...args] = argv;
    const child = spawn(program, args, {
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root' },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.on('data', (bytes: Buffer) => {
      output += bytes.toString();
    });
    child.stderr.on('data', (bytes: Buffer) => {
      output += bytes.toString();
    });
    child.on('error', reject);
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    child.on('close', (code) => resolve({ code: code ?? -1, output }));
  });
}

/** Mounts below `$1` and goes on as /sbin/init there. `$2`, `$3`: the layers, `$4`: the setup. */
const BOOT = `
set -e
mount -t tmpfs machine "$1"
mkdir "$1/upper" "$1/work" "$1/root"
root="$1/root"
mount -t overlay -o "lowerdir=$2:$3,upperdir=$1/upper,workdir=$1/work" machine "$root"
for dir in run tmp; do mount -t tmpfs ram "$root/$dir"; done
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
ip link set dev lo up
eval "$4"
exec chroot "$root" /sbin/init
`;

function childOf(pid: number | undefined): number | undefined {
  if (pid === undefined) return undefined;
  const path = `/proc/${pid}/task/${pid}/children`;
  const first = existsSync(path) ? readFileSync(path, 'utf8').trim().split(' ')[0] : undefined;
  return first === undefined || first === '' ? undefined : Number(first);
}

function transport(path: string): Transport {
  return (handlers) => {
    const socket = connect(path);
    let isLocal = false;
    let error = '';
    socket.on('data', (bytes) => handlers.onData(bytes));
    socket.on('error', (problem) => {
      error = problem.message;
    });
    socket.on('close', () =>
      handlers.onEnd({ kind: isLocal ? 'local' : error === '' ? 'remote' : 'error', message: error }),
    );
    return {
      write: (bytes) => void socket.write(bytes),
      queuedBytes: () => socket.writableLength,
      close() {
        isLocal = true;
        socket.destroy();
      },
    };
  };
}

function connectClient(path: string): UbusClient {
  return createClient({
    transport: transport(path),
    timers: {
      after(delayMs, work) {
        const timer = setTimeout(work, delayMs);
        return { cancel: () => clearTimeout(timer) };
      },
    },
    monotonicMs: () => performance.now(),
    random: Math.random,
    timing: { reconnectMinMs: 20, reconnectMaxMs: 100 },
  });
}

/** `setup` is shell, run before the start with `$root` and the network namespace of the router. */
export async function bootMachine(setup: string): Promise<Machine> {
  const folder = mkdtempSync(join(tmpdir(), 'hagw-machine-'));
  const layers = [join(REPOSITORY, 'build/openwrt/root'), join(REPOSITORY, 'build/lab/rootfs')];
  const child: ChildProcess = spawn(
    'unshare',
    [
      ...['--net', '--mount', '--pid', '--fork', '--kill-child', '--propagation', 'private'],
      ...['sh', '-c', BOOT, 'sh', folder, ...layers, setup],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let console = '';
  const note = (bytes: Buffer) => {
    console = (console + bytes.toString()).slice(-10_000);
  };
  child.stdout?.on('data', note);
  child.stderr?.on('data', note);
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const kill = () => void child.kill('SIGKILL');
  process.once('exit', kill);

  async function stop(): Promise<void> {
    client?.close();
    kill();
    await ended;
    process.off('exit', kill);
    rmSync(folder, { recursive: true, force: true });
  }

  let client: UbusClient | undefined;
  try {
    const pid = await until('/sbin/init', BOOT_MS, () => {
      if (child.exitCode !== null) throw new Error(`The machine ended at once: ${console}`);
      const found = childOf(child.pid);
      return found !== undefined && readFileSync(`/proc/${found}/cmdline`, 'utf8').includes('/sbin/init')
        ? found
        : undefined;
    });
    const inside = `/proc/${pid}/root`;
    const ubus = connectClient(`${inside}/run/ubus/ubus.sock`);
    client = ubus;
    ubus.start();
    const read = (path: string) => (existsSync(inside + path) ? readFileSync(inside + path, 'utf8') : '');
    await until(`The end of the boot (console: ${console})`, BOOT_MS, () =>
      read('/run/log/messages').includes('- init complete -') ? true : undefined,
    );
    // This client comes by its own way; tests call at once.
    await until('A connection to ubusd', BOOT_MS, async () =>
      (await ubus.call('service', 'list', {})).ok ? true : undefined,
    );
    return {
      pid,
      ubus,
      ended,
      stop,
      read,
      write(path, content, mode = 0o644) {
        mkdirSync(dirname(inside + path), { recursive: true });
        writeFileSync(inside + path, content, { mode });
      },
      sh: (command) =>
        run([
          ...['nsenter', `--target=${pid}`, '--mount', '--pid', '--net', '--root', '--wd', '--'],
          ...['/bin/sh', '-c', command],
        ]),
      async call(path, method, args = {}) {
        const answer = await ubus.call(path, method, args);
        if (!answer.ok) throw new Error(`${path} ${method}: ${answer.error.message}`);
        return answer.value;
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

export const CAPTURES = join(REPOSITORY, 'test/captures');

/** The recordings of a folder, by name. */
export function capture<T>(folder: string, name: string): T {
  const file = readdirSync(join(CAPTURES, folder)).find((entry) => entry.startsWith(name));
  if (file === undefined) throw new Error(`There is no recording ${folder}/${name}.`);
  return JSON.parse(readFileSync(join(CAPTURES, folder, file), 'utf8')) as T;
}
