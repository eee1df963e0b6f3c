/**
 * blobmsg, typed: each value with the type that it has on the wire, so that nothing is lost between decoding and
 * encoding (order, names that come twice, int8 against int32). `plain.ts` has the convenient form.
 *
 *     0   blob header: extended bit, id = type, length
 *     4   2 bytes  length of the name without its NUL
 *     6   name, NUL, zero bytes up to a multiple of 4 (array members: empty name)
 *     …   value: numbers big endian, strings with a NUL at the end, arrays and tables = their entries
 */

import { fail, ok, type Result } from '../result.ts';
import { beginAttribute, endAttribute, readAttributes } from './blob.ts';
import { ByteWriter, readDouble, readI64, readU16, readU32 } from './bytes.ts';
import { BlobmsgType, MAX_BLOB_BYTES, MAX_DEPTH } from './constants.ts';
import { LocalProtocolError, RemoteProtocolError } from './errors.ts';
import { decodeUtf8 } from './utf8.ts';

export type BlobmsgTypeName = keyof typeof BlobmsgType;

/** A typed value. int8 (also ubus' boolean), int16 and int32 are signed; int64 is always a bigint. */
export type BlobmsgValue =
  | { readonly type: 'unspec'; readonly value: null }
  | { readonly type: 'array'; readonly value: readonly BlobmsgEntry[] }
  | { readonly type: 'table'; readonly value: readonly BlobmsgEntry[] }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'int64'; readonly value: bigint }
  | { readonly type: 'int32' | 'int16' | 'int8' | 'double'; readonly value: number };

/** A value with its name; members of an array have the name ''. */
export type BlobmsgEntry = BlobmsgValue & { readonly name: string };

const TYPE_NAMES: readonly BlobmsgTypeName[] = [
  'unspec',
  'array',
  'table',
  'string',
  'int64',
  'int32',
  'int16',
  'int8',
  'double',
];

/**
 * Decodes the payload of a `data` or `signature` attribute. Strings that are no UTF-8 come as utf8.ts says. Errors:
 * `attribute-length`, `value-name`, `value-type`, `value-length`, `value-depth`, `string-end`.
 */
export function decodeBlobmsg(bytes: Uint8Array): Result<readonly BlobmsgEntry[], RemoteProtocolError> {
  try {
    return ok(readEntries(bytes, 0, bytes.length, 1));
  } catch (error) {
    if (error instanceof RemoteProtocolError) return fail(error);
    throw error;
  }
}

function readEntries(bytes: Uint8Array, from: number, to: number, depth: number): BlobmsgEntry[] {
  if (depth > MAX_DEPTH)
    throw new RemoteProtocolError('value-depth', from, `Values are nested deeper than ${MAX_DEPTH} levels`);
  const entries: BlobmsgEntry[] = [];
  readAttributes(bytes, from, to, (id, extended, start, end) => {
    const type = TYPE_NAMES[id];
    if (type === undefined)
      throw new RemoteProtocolError('value-type', start - 4, `There is no value type ${id}`);
    if (!extended || end - start < 3)
      throw new RemoteProtocolError('value-name', start - 4, 'A value has no name header');
    const nameLength = readU16(bytes, start);
    const valueStart = start + ((nameLength + 3 + 3) & ~3);
    // A value of type unspec may end before the padding of its name.
    if (start + nameLength + 3 > end || (valueStart > end && id !== 0))
      throw new RemoteProtocolError(
        'value-name',
        start,
        `A name of ${nameLength} bytes does not fit its value`,
      );
    if (bytes[start + 2 + nameLength] !== 0)
      throw new RemoteProtocolError('string-end', start, 'A name has no NUL at its end');
    const name = decodeUtf8(bytes, start + 2, start + 2 + nameLength);
    entries.push({ name, ...readValue(bytes, type, Math.min(valueStart, end), end, depth) });
  });
  return entries;
}

const SIZES: { readonly [type in BlobmsgTypeName]?: number } = {
  int64: 8,
  int32: 4,
  int16: 2,
  int8: 1,
  double: 8,
};

function readValue(
  bytes: Uint8Array,
  type: BlobmsgTypeName,
  start: number,
  end: number,
  depth: number,
): BlobmsgValue {
  const size = SIZES[type];
  if (size !== undefined && end - start !== size)
    throw new RemoteProtocolError(
      'value-length',
      start,
      `A value of type ${type} has ${end - start} bytes instead of ${size}`,
    );
  switch (type) {
    case 'unspec':
      return { type, value: null };
    case 'array':
    case 'table':
      return { type, value: readEntries(bytes, start, end, depth + 1) };
    case 'string':
      if (end === start || bytes[end - 1] !== 0)
        throw new RemoteProtocolError('string-end', start, 'A string has no NUL at its end');
      return { type, value: decodeUtf8(bytes, start, end - 1) };
    case 'int64':
      return { type, value: readI64(bytes, start) };
    case 'int32':
      return { type, value: readU32(bytes, start) | 0 };
    case 'int16':
      return { type, value: (readU16(bytes, start) << 16) >> 16 };
    case 'int8':
      return { type, value: ((bytes[start] as number) << 24) >> 24 };
    case 'double':
      return { type, value: readDouble(bytes, start) };
  }
}

/**
 * The payload of a `data` or `signature` attribute. Throws LocalProtocolError: `name-too-long`, `value-too-deep`,
 * `message-too-long`.
 */
export function encodeBlobmsg(entries: readonly BlobmsgEntry[]): Uint8Array {
  const writer = new ByteWriter();
  writeEntries(writer, entries, 1);
  return writer.take();
}

function writeEntries(writer: ByteWriter, entries: readonly BlobmsgEntry[], depth: number): void {
  if (depth > MAX_DEPTH)
    throw new LocalProtocolError('value-too-deep', `Values are nested deeper than ${MAX_DEPTH} levels.`);
  for (const entry of entries) {
    const at = beginAttribute(writer);
    writeName(writer, entry.name);
    writeValue(writer, entry, depth);
    endAttribute(writer, at, BlobmsgType[entry.type], true);
    if (writer.length > MAX_BLOB_BYTES)
      throw new LocalProtocolError('message-too-long', `A message may have ${MAX_BLOB_BYTES} bytes.`);
  }
}

function writeName(writer: ByteWriter, name: string): void {
  const before = writer.length;
  writer.u16(0);
  const length = writer.text(name);
  if (length > 0xffff)
    throw new LocalProtocolError('name-too-long', `A name has ${length} bytes, at most 65535 are possible.`);
  writer.setU16(before, length);
  writer.u8(0);
  writer.pad();
}

function writeValue(writer: ByteWriter, entry: BlobmsgValue, depth: number): void {
  switch (entry.type) {
    case 'unspec':
      break;
    case 'array':
    case 'table':
      writeEntries(writer, entry.value, depth + 1);
      break;
    case 'string':
      writer.text(entry.value);
      writer.u8(0);
      break;
    case 'int64':
      writer.i64(entry.value);
      break;
    case 'int32':
      writer.u32(entry.value);
      break;
    case 'int16':
      writer.u16(entry.value);
      break;
    case 'int8':
      writer.u8(entry.value);
      break;
    case 'double':
      writer.double(entry.value);
      break;
  }
}
