/**
 * libubox' blob: a sequence of attributes.
 *
 *     0      1 bit  extended: the payload begins with a name (blobmsg)
 *            7 bits id
 *           24 bits length: these 4 bytes and the payload, without the padding
 *     4      payload
 *     …      zero bytes up to a multiple of 4, after the last attribute too
 */
import { type ByteWriter, readU32 } from './bytes.ts';
import { RemoteProtocolError } from './errors.ts';

/**
 * Calls `visit` for each attribute between `from` and `to`; `start` and `end` are where its payload is. Throws
 * RemoteProtocolError (`attribute-length`): its callers are the decoders of this folder, which turn it into a result.
 */
export function readAttributes(
  bytes: Uint8Array,
  from: number,
  to: number,
  visit: (id: number, extended: boolean, start: number, end: number) => void,
): void {
  let at = from;
  while (at < to) {
    if (to - at < 4)
      throw new RemoteProtocolError('attribute-length', at, `${to - at} bytes are too few for an attribute`);
    const head = readU32(bytes, at);
    const length = head & 0xffffff;
    const padded = (length + 3) & ~3;
    if (length < 4 || padded > to - at)
      throw new RemoteProtocolError(
        'attribute-length',
        at,
        `An attribute says it is ${length} bytes long, with ${to - at} left`,
      );
    visit((head >>> 24) & 0x7f, head >>> 31 === 1, at + 4, at + length);
    at += padded;
  }
}

/** Begins an attribute; what is written until `endAttribute` is its payload. Returns where it is. */
export function beginAttribute(writer: ByteWriter): number {
  const at = writer.length;
  writer.u32(0);
  return at;
}

export function endAttribute(writer: ByteWriter, at: number, id: number, extended: boolean): void {
  writer.setU32(at, (extended ? 0x80000000 : 0) | (id << 24) | ((writer.length - at) & 0xffffff));
  writer.pad();
}
