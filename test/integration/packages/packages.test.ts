import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makePackages } from '../../../src/build/ipk.mjs';
import { PACKAGES } from '../../../src/build/packages.mjs';
import { makeSdk, runRecipe } from './sdk.ts';

const repository = join(import.meta.dirname, '../../..');
const work = mkdtempSync(join(tmpdir(), 'hagw-packages-'));
const packages = join(work, 'packages');

function tar(...args: string[]): string {
  const result = spawnSync('tar', args, { encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`tar ${args.join(' ')}: ${result.stderr}`);
  return result.stdout;
}

/** Unpacks a package the way opkg does: the outer archive, then control and data. */
function unpack(file: string, into: string): { control: string; data: string } {
  const [control, data] = [join(into, 'control'), join(into, 'data')];
  for (const folder of [into, control, data]) mkdirSync(folder, { recursive: true });
  tar('-xzf', file, '-C', into);
  tar('-xzpf', join(into, 'control.tar.gz'), '-C', control);
  tar('-xzpf', join(into, 'data.tar.gz'), '-C', data);
  return { control, data };
}

/** path → mode and content hash of every file below `folder`. */
function filesOf(folder: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const sum = createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 16);
    found[`/${relative(folder, path)}`] =
      `${(statSync(path).mode & 0o111) === 0 ? 'file' : 'program'} ${sum}`;
  }
  return found;
}

let names: string[] = [];
beforeAll(async () => {
  names = await makePackages(packages);
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

describe('make ipk', () => {
  it('makes both packages and their index', () => {
    expect(names).toHaveLength(PACKAGES.length);
    const index = readFileSync(join(packages, 'Packages'), 'utf8');
    for (const name of names) {
      const content = readFileSync(join(packages, name));
      expect(index).toContain(`Filename: ${name}\n`);
      expect(index).toContain(`Size: ${content.length}\n`);
      expect(index).toContain(`SHA256sum: ${createHash('sha256').update(content).digest('hex')}\n`);
    }
  });

  it('gives the same bytes again', async () => {
    const again = join(work, 'again');
    await makePackages(again);
    for (const name of [...names, 'Packages', 'Packages.gz']) {
      expect(readFileSync(join(again, name)).equals(readFileSync(join(packages, name))), name).toBe(true);
    }
  });

  it('holds what the router needs, owned by root', () => {
    const file = join(packages, names[0] ?? '');
    const { control, data } = unpack(file, join(work, 'hagw'));
    const parts = readdirSync(join(repository, 'build/router/usr/lib/hagw'));
    expect(parts).toContain('hagw.js');
    expect(Object.keys(filesOf(data)).sort()).toEqual([
      '/etc/config/hagw',
      '/etc/hotplug.d/iface/90-hagw',
      '/etc/hotplug.d/keepalived/90-hagw',
      '/etc/init.d/hagw',
      '/etc/init.d/hagw-pair',
      '/lib/upgrade/keep.d/hagw',
      ...[...parts, 'handover', 'handover-wans', 'ready'].sort().map((name) => `/usr/lib/hagw/${name}`),
      '/usr/sbin/hagw',
      '/usr/share/acl.d/hagw.json',
    ]);
    for (const program of [
      '/etc/init.d/hagw',
      '/etc/init.d/hagw-pair',
      '/usr/sbin/hagw',
      '/etc/hotplug.d/keepalived/90-hagw',
      '/usr/lib/hagw/handover',
      '/usr/lib/hagw/ready',
    ]) {
      expect(filesOf(data)[program], program).toMatch(/^program/);
    }
    expect(tar('-tvzf', join(work, 'hagw/data.tar.gz'), '--numeric-owner')).not.toMatch(/ (?!0\/0)\d+\/\d+ /);
    expect(readFileSync(join(control, 'conffiles'), 'utf8')).toBe('/etc/config/hagw\n');
    expect(statSync(join(control, 'postinst')).mode & 0o111).not.toBe(0);
    expect(readFileSync(join(work, 'hagw/debian-binary'), 'utf8')).toBe('2.0\n');
  });

  it('takes for the view what LuCI needs to find it', () => {
    const { data } = unpack(join(packages, names[1] ?? ''), join(work, 'luci'));
    const menu = JSON.parse(
      readFileSync(join(data, 'usr/share/luci/menu.d/luci-app-hagw.json'), 'utf8'),
    ) as Record<string, { action: { path: string }; depends: { acl: string[] } }>;
    const acl = JSON.parse(
      readFileSync(join(data, 'usr/share/rpcd/acl.d/luci-app-hagw.json'), 'utf8'),
    ) as Record<string, unknown>;
    for (const node of Object.values(menu)) {
      expect(existsSync(join(data, `www/luci-static/resources/view/${node.action.path}.js`))).toBe(true);
      for (const group of node.depends.acl) expect(Object.keys(acl)).toContain(group);
    }
  });
});

describe.each(PACKAGES)('the SDK recipe of $name', (pkg) => {
  const recipe = join(
    repository,
    'openwrt-feed',
    pkg.name.startsWith('luci') ? 'luci' : 'net',
    pkg.name,
    'Makefile',
  );

  it('installs the same files as the .ipk', () => {
    const sdk = join(work, `sdk-${pkg.name}`);
    makeSdk(sdk, repository);
    const dest = join(work, `installed-${pkg.name}`);
    runRecipe(recipe, sdk, 'install', dest);
    const ipk = names[PACKAGES.indexOf(pkg)] ?? '';
    const { data } = unpack(join(packages, ipk), join(work, `again-${pkg.name}`));
    expect(filesOf(dest)).toEqual(filesOf(data));
  });

  it('says the same of version, dependencies, configuration files and scripts', () => {
    const sdk = join(work, `sdk-fields-${pkg.name}`);
    makeSdk(sdk, repository);
    const script = join(work, `script-${pkg.name}`);
    const fields = runRecipe(recipe, sdk, 'fields', script);
    const { control } = unpack(
      join(packages, names[PACKAGES.indexOf(pkg)] ?? ''),
      join(work, `c-${pkg.name}`),
    );
    const text = readFileSync(join(control, 'control'), 'utf8');
    const field = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(fields)?.[1];
    const line = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(text)?.[1];
    expect(field('version')).toBe(line('Version'));
    expect(field('section')).toBe(line('Section'));
    expect(field('arch')).toBe(line('Architecture'));
    expect(field('title')).toBe(line('Description'));
    expect(`libc, ${field('depends')?.replaceAll('+', '').split(' ').join(', ')}`).toBe(line('Depends'));
    expect(field('conffiles')).toBe(pkg.conffiles.join(' '));
    expect(readFileSync(script, 'utf8').trim()).toBe(pkg.postinstPkg.trim());
  });
});
