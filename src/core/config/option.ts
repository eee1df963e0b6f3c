/**
 * The language of the option tables, and the one decoder that reads a section by its table. A table says of each
 * option its type, unit, range, default and meaning; it decodes the file, and docs/uci-options.md and the commented
 * /etc/config/hagw are made from it. Nothing downstream reads raw UCI.
 */
import { parseIpAddress, parseIpPrefix } from '../../lib/ip.ts';
import { type ConfigProblem, optionValue, type UciSection } from './uci.ts';

export type OptionType =
  /** 1, yes, on, true, enabled / 0, no, off, false, disabled (as /lib/functions.sh reads them). */
  | 'boolean'
  | 'integer'
  | 'decimal'
  | 'enum'
  /** Any text. */
  | 'string'
  /** Name of a UCI section or netifd interface: letters, digits, `_`, `-`, `.`. */
  | 'name'
  | 'ip-address'
  /** Address with prefix length. */
  | 'ip-prefix';

export interface OptionSpec {
  readonly type: OptionType;
  readonly text: string;
  readonly unit?: string;
  /** Inclusive. */
  readonly min?: number;
  readonly max?: number;
  /** The value is a multiple of it. */
  readonly step?: number;
  readonly oneOf?: readonly string[];
  readonly maxLength?: number;
  /** As it would be written in the file. */
  readonly default?: string;
  /** Says where the default comes from when it is not one value. */
  readonly defaultText?: string;
  /** What the commented file shows where there is no default. */
  readonly example?: string;
  readonly list?: true;
  readonly required?: true;
  /** What to use instead. */
  readonly deprecated?: string;
  /** A bad value is an error and rejects the file; otherwise it is a warning and the default holds. */
  readonly safety?: true;
}

export type OptionTable = Readonly<Record<string, OptionSpec>>;

type Scalar<S extends OptionSpec> = S['type'] extends 'boolean'
  ? boolean
  : S['type'] extends 'integer' | 'decimal'
    ? number
    : S extends { readonly oneOf: readonly (infer Word)[] }
      ? Word
      : string;
type Decoded<S extends OptionSpec> = S extends { readonly list: true }
  ? readonly Scalar<S>[]
  : S extends { readonly required: true } | { readonly default: string }
    ? Scalar<S>
    : Scalar<S> | null;
/** What a section decodes to: options without default that may be left out are null. */
export type DecodedSection<T extends OptionTable> = { readonly [K in keyof T]: Decoded<T[K]> };

type Value = boolean | number | string;

const TRUE = ['1', 'yes', 'on', 'true', 'enabled'];
const FALSE = ['0', 'no', 'off', 'false', 'disabled'];

function rangeText(spec: OptionSpec): string {
  const unit = spec.unit === undefined ? '' : ` ${spec.unit}`;
  const step = spec.step === undefined ? '' : ` in steps of ${spec.step}`;
  if (spec.min !== undefined && spec.max !== undefined)
    return ` from ${spec.min} to ${spec.max}${unit}${step}`;
  if (spec.min !== undefined) return ` of at least ${spec.min}${unit}${step}`;
  return step;
}

/** What a value of this option must be, to be read after "must be". */
export function expected(spec: OptionSpec): string {
  switch (spec.type) {
    case 'boolean':
      return '0 or 1';
    case 'integer':
      return `a whole number${rangeText(spec)}`;
    case 'decimal':
      return `a number${rangeText(spec)}`;
    case 'enum':
      return `one of ${(spec.oneOf ?? []).join(', ')}`;
    case 'string':
      return `a text of 1 to ${spec.maxLength ?? 256} characters`;
    case 'name':
      return `a name of 1 to ${spec.maxLength ?? 64} letters, digits, '_', '-' or '.'`;
    case 'ip-address':
      return 'an IPv4 or IPv6 address without prefix length';
    case 'ip-prefix':
      return 'an IPv4 or IPv6 address with prefix length, such as 192.168.1.1/24';
  }
}

function decodeNumber(text: string, spec: OptionSpec): number | null {
  const shape = spec.type === 'integer' ? /^-?\d{1,15}$/ : /^-?(\d{1,15}(\.\d{0,9})?|\.\d{1,9})$/;
  if (!shape.test(text)) return null;
  const value = Number(text);
  if (spec.min !== undefined && value < spec.min) return null;
  if (spec.max !== undefined && value > spec.max) return null;
  return spec.step !== undefined && value % spec.step !== 0 ? null : value;
}

/** One value; null if it is not what the table wants. Addresses come out in their canonical spelling. */
export function decodeValue(text: string, spec: OptionSpec): Value | null {
  switch (spec.type) {
    case 'boolean':
      return TRUE.includes(text) ? true : FALSE.includes(text) ? false : null;
    case 'integer':
    case 'decimal':
      return decodeNumber(text, spec);
    case 'enum':
      return spec.oneOf?.includes(text) === true ? text : null;
    case 'string':
      return text.length <= (spec.maxLength ?? 256) ? text : null;
    case 'name':
      return /^[A-Za-z0-9_.-]+$/.test(text) && text.length <= (spec.maxLength ?? 64) ? text : null;
    case 'ip-address':
      return parseIpAddress(text)?.text ?? null;
    case 'ip-prefix': {
      const prefix = parseIpPrefix(text);
      return prefix === null ? null : `${prefix.text}/${prefix.prefixLength}`;
    }
  }
}

/** A value in a message: cut, and without what would break the line. */
export function quoted(text: string): string {
  const shown = [...text].map((char) => (char < ' ' || char === '\x7f' ? '?' : char));
  return `'${shown.length > 40 ? `${shown.slice(0, 40).join('')}…` : shown.join('')}'`;
}

export interface DecodeContext {
  /** Address of the section, e.g. `hagw.lan`. */
  readonly where: string;
  readonly report: (problem: ConfigProblem) => void;
  /** False for another package's sections, of which the table names only what hagw reads. */
  readonly nameUnknown: boolean;
}

function decodeOption(section: UciSection, name: string, spec: OptionSpec, context: DecodeContext) {
  const where = `${context.where}.${name}`;
  const raw = optionValue(section, name);
  const texts = raw === null ? [] : typeof raw === 'string' ? [raw] : raw;
  // libuci has no empty option (`option x ''` does not exist), but a list may hold one.
  const given = texts.filter((text) => text !== '');
  const report = (severity: 'error' | 'warning', text: string): void =>
    context.report({ severity, where, text, ...(severity === 'warning' ? { lost: true } : {}) });
  const fallback = spec.default === undefined ? null : decodeValue(spec.default, spec);
  const level = spec.safety === true || spec.required === true ? 'error' : 'warning';

  if (spec.deprecated !== undefined && given.length > 0)
    context.report({ severity: 'warning', where, text: `Is deprecated: ${spec.deprecated}` });
  if (given.length === 0) {
    if (spec.required === true) report('error', `Is missing; it must be ${expected(spec)}.`);
    return spec.list === true ? (fallback === null ? [] : [fallback]) : fallback;
  }
  if (spec.list !== true && given.length > 1) {
    report(level, `Is a list of ${given.length} values, but takes one.`);
    return fallback;
  }
  const otherwise =
    level === 'error' || spec.list === true
      ? ''
      : spec.default === undefined
        ? '; it is left out'
        : `; ${spec.default} is used`;
  const values: Value[] = [];
  for (const text of given) {
    const value = decodeValue(text, spec);
    if (value === null) report(level, `Is ${quoted(text)}, but must be ${expected(spec)}${otherwise}.`);
    else values.push(value);
  }
  if (spec.list === true) return values;
  return values[0] ?? fallback;
}

/**
 * Reads one section by its table and reports what is wrong. null if a required option is missing or bad: a section
 * is then left out as a whole.
 */
export function decodeSection<const T extends OptionTable>(
  table: T,
  section: UciSection,
  context: DecodeContext,
): DecodedSection<T> | null {
  const values: Record<string, unknown> = {};
  let complete = true;
  for (const [name, spec] of Object.entries(table)) {
    const value = decodeOption(section, name, spec, context);
    values[name] = value;
    if (spec.required === true && (value === null || (Array.isArray(value) && value.length === 0)))
      complete = false;
  }
  if (context.nameUnknown) {
    for (const { name } of section.options) {
      if (Object.keys(table).includes(name)) continue;
      context.report({
        severity: 'warning',
        where: `${context.where}.${name}`,
        text: `Is no option of a section of type ${quoted(section.type)} and has no effect.`,
        lost: true,
      });
    }
  }
  // The loop above has filled each key of T by its own spec; the compiler cannot follow that.
  return complete ? (values as unknown as DecodedSection<T>) : null;
}
