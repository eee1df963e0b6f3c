/**
 * blobmsg as the JSON that OpenWrt's programs print (libubox, blobmsg_format_json): tabs, doubles with six decimals,
 * int8 as boolean, nan and inf as they are, an empty container with a line of its own. Not always JSON, therefore; what
 * is no UTF-8 goes out as the bytes that came.
 */
import type { BlobmsgEntry, BlobmsgValue } from '../wire/blobmsg.ts';

export interface JsonStyle {
  /** One line without blanks (`-S`, and what `listen` prints). */
  readonly compact: boolean;
  /** Prints a value in its own way; undefined = as usual. */
  readonly format?: (value: BlobmsgValue) => string | undefined;
}

/** A table with these entries, in their order, names that come twice included. */
export function formatTable(entries: readonly BlobmsgEntry[], style: JsonStyle): string {
  return formatContainer('{', '}', entries, style, 0);
}

/** `"name":value`, as a member of a compact table. */
export function formatMember(entry: BlobmsgEntry, style: JsonStyle): string {
  return `${formatString(entry.name)}:${style.compact ? '' : ' '}${formatValue(entry, style, 0)}`;
}

function formatContainer(
  open: string,
  close: string,
  entries: readonly BlobmsgEntry[],
  style: JsonStyle,
  depth: number,
): string {
  const members = entries.map((entry) =>
    open === '{'
      ? `${formatString(entry.name)}:${style.compact ? '' : ' '}${formatValue(entry, style, depth + 1)}`
      : formatValue(entry, style, depth + 1),
  );
  if (style.compact) return `${open}${members.join(',')}${close}`;
  const inner = `\n${indent(depth + 1)}`;
  return `${open}${inner}${members.join(`,${inner}`)}\n${indent(depth)}${close}`;
}

/** libubox has a row of 16 tabs, and goes no deeper. */
function indent(depth: number): string {
  return '\t'.repeat(Math.min(depth, 16));
}

function formatValue(value: BlobmsgValue, style: JsonStyle, depth: number): string {
  const own = style.format?.(value);
  if (own !== undefined) return own;
  switch (value.type) {
    case 'unspec':
      return 'null';
    case 'int8':
      return value.value === 0 ? 'false' : 'true';
    case 'int16':
    case 'int32':
    case 'int64':
      return String(value.value);
    case 'double':
      return formatDouble(value.value);
    case 'string':
      return formatString(value.value);
    case 'table':
      return formatContainer('{', '}', value.value, style, depth);
    case 'array':
      return formatContainer('[', ']', value.value, style, depth);
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\b': '\\b',
  '\n': '\\n',
  '\t': '\\t',
  '\r': '\\r',
  '"': '\\"',
  '\\': '\\\\',
};

/** Quoted. Other control characters as \u00xx; DEL and `/` stay as they are. */
export function formatString(text: string): string {
  const escaped = text.replace(
    /[\x00-\x1f"\\]/g,
    (char) => ESCAPES[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `"${escaped}"`;
}

/** C's "%f": six decimals of the exact value, halves to the even digit, no exponent. */
export function formatDouble(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  const size = Math.abs(value);
  if (size === Number.POSITIVE_INFINITY) return `${sign}inf`;
  // toFixed gives up on digits from here on; such a number is an integer.
  if (size >= 1e21) return `${sign}${BigInt(size)}.000000`;
  // Half a unit of the sixth decimal is exact only in odd multiples of 1/128: there toFixed rounds up, C to even.
  const in128ths = size * 128;
  if (Number.isSafeInteger(in128ths) && in128ths % 2 === 1) {
    const doubled = BigInt(in128ths) * BigInt(15625);
    const below = (doubled - BigInt(1)) / BigInt(2);
    const digits = String(below % BigInt(2) === BigInt(0) ? below : below + BigInt(1)).padStart(7, '0');
    return `${sign}${digits.slice(0, -6)}.${digits.slice(-6)}`;
  }
  return `${sign}${size.toFixed(6)}`;
}
