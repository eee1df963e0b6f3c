/**
 * Reading of untyped values (JSON, ubus replies) field by field. Each reader says what it found where, so that a reply
 * of an unknown kind becomes one sentence, not an exception and not a guess.
 */
import { fail, ok, type Result } from '../../lib/result.ts';

/** A value of JSON or ubus; integers of ubus beyond 2^53 come as bigint. */
export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly Value[]
  | { readonly [name: string]: Value };
export type Table = { readonly [name: string]: Value };

/** What was expected where, without a full stop: `interface[2].up is a string, not a boolean`. */
export class Unexpected extends Error {
  override readonly name = 'Unexpected';
}

/**
 * Runs a decoder that throws `Unexpected` at the first wrong field.
 * @returns its value, or the message. Any other exception is a defect of ours and goes on.
 */
export function decoding<T>(decode: () => T): Result<T, string> {
  try {
    return ok(decode());
  } catch (error) {
    if (error instanceof Unexpected) return fail(error.message);
    throw error;
  }
}

/** One table of a reply, and its place in it for messages. */
export class Fields {
  readonly #table: ReadonlyMap<string, Value>;
  readonly #place: string;

  constructor(value: Value | undefined, place: string) {
    if (!isTable(value)) throw unexpected(place, value, 'a table');
    this.#table = new Map(Object.entries(value));
    this.#place = place;
  }

  place(name: string): string {
    return this.#place === '' ? name : `${this.#place}.${name}`;
  }

  has(name: string): boolean {
    return this.#get(name) !== undefined;
  }

  names(): readonly string[] {
    return [...this.#table.keys()];
  }

  text(name: string): string {
    return this.#typed(name, 'a string', isText);
  }

  textOr<T>(name: string, absent: T): string | T {
    return this.has(name) ? this.text(name) : absent;
  }

  /** A flag: a boolean, or 0 and 1 where a program writes integers. */
  flag(name: string): boolean {
    const value = this.#get(name);
    if (typeof value === 'boolean') return value;
    if (value === 0 || value === 1) return value === 1;
    throw unexpected(this.place(name), value, 'a boolean');
  }

  flagOr<T>(name: string, absent: T): boolean | T {
    return this.has(name) ? this.flag(name) : absent;
  }

  /** A finite number between `min` and `max`; a bigint is rounded to one. */
  number(name: string, min: number, max: number): number {
    const value = this.#get(name);
    const number = typeof value === 'bigint' ? Number(value) : value;
    if (typeof number !== 'number' || !Number.isFinite(number)) {
      throw unexpected(this.place(name), value, 'a number');
    }
    if (number < min || number > max) {
      throw new Unexpected(`${this.place(name)} is ${number}, outside ${min} to ${max}`);
    }
    return number;
  }

  /** A whole number between `min` and `max`. */
  integer(name: string, min: number, max: number): number {
    const value = this.number(name, min, max);
    if (!Number.isInteger(value)) throw new Unexpected(`${this.place(name)} is ${value}, not a whole number`);
    return value;
  }

  integerOr<T>(name: string, min: number, max: number, absent: T): number | T {
    return this.has(name) ? this.integer(name, min, max) : absent;
  }

  /** A 32-bit unsigned number; ubus' integers are signed, so that the upper half arrives as negative. */
  u32Or<T>(name: string, absent: T): number | T {
    const value = this.integerOr(name, -2147483648, 4294967295, null);
    if (value === null) return absent;
    return value < 0 ? value + 4294967296 : value;
  }

  /** The items of an array; none if it is absent. */
  items(name: string): readonly Value[] {
    const value = this.#get(name);
    if (value === undefined) return [];
    if (!Array.isArray(value)) throw unexpected(this.place(name), value, 'an array');
    return value as readonly Value[];
  }

  texts(name: string): readonly string[] {
    return this.items(name).map((item, index) => {
      if (!isText(item)) throw unexpected(`${this.place(name)}[${index}]`, item, 'a string');
      return item;
    });
  }

  /** The tables of an array; none if it is absent. */
  tables(name: string): readonly Fields[] {
    return this.items(name).map((item, index) => new Fields(item, `${this.place(name)}[${index}]`));
  }

  table(name: string): Fields {
    return new Fields(this.#get(name), this.place(name));
  }

  #get(name: string): Value | undefined {
    return this.#table.get(name);
  }

  #typed<T extends Value>(name: string, wanted: string, is: (value: Value | undefined) => value is T): T {
    const value = this.#get(name);
    if (!is(value)) throw unexpected(this.place(name), value, wanted);
    return value;
  }
}

export function isTable(value: Value | undefined): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: Value | undefined): value is string {
  return typeof value === 'string';
}

function unexpected(place: string, value: Value | undefined, wanted: string): Unexpected {
  const where = place === '' ? 'the reply' : place;
  return new Unexpected(
    value === undefined ? `${where} is missing` : `${where} is ${kindOf(value)}, not ${wanted}`,
  );
}

function kindOf(value: Value): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  switch (typeof value) {
    case 'string':
      return 'a string';
    case 'boolean':
      return 'a boolean';
    case 'object':
      return 'a table';
    default:
      return 'a number';
  }
}
