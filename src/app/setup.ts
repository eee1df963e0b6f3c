/** What the checks look at beside the service's own configuration: files alone, no process. Read when configuration changed. */
import type { UciReading } from '../core/config/uci.ts';
import type { LiveFacts, SetupFacts } from '../core/health/setup.ts';
import { CONNTRACKD_FILE, HANDOVER_FILE } from '../core/pair/types.ts';
import { decodeText } from '../lib/text.ts';
import type { Files } from '../ports/files.ts';

const LARGEST_TEXT = 256 * 1024;
const HOOKS = '/etc/hotplug.d/keepalived';
/** Ours does nothing with conntrackd but what handover.conf says. */
const OUR_HOOK = '90-hagw';
/** dnsmasq's init script looks there when it starts. */
const DHCP_HOOKS = ['/etc/hotplug.d/dhcp', '/etc/hotplug.d/tftp', '/etc/hotplug.d/neigh'];
const DNSMASQ_FOLDER = '/var/etc';

function text(files: Files, path: string): string | null {
  const content = files.read(path, LARGEST_TEXT);
  return content.ok ? decodeText(content.value) : null;
}

const names = (files: Files, folder: string): readonly string[] => {
  const listed = files.list(folder);
  return listed.ok ? listed.value : [];
};

/** Why keepalived would not run a program (its script security); null = it would. */
function refusalOf(files: Files, path: string): string | null {
  if (!path.startsWith('/')) return null;
  const parts = path.split('/').slice(1);
  for (let count = 1; count <= parts.length; count += 1) {
    const part = `/${parts.slice(0, count).join('/')}`;
    const info = files.info(part);
    if (!info.ok) return info.error.code === 'ENOENT' ? 'is not there' : null;
    const { kind, mode } = info.value;
    // A link to the program itself is taken.
    if (kind === 'symlink')
      return count === parts.length ? null : `has a symbolic link in its path (${part})`;
    const isSticky = kind === 'directory' && (mode & 0o1000) !== 0;
    if ((mode & 0o002) !== 0 && !isSticky) return `can be written by everybody (${part})`;
  }
  return null;
}

function readLive(files: Files, keepalived: SetupFacts['packages']['keepalived']): LiveFacts {
  const flag = (name: string): boolean | null => {
    const value = text(files, `/proc/sys/net/netfilter/nf_conntrack_tcp_${name}`)?.trim() ?? '';
    return value === '' ? null : value !== '0';
  };
  const paths = (keepalived ?? []).flatMap(({ type, options }) =>
    type === 'vrrp_script'
      ? options.flatMap(({ name, value }) => (name === 'script' ? [String(value).split(' ')[0] ?? ''] : []))
      : [],
  );
  const hooks = names(files, HOOKS).filter((name) => name !== OUR_HOOK);
  const dnsmasq = names(files, DNSMASQ_FOLDER).filter((name) => name.startsWith('dnsmasq.conf'));
  const isHandled = DHCP_HOOKS.some((folder) => names(files, folder).length > 0);
  return {
    liberal: flag('be_liberal'),
    loose: flag('loose'),
    scripts: paths.flatMap((path) => {
      const why = refusalOf(files, path);
      return why === null ? [] : [[path, why] as const];
    }),
    protocols:
      text(files, '/etc/protocols')
        ?.replace(/#.*/g, '')
        .split('\n')
        .flatMap((line) =>
          line
            .toLowerCase()
            .split(/\s+/)
            .filter((word) => word !== '' && !/^\d+$/.test(word)),
        ) ?? null,
    conntrackd: text(files, CONNTRACKD_FILE),
    purges:
      /^conntrackd cache$/m.test(text(files, HANDOVER_FILE) ?? '') ||
      hooks.some((name) => /conntrackd\b.*\s-t\b/.test(text(files, `${HOOKS}/${name}`) ?? '')),
    unheard:
      dnsmasq.length === 0
        ? null
        : isHandled &&
          !dnsmasq.some((name) => /^dhcp-script=/m.test(text(files, `${DNSMASQ_FOLDER}/${name}`) ?? '')),
  };
}

/** @param read a UCI package; of one that cannot be read the checks say nothing. */
export function readSetup(files: Files, read: (name: string) => UciReading): SetupFacts {
  const sections = (name: string) => {
    const reading = read(name);
    return reading.kind === 'read' ? reading.sections : null;
  };
  const keepalived = sections('keepalived');
  return {
    packages: {
      network: sections('network'),
      mwan3: sections('mwan3'),
      keepalived,
      firewall: sections('firewall'),
      dhcp: sections('dhcp'),
    },
    live: readLive(files, keepalived),
    partnerMwan3: null,
  };
}
