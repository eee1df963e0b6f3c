/** Every frame of every recording decodes to what the recording says and is encoded to the same bytes again. */

import {
  type BlobmsgEntry,
  decodeAttributes,
  decodeBlobmsg,
  decodeMessage,
  encodeAttributes,
  encodeBlobmsg,
  encodeMessage,
  Framer,
  MESSAGE_NAMES,
} from '@openwrt/ubus-client/wire';
import { describe, expect, it } from 'vitest';
import { frameBytes, matchesText, type RecordedEntry, recordings } from './recordings.ts';

/** The monitor's own `add` and `remove` carry plain blob attributes where others have blobmsg. */
const isBlobmsg = (entries: readonly RecordedEntry[]) => entries.every((entry) => entry.type !== undefined);

function expectEntries(entries: readonly BlobmsgEntry[], recorded: readonly RecordedEntry[]): void {
  expect(entries.map(({ type, name }) => ({ type, name }))).toEqual(
    recorded.map(({ type, name }) => ({ type, name })),
  );
  entries.forEach((entry, i) => {
    const wanted = recorded[i] as RecordedEntry;
    if (entry.type === 'array' || entry.type === 'table')
      expectEntries(entry.value, wanted.value as readonly RecordedEntry[]);
    else if (entry.type === 'string') expect(matchesText(entry.value, wanted.value)).toBe(true);
    else if (entry.type === 'double') {
      const bits = Buffer.alloc(8);
      bits.writeDoubleBE(entry.value);
      expect(bits.toString('hex')).toBe(wanted.bits);
    } else if (entry.type === 'int64') expect(entry.value).toBe(BigInt(wanted.value as string));
    else expect(entry.value).toBe(wanted.value);
  });
}

function expectPayload(payload: Uint8Array | undefined, recorded: readonly RecordedEntry[]): void {
  if (payload === undefined) throw new Error('the attribute is missing');
  if (!isBlobmsg(recorded)) return;
  const entries = decodeBlobmsg(payload);
  if (!entries.ok) throw entries.error;
  expectEntries(entries.value, recorded);
  expect(Buffer.from(encodeBlobmsg(entries.value)).equals(payload)).toBe(true);
}

const KEYS: Record<string, string> = { no_reply: 'noReply' };

function expectAttributes(found: object, recorded: readonly { name: string; value: unknown }[]): void {
  const attributes = found as Record<string, unknown>;
  expect(Object.keys(attributes)).toEqual(recorded.map(({ name }) => KEYS[name] ?? name));
  for (const { name, value } of recorded) {
    const mine = attributes[KEYS[name] ?? name];
    if (name === 'data' || name === 'signature')
      expectPayload(mine as Uint8Array, value as readonly RecordedEntry[]);
    else if (typeof mine === 'boolean') expect(mine).toBe(value !== 0);
    else if (typeof mine === 'string') expect(matchesText(mine, value)).toBe(true);
    else expect(mine).toEqual(value);
  }
}

describe.each(recordings)('recording $name', ({ frames }) => {
  const whole = frames.filter((frame) => frame.decoded !== undefined);

  it('decodes to what it says, and encodes to the same bytes', () => {
    for (const frame of whole) {
      const bytes = frameBytes(frame);
      const message = decodeMessage(bytes);
      if (!message.ok) throw message.error;
      const { type, typeName, seq, peer, length, attrs } = frame.decoded as NonNullable<typeof frame.decoded>;
      expect(message.value).toMatchObject({ type, seq, peer });
      expect(MESSAGE_NAMES[type]?.toUpperCase()).toBe(typeName);
      expect(bytes.length).toBe(length);
      if (message.value.monitor === undefined) expectAttributes(message.value.attributes, attrs);
      else {
        const { data, ...rest } = message.value.monitor;
        expect(Object.keys(message.value.monitor)).toEqual(attrs.map(({ name }) => name));
        expect({ ...rest, send: Number(rest.send) }).toEqual(
          Object.fromEntries(
            attrs.filter(({ name }) => name !== 'data').map((attr) => [attr.name, attr.value]),
          ),
        );
        const inner = decodeAttributes(data as Uint8Array);
        if (!inner.ok) throw inner.error;
        expectAttributes(inner.value, attrs.find(({ name }) => name === 'data')?.value as []);
        expect(Buffer.from(encodeAttributes(inner.value)).equals(data as Uint8Array)).toBe(true);
      }
      expect(Buffer.from(encodeMessage(message.value)).equals(bytes)).toBe(true);
    }
  });

  it('comes out of the framer as it went in, whatever the pieces', () => {
    for (const from of ['client', 'server'] as const)
      for (const conn of new Set(whole.map((frame) => frame.conn))) {
        const sent = whole.filter((frame) => frame.from === from && frame.conn === conn).map(frameBytes);
        const stream = Buffer.concat(sent);
        for (const size of [1, 3, 4096, stream.length]) {
          if (size === 0 || stream.length / size > 50_000) continue;
          const framer = new Framer();
          const received: Uint8Array[] = [];
          for (let at = 0; at < stream.length; at += size)
            expect(framer.push(stream.subarray(at, at + size), (message) => received.push(message)).ok).toBe(
              true,
            );
          expect(Buffer.concat(received).equals(stream)).toBe(true);
          expect(received.length).toBe(sent.length);
          expect(framer.heldBytes).toBe(0);
        }
      }
  });
});
