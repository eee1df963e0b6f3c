import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CONNTRACKD_PLACES } from '../../../src/core/conntrackd/places.ts';
import {
  CONNTRACKD_HASH_LIMIT,
  CONNTRACKD_PORT,
  type ConntrackdConfig,
  renderConntrackd,
} from '../../../src/core/conntrackd/render.ts';

const recorded = readFileSync(
  join(import.meta.dirname, '../../captures/conntrackd/gw-a.conntrackd.conf'),
  'utf8',
);
const config: ConntrackdConfig = {
  syncDevice: 'sync',
  localAddress: '10.255.0.1',
  partnerAddress: '10.255.0.2',
  port: CONNTRACKD_PORT,
  ignoreAddresses: [],
  logTo: { kind: 'file', path: '/run/conntrackd.log' },
  lockFile: '/run/conntrack.lock',
  controlSocket: '/run/conntrackd.ctl',
  hashLimit: CONNTRACKD_HASH_LIMIT,
};

describe('conntrackd.conf', () => {
  it('is the one of the recordings', () => {
    expect(renderConntrackd(config)).toEqual({ ok: true, value: recorded });
  });

  it('logs to syslog on OpenWrt, and ignores further addresses once', () => {
    const rendered = renderConntrackd({
      ...config,
      ...CONNTRACKD_PLACES,
      ignoreAddresses: ['192.168.1.2', '10.255.0.2', 'FD00::2'],
    });
    expect(rendered).toEqual({
      ok: true,
      value: recorded
        .replace('LogFile /run/conntrackd.log', 'Syslog on')
        .replace('/run/conntrack.lock', '/var/lock/conntrack.lock')
        .replace('/run/conntrackd.ctl', '/var/run/conntrackd.ctl')
        .replace(
          '\t\t\tIPv4_address 10.255.0.2\n',
          '\t\t\tIPv4_address 10.255.0.2\n\t\t\tIPv4_address 192.168.1.2\n\t\t\tIPv6_address ::1\n\t\t\tIPv6_address fd00::2\n',
        ),
    });
  });

  it('has a link over IPv6', () => {
    const rendered = renderConntrackd({ ...config, localAddress: 'fd00::1', partnerAddress: 'fd00::2' });
    expect(rendered.ok && rendered.value).toContain(
      '\t\tIPv6_address fd00::1\n\t\tIPv6_Destination_Address fd00::2\n',
    );
  });

  it.each<[Partial<ConntrackdConfig>, string]>([
    [{ localAddress: '10.255.0' }, 'The sync address "10.255.0" of this router is no address.'],
    [{ partnerAddress: '' }, 'The sync address "" of the partner is no address.'],
    [{ partnerAddress: 'fd00::2' }, 'The sync addresses 10.255.0.1 and fd00::2 are of different families.'],
    [{ partnerAddress: '10.255.0.1' }, 'Both routers have the sync address 10.255.0.1.'],
    [{ syncDevice: 'eth0 }\nx' }, 'The sync device "eth0 }\nx" is no device name.'],
    [{ syncDevice: 'a234567890123456' }, 'The sync device "a234567890123456" is no device name.'],
    [{ port: 0 }, 'The port 0 of conntrackd is outside 1 to 65535.'],
    [{ hashLimit: 0.5 }, 'The hash limit 0.5 of conntrackd is outside 1 to 16777216.'],
    [{ lockFile: '/run/a b' }, 'The path "/run/a b" for conntrackd is no absolute path of plain characters.'],
    [{ ignoreAddresses: ['lan'] }, 'The address "lan" that conntrackd is to ignore is none.'],
  ])('%j is refused', (change, message) => {
    expect(renderConntrackd({ ...config, ...change })).toEqual({ ok: false, error: message });
  });
});
