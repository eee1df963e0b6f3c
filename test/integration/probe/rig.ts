/**
 * A WAN on a bench: a network namespace for the router and one for the provider, joined by a cable, with targets behind
 * the provider. Programs are those of the lab's root. Loss and black holes are made by nft at the far end. Nothing is left
 * behind: `stop` ends what runs in the namespaces by process id and deletes both.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { ProbeTools } from '../../../src/adapters/fping.ts';
import { nodeProcesses } from '../../../src/adapters/node/processes.ts';
import { nodeTimers } from '../../../src/adapters/node/timers.ts';
import type { Completed, Processes } from '../../../src/ports/processes.ts';

/** This file runs from its place and, for measuring, out of a bundle. */
function repository(folder: string): string {
  return existsSync(join(folder, 'package-lock.json')) || folder === '/'
    ? folder
    : repository(dirname(folder));
}

const ROOT = join(repository(import.meta.dirname), 'build/lab/rootfs');
export const DEVICE = 'wan0';
export const TARGETS = ['198.51.100.1', '198.51.100.2', '198.51.100.3'] as const;
export const TARGET6 = '2001:db8:9::1';

/** Why these tests cannot run here; empty if they can. */
export const WHY_NOT =
  process.getuid?.() !== 0
    ? 'needs root'
    : existsSync(join(ROOT, 'usr/bin/fping'))
      ? ''
      : "needs the lab's root (make test builds it)";

export interface Rig {
  readonly tools: ProbeTools;
  /** `ip` in the router's namespace. */
  router(...argv: string[]): void;
  /** Runs a program of the host in the provider's namespace. */
  provider(program: string, ...argv: string[]): void;
  /** Starts Node on a script at the provider. */
  serve(script: string): void;
  /** Runs a bundle under qjs in the router's namespace; its folder is mounted for that process alone. */
  qjs(bundle: string): Promise<Completed>;
  /** Drops this share of the echo requests, at random, in percent; 100 = black hole. */
  lose(percent: number, target?: string): void;
  /** Process ids of the programs in the router's namespace. */
  pids(): number[];
  plug(): void;
  stop(): void;
}

let made = 0;

export function createRig(): Rig {
  made += 1;
  const router = `hagwp${process.pid}r${made}`;
  const provider = `hagwp${process.pid}p${made}`;
  const ip = (...argv: string[]): void => void execFileSync('ip', argv, { stdio: 'pipe' });
  const pidsOf = (namespace: string): number[] =>
    spawnSync('ip', ['netns', 'pids', namespace], { encoding: 'utf8' })
      .stdout.split('\n')
      .filter((line) => line !== '')
      .map(Number);
  const end = (): void => {
    for (const namespace of [router, provider]) {
      for (const pid of pidsOf(namespace)) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // It ended by itself.
        }
      }
      spawnSync('ip', ['netns', 'del', namespace], { stdio: 'ignore' });
    }
  };
  const plug = (): void => {
    ip('-n', router, 'link', 'add', DEVICE, 'type', 'veth', 'peer', 'name', 'isp0', 'netns', provider);
    for (const [namespace, device, host] of [
      [router, DEVICE, '2'],
      [provider, 'isp0', '1'],
    ] as const) {
      ip('-n', namespace, 'address', 'add', `10.9.0.${host}/24`, 'dev', device);
      ip('-n', namespace, 'address', 'add', `2001:db8:8::${host}/64`, 'dev', device, 'nodad');
      ip('-n', namespace, 'link', 'set', device, 'up');
    }
    ip('-n', router, 'route', 'add', 'default', 'via', '10.9.0.1');
    ip('-n', router, '-6', 'route', 'add', 'default', 'via', '2001:db8:8::1');
  };
  process.once('exit', end);
  for (const namespace of [router, provider]) {
    ip('netns', 'add', namespace);
    ip('-n', namespace, 'link', 'set', 'lo', 'up');
  }
  for (const target of TARGETS) ip('-n', provider, 'address', 'add', `${target}/32`, 'dev', 'lo');
  ip('-n', provider, 'address', 'add', `${TARGET6}/128`, 'dev', 'lo', 'nodad');
  plug();

  const inside = (namespace: string, argv: readonly string[]): string[] => [
    ...['ip', 'netns', 'exec', namespace, 'chroot', ROOT],
    // Debian's busybox has no links; OpenWrt's has.
    ...(argv[0] === 'arping' ? ['busybox'] : []),
    ...argv,
  ];
  // Both `ip netns exec` and `chroot` become the program: its process id is the one that was started.
  const processes: Processes = {
    start: (argv, handlers, options) => nodeProcesses.start(inside(router, argv), handlers, options),
    run: (argv, options) => nodeProcesses.run(inside(router, argv), options),
  };
  return {
    tools: {
      processes,
      timers: nodeTimers,
      clock: { wallMs: () => Date.now(), monotonicMs: () => performance.now() },
    },
    router: (...argv) => ip('-n', router, ...argv),
    provider: (program, ...argv) =>
      void execFileSync('ip', ['netns', 'exec', provider, program, ...argv], { stdio: 'pipe' }),
    serve: (script) => {
      const argv = ['ip', 'netns', 'exec', provider, process.execPath, '-e', script];
      const started = nodeProcesses.start(argv, { onExit: () => undefined });
      if (!started.ok) throw new Error(started.error.message);
    },
    qjs: async (bundle) => {
      const script = 'mount --bind "$1" "$2/mnt" && exec chroot "$2" qjs -m "/mnt/$3"';
      const argv = ['ip', 'netns', 'exec', router, 'sh', '-c', script, 'sh'];
      const done = await nodeProcesses.run([...argv, dirname(bundle), ROOT, basename(bundle)], {
        timeoutMs: 60_000,
      });
      if (!done.ok) throw new Error(done.error.message);
      return done.value;
    },
    lose: (percent, target) => {
      const whom = target === undefined ? '' : `ip daddr ${target} `;
      const dice = percent >= 100 ? '' : `numgen random mod 100 < ${percent} `;
      const script = [
        'add table inet loss',
        'delete table inet loss',
        ...(percent === 0
          ? []
          : [
              'add table inet loss',
              'add chain inet loss in { type filter hook input priority 0; }',
              `add rule inet loss in icmp type echo-request ${whom}${dice}drop`,
              `add rule inet loss in icmpv6 type echo-request ${dice}drop`,
            ]),
      ].join('\n');
      const done = spawnSync('ip', ['netns', 'exec', provider, 'nft', '-f', '-'], { input: script });
      if (done.status !== 0) throw new Error(`nft: ${done.stderr}`);
    },
    pids: () => pidsOf(router),
    plug,
    stop: () => {
      process.removeListener('exit', end);
      end();
    },
  };
}
