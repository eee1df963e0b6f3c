import { parsePackage, type UciSection } from 'uci-parser';
import { describe, expect, it } from 'vitest';
import { renderKeepalived } from '../../../src/core/keepalived/render.ts';
import {
  alternativeConfigOf,
  boolOf,
  instanceNamesOf,
  type ScriptGeneration,
  startsKeepalived,
  syncGroupsOf,
} from '../../../src/core/keepalived/uci.ts';

/** What the recordings do not have. The expected texts were compared with the output of both init scripts. */

function sectionsOf(text: string): readonly UciSection[] {
  const parsed = parsePackage('keepalived', text);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value.sections;
}

/** The rendering from the first line that contains `from` on. */
function rendered(uci: string, generation: ScriptGeneration, from: string): string {
  const text = renderKeepalived(sectionsOf(uci), generation, { written: 'DATE' });
  const index = text.indexOf(from);
  return index < 0 ? '' : text.slice(index);
}

const HOTPLUG = (event: string, type: string, name: string) =>
  `${event} "/bin/busybox env -i ACTION=${event.toUpperCase()} TYPE=${type} NAME=${name} /sbin/hotplug-call keepalived"`;

describe('keepalived.conf beyond the recordings', () => {
  it('has scripts in a sync group, by the present script alone', () => {
    const uci = `
config vrrp_script
	option name 'ready'
	option script '/bin/true'
	option timeout '2'
	option weight '5'
	option direction 'reverse'
config vrrp_instance
	option name 'lan'
config vrrp_sync_group
	option name 'gw'
	list group 'lan'
	list group 'gone'
	option smtp_alert '0'
	list track_script 'whatever'
config vrrp_sync_group
	option name 'empty'
	list group 'gone'
`;
    const notify = ['notify_backup', 'notify_master', 'notify_fault', 'notify'];
    const group = (tracked: string) =>
      `vrrp_sync_group gw {\n\tgroup {\n\t\tlan\n\t}\n\tsmtp_alert\n${tracked}${notify
        .map((event) => `\t${HOTPLUG(event, 'GROUP', 'gw')}\n`)
        .join('')}}\n\nvrrp_instance lan {\n`;
    const present = rendered(uci, 'present', 'vrrp_script');
    expect(present).toContain('vrrp_script ready {\n\tscript /bin/true\n\tweight 5\n\ttimeout 2\n}\n');
    expect(present).toContain(group('\ttrack_script {\n\t\tready weight 5 reverse\n\t}\n\n'));
    const old = rendered(uci, '24.10', 'vrrp_script');
    expect(old).toContain('\tweight 5\n}\n');
    expect(old).toContain(group(''));
    expect(old).not.toContain('timeout 2');
    expect(present + old).not.toContain('empty');
  });

  it('leaves an empty block where every reference is dropped, and none where the list is empty', () => {
    const uci = `
config vrrp_instance
	option name 'lan'
	list virtual_ipaddress 'gone'
	option virtual_routes ''
	list track_interface 'gone'
`;
    const text = rendered(uci, 'present', 'virtual_ipaddress');
    expect(text).toBe('virtual_ipaddress {\n\t}\n\n\ttrack_interface {\n\t}\n\n}\n\n');
    expect(rendered(uci, '24.10', 'virtual_ipaddress')).toBe(
      'virtual_ipaddress {\n\t}\n\ttrack_interface {\n\t}\n}\n\n',
    );
  });

  it('splits one option with several words like a list, but not what is a list of virtual servers', () => {
    const uci = `
config ipaddress
	option name 'a'
	option address '192.0.2.1/24'
config ipaddress
	option name 'b'
	option address '192.0.2.2/24'
config vrrp_instance
	option name 'lan'
	option virtual_ipaddress 'a  b'
`;
    expect(rendered(uci, 'present', 'virtual_ipaddress')).toContain(
      '{\n\t\t192.0.2.1/24\n\t\t192.0.2.2/24\n\t}',
    );
  });

  it('writes several words in quotes and does nothing about quotes within', () => {
    const uci = `config vrrp_script\n\toption name 's'\n\toption script '/bin/a "b" c'\n`;
    expect(rendered(uci, '24.10', 'vrrp_script')).toBe('vrrp_script s {\n\tscript "/bin/a "b" c"\n}\n\n');
  });

  it('writes virtual servers with their real servers and checks', () => {
    const uci = `
config virtual_server
	option ipaddr '192.0.2.80'
	option port '80'
	option protocol 'TCP'
	list real_server 'web'
	list real_server 'off'
	option sorry_server_ip '192.0.2.9'
	option sorry_server_port '81'
config real_server
	option name 'web'
	option weight '2'
	option ipaddr '192.168.1.80'
	option port '8080'
	option check 'HTTP_GET'
	option connect_timeout '3'
	list url 'front'
config real_server
	option name 'off'
	option enabled '0'
	option weight '1'
	option ipaddr '192.168.1.81'
	option port '8080'
config url
	option name 'front'
	option path '/'
	option digest 'abc'
config virtual_server
	option ipaddr '192.0.2.81'
config virtual_server
	option ipaddr '192.0.2.82'
	option port '80'
	option enabled '0'
`;
    const wanted = `virtual_server 192.0.2.80 80 {
	protocol TCP
	lb_algo rr
	sorry_server 192.0.2.9 81
	real_server 192.168.1.80 8080 {
		weight 2
		${HOTPLUG('notify_up', 'REAL_SERVER', 'web')}
		${HOTPLUG('notify_down', 'REAL_SERVER', 'web')}
		HTTP_GET {
			connect_timeout 3
			url {
				path /
				digest abc
			}
		}
	}
}

`;
    expect(rendered(uci, 'present', 'virtual_server')).toBe(wanted);
    expect(rendered(uci, '24.10', 'virtual_server')).toBe(wanted);
  });

  it('is two comment lines of 24.10, and nothing of the present script, without a configuration', () => {
    expect(renderKeepalived(null, 'present', { written: 'DATE' })).toBe('');
    expect(renderKeepalived(null, '24.10', { written: 'DATE' })).toBe(
      '! Configuration file for keepalived (autogenerated via init script)\n! Written DATE\n\n',
    );
  });
});

describe('what the script reads of keepalived', () => {
  it('starts it unless disabled, if the script knows that option', () => {
    const disabled = sectionsOf("config globals 'globals'\n\toption enabled '0'\n");
    expect(startsKeepalived(disabled, 'present')).toBe(false);
    expect(startsKeepalived(disabled, '24.10')).toBe(true);
    expect(startsKeepalived([], 'present')).toBe(true);
    const unnamed = sectionsOf("config globals\n\toption enabled '0'\n");
    expect(startsKeepalived(unnamed, 'present')).toBe(true);
  });

  it('knows another configuration file, groups and instances', () => {
    const sections = sectionsOf(`
config globals 'globals'
	option alt_config_file '/etc/keepalived/keepalived.conf'
config vrrp_instance
	option name 'lan'
config vrrp_instance
	option interface 'eth1'
config vrrp_sync_group
	option name 'gw'
	option group 'lan gone'
`);
    expect(alternativeConfigOf(sections)).toBe('/etc/keepalived/keepalived.conf');
    expect(alternativeConfigOf([])).toBe('');
    expect(instanceNamesOf(sections)).toEqual(['lan']);
    expect(syncGroupsOf(sections)).toEqual([{ name: 'gw', members: ['lan'] }]);
  });

  it.each([
    ['1', true],
    ['on', true],
    ['true', true],
    ['yes', true],
    ['enabled', true],
    ['0', false],
    ['off', false],
    ['false', false],
    ['no', false],
    ['disabled', false],
    ['TRUE', null],
    ['2', null],
  ])('takes %s for %s', (word, wanted) => {
    const [section] = sectionsOf(`config x\n\toption o '${word}'\n`);
    expect([boolOf(section, 'o', true), boolOf(section, 'o', false)]).toEqual(
      wanted === null ? [true, false] : [wanted, wanted],
    );
  });
});
