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
/** What hagw has beside the file of the recordings, and what it leaves out. */
const CHANGES: readonly (readonly [string, string])[] = [
  ['\tMode FTFW {\n\t}\n', '\tMode FTFW {\n\t\tStartupResync yes\n\t\tPurgeTimeout 60\n\t}\n'],
  [
    '\t\tChecksum on\n\t}\n',
    '\t\tChecksum on\n\t}\n\tOptions {\n\t\tExpectationSync On\n\t\tTCPWindowTracking Off\n\t}\n',
  ],
  // Its names are looked up in /etc/protocols.
  [
    '\tFilter From Userspace {\n\t\tProtocol Accept {\n\t\t\tTCP\n\t\t\tUDP\n\t\t\tICMP\n\t\t}\n',
    '\tNetlinkOverrunResync 5\n\tFilter From Userspace {\n',
  ],
  [
    '\t\t\tIPv4_address 10.255.0.2\n\t\t}\n',
    '\t\t\tIPv4_address 10.255.0.2\n\t\t\tIPv4_address 224.0.0.0/4\n\t\t\tIPv6_address ff00::/8\n\t\t}\n\t\tState Accept {\n\t\t\tESTABLISHED FIN_WAIT CLOSE_WAIT LAST_ACK TIME_WAIT CLOSED for TCP\n\t\t}\n',
  ],
];
const expected = CHANGES.reduce((text, [from, to]) => {
  if (!text.includes(from)) throw new Error(`not in the recording: ${from}`);
  return text.replace(from, to);
}, recorded);
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
  it('is the one of the recordings, but for what is named', () => {
    expect(renderConntrackd(config)).toEqual({ ok: true, value: expected });
  });

  it('logs to syslog on OpenWrt, and ignores further addresses once', () => {
    const rendered = renderConntrackd({
      ...config,
      ...CONNTRACKD_PLACES,
      ignoreAddresses: ['192.168.1.2', '10.255.0.2', 'FD00::2'],
    });
    expect(rendered).toEqual({
      ok: true,
      value: expected
        .replace('LogFile /run/conntrackd.log', 'Syslog on')
        .replace('/run/conntrack.lock', '/var/lock/conntrack.lock')
        .replace('/run/conntrackd.ctl', '/var/run/conntrackd.ctl')
        .replace(
          '\t\t\tIPv4_address 10.255.0.2\n',
          '\t\t\tIPv4_address 10.255.0.2\n\t\t\tIPv4_address 192.168.1.2\n\t\t\tIPv6_address ::1\n\t\t\tIPv6_address fd00::2\n',
        ),
    });
  });

  it('has a link by multicast, over IPv4 alone', () => {
    const rendered = renderConntrackd({ ...config, transport: 'multicast' });
    expect(rendered.ok && rendered.value).toContain(
      '\tMulticast {\n\t\tIPv4_address 225.0.0.50\n\t\tGroup 3780\n\t\tIPv4_interface 10.255.0.1\n\t\tInterface sync\n',
    );
    const six = { localAddress: 'fd00::1', partnerAddress: 'fd00::2' };
    expect(renderConntrackd({ ...config, ...six, transport: 'multicast' })).toMatchObject({ ok: false });
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
