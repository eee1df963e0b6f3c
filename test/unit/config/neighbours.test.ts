import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DEFAULT_LEASE_FILE, leaseFileOf } from '../../../src/core/config/dhcp.ts';
import { decodeKeepalived } from '../../../src/core/config/keepalived.ts';
import { parseConfig } from '../../../src/core/config/parse.ts';
import { encodeText } from '../../../src/lib/text.ts';
import { KEEPALIVED } from '../../fakes/router.ts';
import { section, sectionsOf } from './sections.ts';

describe('decodeKeepalived', () => {
  it('reads instances and groups', () => {
    const { value, problems } = decodeKeepalived(sectionsOf(KEEPALIVED));
    expect(problems).toEqual([]);
    expect(value.groups).toEqual([{ name: 'gw', members: ['lan', 'wan'] }]);
    expect(value.instances[0]).toEqual({
      name: 'lan',
      device: 'eth0',
      vrid: 10,
      priority: 250,
      version: 3,
      advertIntervalMs: 100,
      where: 'keepalived.@vrrp_instance[0]',
    });
  });

  it('names references to nothing and instances that cannot be', () => {
    const text = `${KEEPALIVED}\nconfig vrrp_instance 'x'\n\toption name 'x'\n\toption interface 'eth9'\n\nconfig vrrp_sync_group\n\toption name 'h'\n\tlist group 'nope'`;
    const { value, problems } = decodeKeepalived(sectionsOf(text));
    expect(value.instances).toHaveLength(2);
    expect(problems.map(({ severity, where }) => [severity, where])).toEqual([
      ['warning', 'keepalived.x.virtual_router_id'],
      ['warning', 'keepalived.@vrrp_sync_group[1].group'],
    ]);
  });

  const captures = join(import.meta.dirname, '../../captures/keepalived');
  it.each(
    readdirSync(captures, { withFileTypes: true })
      .filter(
        (entry) => entry.isDirectory() && readdirSync(join(captures, entry.name)).includes('keepalived'),
      )
      .map(({ name }) => name),
  )('reads the recorded configuration %s', (name) => {
    const reading = parseConfig('keepalived', {
      ok: true,
      value: readFileSync(join(captures, name, 'keepalived')),
    });
    if (reading.kind !== 'read') throw new Error('must parse');
    const count = reading.sections.filter(({ type }) => type === 'vrrp_instance').length;
    const { value } = decodeKeepalived(reading.sections);
    expect(value.instances).toHaveLength(count);
  });
});

describe('parseConfig', () => {
  it('tells missing, unreadable and broken apart', () => {
    const failed = (code: string) => ({ ok: false, error: { code, message: `hagw: ${code}` } }) as const;
    expect(parseConfig('hagw', failed('ENOENT'))).toEqual({ kind: 'missing' });
    expect(parseConfig('hagw', failed('EACCES'))).toEqual({ kind: 'unreadable', message: 'hagw: EACCES.' });
    expect(parseConfig('hagw', { ok: true, value: encodeText("config a 'b\n") })).toMatchObject({
      kind: 'broken',
      message: expect.stringMatching(/Parse error .* at line \d+, byte \d+\.$/),
    });
  });

  it('keeps anonymous sections without their passing id', () => {
    expect(sectionsOf("config a\nconfig b 'c'").map(({ name }) => name)).toEqual([null, 'c']);
  });
});

describe('leaseFileOf', () => {
  it('follows dnsmasq and falls back on the default', () => {
    const read = (...sections: ReturnType<typeof section>[]) => ({ kind: 'read', sections }) as const;
    expect(leaseFileOf(read(section('dnsmasq', null, { leasefile: '/tmp/x' })))).toBe('/tmp/x');
    expect(leaseFileOf(read(section('dnsmasq', null, { leasefile: 'x' })))).toBe(DEFAULT_LEASE_FILE);
    expect(leaseFileOf(read())).toBe(DEFAULT_LEASE_FILE);
    expect(leaseFileOf({ kind: 'missing' })).toBe(DEFAULT_LEASE_FILE);
  });
});
