/**
 * A UCI package as plain data, the form in which configuration enters the core, and how a place in it is named in
 * messages. Options are a list of pairs, not an object: names come from a file, and `__proto__` is one.
 */
export interface UciOption {
  readonly name: string;
  readonly value: string | readonly string[];
}

export interface UciSection {
  readonly type: string;
  /** null for a section without a name. */
  readonly name: string | null;
  readonly options: readonly UciOption[];
}

/** What reading a package gave. `broken`: libuci refuses the whole file too; `missing`: there is no file. */
export type UciReading =
  | { readonly kind: 'read'; readonly sections: readonly UciSection[] }
  | { readonly kind: 'missing' }
  | { readonly kind: 'broken' | 'unreadable'; readonly message: string };

/** What is wrong at one place of the configuration. */
export interface ConfigProblem {
  /** `error`: the package is not taken over as long as it is there. */
  readonly severity: 'error' | 'warning';
  /** Section and option, e.g. `hagw.@address[0] (lan).vrid`; the package alone if it is about the whole. */
  readonly where: string;
  /** A whole sentence. */
  readonly text: string;
  /** Of a warning: what is written there is not taken, it is left out or a default is used instead. */
  readonly lost?: true;
}

/** The last value of an option, as libuci has it; a list's items joined by blanks, as the shell tools see it. */
export function optionText(section: UciSection, name: string): string | null {
  const value = optionValue(section, name);
  if (value === null) return null;
  return typeof value === 'string' ? value : value.join(' ');
}

export function optionValue(section: UciSection, name: string): string | readonly string[] | null {
  for (let index = section.options.length - 1; index >= 0; index -= 1) {
    const option = section.options[index];
    if (option !== undefined && option.name === name) return option.value;
  }
  return null;
}

/** Longer names are none that netifd, mwan3 or keepalived can use; cut, they do not fill a log or a page. */
export const LONGEST_NAME = 64;

/** A name for a message. */
function shortName(name: string): string {
  return name.length <= LONGEST_NAME ? name : `${name.slice(0, LONGEST_NAME)}…`;
}

/** Address of a section that `uci` understands, with what the section is about in brackets if it has no name. */
export function sectionAddress(
  packageName: string,
  sections: readonly UciSection[],
  section: UciSection,
  about: string | null = null,
): string {
  if (section.name !== null) return `${packageName}.${shortName(section.name)}`;
  const index = sections.filter((other) => other.type === section.type).indexOf(section);
  return `${packageName}.@${section.type}[${index}]${about === null ? '' : ` (${about})`}`;
}
