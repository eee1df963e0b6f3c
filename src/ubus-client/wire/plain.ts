/**
 * blobmsg as ordinary JavaScript values. What the plain form does not keep: the order of names that are integers,
 * names that come twice (the last one counts), int8 against boolean, the width of integers. Where that matters, use
 * blobmsg.ts.
 */

import { ok, type Result } from '../result.ts';
import { type BlobmsgEntry, type BlobmsgValue, decodeBlobmsg, encodeBlobmsg } from './blobmsg.ts';
import { MAX_DEPTH } from './constants.ts';
import { LocalProtocolError, type RemoteProtocolError } from './errors.ts';

/** A value as ubus carries it; integers beyond 2^53 are bigint. */
export type PlainValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly PlainValue[]
  | { readonly [name: string]: PlainValue };
export type PlainTable = { readonly [name: string]: PlainValue };

/**
 * Entries → object without a prototype, so that no name of the other side's can reach one. int8 is a boolean (any
 * non-zero value is true), int64 a number when it is exact as one, else a bigint.
 */
export function entriesToTable(entries: readonly BlobmsgEntry[]): PlainTable {
  const table: Record<string, PlainValue> = Object.create(null);
  for (const entry of entries) table[entry.name] = valueToPlain(entry);
  return table;
}

export function valueToPlain(value: BlobmsgValue): PlainValue {
  switch (value.type) {
    case 'unspec':
      return null;
    case 'array':
      return value.value.map(valueToPlain);
    case 'table':
      return entriesToTable(value.value);
    case 'int8':
      return value.value !== 0;
    case 'int64': {
      const number = Number(value.value);
      return Number.isSafeInteger(number) ? number : value.value;
    }
    default:
      return value.value;
  }
}

/** Members that are undefined are left out, as JSON.stringify does. Throws LocalProtocolError as `plainToValue`. */
export function tableToEntries(table: PlainTable, depth = 1): BlobmsgEntry[] {
  if (depth > MAX_DEPTH)
    throw new LocalProtocolError('value-too-deep', `Values are nested deeper than ${MAX_DEPTH} levels.`);
  const entries: BlobmsgEntry[] = [];
  for (const name of Object.keys(table)) {
    const value = table[name];
    if (value !== undefined) entries.push({ name, ...plainToValue(value, depth, name) });
  }
  return entries;
}

const INT64_MIN = -(BigInt(2) ** BigInt(63));
const INT64_MAX = BigInt(2) ** BigInt(63) - BigInt(1);

/**
 * A plain value with the type that OpenWrt's programs would choose: integers are int32 when they fit, else int64;
 * numbers that are no exact integers are double; booleans int8. Throws LocalProtocolError: `value-too-deep`,
 * `value-not-encodable`.
 */
export function plainToValue(value: PlainValue, depth = 1, name = ''): BlobmsgValue {
  if (value === null) return { type: 'unspec', value };
  if (typeof value === 'string') return { type: 'string', value };
  if (typeof value === 'boolean') return { type: 'int8', value: value ? 1 : 0 };
  if (typeof value === 'number') {
    if ((value | 0) === value) return { type: 'int32', value };
    return Number.isSafeInteger(value) ? { type: 'int64', value: BigInt(value) } : { type: 'double', value };
  }
  if (typeof value === 'bigint') {
    if (value < INT64_MIN || value > INT64_MAX)
      throw new LocalProtocolError('value-not-encodable', `The value of '${name}' does not fit 64 bits.`);
    const number = Number(value);
    return (number | 0) === number ? { type: 'int32', value: number } : { type: 'int64', value };
  }
  if (typeof value !== 'object')
    throw new LocalProtocolError(
      'value-not-encodable',
      `A ${typeof value} ('${name}') has no form in blobmsg.`,
    );
  if (!isArray(value)) return { type: 'table', value: tableToEntries(value, depth + 1) };
  if (depth >= MAX_DEPTH)
    throw new LocalProtocolError('value-too-deep', `Values are nested deeper than ${MAX_DEPTH} levels.`);
  return {
    type: 'array',
    value: value.map((item) => ({ name: '', ...plainToValue(item, depth + 1, name) })),
  };
}

/** Array.isArray does not narrow readonly arrays. */
function isArray(value: object): value is readonly PlainValue[] {
  return Array.isArray(value);
}

/** Decodes the payload of a `data` attribute into an object. Errors as `decodeBlobmsg`. */
export function decodeTable(bytes: Uint8Array): Result<PlainTable, RemoteProtocolError> {
  const entries = decodeBlobmsg(bytes);
  return entries.ok ? ok(entriesToTable(entries.value)) : entries;
}

/** An object as the payload of a `data` attribute. Throws LocalProtocolError as `encodeBlobmsg` and `plainToValue`. */
export function encodeTable(table: PlainTable): Uint8Array {
  return encodeBlobmsg(tableToEntries(table));
}
