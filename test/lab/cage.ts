/**
 * The cage: one mount, pid and network namespace around a whole lab, so that nothing of it shows on the machine
 * and nothing can be left behind. Its pid 1 is a `cat` on a pipe from the owner. Whatever ends the owner closes the
 * pipe, `cat` ends, and the kernel ends every other process of the pid namespace; with the last of them go the lab's
 * mounts and network namespaces. The cage holds the switches; ISPs, clients and routers have namespaces inside.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { HopelessError, must, start, until } from './programs.ts';
import { childrenOf, commOf, isAlive, type ProcessId, processId } from './records.ts';

/** Where the lab keeps its routers' disks, as seen inside. */
const INSIDE = '/run/lab';

export interface Cage {
  readonly process: ProcessId;
  /** The prefix that runs a program in the lab, in one of its network namespaces ('' = the switches'). */
  enter(namespace: string): string[];
  /** The prefix that runs a program of the machine (its files) in one of the lab's network namespaces. */
  enterNetwork(namespace: string): string[];
  /** A path inside the lab, for use from outside. */
  outside(path: string): string;
  addNamespace(name: string): Promise<void>;
  deleteNamespace(name: string): Promise<void>;
  /** Runs lines of `ip` in a namespace. */
  ip(namespace: string, lines: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

export const diskOf = (machine: string): string => `${INSIDE}/${machine}`;

const gone = (id: ProcessId): true | undefined => (isAlive(id) ? undefined : true);

async function startCage(): Promise<{ child: ChildProcess; id: ProcessId }> {
  const argv = ['unshare', '--mount', '--pid', '--net', '--fork', '--kill-child', '--propagation', 'private'];
  // A session of its own: ^C goes to the owner, who decides what to do.
  const child = start([...argv, 'cat'], { stdio: ['pipe', 'ignore', 'pipe'], detached: true });
  let words = '';
  child.stderr?.on('data', (bytes: Buffer) => {
    words += bytes.toString();
  });
  child.stdin?.on('error', () => {
    // The cage is gone already: close() finds that out.
  });
  child.on('error', (error) => {
    words += error.message;
  });
  const id = await until(
    'The lab (unshare needs root)',
    30_000,
    () => {
      if (words !== '') throw new HopelessError(`The lab could not be started: ${words.trim()}.`);
      const [pid] = child.pid === undefined ? [] : childrenOf(child.pid);
      // Before it is `cat`, its mounts are not private yet: what is mounted then would show on the machine.
      return pid !== undefined && commOf(pid) === 'cat' ? (processId(pid) ?? undefined) : undefined;
    },
    5,
  );
  return { child, id };
}

/** Needs root. Throws LabError. */
export async function openCage(): Promise<Cage> {
  const { child, id } = await startCage();
  const enterAll = ['nsenter', `--target=${id.pid}`, '--mount', '--pid', '--net'];
  const outside = (path: string): string => `/proc/${id.pid}/root${path}`;
  const netOf = (namespace: string): string =>
    namespace === '' ? `--net=/proc/${id.pid}/ns/net` : `--net=${outside(`/run/netns/${namespace}`)}`;
  const enter = (namespace: string): string[] => [
    'nsenter',
    `--target=${id.pid}`,
    '--mount',
    '--pid',
    netOf(namespace),
    '--',
  ];
  const ip = async (namespace: string, lines: readonly string[]): Promise<void> => {
    if (lines.length === 0) return;
    await must([...enter(namespace), 'ip', '-batch', '-'], { stdin: `${lines.join('\n')}\n` });
  };
  // Its own /run: the names of the lab's namespaces are seen nowhere else.
  await must([...enterAll, '--', 'mount', '-t', 'tmpfs', '-o', 'mode=755', 'lab', '/run']);
  await must([...enterAll, '--', 'mkdir', '-p', '/run/netns', INSIDE]);
  return {
    process: id,
    enter,
    enterNetwork: (namespace) => ['nsenter', `--target=${id.pid}`, '--pid', netOf(namespace), '--'],
    outside,
    async addNamespace(name) {
      await must([...enter(''), 'ip', 'netns', 'add', name]);
    },
    async deleteNamespace(name) {
      await must([...enter(''), 'ip', 'netns', 'delete', name]);
    },
    ip,
    async close() {
      child.stdin?.destroy();
      const ended = child.exitCode !== null || child.signalCode !== null ? null : once(child, 'exit');
      if (isAlive(id)) process.kill(id.pid, 'SIGKILL');
      await ended;
      await until('The end of the lab', 30_000, () => gone(id), 5);
    },
  };
}
