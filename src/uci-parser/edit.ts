/**
 * Edits, on a package (`applyEdits`) and on the text of its file (`editPackage`). The text keeps comments, blank lines,
 * order, quoting and line ends of everything an edit does not touch; libuci has nothing like it.
 *
 * The two agree: `parse(editPackage(text, edits))` is `applyEdits(parse(text), edits)`. `editPackage` checks that before
 * it answers and would rather fail than hand out a file that says something else.
 */

import { moveSection, removeItems, renameOption } from './delta.ts';
import { UciDocument } from './document.ts';
import {
  addItem,
  findIn,
  type PackageDraft,
  type SectionDraft,
  toDraft,
  type UciPackage,
  type UciParseError,
  type UciResult,
  type UciValue,
} from './model.ts';
import { anonymousId, isName, isType } from './names.ts';
import { parseInput, type Statement } from './parse.ts';
import { decodeText } from './text.ts';

/**
 * One edit. `section` is a name, `@type[n]` or an id; ids of unnamed sections stay what they were in the file until all
 * edits of a call are done. An empty value or list removes an option, as `uci set x=` does.
 */
export type UciEdit =
  | { readonly op: 'set'; readonly section: string; readonly option: string; readonly value: UciValue }
  | { readonly op: 'add-list'; readonly section: string; readonly option: string; readonly value: string }
  | { readonly op: 'del-list'; readonly section: string; readonly option: string; readonly value: string }
  /** Removes an option, or the whole section with the comments between its lines. */
  | { readonly op: 'delete'; readonly section: string; readonly option?: string }
  | { readonly op: 'rename'; readonly section: string; readonly option?: string; readonly name: string }
  | { readonly op: 'type'; readonly section: string; readonly type: string }
  /** A new section, unnamed without `name`; `position` counts all sections, default the end. */
  | {
      readonly op: 'add';
      readonly type: string;
      readonly name?: string;
      readonly options?: Readonly<Record<string, UciValue>>;
      readonly position?: number;
    }
  | { readonly op: 'move'; readonly section: string; readonly position: number };

export interface UciEditError {
  /** A whole sentence that names the section and option. */
  readonly message: string;
  /** If the text could not be read in the first place. */
  readonly parse?: UciParseError;
}

class EditRefused extends Error {}

/** The text with the edits made; nothing else in it changes. */
export function editPackage(
  input: string | Uint8Array,
  edits: readonly UciEdit[],
  options: { readonly name?: string } = {},
): UciResult<string, UciEditError> {
  const text = typeof input === 'string' ? input : decodeText(input);
  const name = options.name ?? 'config';
  const statements: Statement[] = [];
  const parsed = parseInput(text, { name, onStatement: (statement) => statements.push(statement) });
  if (!parsed.ok) return { ok: false, error: { message: `${parsed.error.message}.`, parse: parsed.error } };
  const draft = parsed.value[0] as PackageDraft;
  const document = new UciDocument(text, statements);
  try {
    for (const edit of edits) {
      checkEdit(draft, edit);
      if (edit.op === 'add') {
        const before = edit.position === undefined ? undefined : draft.sections[Math.max(edit.position, 0)];
        document.addSection(addSection(draft, edit), before);
      } else {
        changeDocument(document, draft, edit);
        changeDraft(draft, edit);
      }
    }
  } catch (error) {
    if (error instanceof EditRefused) return { ok: false, error: { message: error.message } };
    throw error;
  }
  const edited = document.toString();
  const reread = parseInput(edited, { name });
  if (!reread.ok || !sameSections(reread.value[0] as PackageDraft, settle(draft))) {
    const why = reread.ok ? 'the file would say something else' : reread.error.message;
    return { ok: false, error: { message: `The edit cannot be made in place: ${why}.` } };
  }
  return { ok: true, value: edited };
}

/** The package as it is when the edited file is read: unnamed sections get the ids of their new positions. */
export function applyEdits(pkg: UciPackage, edits: readonly UciEdit[]): UciResult<UciPackage, UciEditError> {
  const draft = toDraft(pkg);
  try {
    for (const edit of edits) {
      checkEdit(draft, edit);
      if (edit.op === 'add') addSection(draft, edit);
      else changeDraft(draft, edit);
    }
  } catch (error) {
    if (error instanceof EditRefused) return { ok: false, error: { message: error.message } };
    throw error;
  }
  return { ok: true, value: settle(draft) };
}

function refuse(message: string): never {
  throw new EditRefused(message);
}

function checkEdit(draft: PackageDraft, edit: UciEdit): void {
  if (edit.op === 'add') {
    checkType(edit.type);
    if (edit.name !== undefined) checkNewName(draft, edit.name);
    for (const [option, value] of Object.entries(edit.options ?? {})) {
      checkOptionName(option);
      checkValue(`${edit.name ?? edit.type}.${option}`, value);
    }
    return;
  }
  const section = findIn(draft.sections, edit.section);
  if (section === undefined) refuse(`There is no section ${edit.section}.`);
  if (edit.op === 'type') checkType(edit.type);
  if (edit.op === 'move' && !Number.isInteger(edit.position)) refuse(`${edit.position} is no position.`);
  if (edit.op === 'set' || edit.op === 'add-list' || edit.op === 'del-list') {
    checkOptionName(edit.option);
    checkValue(`${edit.section}.${edit.option}`, edit.value);
  }
  if ((edit.op === 'delete' || edit.op === 'rename') && edit.option !== undefined) {
    if (!section.options.has(edit.option)) refuse(`Section ${edit.section} has no option ${edit.option}.`);
  }
  if (edit.op !== 'rename') return;
  if (edit.option === undefined) checkNewName(draft, edit.name);
  else {
    checkOptionName(edit.name);
    if (section.options.has(edit.name)) refuse(`Section ${edit.section} has an option ${edit.name} already.`);
  }
}

function checkType(type: string): void {
  if (!isType(type)) refuse(`"${type}" is no type: printable ASCII without blanks is.`);
}

function checkNewName(draft: PackageDraft, name: string): void {
  if (!isName(name)) refuse(`"${name}" is no name: letters, digits and underscores are.`);
  if (draft.sections.some((section) => section.name === name)) refuse(`There is a section ${name} already.`);
}

function checkOptionName(name: string): void {
  if (!isName(name)) refuse(`"${name}" is no name for an option: letters, digits and underscores are.`);
}

/** NUL and surrogates that stand for no byte cannot be written. */
function checkValue(where: string, value: UciValue): void {
  const unwritable =
    /\0|[\ud800-\udbff](?![\udc00-\udfff])|(?:^|[^\ud800-\udbff])[\udc00-\udc7f\udd00-\udfff]/;
  const items = typeof value === 'string' ? [value] : value;
  if (items.some((item) => unwritable.test(item))) refuse(`The value of ${where} holds what UTF-8 cannot.`);
}

type NewSection = Extract<UciEdit, { op: 'add' }>;
type Change = Exclude<UciEdit, { op: 'add' }>;

function addSection(draft: PackageDraft, edit: NewSection): SectionDraft {
  draft.made += 1;
  const section: SectionDraft = {
    type: edit.type,
    name: edit.name ?? anonymousId(draft.made, edit.type),
    anonymous: edit.name === undefined,
    options: new Map(),
    line: 0,
  };
  for (const [option, value] of Object.entries(edit.options ?? {})) setValue(section, option, value);
  draft.sections.push(section);
  if (edit.position !== undefined) moveSection(draft, section, edit.position);
  return section;
}

function changeDraft(draft: PackageDraft, edit: Change): void {
  const section = findIn(draft.sections, edit.section) as SectionDraft;
  switch (edit.op) {
    case 'set':
      setValue(section, edit.option, edit.value);
      break;
    case 'add-list':
      addItem(section, edit.option, edit.value);
      break;
    case 'del-list':
      removeItems(section, edit.option, edit.value);
      if (section.options.get(edit.option)?.length === 0) section.options.delete(edit.option);
      break;
    case 'delete':
      if (edit.option !== undefined) section.options.delete(edit.option);
      else draft.sections.splice(draft.sections.indexOf(section), 1);
      break;
    case 'rename':
      if (edit.option !== undefined) renameOption(section, edit.option, edit.name);
      else {
        section.name = edit.name;
        section.anonymous = false;
      }
      break;
    case 'type':
      section.type = edit.type;
      break;
    case 'move':
      moveSection(draft, section, edit.position);
      break;
  }
}

function setValue(section: SectionDraft, option: string, value: UciValue): void {
  if (value.length === 0) section.options.delete(option);
  else section.options.set(option, typeof value === 'string' ? value : [...value]);
}

function changeDocument(document: UciDocument, draft: PackageDraft, edit: Change): void {
  const section = findIn(draft.sections, edit.section) as SectionDraft;
  const present = (option: string): readonly string[] => {
    const value = section.options.get(option) ?? [];
    return typeof value === 'string' ? [value] : value;
  };
  switch (edit.op) {
    case 'set':
      document.setOption(section, edit.option, edit.value);
      break;
    case 'add-list':
      document.setOption(section, edit.option, [...present(edit.option), edit.value]);
      break;
    case 'del-list':
      if (typeof section.options.get(edit.option) === 'string') break;
      document.setOption(
        section,
        edit.option,
        present(edit.option).filter((item) => item !== edit.value),
      );
      break;
    case 'delete':
      if (edit.option !== undefined) document.setOption(section, edit.option, []);
      else document.deleteSection(section);
      break;
    case 'rename':
      if (edit.option !== undefined) document.renameOption(section, edit.option, edit.name);
      else document.nameSection(section, edit.name);
      break;
    case 'type':
      document.setType(section, edit.type);
      break;
    case 'move': {
      const others = draft.sections.filter((other) => other !== section);
      if (moves(draft, section, edit.position)) {
        document.moveSection(section, others[Math.max(edit.position, 0)]);
      }
      break;
    }
  }
}

function moves(draft: PackageDraft, section: SectionDraft, position: number): boolean {
  const to = Math.min(Math.max(position, 0), draft.sections.length - 1);
  return draft.sections.indexOf(section) !== to;
}

/** The package as a new reading of its file gives it: no empty lists, ids by position. */
function settle(draft: PackageDraft): PackageDraft {
  return {
    name: draft.name,
    made: draft.sections.length,
    sections: draft.sections.map((section, index) => ({
      ...section,
      name: section.anonymous ? anonymousId(index + 1, section.type) : section.name,
      options: new Map([...section.options].filter(([, value]) => value.length > 0)),
    })),
  };
}

function sameSections(one: PackageDraft, other: PackageDraft): boolean {
  if (one.sections.length !== other.sections.length) return false;
  return one.sections.every((section, index) => {
    const twin = other.sections[index] as SectionDraft;
    return (
      section.type === twin.type &&
      section.name === twin.name &&
      section.anonymous === twin.anonymous &&
      JSON.stringify([...section.options]) === JSON.stringify([...twin.options])
    );
  });
}
