import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nodeFiles } from '../../../src/adapters/node/files.ts';
import { readSetup } from '../../../src/app/setup.ts';
import { parseConfig } from '../../../src/core/config/parse.ts';
import { encodeText } from '../../../src/lib/text.ts';
import { createFakeFiles } from '../../fakes/files.ts';

const SYSCTL = '/proc/sys/net/netfilter/nf_conntrack_tcp_';
const liveOf = (contents: Readonly<Record<string, string>>) => {
  const { files } = createFakeFiles(contents);
  const { live } = readSetup(files, (name) => parseConfig(name, files.read(`/etc/config/${name}`)));
  if (live === null) throw new Error('nothing was read');
  return live;
};

describe('what the checks read of a router', () => {
  it('is unknown where there are no files', () => {
    expect(liveOf({})).toEqual({
      liberal: null,
      loose: null,
      scripts: [],
      protocols: null,
      conntrackd: null,
      purges: false,
      unheard: null,
    });
  });

  it('reads the settings of the kernel', () => {
    const { liberal, loose } = liveOf({ [`${SYSCTL}be_liberal`]: '0\n', [`${SYSCTL}loose`]: '1\n' });
    expect([liberal, loose]).toEqual([false, true]);
    expect(liveOf({ [`${SYSCTL}be_liberal`]: '1\n' }).liberal).toBe(true);
  });

  it('knows protocols by name and alias', () => {
    const { protocols } = liveOf({ '/etc/protocols': '# none\nip\t0\tIP\nipv6-icmp 58 IPv6-ICMP # ping\n' });
    expect(protocols).toEqual(['ip', 'ip', 'ipv6-icmp', 'ipv6-icmp']);
  });

  it('sees who has conntrackd -t run', () => {
    const hook = '/etc/hotplug.d/keepalived/10-mine';
    expect(liveOf({ [hook]: 'conntrackd -C /x.conf -t\n' }).purges).toBe(true);
    expect(liveOf({ [hook]: 'conntrackd -n\ntest -t 0\n' }).purges).toBe(false);
    expect(liveOf({ '/etc/hotplug.d/keepalived/90-hagw': 'conntrackd -t\n' }).purges).toBe(false);
    expect(liveOf({ '/etc/hagw/handover.conf': 'watch GROUP g\nconntrackd cache\n' }).purges).toBe(true);
    expect(liveOf({ '/etc/hagw/handover.conf': 'conntrackd kernel\n' }).purges).toBe(false);
  });

  it('sees a handler that dnsmasq does not call', () => {
    const conf = '/var/etc/dnsmasq.conf.cfg01';
    const handler = { '/etc/hotplug.d/dhcp/10-leases': 'x' };
    expect(liveOf({ ...handler, [conf]: 'port=53\n' }).unheard).toBe(true);
    expect(
      liveOf({ ...handler, [conf]: 'port=53\ndhcp-script=/usr/lib/dnsmasq/dhcp-script.sh\n' }).unheard,
    ).toBe(false);
    expect(liveOf({ [conf]: 'port=53\n' }).unheard).toBe(false);
    expect(liveOf(handler).unheard).toBeNull();
  });

  it('finds what keepalived would not run', () => {
    const folder = mkdtempSync(join(tmpdir(), 'hagw-setup-'));
    try {
      const path = (name: string): string => join(folder, name);
      for (const name of ['good', 'open', 'plain']) writeFileSync(path(name), '#!/bin/sh\n', { mode: 0o755 });
      chmodSync(path('open'), 0o757);
      chmodSync(path('plain'), 0o644);
      mkdirSync(path('wide'));
      writeFileSync(path('wide/x'), '', { mode: 0o755 });
      chmodSync(path('wide'), 0o777);
      symlinkSync(folder, path('var'));
      symlinkSync(path('good'), path('link'));
      const names = ['good', 'open', 'plain', 'gone', 'var/good', 'wide/x', 'link'];
      const text = names.map((name) => `config vrrp_script\n\toption script '${path(name)} -x'\n`).join('\n');
      const { live } = readSetup(nodeFiles, (name) =>
        name === 'keepalived'
          ? parseConfig(name, { ok: true, value: encodeText(text) })
          : { kind: 'missing' },
      );
      expect(live?.scripts).toEqual([
        [path('open'), `can be written by everybody (${path('open')})`],
        [path('gone'), 'is not there'],
        [path('var/good'), `has a symbolic link in its path (${path('var')})`],
        [path('wide/x'), `can be written by everybody (${path('wide')})`],
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
