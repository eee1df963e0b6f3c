/**
 * Pending changes: one line per edit, as they lie in `/tmp/.uci/PACKAGE` and in rpcd's session directories. Lines that
 * say nothing sensible, or that fit no section any more, are passed over as libuci does; here they are counted.
 */
import { parseAddress } from './address.ts';
import {
  addItem,
  findIn,
  type PackageDraft,
  type SectionDraft,
  setType,
  toDraft,
  type UciPackage,
} from './model.ts';
import { isName, isType, quote } from './names.ts';
import { Scanner, UciSyntaxError } from './scanner.ts';
import { decodeText } from './text.ts';

/** The words of rpcd's `uci changes`. */
export type UciOperation = 'set' | 'add' | 'remove' | 'rename' | 'order' | 'list-add' | 'list-del';

export interface UciChange {
  readonly op: UciOperation;
  readonly section: string;
  readonly option?: string;
  /** The value, type, new name, position or list item; for `remove` the position of a list item or nothing. */
  readonly value?: string;
}

export interface UciDelta {
  readonly changes: readonly UciChange[];
  /** Lines that could not be read, without their line ends. */
  readonly invalid: readonly string[];
}

const PREFIXES = new Map<string, UciOperation>([
  ['+', 'add'],
  ['-', 'remove'],
  ['@', 'rename'],
  ['^', 'order'],
  ['|', 'list-add'],
  ['~', 'list-del'],
]);

/** Reads a delta file of the package `name`. Never fails: what cannot be read is in `invalid`. */
export function parseDelta(name: string, input: string | Uint8Array): UciDelta {
  const text = (typeof input === 'string' ? input : decodeText(input)).replace(/\0/g, '');
  const scanner = new Scanner(text);
  const changes: UciChange[] = [];
  const invalid: string[] = [];
  while (scanner.readLine()) {
    const start = scanner.lineStart;
    const change = readChange(name, scanner);
    if (change !== undefined) changes.push(change);
    else invalid.push(text.slice(start, scanner.nextLine).replace(/\n$/, ''));
  }
  return { changes, invalid };
}

function readChange(name: string, scanner: Scanner): UciChange | undefined {
  let word: string;
  try {
    word = scanner.word().value;
  } catch (error) {
    if (error instanceof UciSyntaxError) return undefined;
    throw error;
  }
  if (!scanner.atEnd) return undefined;
  const op = PREFIXES.get(word.slice(0, 1));
  const address = parseAddress(op === undefined ? word : word.slice(1));
  if (address === undefined || address.package !== name) return undefined;
  const { section, option, value } = address;
  if (section === undefined || address.extended) return undefined;
  const change: UciChange = {
    op: op ?? 'set',
    section,
    ...(option === undefined ? {} : { option }),
    ...(value === undefined ? {} : { value }),
  };
  return isComplete(change) ? change : undefined;
}

function isComplete(change: UciChange): boolean {
  if (change.op === 'remove') return true;
  if (change.value === undefined) return false;
  if (change.op === 'order') return change.option === undefined;
  if (change.op === 'rename') return isName(change.value);
  if (change.op === 'list-add' || change.op === 'list-del') return change.option !== undefined;
  return true;
}

/** The lines that libuci appends to a delta file for these changes. */
export function printDelta(name: string, changes: readonly UciChange[]): string {
  return changes.map((change) => printChange(name, change)).join('');
}

function printChange(name: string, change: UciChange): string {
  let prefix = '';
  for (const [character, op] of PREFIXES) if (op === change.op) prefix = character;
  const option = change.option === undefined ? '' : `.${change.option}`;
  const value = change.value === undefined ? '' : `=${quote(change.value)}`;
  return `${prefix}${name}.${change.section}${option}${value}\n`;
}

/** The package with the changes applied; `applied` is the number of those that fitted. Ids stay as they are. */
export function applyDelta(
  pkg: UciPackage,
  changes: readonly UciChange[],
): { readonly package: UciPackage; readonly applied: number } {
  const draft = toDraft(pkg);
  let applied = 0;
  for (const change of changes) if (applyChange(draft, change)) applied += 1;
  return { package: draft, applied };
}

/** Applies one change; false (and nothing changed) if it does not fit. */
function applyChange(pkg: PackageDraft, change: UciChange): boolean {
  const section = findIn(pkg.sections, change.section);
  switch (change.op) {
    case 'set':
      return applySet(pkg, section, change) !== undefined;
    case 'add': {
      const changed = applySet(pkg, section, change);
      if (changed !== undefined && changed !== 'gone' && change.option === undefined)
        changed.anonymous = true;
      return changed !== undefined;
    }
    case 'remove':
      return section !== undefined && applyRemove(pkg, section, change);
    case 'rename':
      return section !== undefined && applyRename(section, change);
    case 'order':
      if (section === undefined) return false;
      moveSection(pkg, section, toPosition(change.value ?? ''));
      return true;
    case 'list-add':
      if (section === undefined || change.option === undefined || change.value === undefined) return false;
      addItem(section, change.option, change.value);
      return true;
    case 'list-del':
      if (section === undefined || change.option === undefined) return false;
      removeItems(section, change.option, change.value ?? '');
      return true;
  }
}

/** The section that was set, `gone` if an empty value removed it or there was nothing to remove, undefined if it does not fit. */
function applySet(
  pkg: PackageDraft,
  section: SectionDraft | undefined,
  change: UciChange,
): SectionDraft | 'gone' | undefined {
  const value = change.value ?? '';
  if (change.option !== undefined) {
    if (section === undefined) return undefined;
    if (value === '') section.options.delete(change.option);
    else section.options.set(change.option, value);
    return section;
  }
  if (value === '') {
    if (section !== undefined) pkg.sections.splice(pkg.sections.indexOf(section), 1);
    return 'gone';
  }
  if (!isType(value)) return undefined;
  if (section !== undefined) {
    setType(section, value);
    return section;
  }
  pkg.made += 1;
  const added = { type: value, name: change.section, anonymous: false, options: new Map(), line: 0 };
  pkg.sections.push(added);
  return added;
}

function applyRemove(pkg: PackageDraft, section: SectionDraft, change: UciChange): boolean {
  if (change.option === undefined) {
    pkg.sections.splice(pkg.sections.indexOf(section), 1);
    return true;
  }
  const present = section.options.get(change.option);
  if (present === undefined) return false;
  if (typeof present === 'string' || change.value === undefined || change.value === '') {
    section.options.delete(change.option);
    return true;
  }
  const position = /^\s*[+-]?[0-9]+/.exec(change.value);
  if (position !== null) {
    const index = Number.parseInt(position[0], 10);
    if (index >= 0) present.splice(index, 1);
  }
  return true;
}

function applyRename(section: SectionDraft, change: UciChange): boolean {
  const name = change.value ?? '';
  if (change.option === undefined) {
    section.name = name;
    section.anonymous = false;
    return true;
  }
  return renameOption(section, change.option, name);
}

/**
 * Renames an option in its place. If the name is taken, libuci writes both and the last counts at the next read, in the
 * first place: that is what becomes of it here at once.
 */
export function renameOption(section: SectionDraft, from: string, to: string): boolean {
  if (!section.options.has(from)) return false;
  const entries = [...section.options];
  section.options.clear();
  for (const [name, value] of entries) section.options.set(name === from ? to : name, value);
  return true;
}

/** Moves a section to a position counted among all sections; beyond the end is the end. False if it stays. */
export function moveSection(pkg: PackageDraft, section: SectionDraft, position: number): boolean {
  const from = pkg.sections.indexOf(section);
  const to = Math.min(Math.max(position, 0), pkg.sections.length - 1);
  if (from === to) return false;
  pkg.sections.splice(from, 1);
  pkg.sections.splice(to, 0, section);
  return true;
}

/** A position as C's strtoul reads it into an int: leading digits, else 0. */
export function toPosition(text: string): number {
  const match = /^\s*[+-]?[0-9]+/.exec(text);
  return match === null ? 0 : Number.parseInt(match[0], 10) | 0;
}

/** Removes every equal item; the list stays, even empty. A plain option is left alone. */
export function removeItems(section: SectionDraft, option: string, item: string): void {
  const present = section.options.get(option);
  if (present === undefined || typeof present === 'string') return;
  section.options.set(
    option,
    present.filter((other) => other !== item),
  );
}
