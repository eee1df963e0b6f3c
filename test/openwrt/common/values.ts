/**
 * Typed ubus values as the stand-ins pass them around: JSON in and out without loss (order, int32 and int64 and double
 * apart, as blobmsg_json has them), and arguments read the way OpenWrt's C services do: a name that is not declared is
 * passed over, a value of another type counts as absent (recording rpcd/32).
 */
import type { BlobmsgEntry, BlobmsgValue } from '@openwrt/ubus-client/wire';

export type Value = BlobmsgValue;
export type Entry = BlobmsgEntry;
export type Entries = readonly BlobmsgEntry[];

export const text = (name: string, value: string): Entry => ({ name, type: 'string', value });
export const int = (name: string, value: number): Entry => ({ name, type: 'int32', value });
export const flag = (name: string, value: boolean): Entry => ({ name, type: 'int8', value: value ? 1 : 0 });
export const table = (name: string, value: Entries): Entry => ({ name, type: 'table', value });
export const array = (name: string, value: readonly Value[]): Entry => ({
  name,
  type: 'array',
  value: value.map((one) => ({ ...one, name: '' })),
});
export const texts = (name: string, values: readonly string[]): Entry =>
  array(
    name,
    values.map((value) => ({ type: 'string', value })),
  );

/** Arguments by name and type; the last of a name counts. */
export interface Arguments {
  readonly entries: Entries;
  text(name: string): string | undefined;
  int(name: string): number | undefined;
  flag(name: string): boolean | undefined;
  table(name: string): Entries | undefined;
  array(name: string): Entries | undefined;
}

export function readArguments(entries: Entries): Arguments {
  const find = (name: string): Entry | undefined => entries.filter((one) => one.name === name).pop();
  return {
    entries,
    text(name) {
      const found = find(name);
      return found?.type === 'string' ? found.value : undefined;
    },
    int(name) {
      const found = find(name);
      return found?.type === 'int32' ? found.value : undefined;
    },
    flag(name) {
      const found = find(name);
      return found?.type === 'int8' ? found.value !== 0 : undefined;
    },
    table(name) {
      const found = find(name);
      return found?.type === 'table' ? found.value : undefined;
    },
    array(name) {
      const found = find(name);
      return found?.type === 'array' ? found.value : undefined;
    },
  };
}

const MAX_JSON_DEPTH = 32;
const INT64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n };

const STRING = /"(?:[^"\\]|\\[\s\S])*"/y;
const SPACE = /[ \t\r\n]*/y;
/** json-c takes control characters in strings as they are. */
const escaped = (one: string): string => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** The first JSON value of `input`; what follows it is not looked at. null if there is none. */
export function parseJson(input: string): Value | null {
  let at = 0;
  const space = (): void => {
    SPACE.lastIndex = at;
    SPACE.exec(input);
    at = SPACE.lastIndex;
  };
  const literal = (): Value | null => {
    const word = /^(?:true|false|null)/.exec(input.slice(at, at + 5))?.[0];
    if (word !== undefined) {
      at += word.length;
      return word === 'null'
        ? { type: 'unspec', value: null }
        : { type: 'int8', value: word === 'true' ? 1 : 0 };
    }
    const number = /^-?\d+(\.\d+)?([eE][+-]?\d+)?/.exec(input.slice(at, at + 400));
    if (number === null) return null;
    at += number[0].length;
    if (number[1] !== undefined || number[2] !== undefined) {
      const double = Number(number[0]);
      return Number.isFinite(double) ? { type: 'double', value: double } : null;
    }
    const whole = BigInt(number[0]);
    if (whole >= -(2n ** 31n) && whole < 2n ** 31n) return { type: 'int32', value: Number(whole) };
    const clamped = whole < INT64.min ? INT64.min : whole > INT64.max ? INT64.max : whole;
    return { type: 'int64', value: clamped };
  };
  const string = (): string | null => {
    STRING.lastIndex = at;
    const found = STRING.exec(input);
    if (found === null) return null;
    at = STRING.lastIndex;
    try {
      return JSON.parse(found[0].replace(/[\x00-\x1f]/g, escaped));
    } catch {
      return null;
    }
  };
  const container = (close: '}' | ']', depth: number): Entry[] | null => {
    const entries: Entry[] = [];
    at += 1;
    for (;;) {
      space();
      if (input[at] === close) {
        at += 1;
        return entries;
      }
      if (entries.length > 0) {
        if (input[at] !== ',') return null;
        at += 1;
        space();
      }
      let name = '';
      if (close === '}') {
        const key = string();
        space();
        if (key === null || input[at] !== ':') return null;
        name = key;
        at += 1;
      }
      const member = value(depth + 1);
      if (member === null) return null;
      entries.push({ ...member, name });
    }
  };
  const value = (depth: number): Value | null => {
    space();
    if (depth > MAX_JSON_DEPTH) return null;
    if (input[at] === '{' || input[at] === '[') {
      const type = input[at] === '{' ? 'table' : 'array';
      const entries = container(type === 'table' ? '}' : ']', depth);
      return entries === null ? null : { type, value: entries };
    }
    if (input[at] === '"') {
      const found = string();
      return found === null ? null : { type: 'string', value: found };
    }
    return literal();
  };
  return value(1);
}

/** JSON in one line without blanks, as blobmsg_format_json writes it: doubles with six decimals. */
export function printJson(value: Value): string {
  switch (value.type) {
    case 'unspec':
      return 'null';
    case 'int8':
      return value.value === 0 ? 'false' : 'true';
    case 'string':
      return JSON.stringify(value.value);
    case 'array':
      return `[${value.value.map(printJson).join(',')}]`;
    case 'table':
      return `{${value.value.map((one) => `${JSON.stringify(one.name)}:${printJson(one)}`).join(',')}}`;
    case 'double':
      return value.value.toFixed(6);
    default:
      return String(value.value);
  }
}
