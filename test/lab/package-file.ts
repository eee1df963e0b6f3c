/**
 * Installs an .ipk the way opkg does: files unpacked, a configuration file that is there already kept, control files in
 * /usr/lib/opkg/info, then the package's own postinst. Dependencies are not looked at: the lab's root has them.
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { LabError } from './programs.ts';

export interface PackageFile {
  readonly name: string;
  readonly version: string;
  /** Control files by name (`control`, `postinst`, …). */
  readonly control: ReadonlyMap<string, string>;
  /** data.tar, unpacked from its gzip. */
  readonly data: Uint8Array;
  /** Absolute paths of its files, without folders. */
  readonly files: readonly string[];
  readonly conffiles: readonly string[];
}

interface TarMember {
  readonly name: string;
  readonly isFolder: boolean;
  readonly content: Uint8Array;
}

const BLOCK = 512;

/** Members of a ustar archive (POSIX.1-1988 header: name at 0, size at 124 in octal, type at 156, prefix at 345). */
export function readTar(archive: Uint8Array): TarMember[] {
  const field = (at: number, from: number, length: number): string =>
    Buffer.from(archive.subarray(at + from, at + from + length))
      .toString('utf8')
      .replace(/\0.*$/s, '');
  const members: TarMember[] = [];
  for (let at = 0; at + BLOCK <= archive.length; ) {
    const name = field(at, 0, 100);
    if (name === '') break;
    const size = Number.parseInt(field(at, 124, 12).trim() || '0', 8);
    if (!Number.isSafeInteger(size) || at + BLOCK + size > archive.length) {
      throw new LabError(`The tar archive is cut off at '${name}'.`);
    }
    const prefix = field(at, 345, 155);
    members.push({
      name: (prefix === '' ? name : `${prefix}/${name}`).replace(/^\.\/?/, '/').replace(/^\/?/, '/'),
      isFolder: field(at, 156, 1) === '5',
      content: archive.subarray(at + BLOCK, at + BLOCK + size),
    });
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return members;
}

/** Throws LabError if the file is no .ipk. */
export function readPackage(path: string): PackageFile {
  const members = readTar(gunzipSync(readFileSync(path)));
  const archive = (name: string): Uint8Array => {
    const found = members.find((member) => member.name === `/${name}`);
    if (found === undefined) throw new LabError(`${path} is no package: it has no ${name}.`);
    return gunzipSync(found.content);
  };
  const control = new Map(
    readTar(archive('control.tar.gz'))
      .filter(({ isFolder }) => !isFolder)
      .map(({ name, content }) => [name.slice(1), Buffer.from(content).toString()]),
  );
  const about = (key: string): string => {
    const line = new RegExp(`^${key}: *(.+)$`, 'm').exec(control.get('control') ?? '');
    if (line?.[1] === undefined) throw new LabError(`${path} is no package: its control file has no ${key}.`);
    return line[1];
  };
  const data = archive('data.tar.gz');
  return {
    name: about('Package'),
    version: about('Version'),
    control,
    data,
    files: readTar(data).flatMap(({ name, isFolder }) => (isFolder ? [] : [name])),
    conffiles: (control.get('conffiles') ?? '').split('\n').filter((line) => line !== ''),
  };
}
