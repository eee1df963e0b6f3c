/** What a UCI file says, without its layout: a package of sections in order, each with its options in order. */

/** An option's value or a list's items; an empty list can only come from a delta and is not written. */
export type UciValue = string | readonly string[];

export interface UciSection {
  readonly type: string;
  /** The name, or libuci's id (`cfg` and hex digits) if `anonymous`: such an id must not be kept. */
  readonly name: string;
  readonly anonymous: boolean;
  readonly options: ReadonlyMap<string, UciValue>;
  /** Line of its first `config`, from 1; 0 if it comes from a delta or an edit. */
  readonly line: number;
}

export interface UciPackage {
  readonly name: string;
  /** In file order. After a `rename` in a delta two may bear one name: the first is found. */
  readonly sections: readonly UciSection[];
  /** How many sections were made so far, removed ones too: the next unnamed one gets the id of position + 1. */
  readonly made?: number;
}

/** Why a file is refused. libuci refuses the whole package. */
export interface UciParseError {
  /** libuci's words, e.g. `invalid command`. */
  readonly text: string;
  /** Lines read so far: libuci does not count a last line without a line end. */
  readonly line: number;
  /** Bytes from the start of the statement's line, as libuci counts. */
  readonly byte: number;
  /** `Parse error (TEXT) at line L, byte B`. */
  readonly message: string;
}

/** Same shape as the result of the rest of the project; declared here because this package imports nothing. */
export type UciResult<T, E> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: E };

/** A section while it is being built. */
export interface SectionDraft {
  type: string;
  name: string;
  anonymous: boolean;
  options: Map<string, string | string[]>;
  line: number;
}

/** A package while it is being built; `made` counts every section that was ever made. */
export interface PackageDraft {
  name: string;
  sections: SectionDraft[];
  made: number;
}

/** A copy that may be changed. */
export function toDraft(pkg: UciPackage): PackageDraft {
  return {
    name: pkg.name,
    sections: pkg.sections.map((section) => ({
      type: section.type,
      name: section.name,
      anonymous: section.anonymous,
      options: new Map([...section.options].map(([name, value]) => [name, copyValue(value)])),
      line: section.line,
    })),
    made: pkg.made ?? pkg.sections.length,
  };
}

function copyValue(value: UciValue): string | string[] {
  return typeof value === 'string' ? value : [...value];
}

/** The value of an option that must be single: of a list the last item, as in a file that names the option twice. */
export function optionText(section: UciSection, option: string): string | undefined {
  const value = section.options.get(option);
  if (value === undefined || typeof value === 'string') return value;
  return value[value.length - 1];
}

/** The items of a list; a plain option is a list of one, a missing one is empty. */
export function optionList(section: UciSection, option: string): readonly string[] {
  const value = section.options.get(option);
  if (value === undefined) return [];
  return typeof value === 'string' ? [value] : value;
}

/** All sections of a type, in order. */
export function sectionsOfType(pkg: UciPackage, type: string): readonly UciSection[] {
  return pkg.sections.filter((section) => section.type === type);
}

/** `@type[n]` or `@[n]` taken apart; undefined if it is not of that form. */
export function parseExtendedName(text: string): { type: string; index: number } | undefined {
  const match = /^@([\x21-\x5a\x5c-\x7e]*)\[(?:\s*([+-]?[0-9]+))?\]$/.exec(text);
  if (match === null) return undefined;
  return { type: match[1] as string, index: Number.parseInt(match[2] ?? '0', 10) };
}

/**
 * The section named `reference`, or the one that `@type[n]` means: n counts all sections of the type from 0, negative
 * from the end; `@[n]` counts sections of every type; no n is 0.
 */
export function findSection(pkg: UciPackage, reference: string): UciSection | undefined {
  return findIn(pkg.sections, reference);
}

/** As `findSection`, for drafts too. */
export function findIn<S extends { readonly type: string; readonly name: string }>(
  sections: readonly S[],
  reference: string,
): S | undefined {
  if (reference.charCodeAt(0) !== 0x40) return sections.find((section) => section.name === reference);
  const wanted = parseExtendedName(reference);
  if (wanted === undefined) return undefined;
  const same = wanted.type === '' ? sections : sections.filter((section) => section.type === wanted.type);
  return same[wanted.index < 0 ? same.length + wanted.index : wanted.index];
}

/** libuci makes a section anew, and by that named, when the new type's length differs. */
export function setType(section: SectionDraft, type: string): void {
  if (section.type.length !== type.length) section.anonymous = false;
  section.type = type;
}

export function addItem(section: SectionDraft, option: string, item: string): void {
  const present = section.options.get(option);
  if (present === undefined) section.options.set(option, [item]);
  else if (typeof present === 'string') section.options.set(option, [present, item]);
  else present.push(item);
}
