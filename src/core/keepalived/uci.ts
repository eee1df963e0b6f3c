/**
 * UCI `keepalived` as OpenWrt's init script sees it through /lib/functions.sh: sections by type in the file's order,
 * a list joined by blanks, an option that is empty equal to one that is absent. Not a validation: what the script
 * passes on unread is passed on unread here.
 */

/** One section, as `uci-parser` gives it or any other source. */
export interface UciSection {
  readonly type: string;
  /** Name, or `cfgXXXXXX` of an anonymous section. */
  readonly name: string;
  readonly options: ReadonlyMap<string, string | readonly string[]>;
}

/** Sections of a file as the rest of hagw has them, in the script's form; same order. */
export function scriptSections(
  sections: readonly {
    readonly type: string;
    readonly name: string | null;
    readonly options: readonly { readonly name: string; readonly value: string | readonly string[] }[];
  }[],
): readonly UciSection[] {
  return sections.map(({ type, name, options }) => ({
    type,
    name: name ?? '',
    options: new Map(options.map((option) => [option.name, option.value] as const)),
  }));
}

/** The blanks at which the shell splits words (its IFS by default). */
const BLANKS = /[ \t\n]+/;

/** The value as config_get gives it: a list joined by blanks; empty = absent. */
export function textOf(section: UciSection, option: string): string {
  const value = section.options.get(option);
  if (value === undefined) return '';
  return typeof value === 'string' ? value : value.join(' ');
}

/** The words of an option or list, split as `for x in $value` does; file name patterns are not expanded. */
export function wordsOf(section: UciSection, option: string): readonly string[] {
  return splitWords(textOf(section, option));
}

export function splitWords(value: string): readonly string[] {
  return value.split(BLANKS).filter((word) => word !== '');
}

/** The items of a `list`; a plain `option` of that name has none (config_list_foreach). */
export function itemsOf(section: UciSection, option: string): readonly string[] {
  const value = section.options.get(option);
  return value === undefined || typeof value === 'string' ? [] : value;
}

/** config_get_bool: five spellings each; anything else, and absence, is `byDefault`. */
export function boolOf(section: UciSection | undefined, option: string, byDefault: boolean): boolean {
  switch (section === undefined ? '' : textOf(section, option)) {
    case '1':
    case 'on':
    case 'true':
    case 'yes':
    case 'enabled':
      return true;
    case '0':
    case 'off':
    case 'false':
    case 'no':
    case 'disabled':
      return false;
    default:
      return byDefault;
  }
}

/** Sections of a type, in the file's order. */
export function ofType(sections: readonly UciSection[], type: string): readonly UciSection[] {
  return sections.filter((section) => section.type === type);
}

/** Sections of a type whose option `name` has that value; an empty name matches nothing. */
export function named(sections: readonly UciSection[], type: string, name: string): readonly UciSection[] {
  return ofType(sections, type).filter((section) => name !== '' && textOf(section, 'name') === name);
}

/** The section that is called `globals`, whatever its type: the script asks it by name for its own options. */
export function globalsOf(sections: readonly UciSection[]): UciSection | undefined {
  return sections.find((section) => section.name === 'globals');
}

/** A sync group as the script writes it; members without a vrrp_instance are left out, a group without any too. */
export interface SyncGroup {
  readonly name: string;
  readonly members: readonly string[];
}

/** The sync groups, in the file's order. The JSON dump of keepalived knows nothing of them. */
export function syncGroupsOf(sections: readonly UciSection[]): readonly SyncGroup[] {
  return ofType(sections, 'vrrp_sync_group').flatMap((section) => {
    const group = syncGroupOf(sections, section);
    return group === undefined ? [] : [group];
  });
}

export function syncGroupOf(sections: readonly UciSection[], section: UciSection): SyncGroup | undefined {
  const name = textOf(section, 'name');
  const members = wordsOf(section, 'group').filter(
    (member) => named(sections, 'vrrp_instance', member).length > 0,
  );
  return name === '' || members.length === 0 ? undefined : { name, members };
}

/** Names of the vrrp_instance sections that the script writes, in the file's order. */
export function instanceNamesOf(sections: readonly UciSection[]): readonly string[] {
  return ofType(sections, 'vrrp_instance')
    .map((section) => textOf(section, 'name'))
    .filter((name) => name !== '');
}

/** `globals.enabled 0` keeps the present script from starting keepalived; 24.10's does not read it. */
export function startsKeepalived(sections: readonly UciSection[], generation: ScriptGeneration): boolean {
  return generation === '24.10' || boolOf(globalsOf(sections), 'enabled', true);
}

/**
 * Another configuration file that the script links to instead of writing one, if that file exists; '' = none. Then there
 * are no notify lines, hence no hotplug calls.
 */
export function alternativeConfigOf(sections: readonly UciSection[]): string {
  const globals = globalsOf(sections);
  return globals === undefined ? '' : textOf(globals, 'alt_config_file');
}

/**
 * Which init script: `24.10` = that of OpenWrt 24.10 (net/keepalived of 2024-10-29), `present` = that of the feed
 * since April 2026, which tracks `vrrp_script` sections without `track_script` ones.
 */
export type ScriptGeneration = 'present' | '24.10';
