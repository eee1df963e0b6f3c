/**
 * Bundles every program of the project with esbuild: `node src/build/bundle.mjs [NAME…]` (default: all).
 * The table below is the list of what `make build` leaves behind. Router bundles are ES2020 modules for qjs with
 * `std` and `os` left to the runtime, the router's own split into files that are loaded when they are wanted; Node bundles are single files with a shebang: ES modules without a file extension,
 * which Node knows by their syntax (20.19 and later), within this repository and outside.
 */
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { minify } from 'terser';

const root = join(import.meta.dirname, '../..');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/**
 * `pragmas` and `extend` are for LuCI's loader: the modules that it binds before it runs ours, and the class that ours
 * extends (LuCI's loader takes a function body that returns a class).
 * `split`: parts that are imported by `import()` are files of their own beside `out`, in a folder that is theirs alone.
 * @typedef {{
 *   name: string, entry: string, out: string, kind: 'qjs' | 'node' | 'luci', split?: boolean, pragmas?: string[],
 *   extend?: string,
 * }} Program
 */

const RESOURCES = 'build/luci/htdocs/luci-static/resources';

/** @type {Program[]} */
export const PROGRAMS = [
  {
    name: 'router',
    entry: 'src/main-qjs.ts',
    out: 'build/router/usr/lib/hagw/hagw.js',
    kind: 'qjs',
    split: true,
  },
  { name: 'hagw-qjs', entry: 'src/main-qjs.ts', out: 'build/qjs/hagw.js', kind: 'qjs' },
  { name: 'hagw', entry: 'src/main-node.ts', out: 'build/bin/hagw', kind: 'node' },
  { name: 'lab', entry: 'test/lab/main.ts', out: 'build/bin/lab', kind: 'node' },
  { name: 'bench', entry: 'test/lab/bench-main.ts', out: 'build/bin/bench', kind: 'node' },
  { name: 'screenshots', entry: 'test/luci/screenshots.ts', out: 'build/bin/screenshots', kind: 'node' },
  { name: 'uci', entry: 'src/main-uci-node.ts', out: 'build/bin/uci', kind: 'node' },
  { name: 'ubus', entry: 'src/main-ubus-node.ts', out: 'build/bin/ubus', kind: 'node' },
  { name: 'uci-qjs', entry: 'src/main-uci-qjs.ts', out: 'build/qjs/uci.js', kind: 'qjs' },
  { name: 'ubus-qjs', entry: 'src/main-ubus-qjs.ts', out: 'build/qjs/ubus.js', kind: 'qjs' },
  {
    name: 'ubusd',
    entry: 'test/openwrt/ubusd/main.ts',
    out: 'build/openwrt/root/usr/sbin/ubusd',
    kind: 'node',
  },
  {
    name: 'procd',
    entry: 'test/openwrt/procd/main.ts',
    out: 'build/openwrt/root/usr/lib/openwrt/procd.mjs',
    kind: 'node',
  },
  {
    name: 'netifd',
    entry: 'test/openwrt/netifd/main.ts',
    out: 'build/openwrt/root/usr/lib/openwrt/netifd.mjs',
    kind: 'node',
  },
  {
    name: 'fw4',
    entry: 'test/openwrt/fw4/main-qjs.ts',
    out: 'build/openwrt/root/usr/lib/openwrt/fw4.js',
    kind: 'qjs',
  },
  {
    name: 'rpcd',
    entry: 'test/openwrt/rpcd/main.ts',
    out: 'build/openwrt/root/usr/sbin/rpcd',
    kind: 'node',
  },
  {
    name: 'uhttpd',
    entry: 'test/openwrt/uhttpd/main.ts',
    out: 'build/openwrt/root/usr/sbin/uhttpd',
    kind: 'node',
  },
  {
    name: 'luci-app',
    entry: 'luci/src/app.tsx',
    out: `${RESOURCES}/hagw/app.js`,
    kind: 'luci',
    pragmas: ['require baseclass', 'require rpc'],
    extend: 'baseclass',
  },
  {
    name: 'luci-overview',
    entry: 'luci/src/view/overview.ts',
    out: `${RESOURCES}/view/hagw/overview.js`,
    kind: 'luci',
    pragmas: ['require view', 'require hagw.app as app'],
    extend: 'view',
  },
  { name: 'bench-probe', entry: 'test/bench/probe.ts', out: 'build/bench/probe.mjs', kind: 'node' },
  {
    name: 'bench-switch',
    entry: 'test/bench/multiwan-switch-main.js',
    out: 'build/bench/multiwan-switch.js',
    kind: 'qjs',
  },
];

/** Nothing but tables, whose prose is for docs/ and the commented default file: the router has no use for it. */
const TABLES = /src\/(core\/config\/(tables|multiwan-tables|multiwan-track-table)|api\/methods)\.ts$/;
const LITERAL = String.raw`(?:'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")`;
const PROSE = new RegExp(
  String.raw`\b(?:text|differs|reply|origin|example|defaultText|count):\s*${LITERAL},?`,
  'g',
);

/** @type {import('esbuild').Plugin} */
const withoutProse = {
  name: 'without-prose',
  setup(build) {
    build.onLoad({ filter: TABLES }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replace(PROSE, ''),
      loader: 'ts',
    }));
  },
};

/** esbuild's result made smaller still: a router's flash and the way to it are narrow. @param {string} code */
async function shrink(code) {
  const { code: shrunk } = await minify(code, {
    module: true,
    ecma: 2020,
    compress: { passes: 3 },
    format: { comments: false },
  });
  if (shrunk === undefined) throw new Error('bundle: terser gave nothing');
  return Buffer.from(shrunk);
}

/**
 * Puts a folder with these files in the place of the one before: the files belong together, and none may be left of another build.
 * @param {string} folder @param {Map<string, Uint8Array | undefined>} files
 */
function replaceFolder(folder, files) {
  const [made, old] = [`${folder}.new-${process.pid}`, `${folder}.old-${process.pid}`];
  mkdirSync(made);
  for (const [name, content] of files) writeFileSync(join(made, name), content ?? '');
  renameSync(folder, old);
  renameSync(made, folder);
  rmSync(old, { recursive: true });
}

/** @param {Program} program @param {{minify?: boolean}} [options] */
export async function bundle(program, options = {}) {
  const out = join(root, program.out);
  mkdirSync(dirname(out), { recursive: true });
  const common = {
    entryPoints: [{ in: join(root, program.entry), out: basename(out, '.js') }],
    outdir: dirname(out),
    splitting: program.split ?? false,
    chunkNames: '[name]-[hash]',
    bundle: true,
    write: false,
    conditions: ['source'],
    charset: /** @type {const} */ ('utf8'),
    legalComments: /** @type {const} */ ('none'),
    define: { HAGW_VERSION: JSON.stringify(version) },
    logLevel: /** @type {const} */ ('warning'),
    jsx: /** @type {const} */ ('automatic'),
    jsxImportSource: 'preact',
  };
  const perKind = {
    qjs: {
      format: /** @type {const} */ ('esm'),
      platform: /** @type {const} */ ('neutral'),
      target: 'es2020',
      external: ['std', 'os'],
      minify: options.minify ?? true,
      plugins: [withoutProse],
    },
    node: {
      format: /** @type {const} */ ('esm'),
      platform: /** @type {const} */ ('node'),
      target: 'node20',
      external: ['esbuild', 'playwright-core'],
      banner: { js: '#!/usr/bin/env node' },
    },
    luci: {
      format: /** @type {const} */ ('iife'),
      platform: /** @type {const} */ ('browser'),
      target: 'es2020',
      minify: options.minify ?? true,
      globalName: 'exported',
      banner: { js: (program.pragmas ?? []).map((pragma) => `'${pragma}';`).join('\n') },
      footer: { js: `return ${program.extend}.extend(exported);` },
    },
  }[program.kind];
  const { outputFiles } = await build({ ...common, ...perKind });
  if (outputFiles === undefined || outputFiles.length === 0)
    throw new Error(`bundle: ${program.name}: nothing came out`);
  const isShrunk = program.kind === 'qjs' && options.minify !== false;
  const contents = await Promise.all(
    outputFiles.map((file) => (isShrunk ? shrink(file.text) : file.contents)),
  );
  if (program.split) {
    replaceFolder(dirname(out), new Map(outputFiles.map(({ path }, at) => [basename(path), contents[at]])));
    return out;
  }
  writeFileSync(out, contents[0] ?? '');
  if (program.kind === 'node') chmodSync(out, 0o755);
  return out;
}

if (process.argv[1] === import.meta.filename) {
  const wanted = process.argv.slice(2);
  const unknown = wanted.filter((name) => !PROGRAMS.some((program) => program.name === name));
  if (unknown.length > 0) {
    console.error(`bundle: no such program: ${unknown.join(', ')}`);
    process.exit(2);
  }
  for (const program of PROGRAMS) {
    if (wanted.length > 0 && !wanted.includes(program.name)) continue;
    const out = await bundle(program);
    const bytes = readFileSync(out);
    // What a browser has to fetch from a server that compresses, and what the .ipk grows by.
    const packed = program.kind === 'luci' ? `, ${gzipSync(bytes).length} with gzip` : '';
    console.log(`${program.out} ${bytes.length} bytes${packed}`);
  }
}
