/**
 * A configuration of fault_tolerant_router (1.x, its README) as sections of /etc/config/mwan3: uplinks become interfaces and
 * members, priority groups metrics, tests the tracking. Addresses, firewall and mail live elsewhere on OpenWrt and are named. Values
 * of mail options are never repeated: a password is among them.
 */
import { parseIpAddress } from '../../lib/ip.ts';
import type { Result } from '../../lib/result.ts';
import { quoted } from '../config/option.ts';
import {
  type ImportError,
  type Imported,
  type ImportNote,
  type ImportOptions,
  interfaceNames,
  Refusal,
  refusable,
  wanSections,
} from './imported.ts';
import { readYaml, type YamlNode } from './yaml.ts';

type Mapping = Extract<YamlNode, { kind: 'mapping' }>;

function mappingAt(node: YamlNode | undefined, name: string, line: number): Mapping {
  if (node?.kind !== 'mapping') throw new Refusal(node?.line ?? line, `${name} must be a mapping.`);
  return node;
}

/** Text of a scalar; null if it is absent or empty. */
function textAt(mapping: Mapping, key: string, path: string): string | null {
  const node = mapping.entries.get(key);
  if (node === undefined || node.kind === 'empty') return null;
  if (node.kind !== 'scalar') throw new Refusal(node.line, `${path} must be one value.`);
  return node.text;
}

function numberAt(mapping: Mapping, key: string, path: string, least: number, most: number): number | null {
  const text = textAt(mapping, key, path);
  if (text === null) return null;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  const line = mapping.entries.get(key)?.line ?? mapping.line;
  throw new Refusal(line, `${path} is ${quoted(text)}, but must be a whole number from ${least} to ${most}.`);
}

interface Uplink {
  readonly device: string;
  readonly group: number | null;
  readonly weight: number;
  readonly notes: readonly ImportNote[];
}

function uplinkOf(node: YamlNode, path: string, hasGroups: boolean): Uplink {
  const uplink = mappingAt(node, path, node.line);
  const lineOf = (key: string): number => uplink.entries.get(key)?.line ?? uplink.line;
  const device = textAt(uplink, 'interface', `${path}.interface`);
  if (device === null) throw new Refusal(uplink.line, `${path} has no interface.`);
  const isDefault = textAt(uplink, 'default_route', `${path}.default_route`) !== 'false';
  const given = numberAt(uplink, 'priority_group', `${path}.priority_group`, 0, 1000000);
  const group = hasGroups ? given : isDefault ? 1 : null;
  const weight = numberAt(uplink, 'weight', `${path}.weight`, 1, 65535) ?? 1;
  const notes: ImportNote[] = [];
  const note = (key: string, kind: ImportNote['kind'], text: string): void => {
    if (uplink.entries.has(key)) notes.push({ line: lineOf(key), kind, from: `${path}.${key}`, text });
  };
  note('type', 'elsewhere', 'Is option proto of the interface in /etc/config/network (static, pppoe …).');
  note(
    'ip',
    'elsewhere',
    'Is option ipaddr of the interface in /etc/config/network; fw4 masquerades to it by itself.',
  );
  note(
    'gateway',
    'elsewhere',
    'Is option gateway of the interface in /etc/config/network; give each WAN a metric there.',
  );
  note('description', 'dropped', 'Messages use the name of the interface.');
  note('priority_group', 'mapped', 'Is the metric of the member; the lowest group has the lowest.');
  note('weight', 'mapped', 'Is the weight of the member.');
  note(
    'default_route',
    'mapped',
    'False keeps the WAN out of the policy; answers to what comes in by it still leave by it.',
  );
  if (group === null)
    notes.push({
      line: uplink.line,
      kind: 'mapped',
      from: path,
      text: 'Takes no new traffic: it is in no policy.',
    });
  for (const key of uplink.entries.keys()) {
    if (!KNOWN.uplink.includes(key)) note(key, 'dropped', 'Is no option that is known.');
  }
  return { device, group, weight, notes };
}

const KNOWN = {
  uplink: ['interface', 'type', 'ip', 'gateway', 'description', 'priority_group', 'weight', 'default_route'],
  tests: ['ips', 'required_successful', 'ping_retries', 'interval'],
};

const ELSEWHERE: Readonly<Record<string, readonly [ImportNote['kind'], string]>> = {
  downlinks: [
    'elsewhere',
    'LAN and DMZ are interfaces in /etc/config/network and zones in /etc/config/firewall.',
  ],
  log: ['dropped', 'Messages go to the system log (logread).'],
  email: ['elsewhere', 'Set up who is told in /etc/config/hagw; mail options were not taken over.'],
  base_table: ['dropped', 'Routing tables are the numbers of the WANs, from 1.'],
  base_priority: ['dropped', 'Rules have the priorities 1001 to 3250.'],
  base_fwmark: ['dropped', 'Marks lie in mmx_mask.'],
};

function trackingOf(tests: Mapping, notes: ImportNote[]) {
  const ips = tests.entries.get('ips');
  if (ips?.kind !== 'sequence') throw new Refusal(ips?.line ?? tests.line, 'tests.ips must be a list.');
  const targets = ips.items.map((item) => {
    const parsed = item.kind === 'scalar' ? parseIpAddress(item.text) : null;
    if (parsed?.family !== 'ipv4')
      throw new Refusal(item.line, 'tests.ips has an item that is no IPv4 address.');
    return parsed.text;
  });
  const required = numberAt(tests, 'required_successful', 'tests.required_successful', 1, 100);
  const retries = numberAt(tests, 'ping_retries', 'tests.ping_retries', 0, 99);
  const interval = numberAt(tests, 'interval', 'tests.interval', 0, 86400);
  const say = (key: string, kind: ImportNote['kind'], text: string): void => {
    const line = tests.entries.get(key)?.line;
    if (line !== undefined) notes.push({ line, kind, from: `tests.${key}`, text });
  };
  say('ips', 'mapped', 'Are the track_ip of every interface.');
  say('required_successful', 'mapped', 'Is reliability.');
  say('ping_retries', 'mapped', 'Is count, which counts the first ping, too.');
  say(
    'interval',
    'dropped',
    `Was ${interval ?? 'not set'}; the sub-second default is used. To keep the seconds, set interval, with down 1 and up 1.`,
  );
  for (const key of tests.entries.keys()) {
    if (!KNOWN.tests.includes(key)) say(key, 'dropped', 'Is no option that is known.');
  }
  return {
    track_ip: targets,
    reliability: required === null ? null : String(required),
    count: retries === null ? null : String(retries + 1),
  };
}

function convert(root: Mapping, options: ImportOptions): Imported {
  const list = root.entries.get('uplinks');
  if (list?.kind !== 'sequence' || list.items.length === 0)
    throw new Refusal(list?.line ?? root.line, 'uplinks must be a list with at least one uplink.');
  const hasGroups = list.items.some((item) => item.kind === 'mapping' && item.entries.has('priority_group'));
  const uplinks = list.items.map((item, index) => uplinkOf(item, `uplinks[${index}]`, hasGroups));
  const names = interfaceNames(
    uplinks.map(({ device }) => device),
    options,
  );
  const notes: ImportNote[] = [];
  const track = trackingOf(mappingAt(root.entries.get('tests'), 'tests', root.line), notes);
  const groups = [...new Set(uplinks.flatMap(({ group }) => (group === null ? [] : [group])))].sort(
    (a, b) => a - b,
  );
  const wans = uplinks.map(({ group, weight }, index) => ({
    name: names[index] ?? '',
    family: 'ipv4' as const,
    track,
    metric: group === null ? null : groups.indexOf(group) + 1,
    weight,
  }));
  const uplinkNotes = uplinks.flatMap((uplink, index): ImportNote[] => [
    {
      line: list.items[index]?.line ?? list.line,
      kind: 'mapped',
      from: `uplinks[${index}].interface`,
      text: `The device ${quoted(uplink.device)} is interface ${names[index] ?? ''}; that must be its name in /etc/config/network.`,
    },
    ...uplink.notes,
  ]);
  for (const [key, node] of root.entries) {
    if (key === 'uplinks' || key === 'tests') continue;
    const known = Object.keys(ELSEWHERE).includes(key) ? ELSEWHERE[key] : undefined;
    const [kind, text] = known ?? (['dropped', 'Is no option that is known.'] as const);
    notes.push({ line: node.line, kind, from: key, text });
  }
  notes.push({
    line: null,
    kind: 'mapped',
    from: 'no uplink up',
    text: 'All default routes are tried then: last_resort default leaves the choice to table main.',
  });
  return { sections: wanSections(wans, 'default'), notes: [...uplinkNotes, ...notes] };
}

/**
 * @param yamlText content of fault_tolerant_router.conf.
 * @returns sections and notes, or the first line that is not understood; then nothing is imported.
 */
export function importFaultTolerantRouter(
  yamlText: string,
  options: ImportOptions = {},
): Result<Imported, ImportError> {
  const document = readYaml(yamlText);
  if (!document.ok) return document;
  return refusable(() => convert(mappingAt(document.value, 'The file', 1), options));
}
