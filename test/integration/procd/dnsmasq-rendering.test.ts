/**
 * What the dnsmasq init script renders, against test/captures/dnsmasq. The script's own functions run, with a `uci` that answers
 * from the recorded files. Differences that are meant: the name of conf-dir, and blank lines.
 *
 * | recording | left out | why |
 * |---|---|---|
 * | 01 | `enable-ubus` | Debian's dnsmasq has no ubus and would not start |
 * | 09 | all | interface lists decide there which pools are served; the lab does not use them |
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportPackage, parsePackage } from 'uci-parser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CAPTURES } from './machine.ts';

const OVERLAY = join(import.meta.dirname, '../../openwrt/root');
const RECORDINGS = readdirSync(join(CAPTURES, 'dnsmasq')).filter((name) => /^0[1-8]-/.test(name));
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hagw-dnsmasq-'));
  const uci = `#!/bin/sh
case "$*" in
	*export*) cat "${folder}/export" ;;
	*network.lan.device) echo eth0 ;;
	*network.lan.ipaddr) echo 192.168.1.2 ;;
	*network.guest.device) echo eth1 ;;
	*network.guest.ipaddr) echo 192.168.2.1 ;;
	*.netmask) echo 255.255.255.0 ;;
	*) exit 1 ;;
esac
`;
  const none = '#!/bin/sh\nexit 1\n';
  for (const [name, text] of Object.entries({ uci, udhcpc: none })) {
    writeFileSync(join(folder, name), text);
    chmodSync(join(folder, name), 0o755);
  }
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function lines(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.replace(/^conf-dir=.*/, 'conf-dir=DIR'))
    .filter((line) => line !== '' && !line.startsWith('enable-ubus='));
}

describe('the dnsmasq init script', () => {
  it.each(RECORDINGS)('renders %s', (name) => {
    const parsed = parsePackage('dhcp', readFileSync(join(CAPTURES, 'dnsmasq', name, 'dhcp')));
    if (!parsed.ok) throw new Error(parsed.error.message);
    writeFileSync(join(folder, 'export'), exportPackage(parsed.value, { nameAll: true }));
    // 07 was recorded with a handler in /etc/hotplug.d/dhcp.
    const handler = name.startsWith('07') ? 'return 0' : 'return 1';
    const script = `. "${OVERLAY}/usr/lib/functions.sh"
. "${OVERLAY}/etc/init.d/dnsmasq"
conf="${folder}/conf"
has_handler() { ${handler}; }
render`;
    const ran = spawnSync('/bin/sh', ['-c', script], {
      env: { PATH: `${folder}:/usr/bin:/bin` },
      encoding: 'utf8',
    });
    expect(ran.stderr).toBe('');
    const recorded = readFileSync(join(CAPTURES, 'dnsmasq', name, 'dnsmasq.conf'), 'utf8');
    expect(lines(readFileSync(join(folder, 'conf'), 'utf8'))).toEqual(lines(recorded));
  });

  it('has its recordings', () => expect(RECORDINGS).toHaveLength(8));
});
