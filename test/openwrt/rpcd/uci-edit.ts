/**
 * What the writing methods of rpcd's object `uci` make of their arguments: changes for the session's delta, worked out on
 * the package as the session sees it (recordings rpcd/21, 22, 33). Pure. Unlike the real one, a call that fails in the
 * middle stages nothing at all; the recordings have only calls that fail at their first value.
 */
import {
  anonymousId,
  applyDelta,
  findSection,
  isName,
  isType,
  type UciChange,
  type UciPackage,
  type UciSection,
} from 'uci-parser';
import { STATUS } from '../common/link.ts';
import type { Arguments, Entries, Value } from '../common/values.ts';

/** Changes to stage, or a status. */
export type Edit = readonly UciChange[] | number;

/** A JSON value as UCI text: integers as rpcd prints them, unsigned; null for what it does not take. */
function uciText(value: Value): string | null {
  switch (value.type) {
    case 'string':
      return value.value;
    case 'int8':
      return value.value === 0 ? '0' : '1';
    case 'int16':
    case 'int32':
      return String(value.value >>> 0);
    case 'int64':
      return String(BigInt.asUintN(64, value.value));
    default:
      return null;
  }
}

/** Whether the section has the type and the options that `type` and `match` ask for. */
export function fits(section: UciSection, args: Arguments): boolean {
  const type = args.text('type');
  if (type !== undefined && section.type !== type) return false;
  return (args.table('match') ?? []).every((wanted) => {
    const present = section.options.get(wanted.name);
    const value = uciText(wanted);
    if (present === undefined || value === null) return false;
    return typeof present === 'string' ? present === value : present.includes(value);
  });
}

function setOption(section: UciSection, name: string, value: Value): Edit {
  if (!isName(name)) return STATUS.invalidArgument;
  const present = section.options.has(name);
  const change = (op: UciChange['op'], text?: string): UciChange => ({
    op,
    section: section.name,
    option: name,
    ...(text === undefined ? {} : { value: text }),
  });
  if (value.type === 'array') {
    const items = value.value.map(uciText).filter((item): item is string => item !== null);
    if (items.length === 0) return STATUS.invalidArgument;
    const added = items.map((item) => change('list-add', item));
    return present ? [change('remove'), ...added] : added;
  }
  const text = uciText(value);
  if (text === null) return STATUS.invalidArgument;
  if (text === '') return present ? [change('remove')] : [];
  return [change('set', text)];
}

function setOptions(section: UciSection, values: Entries): Edit {
  const changes: UciChange[] = [];
  for (const value of values) {
    const edit = setOption(section, value.name, value);
    if (typeof edit === 'number') return edit;
    changes.push(...edit);
  }
  return changes;
}

/** The sections that `section`, or `type` and `match`, name; a status if that is none, or nothing is named. */
function chosen(pkg: UciPackage, args: Arguments): readonly UciSection[] | number {
  const name = args.text('section');
  if (name !== undefined) {
    const section = findSection(pkg, name);
    return section === undefined ? STATUS.notFound : [section];
  }
  if (args.text('type') === undefined && args.table('match') === undefined) return STATUS.invalidArgument;
  return pkg.sections.filter((section) => fits(section, args));
}

function collect(sections: readonly UciSection[] | number, work: (section: UciSection) => Edit): Edit {
  if (typeof sections === 'number') return sections;
  const changes: UciChange[] = [];
  for (const section of sections) {
    const edit = work(section);
    if (typeof edit === 'number') return edit;
    changes.push(...edit);
  }
  return changes;
}

export function editSet(pkg: UciPackage, args: Arguments): Edit {
  const values = args.table('values');
  if (values === undefined) return STATUS.invalidArgument;
  return collect(chosen(pkg, args), (section) => setOptions(section, values));
}

/** Also gives the new section's name. A name that exists is kept as it is (rpcd/22). */
export function editAdd(pkg: UciPackage, args: Arguments): { edit: Edit; section: string } {
  const type = args.text('type');
  const name = args.text('name');
  if (type === undefined || !isType(type)) return { edit: STATUS.invalidArgument, section: '' };
  if (name !== undefined && !isName(name)) return { edit: STATUS.invalidArgument, section: '' };
  const section = name ?? anonymousId((pkg.made ?? pkg.sections.length) + 1, type);
  const exists = name !== undefined && findSection(pkg, name) !== undefined;
  const added: UciChange[] = exists ? [] : [{ op: name === undefined ? 'add' : 'set', section, value: type }];
  const made = findSection(applyDelta(pkg, added).package, section);
  const values = made === undefined ? [] : setOptions(made, args.table('values') ?? []);
  return { edit: typeof values === 'number' ? values : [...added, ...values], section };
}

export function editDelete(pkg: UciPackage, args: Arguments): Edit {
  const option = args.text('option');
  const options = args.array('options')?.flatMap((one) => (one.type === 'string' ? [one.value] : []));
  const names = option === undefined ? options : [option];
  return collect(chosen(pkg, args), (section) => {
    if (names === undefined) return [{ op: 'remove', section: section.name }];
    if (names.some((name) => !section.options.has(name))) return STATUS.notFound;
    return names.map((name) => ({ op: 'remove', section: section.name, option: name }));
  });
}

export function editRename(pkg: UciPackage, args: Arguments): Edit {
  const [section, option, name] = [args.text('section'), args.text('option'), args.text('name')];
  if (section === undefined || name === undefined || !isName(name)) return STATUS.invalidArgument;
  const found = findSection(pkg, section);
  if (found === undefined || (option !== undefined && !found.options.has(option))) return STATUS.notFound;
  const base = { op: 'rename', section: found.name, value: name } as const;
  return [option === undefined ? base : { ...base, option }];
}

/** Sections that already stand in their place give no change. */
export function editOrder(pkg: UciPackage, args: Arguments): Edit {
  const sections = args.array('sections');
  if (sections === undefined) return STATUS.invalidArgument;
  const changes: UciChange[] = [];
  for (const [position, name] of sections.entries()) {
    if (name.type !== 'string') continue;
    const now = applyDelta(pkg, changes).package;
    const found = findSection(now, name.value);
    if (found === undefined) return STATUS.notFound;
    if (now.sections.indexOf(found) === position) continue;
    changes.push({ op: 'order', section: found.name, value: String(position) });
  }
  return changes;
}
