/**
 * A ubus message, and one function per kind that makes it with its attributes in the order that libubus and ubusd use.
 *
 *     0  version   1 byte, 0
 *     1  type      1 byte, constants.ts
 *     2  seq       2 bytes, chosen by who asks, repeated in each answer
 *     4  peer      4 bytes, client or object id, depending on the direction
 *     8  blob      4 bytes of header (id 0, length counts itself and all padding), then attributes
 */
import { MessageType, SystemObject } from './constants.ts';

/**
 * What a message carries. Encoding writes the attributes in the order of the object's keys; decoding gives them in
 * the order of the wire. `signature` and `data` are payloads as they are: see `decodeBlobmsg`, `decodeTable`.
 */
export interface Attributes {
  readonly status?: number;
  readonly objpath?: string;
  readonly objid?: number;
  readonly method?: string;
  readonly objtype?: number;
  readonly signature?: Uint8Array;
  readonly data?: Uint8Array;
  readonly target?: number;
  readonly active?: boolean;
  readonly noReply?: boolean;
  readonly subscribers?: readonly number[];
  readonly user?: string;
  readonly group?: string;
}

/** Attributes of a MONITOR message: a message that `client` sent to ubusd (`send` false) or got from it (true). */
export interface MonitorAttributes {
  readonly client?: number;
  readonly peer?: number;
  readonly seq?: number;
  readonly type?: number;
  readonly send?: boolean;
  /** The attributes of the message that was seen: see `decodeAttributes`. */
  readonly data?: Uint8Array;
}

export interface Message {
  readonly type: number;
  /** 0 to 65535. */
  readonly seq: number;
  /** 0 to 2^32 - 1. */
  readonly peer: number;
  readonly attributes: Attributes;
  /** Only in messages of type MONITOR, whose `attributes` are empty. */
  readonly monitor?: MonitorAttributes;
}

const EMPTY = new Uint8Array(0);

function message(type: number, seq: number, peer: number, attributes: Attributes): Message {
  return { type, seq, peer, attributes };
}

/** ubusd → client: the first message; `client` = the id that ubusd gave it. */
export function helloMessage(client: number): Message {
  return message(MessageType.hello, 0, client, {});
}

/** ubusd → client: the end of a request that ubusd answered itself. */
export function statusMessage(seq: number, peer: number, status: number): Message {
  return message(MessageType.status, seq, peer, { status });
}

/** Provider → ubusd → caller: the end of an INVOKE. `peer` = the caller (to ubusd) or the object (to the caller). */
export function providerStatusMessage(seq: number, peer: number, status: number, objid: number): Message {
  return message(MessageType.status, seq, peer, { status, objid });
}

/** ubusd → publisher: the subscribers that got a NOTIFY and may answer it. */
export function notifyStatusMessage(
  seq: number,
  peer: number,
  objid: number,
  subscribers: readonly number[],
  status = 0,
): Message {
  return message(MessageType.status, seq, peer, { objid, subscribers, status });
}

/** Provider → ubusd → caller: a reply. `peer` as in `providerStatusMessage`. */
export function replyMessage(seq: number, peer: number, objid: number, data: Uint8Array): Message {
  return message(MessageType.data, seq, peer, { objid, data });
}

/** ubusd → client: one object of a LOOKUP. */
export function lookupDataMessage(
  seq: number,
  objpath: string,
  objid: number,
  objtype: number,
  signature: Uint8Array,
): Message {
  return message(MessageType.data, seq, 0, { objpath, objid, objtype, signature });
}

/** ubusd → client: the ids after ADD_OBJECT or REMOVE_OBJECT; no type for an object without signature. */
export function objectDataMessage(seq: number, objid: number, objtype?: number): Message {
  return message(MessageType.data, seq, 0, objtype === undefined ? { objid } : { objid, objtype });
}

/** ubusd → client: the answer to a PING, before its STATUS: the same content. */
export function pongMessage(seq: number, peer: number, attributes: Attributes): Message {
  return message(MessageType.data, seq, peer, attributes);
}

export function pingMessage(seq: number): Message {
  return message(MessageType.ping, seq, 0, {});
}

/** Client → ubusd: find objects; a trailing `*` finds by prefix, no path finds all. */
export function lookupMessage(seq: number, objpath?: string): Message {
  return message(MessageType.lookup, seq, 0, objpath === undefined ? {} : { objpath });
}

/** Client → ubusd: call a method. */
export function invokeMessage(
  seq: number,
  objid: number,
  method: string,
  data: Uint8Array,
  noReply = false,
): Message {
  const attributes = { objid, method, data };
  return message(MessageType.invoke, seq, objid, noReply ? { ...attributes, noReply } : attributes);
}

/** ubusd → provider: a call, or a notification (then `objid` is the subscriber's object). `caller` = client id. */
export function forwardedInvokeMessage(
  seq: number,
  caller: number,
  objid: number,
  method: string,
  account: { readonly user: string; readonly group: string },
  data: Uint8Array,
  noReply = false,
): Message {
  const attributes = { objid, method, user: account.user, group: account.group, data };
  return message(MessageType.invoke, seq, caller, noReply ? { noReply, ...attributes } : attributes);
}

/** ubusd → listener: an event. It has no sender. */
export function eventMessage(seq: number, objid: number, name: string, data: Uint8Array): Message {
  return message(MessageType.invoke, seq, 0, { objid, method: name, data });
}

/** Client → ubusd: publish an object; without path and signature an anonymous one, to subscribe or listen with. */
export function addObjectMessage(seq: number, objpath?: string, signature: Uint8Array = EMPTY): Message {
  return message(MessageType.addObject, seq, 0, objpath === undefined ? {} : { objpath, signature });
}

export function removeObjectMessage(seq: number, objid: number): Message {
  return message(MessageType.removeObject, seq, 0, { objid });
}

/** Client → ubusd: let `objid`, one of ours, get the notifications of `target`. */
export function subscribeMessage(seq: number, objid: number, target: number): Message {
  return message(MessageType.subscribe, seq, 0, { objid, target });
}

/** Client → ubusd: the opposite. ubusd → subscriber: `target` has gone. */
export function unsubscribeMessage(seq: number, objid: number, target: number): Message {
  return message(MessageType.unsubscribe, seq, 0, { objid, target });
}

/** Publisher → ubusd: a notification to all subscribers of `objid`. */
export function notifyMessage(
  seq: number,
  objid: number,
  method: string,
  data: Uint8Array,
  noReply = false,
): Message {
  const attributes = { objid, method, data };
  return message(MessageType.notify, seq, objid, noReply ? { ...attributes, noReply } : attributes);
}

/** ubusd → publisher: its object has got its first subscriber, or lost its last one. */
export function subscribersChangedMessage(seq: number, objid: number, active: boolean): Message {
  return message(MessageType.notify, seq, 0, { objid, active });
}

/** Client → ubusd: begin (`add`) or end (`remove`) monitoring. The data are plain blob attributes, not blobmsg. */
export function monitorRequestMessage(seq: number, method: 'add' | 'remove', data: Uint8Array): Message {
  return message(MessageType.invoke, seq, SystemObject.monitor, {
    objid: SystemObject.monitor,
    method,
    data,
  });
}

/** ubusd → monitor: a message that went by. */
export function monitorMessage(seq: number, monitor: Required<MonitorAttributes>): Message {
  return { type: MessageType.monitor, seq, peer: 0, attributes: {}, monitor };
}
