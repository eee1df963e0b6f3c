/**
 * Bytes → messages. Attributes with an unknown id are skipped, of one that comes twice the last one counts, as in
 * ubusd. The `data` and `signature` of a message are not looked into: they are the other side's word, `decodeBlobmsg`
 * checks them.
 */

import { fail, ok, type Result } from '../result.ts';
import { readAttributes } from './blob.ts';
import { readU16, readU32 } from './bytes.ts';
import { AttributeId, HEADER_BYTES, MAX_BLOB_BYTES, MessageType, MonitorAttributeId } from './constants.ts';
import { RemoteProtocolError } from './errors.ts';
import type { Attributes, Message, MonitorAttributes } from './message.ts';
import { decodeUtf8 } from './utf8.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * One whole message, as the framer cuts it. Errors: `message-length` (shorter or longer than its header says),
 * `message-blob`, `attribute-length`, `string-end`. The version is not looked at, as in ubusd.
 */
export function decodeMessage(bytes: Uint8Array): Result<Message, RemoteProtocolError> {
  return guard(() => {
    if (bytes.length < HEADER_BYTES + 4)
      throw new RemoteProtocolError(
        'message-length',
        0,
        `A message has ${bytes.length} bytes, 12 is the least`,
      );
    const head = readU32(bytes, HEADER_BYTES);
    checkBlobHead(head);
    const blobLength = head & 0xffffff;
    if (bytes.length !== HEADER_BYTES + blobLength)
      throw new RemoteProtocolError(
        'message-length',
        HEADER_BYTES,
        `A message has ${bytes.length} bytes, its header says ${HEADER_BYTES + blobLength}`,
      );
    const type = bytes[1] as number;
    const header = { type, seq: readU16(bytes, 2), peer: readU32(bytes, 4) };
    if (type === MessageType.monitor)
      return { ...header, attributes: {}, monitor: monitorAttributes(bytes, HEADER_BYTES + 4) };
    return { ...header, attributes: messageAttributes(bytes, HEADER_BYTES + 4) };
  });
}

/** Checks the outer blob's header; throws `message-blob` or `message-length`. */
export function checkBlobHead(head: number): void {
  if (head >>> 24 !== 0)
    throw new RemoteProtocolError('message-blob', HEADER_BYTES, 'The outer blob of a message has an id');
  if (head < 4 || head > MAX_BLOB_BYTES)
    throw new RemoteProtocolError(
      'message-length',
      HEADER_BYTES,
      `A message announces a blob of ${head} bytes; possible are 4 to ${MAX_BLOB_BYTES}`,
    );
}

/** Attributes without a message around them, as `data` of a MONITOR message has them. Errors as `decodeMessage`. */
export function decodeAttributes(bytes: Uint8Array): Result<Attributes, RemoteProtocolError> {
  return guard(() => messageAttributes(bytes, 0));
}

function guard<T>(decode: () => T): Result<T, RemoteProtocolError> {
  try {
    return ok(decode());
  } catch (error) {
    if (error instanceof RemoteProtocolError) return fail(error);
    throw error;
  }
}

function messageAttributes(bytes: Uint8Array, from: number): Attributes {
  const attributes: Mutable<Attributes> = {};
  readAttributes(bytes, from, bytes.length, (id, _extended, start, end) => {
    switch (id) {
      case AttributeId.status:
        attributes.status = u32(bytes, start, end);
        break;
      case AttributeId.objpath:
        attributes.objpath = text(bytes, start, end);
        break;
      case AttributeId.objid:
        attributes.objid = u32(bytes, start, end);
        break;
      case AttributeId.method:
        attributes.method = text(bytes, start, end);
        break;
      case AttributeId.objtype:
        attributes.objtype = u32(bytes, start, end);
        break;
      case AttributeId.signature:
        attributes.signature = bytes.subarray(start, end);
        break;
      case AttributeId.data:
        attributes.data = bytes.subarray(start, end);
        break;
      case AttributeId.target:
        attributes.target = u32(bytes, start, end);
        break;
      case AttributeId.active:
        attributes.active = flag(bytes, start, end);
        break;
      case AttributeId.noReply:
        attributes.noReply = flag(bytes, start, end);
        break;
      case AttributeId.subscribers:
        attributes.subscribers = ids(bytes, start, end);
        break;
      case AttributeId.user:
        attributes.user = text(bytes, start, end);
        break;
      case AttributeId.group:
        attributes.group = text(bytes, start, end);
        break;
    }
  });
  return attributes;
}

function monitorAttributes(bytes: Uint8Array, from: number): MonitorAttributes {
  const attributes: Mutable<MonitorAttributes> = {};
  readAttributes(bytes, from, bytes.length, (id, _extended, start, end) => {
    switch (id) {
      case MonitorAttributeId.client:
        attributes.client = u32(bytes, start, end);
        break;
      case MonitorAttributeId.peer:
        attributes.peer = u32(bytes, start, end);
        break;
      case MonitorAttributeId.send:
        attributes.send = flag(bytes, start, end);
        break;
      case MonitorAttributeId.seq:
        attributes.seq = u32(bytes, start, end);
        break;
      case MonitorAttributeId.type:
        attributes.type = u32(bytes, start, end);
        break;
      case MonitorAttributeId.data:
        attributes.data = bytes.subarray(start, end);
        break;
    }
  });
  return attributes;
}

function expectLength(start: number, end: number, length: number): void {
  if (end - start !== length)
    throw new RemoteProtocolError(
      'attribute-length',
      start - 4,
      `An attribute has ${end - start} bytes instead of ${length}`,
    );
}

function u32(bytes: Uint8Array, start: number, end: number): number {
  expectLength(start, end, 4);
  return readU32(bytes, start);
}

function flag(bytes: Uint8Array, start: number, end: number): boolean {
  expectLength(start, end, 1);
  return bytes[start] !== 0;
}

function text(bytes: Uint8Array, start: number, end: number): string {
  if (end === start || bytes[end - 1] !== 0)
    throw new RemoteProtocolError('string-end', start - 4, 'A string has no NUL at its end');
  return decodeUtf8(bytes, start, end - 1);
}

function ids(bytes: Uint8Array, start: number, end: number): number[] {
  const found: number[] = [];
  readAttributes(bytes, start, end, (_id, _extended, from, to) => found.push(u32(bytes, from, to)));
  return found;
}
