/**
 * The lab's root for one program: a mount and pid namespace with a scratch folder at /mnt, /dev of its own (so that
 * /dev/log is ours) and /proc. Nothing is written to the root, and the end of the program ends all that it started.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../../../build/lab/rootfs');

const SCRIPT = `set -eu
root=$1 scratch=$2; shift 2
mount --bind "$scratch" "$root/mnt"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=755 dev "$root/dev"
for node in null:3 zero:5 random:8 urandom:9; do mknod -m 666 "$root/dev/\${node%:*}" c 1 "\${node#*:}"; done
ln -s /proc/self/fd "$root/dev/fd"
exec chroot "$root" "$@"`;

export interface SandboxResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program in the lab's root; `scratch` is /mnt inside. Needs root. Milliseconds. */
export function runInSandbox(
  scratch: string,
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
  timeoutMs: number,
): SandboxResult {
  const unshare = ['--mount', '--pid', '--fork', '--kill-child', '--propagation', 'private'];
  const run = spawnSync('unshare', [...unshare, 'sh', '-c', SCRIPT, 'sh', ROOT, scratch, ...argv], {
    encoding: 'utf8',
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
    maxBuffer: 64 << 20,
  });
  return { status: run.status, stdout: run.stdout, stderr: run.stderr };
}
