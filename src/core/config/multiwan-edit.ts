/**
 * Reading and writing sections of /etc/config/mwan3 for `hagw.wan`: what a section says and what follows from it, and the changes, as
 * libuci stages them, that an edit comes to. An edit is checked by decoding the whole file as it would be: what it newly breaks, or
 * what it writes in vain, refuses it. Pure.
 */
import {
  anonymousId,
  applyDelta,
  findSection,
  isName,
  type UciChange,
  type UciPackage,
  type UciSection,
} from 'uci-parser';
import type { MultiWanConfig } from '../policy/model.ts';
import { decodeMultiWan } from './multiwan.ts';
import type { MultiWanTable } from './multiwan-option.ts';
import { MULTI_WAN } from './multiwan-tables.ts';
import { decodeSection, type OptionSpec, quoted } from './option.ts';
import { plainSections } from './parse.ts';
import { type ConfigProblem, sectionAddress } from './uci.ts';

export const PACKAGE = 'mwan3';

/** What only the router can tell of a configuration: devices, tables of the user. */
export type MoreChecks = (config: MultiWanConfig) => readonly ConfigProblem[];

/** A value for an option as a caller gives it; empty text, empty list and null remove the option. */
export type GivenValue = string | number | boolean | null | readonly (string | number)[];

export type SectionEdit =
  | {
      readonly kind: 'set' | 'add';
      /** `set`: of a section; `add`: null for one without a name. */
      readonly name: string | null;
      /** Of `add`. */
      readonly type: string;
      readonly options: Readonly<Record<string, unknown>>;
      /** The section of its type before which it shall stand; empty = the end; null = where it is. */
      readonly before: string | null;
    }
  | { readonly kind: 'delete'; readonly name: string };

export interface EditPlan {
  readonly changes: readonly UciChange[];
  /** Name or id of the section that was edited. */
  readonly section: string;
  /** If any is an error, there are no changes. Otherwise what the edit newly warns of. */
  readonly problems: readonly ConfigProblem[];
}

function tableOf(type: string): MultiWanTable {
  const tables: Readonly<Record<string, { readonly options: MultiWanTable }>> = MULTI_WAN;
  return Object.keys(tables).includes(type) ? (tables[type]?.options ?? {}) : {};
}

function specOf(type: string, option: string): OptionSpec | undefined {
  const table = tableOf(type);
  return Object.keys(table).includes(option) ? table[option] : undefined;
}

function findings(pkg: UciPackage, more: MoreChecks): readonly ConfigProblem[] {
  const { value, problems } = decodeMultiWan(plainSections(pkg));
  return value === null ? problems : [...problems, ...more(value)];
}

/** Problems of `after` that `before` has not. Sections without a name move about: their position is no difference. */
export function newProblems(
  before: UciPackage,
  after: UciPackage,
  more: MoreChecks,
): readonly ConfigProblem[] {
  const keyOf = ({ severity, where, text }: ConfigProblem): string =>
    `${severity} ${where.replace(/\[\d+\]/, '')} ${text}`;
  const known = findings(before, more).map(keyOf);
  return findings(after, more).filter((problem) => {
    const at = known.indexOf(keyOf(problem));
    if (at >= 0) known.splice(at, 1);
    return at < 0;
  });
}

/** An error, or a value in vain, refuses an edit. */
export const refuses = ({ severity, lost }: ConfigProblem): boolean => severity === 'error' || lost === true;

/** The texts of a value; null = it is nothing that an option can hold. */
function textsOf(value: unknown): readonly string[] | null {
  if (value === null) return [];
  const texts = (Array.isArray(value) ? value : [value]).map((item: unknown) => {
    if (typeof item === 'boolean') return item ? '1' : '0';
    const text = typeof item === 'number' ? String(item) : item;
    return typeof text === 'string' && /^[\x20-\x7e]{0,4096}$/.test(text) ? text : null;
  });
  return texts.some((text) => text === null) ? null : texts.flatMap((text) => text || []);
}

/** Interfaces that are in both, at another place. */
function otherNumbers(before: UciPackage, after: UciPackage): readonly string[] {
  const namesOf = ({ sections }: UciPackage): readonly string[] =>
    sections.filter(({ type }) => type === 'interface').map(({ name }) => name);
  const now = namesOf(after);
  return namesOf(before).filter((name, at) => now.includes(name) && now.indexOf(name) !== at);
}

class Draft {
  readonly changes: UciChange[] = [];
  readonly problems: ConfigProblem[] = [];

  constructor(
    readonly before: UciPackage,
    readonly more: MoreChecks,
  ) {}

  after(): UciPackage {
    return applyDelta(this.before, this.changes).package;
  }

  refuse(where: string, text: string): EditPlan {
    this.problems.push({ severity: 'error', where, text });
    return this.plan('');
  }

  setOptions(section: UciSection, options: Readonly<Record<string, unknown>>): void {
    for (const [option, value] of Object.entries(options)) {
      const base = { section: section.name, option };
      const where = `${PACKAGE}.${section.name}.${quoted(option).slice(1, -1)}`;
      const texts = textsOf(value);
      const present = section.options.get(option);
      if (!isName(option)) this.refuse(where, 'Is no name of an option.');
      else if (texts === null)
        this.refuse(where, 'Takes a text of printable ASCII, a number, a boolean or a list of texts.');
      else if (texts.length === 0) {
        if (present !== undefined) this.changes.push({ op: 'remove', ...base });
      } else if (specOf(section.type, option)?.list === true) {
        if (JSON.stringify(present) === JSON.stringify(texts)) continue;
        if (present !== undefined) this.changes.push({ op: 'remove', ...base });
        for (const item of texts) this.changes.push({ op: 'list-add', ...base, value: item });
      } else if (texts.length > 1) this.refuse(where, `Is a list of ${texts.length} values, but takes one.`);
      else if (present !== texts[0]) this.changes.push({ op: 'set', ...base, value: texts[0] ?? '' });
    }
  }

  move(name: string, before: string): void {
    const { sections } = this.after();
    const from = sections.findIndex((section) => section.name === name);
    const target = before === '' ? undefined : findSection({ name: '', sections }, before);
    const to = target === undefined ? sections.length : sections.indexOf(target);
    if (before !== '' && target?.type !== sections[from]?.type) {
      this.refuse(
        `${PACKAGE}.${name}`,
        `Cannot stand before ${quoted(before)}: there is no such section of its type.`,
      );
      return;
    }
    // The position is counted without the section itself.
    const position = from < to ? to - 1 : to;
    if (position !== from) this.changes.push({ op: 'order', section: name, value: String(position) });
  }

  plan(section: string): EditPlan {
    const { problems } = this;
    if (problems.length === 0) {
      const after = this.after();
      problems.push(...newProblems(this.before, after, this.more));
      const moved = otherNumbers(this.before, after);
      if (moved.length > 0)
        problems.push({
          severity: 'warning',
          where: PACKAGE,
          text: `Other numbers, and so tables and marks, for ${moved.join(', ')}: connections choose a WAN anew, and the other router of a pair needs the same order.`,
        });
    }
    const isRefused = problems.some(refuses);
    return isRefused
      ? {
          changes: [],
          section,
          problems: problems.filter(refuses).map(({ where, text }) => ({ severity: 'error', where, text })),
        }
      : { changes: this.changes, section, problems };
  }
}

/**
 * The changes of an edit.
 *
 * @param pkg the package with what is staged already.
 */
export function planEdit(pkg: UciPackage, edit: SectionEdit, more: MoreChecks): EditPlan {
  const draft = new Draft(pkg, more);
  const name = edit.name ?? '';
  let found = name === '' ? undefined : findSection(pkg, name);
  const place = `${PACKAGE}.${quoted(name).slice(1, -1)}`;
  if (edit.kind === 'add') {
    if (!Object.keys(MULTI_WAN).includes(edit.type))
      return draft.refuse(place, `A section has one of the types ${Object.keys(MULTI_WAN).join(', ')}.`);
    if (name !== '' && !isName(name))
      return draft.refuse(place, 'A name has letters, digits and underscores.');
    if (found !== undefined) return draft.refuse(place, 'Is there already.');
    const id = name === '' ? anonymousId((pkg.made ?? pkg.sections.length) + 1, edit.type) : name;
    draft.changes.push({ op: name === '' ? 'add' : 'set', section: id, value: edit.type });
    found = findSection(draft.after(), id);
  }
  if (found === undefined) return draft.refuse(place, 'There is no such section.');
  if (edit.kind === 'set' && !Object.keys(MULTI_WAN).includes(found.type))
    return draft.refuse(place, `Is of type ${quoted(found.type)}, which nobody reads.`);
  if (edit.kind === 'delete') draft.changes.push({ op: 'remove', section: found.name });
  else {
    draft.setOptions(found, edit.options);
    if (edit.before !== null) draft.move(found.name, edit.before);
  }
  return draft.plan(found.name);
}

export interface SectionView {
  readonly name: string;
  readonly anonymous: boolean;
  readonly type: string;
  readonly index: number;
  readonly staged: 'no' | 'added' | 'changed';
  readonly options: Readonly<Record<string, string | readonly string[]>>;
  readonly effective: Readonly<Record<string, string | number | boolean | readonly string[]>>;
  readonly problems: readonly ConfigProblem[];
}

export interface PackageView {
  readonly sections: readonly SectionView[];
  /** Those of no section. */
  readonly problems: readonly ConfigProblem[];
}

const sayOf = (section: UciSection | undefined): string =>
  section === undefined ? '' : JSON.stringify([section.type, [...section.options]]);

/** Values of a section's options that are in force: its own, or the defaults. */
function effectiveOf(section: UciSection, config: MultiWanConfig): SectionView['effective'] {
  const options = [...section.options].map(([name, value]) => ({ name, value }));
  const context = { where: '', report: () => undefined, nameUnknown: false };
  const values: Readonly<Record<string, unknown>> =
    decodeSection(tableOf(section.type), { type: section.type, name: null, options }, context) ?? {};
  const wan =
    section.type === 'interface' ? config.wans.find(({ name }) => name === section.name) : undefined;
  const tracking =
    wan === undefined
      ? {}
      : {
          track_ip: wan.track.targets,
          reliability: wan.track.reliability,
          interval_ms: wan.track.intervalMs,
          timeout_ms: wan.track.timeoutMs,
          up: wan.track.up,
          down: wan.track.down,
        };
  const all = Object.entries({ ...values, ...tracking }).filter(([, value]) => value !== null);
  return Object.fromEntries(all) as SectionView['effective'];
}

/** The sections as they are staged, each with its problems. */
export function viewPackage(committed: UciPackage, staged: UciPackage, more: MoreChecks): PackageView {
  const plain = plainSections(staged);
  const { draft } = decodeMultiWan(plain);
  const rest = new Set(findings(staged, more));
  const counts: Record<string, number> = {};
  const sections = staged.sections.map((section, at): SectionView => {
    const { name, type, anonymous, options } = section;
    const index = counts[type] ?? 0;
    counts[type] = index + 1;
    const self = plain[at];
    const place = self === undefined ? '' : sectionAddress(PACKAGE, plain, self);
    const problems = [...rest].filter(
      ({ where }) => where === place || where.startsWith(`${place}.`) || where.startsWith(`${place} (`),
    );
    for (const problem of problems) rest.delete(problem);
    const before = committed.sections.find((one) => one.name === name);
    return {
      name,
      anonymous,
      type,
      index,
      staged: before === undefined ? 'added' : sayOf(before) === sayOf(section) ? 'no' : 'changed',
      options: Object.fromEntries(options),
      effective: effectiveOf(section, draft),
      problems,
    };
  });
  return { sections, problems: [...rest] };
}
