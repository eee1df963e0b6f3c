import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resolveInside } from '../../lab/disk.ts';
import { readPackage, readTar } from '../../lab/package-file.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hagw-lab-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("a path on a router's disk", () => {
  it('never leaves the disk by a link', () => {
    const root = join(folder, 'root');
    mkdirSync(join(root, 'run/lock'), { recursive: true });
    mkdirSync(join(root, 'etc'));
    symlinkSync('/run', join(root, 'var'));
    symlinkSync('../../../../etc', join(root, 'run/up'));
    symlinkSync('/etc/passwd', join(root, 'etc/link'));
    symlinkSync('loop', join(root, 'etc/loop'));
    expect(resolveInside(root, '/var/lock/x')).toBe(`${root}/run/lock/x`);
    expect(resolveInside(root, '/run/up/passwd')).toBe(`${root}/etc/passwd`);
    expect(resolveInside(root, '/etc/link')).toBe(`${root}/etc/passwd`);
    expect(resolveInside(root, '/../../x')).toBe(`${root}/x`);
    expect(() => resolveInside(root, '/etc/loop')).toThrow(/too many levels/);
  });
});

/** One ustar member by hand: header fields at the offsets of POSIX.1-1988, content padded to 512. */
function member(name: string, content: string, type = '0'): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write(content.length.toString(8).padStart(11, '0'), 124);
  header.write(type, 156);
  header.write('ustar\u000000', 257);
  return Buffer.concat([header, Buffer.from(content), Buffer.alloc((512 - (content.length % 512)) % 512)]);
}
const tar = (...members: readonly Buffer[]): Buffer => Buffer.concat([...members, Buffer.alloc(1024)]);

describe('a package', () => {
  const control = tar(
    member('./', '', '5'),
    member('./control', 'Package: thing\nVersion: 1.2-3\n'),
    member('./conffiles', '/etc/config/thing\n'),
    member('./postinst', '#!/bin/sh\n'),
  );
  const data = tar(
    member('./etc/', '', '5'),
    member('./etc/config/thing', 'x'),
    member('./usr/bin/thing', 'y'),
  );

  it('is read', () => {
    const path = join(folder, 'thing.ipk');
    // The gzip bytes go in as they are, not as UTF-8.
    const gz = gzipSync(control);
    const dataGz = gzipSync(data);
    const raw = (name: string, bytes: Buffer): Buffer => {
      const header = member(name, '');
      header.write(bytes.length.toString(8).padStart(11, '0'), 124);
      return Buffer.concat([header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
    };
    writeFileSync(
      path,
      gzipSync(
        tar(member('./debian-binary', '2.0\n'), raw('./data.tar.gz', dataGz), raw('./control.tar.gz', gz)),
      ),
    );
    const read = readPackage(path);
    expect(read).toMatchObject({
      name: 'thing',
      version: '1.2-3',
      files: ['/etc/config/thing', '/usr/bin/thing'],
      conffiles: ['/etc/config/thing'],
    });
    expect(read.control.get('postinst')).toBe('#!/bin/sh\n');
  });

  it('is refused when cut off or when it is something else', () => {
    expect(() => readTar(tar(member('./a', 'x'.repeat(2000))).subarray(0, 1500))).toThrow(
      /cut off at '.\/a'/,
    );
    const path = join(folder, 'other.ipk');
    writeFileSync(path, gzipSync(tar(member('./readme', 'hello'))));
    expect(() => readPackage(path)).toThrow(/it has no control.tar.gz|it has no data.tar.gz/);
  });
});
