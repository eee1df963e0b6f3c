/**
 * Reader and writer of the ubus wire format for the stand-in ubusd (libubox's blob.h and blobmsg.h, ubus' ubusmsg.h).
 * On purpose not the codec of `@openwrt/ubus-client`: two readings of the same recordings, so that a mistake in one
 * cannot cancel itself out in the lab. It looks only as deep as ubusd does; call data pass through as bytes.
 *
 *     0 version u8 | 1 type u8 | 2 seq u16 | 4 peer u32 | 8 blob: header word, attributes      (big endian)
 *     header word: 1 bit extended, 7 bits id, 24 bits length (own 4 bytes and payload, without padding)
 */

export const MESSAGE = {
  hello: 0,
  status: 1,
  data: 2,
  ping: 3,
  lookup: 4,
  invoke: 5,
  addObject: 6,
  removeObject: 7,
  subscribe: 8,
  unsubscribe: 9,
  notify: 10,
  monitor: 11,
} as const;

export const ATTRIBUTE = {
  status: 1,
  objpath: 2,
  objid: 3,
  method: 4,
  objtype: 5,
  signature: 6,
  data: 7,
  target: 8,
  active: 9,
  noReply: 10,
  subscribers: 11,
  user: 12,
  group: 13,
} as const;

export const BLOBMSG = { array: 1, table: 2, string: 3, int32: 5 } as const;

/** ubus' status numbers (ubusmsg.h), as far as ubusd itself gives them. */
export const STATUS = {
  ok: 0,
  invalidCommand: 1,
  invalidArgument: 2,
  notFound: 4,
  permissionDenied: 6,
} as const;

/** UBUS_MAX_MSGLEN: the outer blob may have this many bytes, its own header included. */
export const MAX_BLOB_BYTES = 1_048_576;
const MESSAGE_HEADER = 8;
const BLOB_HEADER = 4;

export interface Message {
  readonly type: number;
  readonly seq: number;
  readonly peer: number;
  /** Attributes as they came, without the outer blob's header. */
  readonly body: Buffer;
}

export interface Attribute {
  readonly id: number;
  readonly extended: boolean;
  readonly payload: Buffer;
}

const padded = (length: number): number => (length + 3) & ~3;

/** Attributes in order; what follows a broken length is left out, as libubox does. */
export function attributes(bytes: Buffer): Attribute[] {
  const found: Attribute[] = [];
  for (let at = 0; at + BLOB_HEADER <= bytes.length; ) {
    const word = bytes.readUInt32BE(at);
    const length = word & 0xff_ffff;
    if (length < BLOB_HEADER || at + length > bytes.length) break;
    found.push({
      id: (word >>> 24) & 0x7f,
      extended: word >>> 31 === 1,
      payload: bytes.subarray(at + BLOB_HEADER, at + length),
    });
    at += padded(length);
  }
  return found;
}

/** The last attribute of that id counts. */
export function attribute(list: readonly Attribute[], id: number): Buffer | undefined {
  let found: Buffer | undefined;
  for (const one of list) if (one.id === id && !one.extended) found = one.payload;
  return found;
}

export function readU32(payload: Buffer | undefined): number | undefined {
  return payload?.length === 4 ? payload.readUInt32BE(0) : undefined;
}

/** A string without its NUL; undefined if there is none at the end. Bytes beyond ASCII are kept one to one. */
export function readText(payload: Buffer | undefined): string | undefined {
  if (payload === undefined || payload.length === 0 || payload[payload.length - 1] !== 0) return undefined;
  return payload.toString('latin1', 0, payload.indexOf(0));
}

/** A blobmsg member: type = blob id, then a name header, then the value. */
export interface Member {
  readonly type: number;
  readonly name: string;
  readonly value: Buffer;
}

export function members(bytes: Buffer): Member[] {
  const found: Member[] = [];
  for (const one of attributes(bytes)) {
    if (!one.extended || one.payload.length < 2) continue;
    const nameLength = one.payload.readUInt16BE(0);
    const header = padded(2 + nameLength + 1);
    if (header > one.payload.length) continue;
    found.push({
      type: one.id,
      name: one.payload.toString('latin1', 2, 2 + nameLength),
      value: one.payload.subarray(header),
    });
  }
  return found;
}

/** One attribute with its padding. */
export function putAttribute(id: number, payload: Buffer, extended = false): Buffer {
  const length = BLOB_HEADER + payload.length;
  const bytes = Buffer.alloc(padded(length));
  bytes.writeUInt32BE(((extended ? 0x80 : 0) * 0x100_0000 + id * 0x100_0000 + length) >>> 0, 0);
  payload.copy(bytes, BLOB_HEADER);
  return bytes;
}

export function putU32(id: number, value: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(value >>> 0, 0);
  return putAttribute(id, payload);
}

export function putU8(id: number, value: number): Buffer {
  return putAttribute(id, Buffer.from([value]));
}

export function putText(id: number, value: string): Buffer {
  return putAttribute(id, Buffer.from(`${value}\0`, 'latin1'));
}

export function putMember(type: number, name: string, value: Buffer): Buffer {
  const header = Buffer.alloc(padded(2 + name.length + 1));
  header.writeUInt16BE(name.length, 0);
  header.write(name, 2, 'latin1');
  return putAttribute(type, Buffer.concat([header, value]), true);
}

export function putMemberText(name: string, value: string): Buffer {
  return putMember(BLOBMSG.string, name, Buffer.from(`${value}\0`, 'latin1'));
}

export function putMemberInt(name: string, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0, 0);
  return putMember(BLOBMSG.int32, name, bytes);
}

export function putMessage(type: number, seq: number, peer: number, parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const head = Buffer.alloc(MESSAGE_HEADER + BLOB_HEADER);
  head.writeUInt8(type, 1);
  head.writeUInt16BE(seq & 0xffff, 2);
  head.writeUInt32BE(peer >>> 0, 4);
  head.writeUInt32BE(BLOB_HEADER + body.length, MESSAGE_HEADER);
  return Buffer.concat([head, body]);
}

/** Cuts a byte stream into messages. `push` gives null once a length is out of bounds: the connection must end. */
export function createFramer(): { push(chunk: Buffer): Message[] | null } {
  let chunks: Buffer[] = [];
  let held = 0;
  let needed = MESSAGE_HEADER + BLOB_HEADER;
  return {
    push(chunk) {
      chunks.push(chunk);
      held += chunk.length;
      const complete: Message[] = [];
      while (held >= needed) {
        const bytes = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
        const blobLength = bytes.readUInt32BE(MESSAGE_HEADER) & 0xff_ffff;
        if (blobLength < BLOB_HEADER || blobLength > MAX_BLOB_BYTES) return null;
        const end = MESSAGE_HEADER + blobLength;
        if (held < end) {
          chunks = [bytes];
          needed = end;
          break;
        }
        complete.push({
          type: bytes.readUInt8(1),
          seq: bytes.readUInt16BE(2),
          peer: bytes.readUInt32BE(4),
          body: bytes.subarray(MESSAGE_HEADER + BLOB_HEADER, end),
        });
        const rest = bytes.subarray(end);
        chunks = rest.length > 0 ? [rest] : [];
        held = rest.length;
        needed = MESSAGE_HEADER + BLOB_HEADER;
      }
      return complete;
    },
  };
}
