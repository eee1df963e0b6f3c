/**
 * JSON as OpenWrt's programs take it on the command line (json-c, not strict), straight into blobmsg. Beyond RFC 8259:
 * 'single quotes', comments, a comma before a closing bracket, any text after the object, NaN and Infinity, words in
 * any case. The outermost value must be an object. Integers become int32 when they fit, else int64 (bounded at its ends);
 * numbers with a point or an exponent become double. A string ends at a NUL in it, since it is C's.
 */
import type { BlobmsgEntry, BlobmsgValue } from '../wire/blobmsg.ts';

/** Deepest nesting of arrays and objects, the outermost counted: what json-c's parser takes in OpenWrt's `ubus`. */
export const MAX_JSON_DEPTH = 31;

class JsonError extends Error {}

/** Undefined if the text is not the JSON of an object. */
export function parseJsonTable(text: string): readonly BlobmsgEntry[] | undefined {
  try {
    const value = new Parser(text).value(1);
    return value.type === 'table' ? value.value : undefined;
  } catch (error) {
    if (error instanceof JsonError) return undefined;
    throw error;
  }
}

const INT32_MIN = -2147483648;
const INT32_MAX = 2147483647;
const INT64_MAX = BigInt(2) ** BigInt(63) - BigInt(1);
const INT64_MIN = -INT64_MAX - BigInt(1);
/** More digits than any int64 has: longer integers are cut here, so that no huge bigint is made of them. */
const MAX_INTEGER_DIGITS = 20;

const WORDS: readonly (readonly [string, BlobmsgValue])[] = [
  ['true', { type: 'int8', value: 1 }],
  ['false', { type: 'int8', value: 0 }],
  ['null', { type: 'unspec', value: null }],
  ['infinity', { type: 'double', value: Number.POSITIVE_INFINITY }],
  ['-infinity', { type: 'double', value: Number.NEGATIVE_INFINITY }],
  ['nan', { type: 'double', value: Number.NaN }],
];

const ESCAPES: Readonly<Record<string, string>> = {
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  '"': '"',
  "'": "'",
  '\\': '\\',
  '/': '/',
};

class Parser {
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  value(depth: number): BlobmsgValue {
    this.skipBlanks();
    const char = this.text[this.at];
    if (char === '{' || char === '[') {
      if (depth > MAX_JSON_DEPTH) throw new JsonError('nested too deeply');
      this.at++;
      return char === '{'
        ? { type: 'table', value: this.members(depth) }
        : { type: 'array', value: this.items(depth) };
    }
    if (char === '"' || char === "'") return { type: 'string', value: this.string() };
    for (const [word, value] of WORDS) {
      if (this.text.slice(this.at, this.at + word.length).toLowerCase() !== word) continue;
      this.at += word.length;
      return value;
    }
    return this.number();
  }

  private members(depth: number): BlobmsgEntry[] {
    // A name that comes twice keeps its first place and gets its last value.
    const members = new Map<string, BlobmsgEntry>();
    for (;;) {
      this.skipBlanks();
      if (this.take('}')) return [...members.values()];
      const quote = this.text[this.at];
      if (quote !== '"' && quote !== "'") throw new JsonError('a name is missing');
      const name = this.string();
      this.skipBlanks();
      if (!this.take(':')) throw new JsonError('a colon is missing');
      members.set(name, { name, ...this.value(depth + 1) });
      this.skipBlanks();
      if (this.take(',')) continue;
      if (this.text[this.at] !== '}') throw new JsonError('an object does not end');
    }
  }

  private items(depth: number): BlobmsgEntry[] {
    const items: BlobmsgEntry[] = [];
    for (;;) {
      this.skipBlanks();
      if (this.take(']')) return items;
      items.push({ name: '', ...this.value(depth + 1) });
      this.skipBlanks();
      if (this.take(',')) continue;
      if (this.text[this.at] !== ']') throw new JsonError('an array does not end');
    }
  }

  private string(): string {
    const quote = this.text[this.at++] as string;
    let result = '';
    for (;;) {
      const char = this.text[this.at++];
      if (char === undefined) throw new JsonError('a string does not end');
      if (char === quote) return result.split('\0', 1)[0] as string;
      result += char === '\\' ? this.escape() : char;
    }
  }

  private escape(): string {
    const char = this.text[this.at++] ?? '';
    if (char !== 'u') {
      const meant = ESCAPES[char];
      if (meant === undefined) throw new JsonError('an escape is unknown');
      return meant;
    }
    const high = this.hexUnit();
    if (high < 0xd800 || high > 0xdfff) return String.fromCharCode(high);
    if (high < 0xdc00 && this.text.slice(this.at, this.at + 2) === '\\u') {
      const before = this.at;
      this.at += 2;
      const low = this.hexUnit();
      if (low >= 0xdc00 && low <= 0xdfff) return String.fromCharCode(high, low);
      this.at = before;
    }
    return '\ufffd';
  }

  private hexUnit(): number {
    const digits = this.text.slice(this.at, this.at + 4);
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw new JsonError('an escape does not end');
    this.at += 4;
    return Number.parseInt(digits, 16);
  }

  private number(): BlobmsgValue {
    const pattern = /-?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?/y;
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (found === null) throw new JsonError('a value is missing');
    this.at += found[0].length;
    if (found[1] !== undefined || found[2] !== undefined) return { type: 'double', value: Number(found[0]) };
    const number = Number(found[0]);
    if (number >= INT32_MIN && number <= INT32_MAX) return { type: 'int32', value: number | 0 };
    const negative = number < 0;
    const digits = found[0].replace(/^-?0*/, '');
    const exact = BigInt(digits.slice(0, MAX_INTEGER_DIGITS)) * BigInt(negative ? -1 : 1);
    if (digits.length >= MAX_INTEGER_DIGITS || exact > INT64_MAX || exact < INT64_MIN)
      return { type: 'int64', value: negative ? INT64_MIN : INT64_MAX };
    return { type: 'int64', value: exact };
  }

  private take(char: string): boolean {
    if (this.text[this.at] !== char) return false;
    this.at++;
    return true;
  }

  private skipBlanks(): void {
    for (;;) {
      const blanks = /(?:[ \t\n\v\f\r]|\/\*[\s\S]*?\*\/|\/\/[^\n]*)+/y;
      blanks.lastIndex = this.at;
      const found = blanks.exec(this.text);
      if (found === null) return;
      this.at += found[0].length;
    }
  }
}
