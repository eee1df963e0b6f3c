import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DEFAULT_LEASE_FILE, leaseFileOf } from '../../../src/core/config/dhcp.ts';
import { decodeKeepalived } from '../../../src/core/config/keepalived.ts';
import { decodeMwan3 } from '../../../src/core/config/mwan3.ts';
import { parseConfig } from '../../../src/core/config/parse.ts';
import { encodeText } from '../../../src/lib/text.ts';
import { KEEPALIVED, MWAN3 } from '../../fakes/router.ts';
import { section, sectionsOf } from './sections.ts';

describe('decodeMwan3', () => {
  it('reads interfaces, members and policies', () => {
    const { value, problems } = decodeMwan3(sectionsOf(MWAN3));
    expect(problems).toEqual([]);
    expect(value.interfaces).toEqual([
      { name: 'wan', enabled: true, family: 'ipv4', trackIp: [] },
      { name: 'wanb', enabled: true, family: 'ipv4', trackIp: [] },
    ]);
    expect(value.policies).toEqual([
      {
        name: 'failover',
        lastResort: 'unreachable',
        members: [
          { name: 'wan_m1', interface: 'wan', metric: 1, weight: 1 },
          { name: 'wanb_m2', interface: 'wanb', metric: 2, weight: 1 },
        ],
      },
    ]);
  });

  it.each<[string, string, string]>([
    ["config policy 'sixteen_chars_xy'", 'mwan3.sixteen_chars_xy', 'all rules fail'],
    ["config interface 'fourteen_chars'", 'mwan3.fourteen_chars', '14 characters'],
    [
      "config interface 'w'\n\tlist track_ip '10.0.0.1'\n\toption reliability '2'",
      'mwan3.w.reliability',
      'never be online',
    ],
    ["config member 'm'\n\toption interface 'nope'", 'mwan3.m.interface', 'no interface section'],
    ["config member 'm'", 'mwan3.m.interface', 'missing'],
    ["config policy 'p'\n\tlist use_member 'nope'", 'mwan3.p.use_member', 'no member section'],
    ["config policy 'p'\n\toption last_resort 'Default'", 'mwan3.p.last_resort', 'unreachable is used'],
    [
      "config interface 'w'\nconfig member 'm'\n\toption interface 'w'\n\toption metric '300'",
      'mwan3.m.metric',
      '1 to 256',
    ],
    ['config interface', 'mwan3.@interface[0]', 'no name'],
  ])('warns of %j', (text, where, part) => {
    const { problems } = decodeMwan3(sectionsOf(text));
    expect(problems).toContainEqual({ severity: 'warning', where, text: expect.stringContaining(part) });
  });

  it('reads no section with an endless name, and says so in few words', () => {
    const name = 'n'.repeat(3000);
    const { value, problems } = decodeMwan3(sectionsOf(`config interface '${name}'\n\toption enabled '1'\n`));
    expect(value.interfaces).toEqual([]);
    expect(problems).toEqual([
      {
        severity: 'warning',
        where: `mwan3.${'n'.repeat(64)}…`,
        text: 'Has a name of 3000 characters; at most 64 are read.',
      },
    ]);
  });

  it('takes an interface without `enabled` for switched off, as mwan3 does', () => {
    expect(decodeMwan3(sectionsOf("config interface 'w'")).value.interfaces[0]?.enabled).toBe(false);
  });
});

describe('the recorded configurations of mwan3', () => {
  const captures = join(import.meta.dirname, '../../captures/mwan3');
  const read = (name: string) => {
    const reading = parseConfig('mwan3', { ok: true, value: readFileSync(join(captures, name, 'mwan3')) });
    if (reading.kind !== 'read') throw new Error('must parse');
    return decodeMwan3(reading.sections);
  };
  const names = readdirSync(captures, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const withConfig = names
    .map(({ name }) => name)
    .filter((name) => readdirSync(join(captures, name)).includes('mwan3'));

  it('are there', () => {
    expect(withConfig.length).toBeGreaterThan(10);
  });

  it.each(withConfig)('%s decodes, every member with its interface', (name) => {
    const { value } = read(name);
    expect(value.interfaces.length).toBeGreaterThan(0);
    const known = value.interfaces.map((item) => item.name);
    for (const { members } of value.policies)
      for (const member of members) expect(known).toContain(member.interface);
  });

  it('name what mwan3 itself does without: names that are too long', () => {
    const problems = read('19-long-names').problems.map(({ where }) => where);
    expect(problems.length).toBeGreaterThan(0);
    for (const where of problems) expect(where.replace('mwan3.', '').length).toBeGreaterThan(13);
  });
});

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
