/** What has to be stored on the router: the bundle and the packages. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { BenchGroup } from './group.ts';
import { rowOf } from './rows.ts';

/** The program, in several files. */
const PROGRAM = 'build/router/usr/lib/hagw';
const PACKAGES = 'build/packages';
const KIB = 1024;
/** docs/adr/0006-package-size.md */
const GOAL_KIB = 200;
const LUCI_GOAL_KIB = 100;

function must(path: string, target: string): Buffer {
  if (!existsSync(path)) throw new Error(`${path} is missing: run 'make ${target}' first.`);
  return readFileSync(path);
}

function packageBytes(root: string, name: string): number {
  const folder = join(root, PACKAGES);
  const found = existsSync(folder)
    ? readdirSync(folder).filter((file) => file.startsWith(`${name}_`) && file.endsWith('.ipk'))
    : [];
  const [file, ...more] = found;
  if (file === undefined || more.length > 0) {
    throw new Error(`${folder} has ${found.length} ${name}_*.ipk instead of one: run 'make clean ipk'.`);
  }
  return must(join(folder, file), 'ipk').length;
}

export const sizes: BenchGroup = {
  names: ['bundle-size', 'bundle-gzip-size', 'hagw-package-size', 'luci-package-size'],
  async run({ root }) {
    must(join(root, PROGRAM, 'hagw.js'), 'build');
    const parts = readdirSync(join(root, PROGRAM)).map((name) => readFileSync(join(root, PROGRAM, name)));
    const bundle = Buffer.concat(parts);
    return [
      rowOf('bundle-size', 'KiB', [bundle.length / KIB]),
      rowOf('bundle-gzip-size', 'KiB', [gzipSync(bundle, { level: 9 }).length / KIB]),
      rowOf('hagw-package-size', 'KiB', [packageBytes(root, 'hagw') / KIB], GOAL_KIB),
      rowOf('luci-package-size', 'KiB', [packageBytes(root, 'luci-app-hagw') / KIB], LUCI_GOAL_KIB),
    ];
  },
};
