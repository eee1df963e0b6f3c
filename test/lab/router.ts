/**
 * One router as a machine with a power switch. Power makes its network namespace and plugs its ports in, mounts its
 * RAM disks and starts /sbin/init as pid 1 of its own pid namespace; loss of power is SIGKILL for that pid 1 (the
 * kernel ends all the rest) and all links down, in one instant, without a word to anybody.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Cage } from './cage.ts';
import type { Disk } from './disk.ts';
import { installPackage } from './install.ts';
import { routerPorts, switchPort, unplug } from './links.ts';
import { ENVIRONMENT, HopelessError, LabError, type Ran, run, start, until } from './programs.ts';
import { childrenOf, commOf, processId } from './records.ts';
import type { RouterPlan } from './topology.ts';

export interface Router {
  readonly name: string;
  readonly plan: RouterPlan;
  readonly hasPower: boolean;
  /** Number of its pid 1 on the machine, null without power. */
  readonly pid: number | null;
  /** Standard output and error of pid 1 since power came, newest 64 KiB: what a serial console would show. */
  readonly console: string;
  /** Runs a program in the router. Rejects with LabError without power. */
  exec(argv: readonly string[], options?: { stdin?: string; timeoutMs?: number }): Promise<Ran>;
  /** Standard output of a program that must succeed. */
  must(argv: readonly string[], options?: { stdin?: string; timeoutMs?: number }): Promise<string>;
  /** The prefix that runs a program in the router; throws LabError without power. */
  enter(): string[];
  /** A ubus call by the router's own `ubus`: the reply as parsed JSON (`{}` if there is none). */
  ubus(path: string, method: string, args?: object): Promise<unknown>;
  read(path: string): string;
  write(path: string, content: string, mode?: number): void;
  /** `path` is a file of the machine. With power as opkg does; without as an image builder does. */
  installPackage(path: string): Promise<void>;
  powerOn(): Promise<void>;
  /** Resolves when nothing of the router runs or carries packets any more; the time of the blow, as performance.now(). */
  powerOff(): Promise<number>;
  cutLink(device: string): Promise<void>;
  healLink(device: string): Promise<void>;
  /** The device is gone, as when a USB modem is pulled out. */
  removeDevice(device: string): Promise<void>;
  /** A new device of that name, down and without addresses, in the same port of the switch. */
  makeDevice(device: string): Promise<void>;
}

const CONSOLE_BYTES = 65_536;

interface Running {
  readonly pid: number;
  readonly child: ChildProcess;
}

/**
 * pid 1 of the router: nsenter → unshare → init, each the only child of the one before. Until it is init, its root is not
 * the router's yet: what entered it then would run on the lab's own files.
 */
function findInit(child: ChildProcess): number | undefined {
  const [unshare] = child.pid === undefined ? [] : childrenOf(child.pid);
  const [init] = unshare === undefined ? [] : childrenOf(unshare);
  return init !== undefined && commOf(init) === 'init' ? init : undefined;
}

/** Feeds `ip` line by line, so that the process is up before the moment that counts. */
async function prepareIp(cage: Cage): Promise<{ fire(lines: readonly string[]): Promise<void> }> {
  const child = start([...cage.enter(''), 'ip', '-batch', '-'], { stdio: ['pipe', 'ignore', 'pipe'] });
  let words = '';
  child.stderr?.on('data', (bytes: Buffer) => {
    words += bytes.toString();
  });
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
  await until(
    'The start of ip',
    30_000,
    () => {
      const [ip] = child.pid === undefined ? [] : childrenOf(child.pid);
      return ip !== undefined && commOf(ip) === 'ip' ? true : undefined;
    },
    2,
  );
  return {
    async fire(lines) {
      child.stdin?.end(`${lines.join('\n')}\n`);
      if ((await ended) !== 0) throw new LabError(`The links could not be cut: ${words.trim()}.`);
    },
  };
}

export function makeRouter(
  cage: Cage,
  disk: Disk,
  plan: RouterPlan,
  onPower: (pid: number | null) => void,
): Router {
  const { name } = plan;
  let running: Running | null = null;
  let log = '';

  const enter = (): string[] => {
    if (running === null) throw new LabError(`${name} has no power.`);
    return [
      'nsenter',
      `--target=${running.pid}`,
      '--mount',
      '--pid',
      '--net',
      '--uts',
      '--root',
      '--wd',
      '--',
    ];
  };
  const exec: Router['exec'] = async (argv, options = {}) => run([...enter(), ...argv], options);
  const runOrThrow: Router['must'] = async (argv, options) => {
    const ran = await exec(argv, options);
    if (ran.code === 0) return ran.stdout;
    const words = (ran.stderr || ran.stdout).trim() || 'no message';
    throw new LabError(`${name}: ${argv.join(' ')} failed with exit status ${ran.code}: ${words}.`);
  };

  function boot(): ChildProcess {
    const unshare = [
      'unshare',
      '--mount',
      '--uts',
      '--pid',
      '--fork',
      '--kill-child',
      '--propagation',
      'private',
    ];
    const root = [`--root=${disk.root}`, '--wd=/', '--mount-proc', '/sbin/init'];
    const [program = '', ...args] = [...cage.enter(name), ...unshare, ...root];
    // A session of its own: ^C at the owner's terminal must not reach init, which would shut the router down.
    const child = spawn(program, args, {
      env: { ...ENVIRONMENT },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const note = (bytes: Buffer | string): void => {
      log = (log + bytes.toString()).slice(-CONSOLE_BYTES);
    };
    child.stdout?.on('data', note);
    child.stderr?.on('data', note);
    child.once('error', (error) => note(`${error.message}\n`));
    return child;
  }

  async function powerOn(): Promise<void> {
    if (running !== null) throw new LabError(`${name} has power already.`);
    log = '';
    await cage.addNamespace(name);
    const { namespace, lines } = routerPorts(plan);
    await cage.ip(namespace, lines);
    await cage.ip(name, ['link set dev lo up']);
    await disk.mountVolatile(name);
    const child = boot();
    const pid = await until(
      `The start of ${name}'s /sbin/init`,
      30_000,
      () => {
        if (child.exitCode !== null)
          throw new HopelessError(`${name}'s /sbin/init ended at once: ${log.trim()}`);
        return findInit(child);
      },
      5,
    );
    running = { pid, child };
    onPower(pid);
    child.once('exit', () => {
      if (running?.child === child) {
        // pid 1 must not end; the namespace stays as it is for whoever looks into it.
        log += 'pid 1 has ended.\n';
      }
    });
  }

  async function powerOff(): Promise<number> {
    if (running === null) throw new LabError(`${name} has no power already.`);
    const { pid, child } = running;
    const cut = await prepareIp(cage);
    running = null;
    const at = performance.now();
    if (processId(pid) !== null) process.kill(pid, 'SIGKILL');
    await cut.fire(unplug(plan));
    if (child.exitCode === null && child.signalCode === null) {
      await new Promise((resolve) => child.once('exit', resolve));
    }
    onPower(null);
    await cage.ip(
      '',
      plan.ports.map(({ device }) => `link delete dev ${switchPort(name, device)}`),
    );
    await disk.unmountVolatile();
    await cage.deleteNamespace(name);
    return at;
  }

  async function setLink(device: string, state: 'up' | 'down'): Promise<void> {
    if (!plan.ports.some((port) => port.device === device)) {
      throw new LabError(`${name} has no port '${device}'.`);
    }
    // At the switch: the router loses its carrier, as when a cable is pulled.
    await cage.ip('', [`link set dev ${switchPort(name, device)} ${state}`]);
  }

  return {
    name,
    plan,
    get hasPower() {
      return running !== null;
    },
    get pid() {
      return running?.pid ?? null;
    },
    get console() {
      return log;
    },
    exec,
    must: runOrThrow,
    enter,
    async ubus(path, method, args = {}) {
      const text = await runOrThrow(['ubus', 'call', path, method, JSON.stringify(args)]);
      return text.trim() === '' ? {} : JSON.parse(text);
    },
    read: disk.read,
    write: disk.write,
    installPackage: (path) => installPackage(cage, disk, path, running === null ? null : exec),
    powerOn,
    powerOff,
    cutLink: (device) => setLink(device, 'down'),
    healLink: (device) => setLink(device, 'up'),
    removeDevice: (device) => cage.ip('', [`link delete dev ${switchPort(name, device)}`]),
    async makeDevice(device) {
      const { namespace, lines } = routerPorts({
        ...plan,
        ports: plan.ports.filter((port) => port.device === device),
      });
      await cage.ip(namespace, lines);
    },
  };
}
