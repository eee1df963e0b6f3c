import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative, sep } from 'node:path';
import { describe, expect, it } from 'vitest';

/**
 * Who may import whom (docs/architecture.md, "Layers"). A folder that is not in the table, or an import of one
 * that its row does not name, fails. Order matters: the longest matching prefix is the layer.
 */
const LAYERS: Record<string, readonly string[]> = {
  'src/uci-parser': ['src/uci-parser'],
  'src/ubus-client': ['src/ubus-client'],
  'src/lib': ['src/lib', 'src/uci-parser'],
  'src/api': ['src/api'],
  'src/core': ['src/core', 'src/lib', 'src/api', 'src/uci-parser'],
  'src/ports': ['src/ports', 'src/core', 'src/lib', 'src/api'],
  'src/adapters': [
    'src/adapters',
    'src/ports',
    'src/core',
    'src/lib',
    'src/api',
    'src/uci-parser',
    'src/ubus-client',
  ],
  'src/adapters/qjs': ['src/adapters/qjs', 'src/adapters', 'src/ports', 'src/lib', 'qjs:std', 'qjs:os'],
  'src/adapters/node': ['src/adapters/node', 'src/adapters', 'src/ports', 'src/lib', 'node:'],
  'src/app': ['src/app', 'src/ports', 'src/core', 'src/lib', 'src/api', 'src/uci-parser'],
  'src/cli': ['src/cli', 'src/ports', 'src/core', 'src/lib', 'src/api', 'src/uci-parser'],
  'src/main': [
    'src/main',
    'src/app',
    'src/cli',
    'src/adapters',
    'src/ports',
    'src/core',
    'src/lib',
    'src/api',
    'src/uci-parser',
    'src/ubus-client',
    'src/adapters/qjs',
    'src/adapters/node',
  ],
  'src/build': ['src/build', 'src/api', 'src/core', 'node:', 'npm:esbuild', 'npm:terser', 'npm:@gfx/zopfli'],
  'luci/src': ['luci/src', 'src/api', 'npm:preact', 'npm:@preact/signals'],
};
const BARE: Record<string, string> = {
  'uci-parser': 'src/uci-parser',
  '@openwrt/ubus-client': 'src/ubus-client',
  std: 'qjs:std',
  os: 'qjs:os',
};

const root = join(import.meta.dirname, '../..');

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.name === 'node_modules' || entry.name === 'dist') return [];
    if (entry.isDirectory()) return sources(path);
    return /\.(ts|tsx|mjs)$/.test(entry.name) ? [path] : [];
  });
}

/** The layer of a file or target: longest prefix of the table. */
function layerOf(path: string): string | undefined {
  return Object.keys(LAYERS)
    .filter(
      (layer) =>
        path === layer || path.startsWith(`${layer}/`) || (layer === 'src/main' && /^src\/main-/.test(path)),
    )
    .sort((a, b) => b.length - a.length)[0];
}

function importsOf(path: string): string[] {
  const text = readFileSync(join(root, path), 'utf8');
  return [
    ...text.matchAll(
      /(?:^|\n)\s*(?:import|export)\s[^'";]*?from\s+['"]([^'"]+)['"]|(?:^|\n)\s*import\s+['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/g,
    ),
  ].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
}

function targetOf(path: string, specifier: string): string {
  if (specifier.startsWith('.')) {
    return relative(root, normalize(join(root, dirname(path), specifier)))
      .split(sep)
      .join('/');
  }
  if (specifier.startsWith('node:')) return 'node:';
  const bare = Object.keys(BARE).find((name) => specifier === name || specifier.startsWith(`${name}/`));
  if (bare !== undefined) return BARE[bare] as string;
  return `npm:${specifier.replace(/^(@[^/]+\/[^/]+|[^/]+).*$/, '$1')}`;
}

describe('layers', () => {
  const files = [...sources('src'), ...sources('luci/src')];

  it('finds the sources', () => {
    expect(files.length).toBeGreaterThan(10);
  });

  it.each(files)('%s imports only what its layer may', (path) => {
    const layer = layerOf(path);
    expect(layer, `${path} is in no layer of the table`).toBeDefined();
    const isPackageTool = /^src\/(uci-parser|ubus-client)\/node\//.test(path);
    for (const specifier of importsOf(path)) {
      const target = targetOf(path, specifier);
      if (isPackageTool && target === 'node:') continue;
      const reached = layerOf(target) ?? target;
      expect(LAYERS[layer as string], `${path} imports ${specifier}`).toContain(reached);
    }
  });

  it('keeps clocks, timers and randomness out of the pure parts', () => {
    const pure = files.filter(
      (path) => /^src\/(lib|core|api|uci-parser|ubus-client)\//.test(path) && !path.includes('/node/'),
    );
    const impure =
      /\b(setTimeout|setInterval|queueMicrotask|Math\.random|Date\.now|performance\.now)\b|new Date\(\)/;
    const found = pure.filter((path) => impure.test(readFileSync(join(root, path), 'utf8')));
    expect(found).toEqual([]);
  });

  it('keeps files short', () => {
    const long = [...files, ...sources('test')].filter(
      (path) =>
        !path.includes('/captures/') && readFileSync(join(root, path), 'utf8').split('\n').length > 401,
    );
    expect(long).toEqual([]);
  });
});
