/**
 * Numbers of the ubus wire protocol, as OpenWrt's ubusmsg.h and libubox' blob.h and blobmsg.h have them. None of
 * them is a choice of ours except the two limits at the end.
 */

/** Message types (byte 1 of the header). */
export const MessageType = {
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
export type MessageType = (typeof MessageType)[keyof typeof MessageType];

/** Names of the message types by number, as `ubus monitor` prints them. */
export const MESSAGE_NAMES: readonly string[] = [
  'hello',
  'status',
  'data',
  'ping',
  'lookup',
  'invoke',
  'add_object',
  'remove_object',
  'subscribe',
  'unsubscribe',
  'notify',
  'monitor',
];

/** Ids of the attributes in a message's blob. 0 is unused. */
export const AttributeId = {
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

/** Ids of the attributes in a MONITOR message, which has a numbering of its own. */
export const MonitorAttributeId = { client: 0, peer: 1, send: 2, seq: 3, type: 4, data: 5 } as const;

/** Types of blobmsg values: the id of their blob attribute. */
export const BlobmsgType = {
  unspec: 0,
  array: 1,
  table: 2,
  string: 3,
  int64: 4,
  int32: 5,
  int16: 6,
  int8: 7,
  double: 8,
} as const;

/** Outcomes, carried by STATUS. */
export const Status = {
  ok: 0,
  invalidCommand: 1,
  invalidArgument: 2,
  methodNotFound: 3,
  notFound: 4,
  noData: 5,
  permissionDenied: 6,
  timeout: 7,
  notSupported: 8,
  unknownError: 9,
  connectionFailed: 10,
  noMemory: 11,
  parseError: 12,
  systemError: 13,
} as const;

const STATUS_TEXTS: readonly string[] = [
  'Success',
  'Invalid command',
  'Invalid argument',
  'Method not found',
  'Not found',
  'No response',
  'Permission denied',
  'Request timed out',
  'Operation not supported',
  'Unknown error',
  'Connection failed',
  'Out of memory',
  'Parsing message data failed',
  'System error',
];

/** The text that OpenWrt's programs print for a status (libubus, ubus_strerror). */
export function statusText(status: number): string {
  return STATUS_TEXTS[status] ?? `Unknown error: ${status}`;
}

/** Objects that ubusd itself provides. They have no path and are never listed. */
export const SystemObject = { event: 1, acl: 2, monitor: 3 } as const;

/** Bytes before a message's blob: version, type, seq (2), peer (4). */
export const HEADER_BYTES = 8;

/**
 * Most bytes of a message's blob, its own header counted (2^20, libubus' UBUS_MAX_MSGLEN): ubusd closes a connection
 * that announces more.
 */
export const MAX_BLOB_BYTES = 1048576;

/**
 * Deepest nesting of arrays and tables that is read or written. Ours: libubox has no limit, its JSON parser takes
 * 31 levels; twice as many still leave QuickJS' stack (256 KiB) far away.
 */
export const MAX_DEPTH = 64;
