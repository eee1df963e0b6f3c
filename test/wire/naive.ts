/**
 * A second, deliberately slow blobmsg: written from the README of test/captures/ubus alone, with DataView and byte
 * lists, shares nothing with the library. What both agree on, is hardly wrong twice.
 */
import type { BlobmsgEntry, Message } from '@openwrt/ubus-client/wire';

const TYPES = ['unspec', 'array', 'table', 'string', 'int64', 'int32', 'int16', 'int8', 'double'] as const;

const padded = (bytes: readonly number[]): number[] => {
  const result = [...bytes];
  while (result.length % 4 !== 0) result.push(0);
  return result;
};

const number = (size: number, write: (view: DataView) => void): number[] => {
  const view = new DataView(new ArrayBuffer(size));
  write(view);
  return [...new Uint8Array(view.buffer)];
};

const u32 = (value: number) => number(4, (view) => view.setUint32(0, value));

function attribute(id: number, extended: boolean, payload: readonly number[]): number[] {
  const length = 4 + payload.length;
  return padded([id + (extended ? 128 : 0), ...u32(length).slice(1), ...payload]);
}

function valueBytes(entry: BlobmsgEntry): number[] {
  switch (entry.type) {
    case 'unspec':
      return [];
    case 'array':
    case 'table':
      return entry.value.flatMap(entryBytes);
    case 'string':
      return [...Buffer.from(entry.value, 'utf8'), 0];
    case 'int64':
      return number(8, (view) => view.setBigInt64(0, entry.value));
    case 'int32':
      return number(4, (view) => view.setInt32(0, entry.value));
    case 'int16':
      return number(2, (view) => view.setInt16(0, entry.value));
    case 'int8':
      return number(1, (view) => view.setInt8(0, entry.value));
    case 'double':
      return number(8, (view) => view.setFloat64(0, entry.value));
  }
}

function entryBytes(entry: BlobmsgEntry): number[] {
  const name = Buffer.from(entry.name, 'utf8');
  const header = padded([name.length >> 8, name.length & 255, ...name, 0]);
  return attribute(TYPES.indexOf(entry.type), true, [...header, ...valueBytes(entry)]);
}

export function naiveBlobmsg(entries: readonly BlobmsgEntry[]): Uint8Array {
  return new Uint8Array(entries.flatMap(entryBytes));
}

const IDS: Record<string, number> = {
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
};

export function naiveMessage({ type, seq, peer, attributes }: Message): Uint8Array {
  const blob = Object.entries(attributes).flatMap(([name, value]) => {
    const id = IDS[name] as number;
    if (typeof value === 'number') return attribute(id, false, u32(value));
    if (typeof value === 'boolean') return attribute(id, false, [value ? 1 : 0]);
    if (typeof value === 'string') return attribute(id, false, [...Buffer.from(value, 'utf8'), 0]);
    if (value instanceof Uint8Array) return attribute(id, false, [...value]);
    return attribute(
      id,
      false,
      (value as readonly number[]).flatMap((member) => attribute(0, false, u32(member))),
    );
  });
  return new Uint8Array([0, type, seq >> 8, seq & 255, ...u32(peer), ...u32(4 + blob.length), ...blob]);
}
