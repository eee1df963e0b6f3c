/**
 * A router's file system: OpenWrt's stand-ins over the lab's Debian root, read only, with a layer of its own for what
 * the router writes. That layer is its flash and outlives a loss of power; /run and /tmp are RAM and do not.
 */
import { lstatSync, mkdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { type Cage, diskOf } from './cage.ts';
import { must } from './programs.ts';

export const REPOSITORY = join(import.meta.dirname, '../..');
export const ROOTFS = join(REPOSITORY, 'build/lab/rootfs');
export const STAND_INS = join(REPOSITORY, 'build/openwrt/root');

export interface Disk {
  /** Where the router's root is mounted, as seen inside the lab. */
  readonly root: string;
  /** Mounts the empty RAM disks and the /sys of the router's network namespace. */
  mountVolatile(namespace: string): Promise<void>;
  unmountVolatile(): Promise<void>;
  /** Files of the router, also while it has no power. Paths are absolute; links are followed inside its root. */
  read(path: string): string;
  write(path: string, content: string, mode?: number): void;
}

/**
 * Where an absolute path of the router really lies below `root`: an absolute link must not lead out of it, to the
 * machine's own files.
 */
export function resolveInside(root: string, path: string): string {
  let at = '/';
  let rest = path.split('/').filter((part) => part !== '');
  for (let links = 0; rest.length > 0; ) {
    const [part = '', ...after] = rest;
    const next = posix.join(at, part);
    rest = after;
    let target: string | null = null;
    try {
      if (lstatSync(root + next).isSymbolicLink()) target = readlinkSync(root + next);
    } catch {
      // Missing: the caller's own operation says so, or makes it.
    }
    if (target === null) {
      at = next;
      continue;
    }
    links += 1;
    if (links > 40) throw new Error(`${path}: too many levels of symbolic links`);
    if (target.startsWith('/')) at = '/';
    rest = [...target.split('/').filter((name) => name !== ''), ...rest];
  }
  return root + at;
}

const OWN_STAND_INS = diskOf('openwrt');

/** The lab's root, read only, as seen inside the lab: for programs of clients and providers. */
export const TOOLS = diskOf('tools');

/**
 * What all machines of a lab share. The stand-ins are copied: a build meanwhile must not change what a running router
 * reads.
 */
export async function prepareRoots(cage: Cage): Promise<void> {
  const enter = cage.enter('');
  await must([...enter, 'cp', '-a', STAND_INS, OWN_STAND_INS]);
  await must([...enter, 'mkdir', TOOLS]);
  await must([...enter, 'mount', '--bind', ROOTFS, TOOLS]);
  await must([...enter, 'mount', '-o', 'remount,bind,ro', TOOLS]);
}

/** After prepareRoots. */
export async function makeDisk(cage: Cage, machine: string): Promise<Disk> {
  const inside = diskOf(machine);
  const root = `${inside}/root`;
  const upper = `${inside}/upper`;
  const work = `${inside}/work`;
  await must([...cage.enter(''), 'mkdir', '-p', root, upper, work]);
  const layers = `lowerdir=${OWN_STAND_INS}:${ROOTFS},upperdir=${upper},workdir=${work}`;
  await must([...cage.enter(''), 'mount', '-t', 'overlay', '-o', layers, machine, root]);
  const outside = cage.outside(root);
  const ram = ['/run', '/tmp', '/dev/shm'];
  return {
    root,
    async mountVolatile(namespace) {
      const mount = [...cage.enter(namespace), 'mount', '-t'];
      for (const path of ram) {
        const mode = path === '/run' ? 'mode=755' : 'mode=1777';
        await must([...mount, 'tmpfs', '-o', mode, 'ram', root + path]);
      }
      await must([...mount, 'sysfs', 'sysfs', `${root}/sys`]);
      await must([...mount, 'devpts', '-o', 'newinstance,ptmxmode=0666', 'devpts', `${root}/dev/pts`]);
    },
    async unmountVolatile() {
      for (const path of [...ram, '/sys', '/dev/pts']) {
        await must([...cage.enter(''), 'umount', '--lazy', root + path]);
      }
    },
    read: (path) => readFileSync(resolveInside(outside, path), 'utf8'),
    write(path, content, mode = 0o644) {
      const real = resolveInside(outside, path);
      mkdirSync(dirname(real), { recursive: true });
      writeFileSync(real, content, { mode });
    },
  };
}
