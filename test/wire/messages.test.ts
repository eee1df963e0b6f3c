/**
 * Each kind of message from one table, both ways: literal bytes, the functions that make them, the naive twin; whole,
 * byte by byte, at every split, cut short and with more behind.
 */
import {
  addObjectMessage,
  decodeMessage,
  encodeMessage,
  eventMessage,
  Framer,
  forwardedInvokeMessage,
  helloMessage,
  invokeMessage,
  LocalProtocolError,
  lookupDataMessage,
  lookupMessage,
  MAX_BLOB_BYTES,
  type Message,
  notifyMessage,
  notifyStatusMessage,
  objectDataMessage,
  pingMessage,
  pongMessage,
  providerStatusMessage,
  removeObjectMessage,
  replyMessage,
  statusMessage,
  subscribeMessage,
  subscribersChangedMessage,
  unsubscribeMessage,
} from '@openwrt/ubus-client/wire';
import { describe, expect, it } from 'vitest';
import { naiveMessage } from './naive.ts';

/** Blobmsg of {n: 1}. */
const N1 = new Uint8Array(Buffer.from('8500000c00016e0000000001', 'hex'));
const ROOT = { user: 'root', group: 'root' };
const hex = (text: string) => new Uint8Array(Buffer.from(text.replace(/ /g, ''), 'hex'));

const TABLE: readonly (readonly [string, Message, string])[] = [
  ['hello', helloMessage(0x12a99bfe), '00000000 12a99bfe 00000004'],
  ['status', statusMessage(1, 0, 4), '00010001 00000000 0000000c 01000008 00000004'],
  [
    'status of a provider',
    providerStatusMessage(2, 7, 0, 9),
    '00010002 00000007 00000014 01000008 00000000 03000008 00000009',
  ],
  [
    'status of a notification',
    notifyStatusMessage(2, 9, 9, [5, 6]),
    '00010002 00000009 00000028 03000008 00000009 0b000014 00000008 00000005 00000008 00000006 01000008 00000000',
  ],
  [
    'reply',
    replyMessage(65535, 7, 9, N1),
    `0002ffff 00000007 0000001c 03000008 00000009 07000010 8500000c 00016e00 00000001`,
  ],
  [
    'object found',
    lookupDataMessage(1, 't.x', 9, 8, new Uint8Array(0)),
    '00020001 00000000 00000020 02000008 742e7800 03000008 00000009 05000008 00000008 06000004',
  ],
  [
    'object added',
    objectDataMessage(1, 9, 8),
    '00020001 00000000 00000014 03000008 00000009 05000008 00000008',
  ],
  ['anonymous object added', objectDataMessage(1, 9), '00020001 00000000 0000000c 03000008 00000009'],
  ['ping', pingMessage(3), '00030003 00000000 00000004'],
  ['pong', pongMessage(3, 1, { data: N1 }), '00020003 00000001 00000014 07000010 8500000c 00016e00 00000001'],
  ['lookup of all', lookupMessage(1), '00040001 00000000 00000004'],
  ['lookup', lookupMessage(1, 'abcd'), '00040001 00000000 00000010 02000009 61626364 00000000'],
  [
    'invoke',
    invokeMessage(1, 0xfffffffe, 'm', N1),
    '00050001 fffffffe 00000024 03000008 fffffffe 04000006 6d000000 07000010 8500000c 00016e00 00000001',
  ],
  [
    'invoke without reply',
    invokeMessage(1, 9, 'm', new Uint8Array(0), true),
    '00050001 00000009 00000020 03000008 00000009 04000006 6d000000 07000004 0a000005 01000000',
  ],
  [
    'forwarded invoke',
    forwardedInvokeMessage(1, 7, 9, 'm', ROOT, new Uint8Array(0)),
    '00050001 00000007 00000030 03000008 00000009 04000006 6d000000 0c000009 726f6f74 00000000 0d000009 726f6f74 00000000 07000004',
  ],
  [
    'forwarded notification without reply',
    forwardedInvokeMessage(1, 7, 9, 'm', ROOT, new Uint8Array(0), true),
    '00050001 00000007 00000038 0a000005 01000000 03000008 00000009 04000006 6d000000 0c000009 726f6f74 00000000 0d000009 726f6f74 00000000 07000004',
  ],
  [
    'event',
    eventMessage(5, 9, 'e', N1),
    '00050005 00000000 00000024 03000008 00000009 04000006 65000000 07000010 8500000c 00016e00 00000001',
  ],
  ['object', addObjectMessage(1, 't.x'), '00060001 00000000 00000010 02000008 742e7800 06000004'],
  ['anonymous object', addObjectMessage(1), '00060001 00000000 00000004'],
  ['removal', removeObjectMessage(1, 9), '00070001 00000000 0000000c 03000008 00000009'],
  [
    'subscription',
    subscribeMessage(1, 9, 8),
    '00080001 00000000 00000014 03000008 00000009 08000008 00000008',
  ],
  ['its end', unsubscribeMessage(1, 9, 8), '00090001 00000000 00000014 03000008 00000009 08000008 00000008'],
  [
    'notification',
    notifyMessage(1, 9, 'm', new Uint8Array(0), true),
    '000a0001 00000009 00000020 03000008 00000009 04000006 6d000000 07000004 0a000005 01000000',
  ],
  [
    'subscribers',
    subscribersChangedMessage(1, 9, false),
    '000a0001 00000000 00000014 03000008 00000009 09000005 00000000',
  ],
];

describe.each(TABLE)('%s', (_, message, text) => {
  const bytes = hex(text);

  it('is encoded to these bytes, by the naive twin too', () => {
    expect(Buffer.from(encodeMessage(message)).toString('hex')).toBe(Buffer.from(bytes).toString('hex'));
    expect(Buffer.from(naiveMessage(message)).toString('hex')).toBe(Buffer.from(bytes).toString('hex'));
  });

  it('is decoded from them', () => {
    const decoded = decodeMessage(bytes);
    expect(decoded).toEqual({ ok: true, value: message });
    expect(decoded.ok && Object.keys(decoded.value.attributes)).toEqual(Object.keys(message.attributes));
  });

  it('is no message when it is cut short or has more behind', () => {
    for (let length = 0; length < bytes.length; length++)
      expect(decodeMessage(bytes.subarray(0, length)).ok).toBe(false);
    expect(decodeMessage(new Uint8Array([...bytes, 0, 0, 0, 0]))).toMatchObject({
      ok: false,
      error: { code: 'message-length' },
    });
  });

  it('comes out of the framer at every split, alone and with another one behind', () => {
    const behind = hex('00010001 00000000 0000000c 01000008 00000004');
    const stream = new Uint8Array([...bytes, ...behind]);
    for (let first = 0; first <= stream.length; first++)
      for (let second = first; second <= stream.length; second += 3) {
        const framer = new Framer();
        const found: Uint8Array[] = [];
        for (const piece of [
          stream.subarray(0, first),
          stream.subarray(first, second),
          stream.subarray(second),
        ])
          expect(framer.push(piece, (whole) => found.push(whole)).ok).toBe(true);
        expect(found).toEqual([bytes, behind]);
      }
  });

  it('is held back by the framer until it is whole', () => {
    const framer = new Framer();
    const found: Uint8Array[] = [];
    for (const byte of bytes.subarray(0, bytes.length - 1))
      framer.push(new Uint8Array([byte]), (m) => found.push(m));
    expect(found).toEqual([]);
    expect(framer.heldBytes).toBe(bytes.length - 1);
  });
});

const refusals: readonly (readonly [string, string, string])[] = [
  ['a blob shorter than its header', '00010001 00000000 00000003', 'message-length'],
  ['a blob with an id', '00010001 00000000 0100000c 01000008 00000004', 'message-blob'],
  ['a blob with the extended bit', '00010001 00000000 8000000c 01000008 00000004', 'message-blob'],
  [
    'an attribute shorter than its header',
    '00010001 00000000 0000000c 01000003 00000004',
    'attribute-length',
  ],
  ['an attribute longer than the blob', '00010001 00000000 0000000c 01000009 00000004', 'attribute-length'],
  [
    'a rest too short for an attribute',
    '00010001 00000000 0000000e 01000008 00000004 0000',
    'attribute-length',
  ],
  ['a number of two bytes', '00010001 00000000 0000000c 01000006 00000000', 'attribute-length'],
  ['a flag of four bytes', '000a0001 00000000 0000000c 09000008 00000001', 'attribute-length'],
  ['a string without end', '00040001 00000000 0000000c 02000008 61626364', 'string-end'],
  ['a string of nothing', '00040001 00000000 00000008 02000004', 'string-end'],
  [
    'a subscriber of three bytes',
    '00010001 00000000 00000010 0b00000c 00000007 00000000',
    'attribute-length',
  ],
];

describe('a message that breaks the protocol', () => {
  it.each(refusals)('by %s is refused', (_, text, code) => {
    expect(decodeMessage(hex(text))).toMatchObject({ ok: false, error: { code, side: 'remote' } });
  });

  it('by its length ends the framer for good, after what came before it', () => {
    const framer = new Framer();
    const found: Uint8Array[] = [];
    const good = hex('00000000 12a99bfe 00000004');
    const bad = hex('00010001 00000000 00100001');
    const first = framer.push(new Uint8Array([...good, ...bad]), (message) => found.push(message));
    expect(found).toEqual([good]);
    expect(first).toMatchObject({ ok: false, error: { code: 'message-length' } });
    expect(framer.push(good, (message) => found.push(message))).toEqual(first);
    expect(found).toHaveLength(1);
  });
});

describe('what a message carries', () => {
  it('may have unknown attributes, and attributes twice: the last one counts', () => {
    expect(
      decodeMessage(hex('00010001 00000000 0000001c 01000008 00000004 7f000008 61626364 01000008 00000006')),
    ).toMatchObject({ ok: true, value: { attributes: { status: 6 } } });
  });

  it('may have exactly 1048576 bytes', () => {
    const data = new Uint8Array(MAX_BLOB_BYTES - 4 - 8 - 8 - 4);
    const message = invokeMessage(1, 9, 'm', data);
    const bytes = encodeMessage(message);
    expect(bytes.length).toBe(8 + MAX_BLOB_BYTES);
    const framer = new Framer();
    let whole: Uint8Array | undefined;
    for (let at = 0; at < bytes.length; at += 65_521)
      framer.push(bytes.subarray(at, at + 65_521), (found) => {
        whole = found;
      });
    expect(Buffer.from(whole ?? []).equals(bytes)).toBe(true);
    const longer = invokeMessage(1, 9, 'm', new Uint8Array(data.length + 1));
    expect(() => encodeMessage(longer)).toThrow(LocalProtocolError);
  });

  it('is copied by the framer: the transport may use its buffer again', () => {
    const buffer = Buffer.from(hex('00000000 12a99bfe 00000004'));
    const found: Uint8Array[] = [];
    new Framer().push(buffer, (message) => found.push(message));
    buffer.fill(0xff);
    expect(found).toEqual([hex('00000000 12a99bfe 00000004')]);
  });
});
