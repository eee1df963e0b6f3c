/**
 * The difference between what the pair needs and the files as they are. Edits are in place: the user's sections, comments and order
 * stay. What is already there as wanted gives nothing.
 */
import { editPackage, parsePackage, type UciEdit, type UciSection, type UciValue } from 'uci-parser';
import type { ConfigProblem } from '../config/uci.ts';
import { isOurs } from './situation.ts';
import {
  CONNTRACKD_FILE,
  HANDOVER_FILE,
  MADE,
  PAIR_PACKAGES,
  type PairPackage,
  TABLE_FILE,
  type Wanted,
  type WantedSection,
  WORD_FILE,
} from './types.ts';

/** What is to be told of it, in the order in which it is done. */
export const PAIR_SERVICES = ['firewall', 'conntrackd', 'handover', 'dnsmasq', 'keepalived'] as const;
export type PairService = (typeof PAIR_SERVICES)[number];

export interface SectionChange {
  readonly section: string;
  readonly type: string;
  readonly action: 'add' | 'change' | 'remove';
  /** `option x 'y'` and `list x 'y'` that it gets; a `-` before the name of one that goes. */
  readonly options: readonly string[];
}

export interface PackageChange {
  readonly package: PairPackage;
  /** null: there was no such file. */
  readonly before: string | null;
  readonly after: string;
  readonly sections: readonly SectionChange[];
}

export interface FileChange {
  readonly path: string;
  readonly before: string | null;
  /** null: it is removed. */
  readonly after: string | null;
}

export interface Changes {
  readonly packages: readonly PackageChange[];
  readonly files: readonly FileChange[];
  readonly services: readonly PairService[];
  /** What keeps it from being done at all. */
  readonly problems: readonly ConfigProblem[];
}

/** The texts of the files now; null = there is none. */
export interface Actual {
  readonly packages: Readonly<Record<PairPackage, string | null>>;
  readonly files: Readonly<Record<string, string | null>>;
}

const MARK = MADE.slice(0, '# Made by hagw'.length);

const sameValue = (one: UciValue | undefined, other: UciValue): boolean =>
  one !== undefined && JSON.stringify(one) === JSON.stringify(other);

function valueLines(option: string, value: UciValue): readonly string[] {
  return typeof value === 'string'
    ? [`option ${option} '${value}'`]
    : value.map((item) => `list ${option} '${item}'`);
}

/** An option without a value does not exist in UCI. */
function optionsOf(section: WantedSection): readonly (readonly [string, UciValue])[] {
  return Object.entries(section.options).filter(([, value]) => value.length > 0);
}

/** Edits that bring one section of ours, which is there, to what is wanted. */
function optionEdits(found: UciSection, wanted: WantedSection): { edits: UciEdit[]; options: string[] } {
  const edits: UciEdit[] = [];
  const options: string[] = [];
  const section = wanted.name;
  const all = optionsOf(wanted);
  for (const [option, value] of all) {
    if (sameValue(found.options.get(option), value)) continue;
    edits.push({ op: 'set', section, option, value });
    options.push(...valueLines(option, value));
  }
  for (const option of found.options.keys()) {
    if (all.some(([name]) => name === option)) continue;
    edits.push({ op: 'delete', section, option });
    options.push(`-${option}`);
  }
  return { edits, options };
}

interface Planned {
  readonly edits: readonly UciEdit[];
  readonly sections: readonly SectionChange[];
}

/** Edits of a package; ours stand in the order wanted, since it means something to fw4. */
function planSections(found: readonly UciSection[], wanted: readonly WantedSection[]): Planned {
  const edits: UciEdit[] = [];
  const changes: SectionChange[] = [];
  const order = found.map(({ name }) => name);
  const names = wanted.map(({ name }) => name);
  for (const section of found) {
    if (!isOurs(section)) continue;
    const twin = wanted.find(({ name }) => name === section.name);
    if (twin?.type === section.type) continue;
    order.splice(order.indexOf(section.name), 1);
    edits.push({ op: 'delete', section: section.name });
    changes.push({ section: section.name, type: section.type, action: 'remove', options: [] });
  }
  const kept = (name: string): UciSection | undefined =>
    order.includes(name) ? found.find((section) => section.name === name) : undefined;
  let after = -1;
  for (const section of wanted) {
    const old = kept(section.name);
    const { name, type } = section;
    if (old === undefined) {
      const next = after >= 0 ? -1 : order.findIndex((item) => names.includes(item));
      const position = after >= 0 ? after + 1 : next >= 0 ? next : order.length;
      edits.push({
        op: 'add',
        type,
        name,
        options: Object.fromEntries(optionsOf(section)),
        ...(position === order.length ? {} : { position }),
      });
      order.splice(position, 0, name);
      const options = optionsOf(section).flatMap(([option, value]) => valueLines(option, value));
      changes.push({ section: name, type, action: 'add', options });
    } else {
      const { edits: more, options } = optionEdits(old, section);
      edits.push(...more);
      const at = order.indexOf(name);
      if (at < after) {
        order.splice(at, 1);
        after -= 1;
        order.splice(after + 1, 0, name);
        edits.push({ op: 'move', section: name, position: after + 1 });
      }
      if (more.length > 0 || at < order.indexOf(name))
        changes.push({ section: name, type, action: 'change', options });
    }
    after = order.indexOf(name);
  }
  return { edits, sections: changes };
}

function planPackage(
  name: PairPackage,
  text: string | null,
  wanted: readonly WantedSection[],
): PackageChange | ConfigProblem | null {
  const broken = (message: string): ConfigProblem => ({
    severity: 'error',
    where: name,
    text: `Cannot be edited: ${message}`,
  });
  const parsed = parsePackage(name, text ?? '');
  if (!parsed.ok) return broken(`${parsed.error.message}.`);
  const { edits, sections } = planSections(parsed.value.sections, wanted);
  if (edits.length === 0) return null;
  const edited = editPackage(text ?? '', edits, { name });
  if (!edited.ok) return broken(edited.error.message);
  return { package: name, before: text, after: edited.value, sections };
}

function planFile(
  path: string,
  before: string | null,
  after: string | null,
): FileChange | ConfigProblem | null {
  const isUsers = before !== null && before.trim() !== '' && !before.startsWith(MARK);
  if (after === null) return before === null || isUsers ? null : { path, before, after };
  if (before === after) return null;
  if (!isUsers) return { path, before, after };
  const text = `Is a file of yours, which hagw does not touch: move it away, or set hagw.globals.manage_pair to 0.`;
  return { severity: 'error', where: path, text };
}

export function planPair(wanted: Wanted, actual: Actual): Changes {
  const problems: ConfigProblem[] = [];
  const keep = <T extends object>(item: T | ConfigProblem | null): T[] => {
    if (item === null) return [];
    if (!('severity' in item)) return [item];
    problems.push(item);
    return [];
  };
  const packages = PAIR_PACKAGES.flatMap((name) =>
    keep(planPackage(name, actual.packages[name], wanted.sections[name])),
  );
  const files = Object.entries(wanted.files).flatMap(([path, after]) =>
    keep(planFile(path, actual.files[path] ?? null, after)),
  );
  if (problems.length > 0) return { packages: [], files: [], services: [], problems };
  const of = (name: PairPackage): boolean => packages.some((change) => change.package === name);
  const at = (path: string): boolean => files.some((change) => change.path === path);
  const touched: Readonly<Record<PairService, boolean>> = {
    firewall: of('firewall'),
    conntrackd: at(CONNTRACKD_FILE),
    handover: [TABLE_FILE, WORD_FILE, HANDOVER_FILE].some(at),
    dnsmasq: of('dhcp'),
    keepalived: of('keepalived'),
  };
  return { packages, files, services: PAIR_SERVICES.filter((name) => touched[name]), problems };
}
