/**
 * The ubus wire protocol for both ends, without I/O: for programs that speak it themselves (a bus daemon, a proxy, a
 * test). Programs that call or provide methods want index.ts.
 */

export type { Result } from './result.ts';
export {
  type BlobmsgEntry,
  type BlobmsgTypeName,
  type BlobmsgValue,
  decodeBlobmsg,
  encodeBlobmsg,
} from './wire/blobmsg.ts';
export * from './wire/constants.ts';
export { decodeAttributes, decodeMessage } from './wire/decode.ts';
export { encodeAttributes, encodeMessage } from './wire/encode.ts';
export {
  type LocalErrorCode,
  LocalProtocolError,
  type RemoteErrorCode,
  RemoteProtocolError,
} from './wire/errors.ts';
export { Framer } from './wire/framer.ts';
export * from './wire/message.ts';
export {
  decodeTable,
  encodeTable,
  entriesToTable,
  type PlainTable,
  type PlainValue,
  plainToValue,
  tableToEntries,
  valueToPlain,
} from './wire/plain.ts';
export { decodeUtf8, encodeUtf8 } from './wire/utf8.ts';
