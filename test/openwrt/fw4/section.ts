/** Reads the options of one section the way fw4 does: the first value that is wrong, or missing, skips the section. */
import { optionList, type UciPackage, type UciSection, type UciValue } from 'uci-parser';
import { type Matched, parseFlag, parseMatched } from './values.ts';

export type Warn = (line: string) => void;
export type Parse<T> = (text: string) => T | null;

/** As fw4 names a section: its name, or `@TYPE[POSITION]`. */
export function sectionId(pkg: UciPackage, section: UciSection): string {
  if (!section.anonymous) return section.name;
  const alike = pkg.sections.filter(({ type }) => type === section.type);
  return `@${section.type}[${alike.indexOf(section)}]`;
}

export interface Reader {
  readonly id: string;
  /** The option `name`, or the section's id. */
  readonly name: string;
  one<T>(option: string, parse: Parse<T>): T | undefined;
  required<T>(option: string, parse: Parse<T>): T | undefined;
  matched<T>(option: string, parse: Parse<T>): Matched<T> | undefined;
  /** A list, or an option of words with blanks between them. */
  many<T>(option: string, parse: Parse<T>, fallback?: string): readonly T[];
  /** May begin with `!`. */
  manyMatched<T>(option: string, parse: Parse<T>): readonly Matched<T>[];
  flag(option: string, fallback: boolean): boolean;
  warn(words: string): void;
  /** Options that are known but have no effect here; must be the last call before `ends`. */
  known(...options: readonly string[]): void;
  /** Whether the section counts; says it if not. */
  ends(): boolean;
}

export function readSection(pkg: UciPackage, section: UciSection, warnLine: Warn): Reader {
  const id = sectionId(pkg, section);
  const title = section.options.get('name');
  const asked = new Set<string>(['enabled', 'name']);
  let failed = false;
  const warn = (words: string): void =>
    warnLine(`Section ${id}${title === undefined ? '' : ` (${String(title)})`} ${words}`);
  const fail = (words: string): void => {
    if (!failed) warn(words);
    failed = true;
  };
  const read = <T>(option: string, text: string, parse: Parse<T>): T | undefined => {
    const value = parse(text);
    if (value === null) fail(`option '${option}' specifies invalid value '${text}'`);
    return value ?? undefined;
  };
  const raw = (option: string): UciValue | undefined => {
    asked.add(option);
    return section.options.get(option);
  };
  const one = <T>(option: string, parse: Parse<T>): T | undefined => {
    const value = raw(option);
    if (value === undefined) return undefined;
    if (typeof value === 'string') return read(option, value, parse);
    fail(`option '${option}' must not be a list`);
    return undefined;
  };
  const many = <T>(option: string, parse: Parse<T>, fallback?: string): readonly T[] => {
    const words =
      raw(option) === undefined ? (fallback === undefined ? [] : [fallback]) : optionList(section, option);
    return words.flatMap((text) => text.split(/[ \t]+/)).flatMap((text) => read(option, text, parse) ?? []);
  };
  const matcher =
    <T>(parse: Parse<T>) =>
    (text: string): Matched<T> | null =>
      parseMatched(text, parse);
  return {
    id,
    name: title === undefined ? id : String(title),
    one,
    required(option, parse) {
      if (raw(option) === undefined) fail(`option '${option}' is mandatory but not set`);
      return one(option, parse);
    },
    matched: (option, parse) => one(option, matcher(parse)),
    many,
    manyMatched: (option, parse) => many(option, matcher(parse)),
    flag: (option, fallback) => one(option, parseFlag) ?? fallback,
    warn,
    known: (...options) => {
      for (const option of options) asked.add(option);
    },
    ends() {
      const enabled = one('enabled', parseFlag) ?? true;
      if (failed) {
        warn('skipped due to invalid options');
        return false;
      }
      for (const option of section.options.keys()) {
        if (!asked.has(option)) warn(`specifies unknown option '${option}'`);
      }
      if (!enabled) warn('is disabled, ignoring section');
      return enabled;
    },
  };
}
