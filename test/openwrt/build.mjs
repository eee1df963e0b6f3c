/**
 * Assembles build/openwrt/root, the layer that makes a Debian root look like OpenWrt: the files below test/openwrt/root,
 * the commands `uci` and `ubus` on QuickJS, and /etc/rc.d as enabled init scripts would have it. The bundles of the
 * daemons are put there by src/build/bundle.mjs, which runs first. `node test/openwrt/build.mjs`
 */

import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

const repository = join(import.meta.dirname, '../..');
const source = join(import.meta.dirname, 'root');
const target = join(repository, 'build/openwrt/root');

/** Commands that are QuickJS bundles: name → where it is looked for on the router. */
const COMMANDS = { uci: 'usr/sbin/uci', ubus: 'usr/bin/ubus' };

/** /var is on the RAM disk, as on a router: a script below it has a symbolic link in its path. */
const LINKS = { var: 'tmp', 'usr/sbin/ifdown': 'ifup' };

/**
 * /bin is a folder here, as on OpenWrt and otherwise than on Debian: keepalived refuses to run a script whose path leads
 * over a symbolic link, and its notify calls begin with /bin/busybox. What OpenWrt has in /bin, as far as Debian has it.
 */
const BIN = [
  ...[
    'ash',
    'busybox',
    'cat',
    'chgrp',
    'chmod',
    'chown',
    'cp',
    'date',
    'dd',
    'df',
    'dmesg',
    'echo',
    'egrep',
    'false',
  ],
  ...[
    'fgrep',
    'fsync',
    'grep',
    'gunzip',
    'gzip',
    'kill',
    'ln',
    'ls',
    'mkdir',
    'mknod',
    'mktemp',
    'mount',
    'mv',
    'nice',
  ],
  ...[
    'pidof',
    'ping',
    'ping6',
    'ps',
    'pwd',
    'rm',
    'rmdir',
    'sed',
    'sh',
    'sleep',
    'sync',
    'tar',
    'touch',
    'true',
    'ubus',
  ],
  ...['umount', 'uname', 'vi', 'zcat', 'bash', 'dash', 'ip', 'ss', 'su', 'stty'],
];

/** @param {string} file */
function missing(file) {
  console.error(`openwrt: ${file} is missing: run src/build/bundle.mjs first`);
  process.exitCode = 1;
}

mkdirSync(join(target, 'usr/lib/openwrt'), { recursive: true });
cpSync(source, target, { recursive: true });
mkdirSync(join(target, 'bin'), { recursive: true });
const bin = Object.fromEntries(BIN.map((name) => [`bin/${name}`, `../usr/bin/${name}`]));
for (const [path, to] of Object.entries({ ...LINKS, ...bin })) {
  rmSync(join(target, path), { force: true });
  symlinkSync(to, join(target, path));
}

for (const [name, path] of Object.entries(COMMANDS)) {
  const bundle = join(repository, `build/qjs/${name}.js`);
  if (!existsSync(bundle)) {
    missing(`build/qjs/${name}.js`);
    continue;
  }
  copyFileSync(bundle, join(target, `usr/lib/openwrt/${name}.js`));
  mkdirSync(join(target, path, '..'), { recursive: true });
  writeFileSync(join(target, path), `#!/bin/sh\nexec qjs -m /usr/lib/openwrt/${name}.js "$@"\n`);
  chmodSync(join(target, path), 0o755);
}

// Debian's example, which would make conntrackd run on every router. A whiteout of overlayfs hides it; only root can make one.
const example = join(target, 'etc/conntrackd/conntrackd.conf');
if (process.getuid?.() === 0 && !existsSync(example)) {
  mkdirSync(join(example, '..'), { recursive: true });
  spawnSync('mknod', [example, 'c', '0', '0'], { stdio: 'inherit' });
}

// The keepalived init script renders by hagw's own code, whether or not the package is installed on the router.
const hagw = join(repository, 'build/qjs/hagw.js');
if (existsSync(hagw)) copyFileSync(hagw, join(target, 'usr/lib/openwrt/hagw.js'));
else missing('build/qjs/hagw.js');

const links = join(target, 'etc/rc.d');
rmSync(links, { recursive: true, force: true });
mkdirSync(links, { recursive: true });
for (const name of readdirSync(join(source, 'etc/init.d'))) {
  const script = readFileSync(join(source, 'etc/init.d', name), 'utf8');
  for (const [word, letter] of [
    ['START', 'S'],
    ['STOP', 'K'],
  ]) {
    const order = new RegExp(`^${word}=(\\d+)$`, 'm').exec(script)?.[1];
    if (order !== undefined) symlinkSync(`../init.d/${name}`, join(links, `${letter}${order}${name}`));
  }
}
