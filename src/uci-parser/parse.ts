/**
 * From the text of a config file to a package, with libuci's rules: what it accepts is accepted, what it refuses is
 * refused with its words and place. One error makes the whole package unreadable unless `strict` is off.
 *
 * Beyond libuci: a NUL and an input above `maxBytes` are refused (libuci drops what follows a NUL in an odd way).
 */
import type { UciChange } from './delta.ts';
import {
  addItem,
  type PackageDraft,
  type SectionDraft,
  setType,
  type UciPackage,
  type UciParseError,
  type UciResult,
} from './model.ts';
import { anonymousId, isName, isPackageName, isType } from './names.ts';
import { Scanner, UciSyntaxError, type Word } from './scanner.ts';
import { byteLength, decodeText } from './text.ts';

export interface ParseOptions {
  /** False: go on after a bad line, as `uci -S`. Default true. */
  readonly strict?: boolean;
  /** Told of each error that is passed over (`strict: false`) or that ends the parse. */
  readonly onError?: (error: UciParseError) => void;
  /** Longer input is refused. Default 4 MiB: config files live in flash and are read whole. */
  readonly maxBytes?: number;
}

export type Keyword = 'package' | 'config' | 'option' | 'list';

/** One statement as it stands in the text. */
export interface Statement {
  readonly keyword: Keyword;
  /** Where the keyword stands. */
  readonly start: number;
  readonly keywordEnd: number;
  /** Type and name of a `config`, name and value of an `option` or `list`; absent words are empty. */
  readonly words: readonly Word[];
  /** Its line begins here, and the line behind it there: several statements share both if `;` joins them. */
  readonly lineStart: number;
  readonly lineEnd: number;
  /** What is left of its line begins here: a comment, dead text behind `;`, or nothing. */
  readonly end: number;
  /** The section that it opens or belongs to. */
  readonly section?: SectionDraft;
  /** False for an `option` with an empty value, which libuci passes over. */
  readonly effective: boolean;
}

const KEYWORDS = new Map<string, Keyword>([
  ['p', 'package'],
  ['package', 'package'],
  ['c', 'config'],
  ['config', 'config'],
  ['o', 'option'],
  ['option', 'option'],
  ['l', 'list'],
  ['list', 'list'],
]);

const DEFAULT_MAX_BYTES = 4 * 1024 * 1024;

/** Reads one package. A `package` line is passed over, whatever it names: the file's name counts. */
export function parsePackage(
  name: string,
  input: string | Uint8Array,
  options: ParseOptions = {},
): UciResult<UciPackage, UciParseError> {
  const result = parseInput(input, { ...options, name });
  return result.ok ? { ok: true, value: result.value[0] as UciPackage } : result;
}

/** Reads what `uci import` without an argument reads: packages begin with their `package` lines. */
export function parsePackages(
  input: string | Uint8Array,
  options: ParseOptions = {},
): UciResult<readonly UciPackage[], UciParseError> {
  return parseInput(input, options);
}

/** What the parse of one file is about; `onStatement` sees each good statement in order. */
export interface ParseRun extends ParseOptions {
  /** Absent: the text names its packages itself. */
  readonly name?: string;
  readonly onStatement?: (statement: Statement) => void;
  /** A package that the text is merged into, as `uci -m import` does; it is changed. Needs `name`. */
  readonly into?: PackageDraft;
  /** Told of everything that the text changed in `into`. */
  readonly onChange?: (change: UciChange) => void;
}

export function parseInput(
  input: string | Uint8Array,
  run: ParseRun,
): UciResult<readonly PackageDraft[], UciParseError> {
  const maxBytes = run.maxBytes ?? DEFAULT_MAX_BYTES;
  const bytes = typeof input === 'string' ? byteLength(input) : input.length;
  if (bytes > maxBytes) return refuse(`input is longer than ${maxBytes} bytes`, 0, 0);
  const text = typeof input === 'string' ? input : decodeText(input);
  const nul = text.indexOf('\0');
  if (nul >= 0) {
    const start = text.lastIndexOf('\n', nul) + 1;
    return refuse('NUL byte', text.slice(0, nul).split('\n').length, byteLength(text, start, nul));
  }
  const parser = new Parser(text, run);
  try {
    return { ok: true, value: parser.run() };
  } catch (error) {
    if (error instanceof UciSyntaxError) return { ok: false, error: error.detail };
    throw error;
  }
}

function refuse(text: string, line: number, byte: number): UciResult<never, UciParseError> {
  return { ok: false, error: new UciSyntaxError(text, line, byte).detail };
}

class Parser {
  private readonly scanner: Scanner;
  private readonly options: ParseRun;
  private readonly strict: boolean;
  private readonly packages: PackageDraft[] = [];
  private current: PackageDraft | undefined;
  private section: SectionDraft | undefined;
  /** First section of each name, ids of unnamed ones among them, as libuci finds them. */
  private byName = new Map<string, SectionDraft>();

  constructor(text: string, options: ParseRun) {
    this.scanner = new Scanner(text);
    this.options = options;
    this.strict = options.strict ?? true;
    if (options.into !== undefined) this.reopen(options.into);
    else if (options.name !== undefined) this.open(options.name);
  }

  run(): PackageDraft[] {
    while (this.scanner.readLine()) {
      try {
        this.parseLine();
      } catch (error) {
        if (!(error instanceof UciSyntaxError)) throw error;
        this.options.onError?.(error.detail);
        if (this.strict) throw error;
      }
    }
    return this.packages;
  }

  private open(name: string): void {
    this.reopen({ name, sections: [], made: 0 });
  }

  private reopen(draft: PackageDraft): void {
    this.packages.push(draft);
    this.current = draft;
    this.section = undefined;
    this.byName = new Map();
    for (const section of draft.sections) {
      if (!this.byName.has(section.name)) this.byName.set(section.name, section);
    }
  }

  private parseLine(): void {
    const scanner: Scanner = this.scanner;
    scanner.skipSpace();
    for (;;) {
      const word = scanner.keyword();
      if (word === undefined) return;
      const keyword = KEYWORDS.get(word.text);
      if (keyword === undefined) scanner.fail('invalid command');
      if (keyword === 'config' && this.current === undefined) {
        scanner.fail('attempting to import a file without a package name');
      }
      if ((keyword === 'option' || keyword === 'list') && this.section === undefined) {
        scanner.fail('option/list command found before the first section');
      }
      if (!scanner.afterKeyword(word.end)) {
        scanner.fail(`${keyword === 'list' ? 'option' : keyword} without name`);
      }
      this.parseStatement(keyword, word.start, word.end);
    }
  }

  private parseStatement(keyword: Keyword, start: number, keywordEnd: number): void {
    const scanner: Scanner = this.scanner;
    const lineStart = scanner.lineStart;
    const first = scanner.word();
    if (first.value === '') scanner.fail('insufficient arguments');
    if (keyword === 'config') {
      if (!isType(first.value)) scanner.fail('invalid character in type field');
    } else if (keyword === 'package' ? !isPackageName(first.value) : !isName(first.value)) {
      scanner.fail('invalid character in name field');
    }
    const words = [first];
    if (keyword !== 'package') {
      const second = scanner.word();
      if (keyword === 'config' && second.value !== '' && !isName(second.value)) {
        scanner.fail('invalid character in name field');
      }
      words.push(second);
    }
    if (scanner.word().value !== '' && this.strict) scanner.fail('too many arguments');
    const effective = this.apply(keyword, first.value, words[1]?.value ?? '');
    this.options.onStatement?.({
      keyword,
      start,
      keywordEnd,
      words,
      lineStart,
      lineEnd: scanner.nextLine,
      end: scanner.position,
      ...(this.section === undefined ? {} : { section: this.section }),
      effective,
    });
  }

  /** Brings a statement into the package; false if it changes nothing by its nature. */
  private apply(keyword: Keyword, first: string, second: string): boolean {
    if (keyword === 'package') {
      if (this.options.name !== undefined) return false;
      if (this.packages.some((draft) => draft.name === first)) this.scanner.fail('Duplicate entry');
      this.open(first);
      return true;
    }
    if (keyword === 'config') {
      this.openSection(first, second);
      return true;
    }
    const section = this.section as SectionDraft;
    if (keyword === 'option') {
      if (second === '') return false;
      if (section.options.get(first) !== second) {
        this.report({ op: 'set', section: section.name, option: first, value: second });
      }
      section.options.set(first, second);
      return true;
    }
    addItem(section, first, second);
    this.report({ op: 'list-add', section: section.name, option: first, value: second });
    return true;
  }

  private report(change: UciChange): void {
    this.options.onChange?.(change);
  }

  private openSection(type: string, name: string): void {
    const pkg = this.current as PackageDraft;
    const present = name === '' ? undefined : this.byName.get(name);
    if (present !== undefined) {
      if (present.type !== type) {
        if (this.strict) {
          this.scanner.fail('section of different type overwrites prior section with same name');
        }
        setType(present, type);
        this.report({ op: 'set', section: name, value: type });
      }
      this.section = present;
      return;
    }
    pkg.made += 1;
    const section: SectionDraft = {
      type,
      name: name === '' ? anonymousId(pkg.made, type) : name,
      anonymous: name === '',
      options: new Map(),
      line: this.scanner.startLine,
    };
    pkg.sections.push(section);
    if (!this.byName.has(section.name)) this.byName.set(section.name, section);
    this.section = section;
    this.report({ op: section.anonymous ? 'add' : 'set', section: section.name, value: type });
  }
}
