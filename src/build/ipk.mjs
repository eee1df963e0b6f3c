/**
 * Makes build/packages/*.ipk and their index without an SDK: `node src/build/ipk.mjs`.
 *
 * An .ipk is a gzipped tar of `debian-binary`, `data.tar.gz` and `control.tar.gz`. The same sources give the same bytes:
 * names sorted, owner root, one time for all files (SOURCE_DATE_EPOCH, else the time of the last commit, else 0).
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { gzipAsync } from '@gfx/zopfli';
import { PACKAGES, POSTINST, PRERM, RELEASE } from './packages.mjs';

const root = join(import.meta.dirname, '../..');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** @param {string} program @param {string[]} args */
function run(program, args) {
  const result = spawnSync(program, args, { cwd: root, maxBuffer: 1 << 28 });
  if (result.status !== 0) {
    throw new Error(
      `${program} ${args.join(' ')} failed: ${result.error?.message ?? result.stderr.toString()}`,
    );
  }
  return result.stdout;
}

/** Seconds since 1970 that all files in the packages carry. */
function sourceEpoch() {
  if (process.env.SOURCE_DATE_EPOCH) return Number(process.env.SOURCE_DATE_EPOCH);
  const commit = spawnSync('git', ['log', '-1', '--format=%ct'], { cwd: root });
  return commit.status === 0 ? Number(commit.stdout.toString().trim()) || 0 : 0;
}

/** @param {string} folder @param {string[]} members @param {number} epoch */
function tar(folder, members, epoch) {
  return run('tar', [
    '--format=ustar',
    '--sort=name',
    `--mtime=@${epoch}`,
    '--owner=0',
    '--group=0',
    '--numeric-owner',
    '--mode=u+rwX,go+rX,go-w',
    '-C',
    folder,
    '-cf',
    '-',
    ...members,
  ]);
}

/** @param {string} folder @returns {number} bytes of all files below */
function sizeOf(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

/**
 * Copies what a package consists of into `folder`, as it will lie on the router.
 * @param {import('./packages.mjs').Package} pkg @param {string} folder
 */
export function stage(pkg, folder) {
  for (const { from, to } of pkg.copies) {
    if (!existsSync(join(root, from))) throw new Error(`ipk: ${from} is missing: run 'make build' first`);
    cpSync(join(root, from), join(folder, to), { recursive: true });
  }
}

/** @param {import('./packages.mjs').Package} pkg @param {number} installedSize */
function controlFile(pkg, installedSize) {
  return `${[
    `Package: ${pkg.name}`,
    `Version: ${version}-r${RELEASE}`,
    `Depends: ${['libc', ...pkg.depends].join(', ')}`,
    `License: Apache-2.0`,
    `Section: ${pkg.section}`,
    `Maintainer: The hagw project`,
    `Architecture: all`,
    `Installed-Size: ${installedSize}`,
    `Description: ${pkg.title}`,
    ` ${pkg.description}`,
  ].join('\n')}\n`;
}

/** @param {import('./packages.mjs').Package} pkg @param {string} work @param {number} epoch */
async function makeIpk(pkg, work, epoch) {
  const data = join(work, pkg.name, 'data');
  const control = join(work, pkg.name, 'control');
  const outer = join(work, pkg.name, 'outer');
  for (const folder of [data, control, outer]) mkdirSync(folder, { recursive: true });
  stage(pkg, data);
  const text = controlFile(pkg, sizeOf(data));
  writeFileSync(join(control, 'control'), text);
  if (pkg.conffiles.length > 0) writeFileSync(join(control, 'conffiles'), `${pkg.conffiles.join('\n')}\n`);
  const scripts = {
    postinst: POSTINST,
    prerm: PRERM,
    'postinst-pkg': pkg.postinstPkg,
    'prerm-pkg': pkg.prermPkg,
  };
  for (const [name, script] of Object.entries(scripts)) {
    if (script !== '') writeFileSync(join(control, name), script, { mode: 0o755 });
  }
  writeFileSync(join(outer, 'debian-binary'), '2.0\n');
  // The files are most of a package, and zopfli's gzip is 3 % smaller than zlib's best.
  writeFileSync(join(outer, 'data.tar.gz'), await gzipAsync(tar(data, ['.'], epoch), { numiterations: 15 }));
  writeFileSync(join(outer, 'control.tar.gz'), gzipSync(tar(control, ['.'], epoch), { level: 9 }));
  const members = ['./debian-binary', './data.tar.gz', './control.tar.gz'];
  const ipk = gzipSync(tar(outer, members, epoch), { level: 9 });
  return { name: `${pkg.name}_${version}-r${RELEASE}_all.ipk`, ipk, control: text };
}

/** @param {string} out folder for the packages @returns {Promise<string[]>} the files' names */
export async function makePackages(out) {
  const work = mkdtempSync(join(root, 'build/ipk-'));
  try {
    rmSync(out, { recursive: true, force: true });
    mkdirSync(out, { recursive: true });
    const made = await Promise.all(PACKAGES.map((pkg) => makeIpk(pkg, work, sourceEpoch())));
    for (const { name, ipk } of made) writeFileSync(join(out, name), ipk);
    const index = made
      .map(({ name, ipk, control }) => {
        const [head, description] = control.split(/(?=^Description:)/m);
        const sum = createHash('sha256').update(ipk).digest('hex');
        return `${head}Filename: ${name}\nSize: ${ipk.length}\nSHA256sum: ${sum}\n${description}\n`;
      })
      .join('');
    writeFileSync(join(out, 'Packages'), index);
    writeFileSync(join(out, 'Packages.gz'), gzipSync(index, { level: 9 }));
    return made.map(({ name }) => name);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

if (process.argv[1] === import.meta.filename) {
  const out = join(root, 'build/packages');
  for (const name of await makePackages(out))
    console.log(`build/packages/${name} ${statSync(join(out, name)).size} bytes`);
}
