/** What hagw writes for the pair, keepalived, nft and conntrackd take: the real ones, in the lab's root, in a namespace with the setup's devices. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readDevices, staticAddresses } from '../../../src/core/config/network.ts';
import { CONNTRACKD_FILE, TABLE_FILE, WORD_FILE } from '../../../src/core/pair/types.ts';
import { sectionsOf } from '../../unit/config/sections.ts';
import { SETUPS, type Setup } from '../../unit/pair/setups.ts';
import { writtenFor } from '../../unit/pair/written.ts';

const rootfs = join(import.meta.dirname, '../../../build/lab/rootfs');

/** Devices of a setup with their addresses: bridges, which any kernel has. */
function devicesScript({ uci }: Setup): string {
  const network = sectionsOf(uci['network'] ?? '');
  const devices = readDevices(network);
  const names = [...new Set(Object.values(devices))].filter((name) => name !== 'lo');
  return [
    'ip link set lo up',
    ...names.flatMap((name) => [`ip link add name ${name} type bridge`, `ip link set ${name} up`]),
    ...staticAddresses(network)
      .filter(({ interface: name }) => devices[name] !== 'lo')
      .map(
        ({ interface: name, address, prefixLength }) =>
          `ip addr add ${address}/${prefixLength} dev ${devices[name]}`,
      ),
  ].join('\n');
}

/** Runs `lines` in the lab's root with `files` in /tmp: output of both kinds. */
function inRoot(setup: Setup, files: Readonly<Record<string, string>>, lines: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'hagw-pair-'));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const inner = ['set -e', devicesScript(setup), 'set +e', ...lines].join('\n');
    const mounts = [
      `mount --bind '${folder}' '${rootfs}/tmp'`,
      `mount -t tmpfs none '${rootfs}/run'`,
      `mount -t proc none '${rootfs}/proc'`,
      `mkdir -p '${rootfs}/run/lock'`,
    ];
    const script = `${mounts.join(' && ')} && exec chroot '${rootfs}' sh -c "$1" 2>&1`;
    const argv = [
      '--mount',
      '--net',
      '--pid',
      '--fork',
      '--propagation',
      'private',
      'sh',
      '-c',
      script,
      'sh',
      inner,
    ];
    return execFileSync('unshare', argv, { encoding: 'utf8', stdio: 'pipe', timeout: 60_000 });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe.each(Object.entries<Setup>(SETUPS))('%s', (_name, setup) => {
  const { files, keepalivedConf } = writtenFor(setup);

  it.each(['present', '24.10'] as const)('keepalived has nothing to say, by the script of %s', (script) => {
    // The lab's root has no package of ours; its /bin is a symbolic link, below which keepalived runs nothing.
    const text = keepalivedConf[script]
      .replace('/usr/lib/hagw/ready', '/usr/bin/true')
      .replaceAll('/bin/busybox', '/usr/bin/busybox')
      .replaceAll('/sbin/hotplug-call', '/usr/bin/true');
    expect(inRoot(setup, { 'k.conf': text }, ['keepalived -t -f /tmp/k.conf; echo "exit $?"'])).toBe(
      'exit 0\n',
    );
  });

  it('nft takes the tables, again and again', () => {
    const tables = [TABLE_FILE, WORD_FILE].flatMap((path) => files[path] ?? []);
    const all = Object.fromEntries(tables.map((text, index) => [`${index}.nft`, text]));
    const loads = Object.keys(all).flatMap((name) => [
      `nft -f /tmp/${name} || echo ${name}`,
      `nft -f /tmp/${name} || echo ${name}`,
    ]);
    expect(inRoot(setup, all, loads)).toBe('');
  });

  it('conntrackd starts with it', () => {
    const text = (files[CONNTRACKD_FILE] ?? '').replace('Syslog on', 'LogFile /tmp/log');
    const output = inRoot(setup, { 'c.conf': text }, [
      'conntrackd -d -C /tmp/c.conf',
      'for i in $(seq 100); do grep -q "initialization completed" /tmp/log && break; sleep 0.1; done',
      'grep -c "initialization completed" /tmp/log; grep ERROR /tmp/log',
      'conntrackd -C /tmp/c.conf -k',
    ]);
    expect(output.trim()).toBe('1');
  });
});
