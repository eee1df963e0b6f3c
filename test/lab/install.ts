/** Puts packages on a router's disk and runs their scripts; on a machine without power as an image builder would. */
import type { Cage } from './cage.ts';
import type { Disk } from './disk.ts';
import { readPackage } from './package-file.ts';
import { LabError, must, type Ran } from './programs.ts';

const INFO = '/usr/lib/opkg/info';

function exists(disk: Disk, path: string): boolean {
  try {
    disk.read(path);
    return true;
  } catch {
    return false;
  }
}

/**
 * Unpacks the package at `path` (a file of the machine) and runs its postinst: with `exec` in the running router, or
 * without it with IPKG_INSTROOT set, which enables init scripts and starts none. Throws LabError with the script's words.
 */
export async function installPackage(
  cage: Cage,
  disk: Disk,
  path: string,
  exec: ((argv: readonly string[]) => Promise<Ran>) | null,
): Promise<void> {
  const file = readPackage(path);
  const kept: string[] = [];
  for (const name of file.conffiles) if (exists(disk, name)) kept.push(name);
  const inside = (argv: readonly string[]): string[] => [...cage.enter(''), 'chroot', disk.root, ...argv];
  // The root's /lib, /bin and /sbin are links into /usr, which tar would else replace by folders.
  const tar = ['tar', '-x', '-C', '/', '--no-same-owner', '--keep-directory-symlink', '-f', '-'];
  const excludes = kept.flatMap((name) => [`--exclude=.${name}`]);
  await must(inside([...tar, ...excludes]), { stdin: file.data });
  for (const [name, content] of file.control) {
    const mode = name === 'postinst' || name === 'prerm' ? 0o755 : 0o644;
    disk.write(`${INFO}/${file.name}.${name}`, content, mode);
  }
  disk.write(`${INFO}/${file.name}.list`, file.files.map((name) => `${name}\n`).join(''));
  if (!file.control.has('postinst')) return;
  const script = `${INFO}/${file.name}.postinst`;
  if (exec !== null) {
    const ran = await exec(['sh', script, 'configure']);
    if (ran.code !== 0) {
      throw new LabError(`The postinst of ${file.name} failed: ${(ran.stderr || ran.stdout).trim()}.`);
    }
    return;
  }
  // `/` is the same root, and not empty: the sign that nothing runs yet, as in an image builder.
  await must(inside(['env', 'IPKG_INSTROOT=/', 'sh', script, 'configure']));
}
