import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAcl } from '../../openwrt/ubusd/acl.ts';
import {
  ATTRIBUTE,
  createFramer,
  MAX_BLOB_BYTES,
  MESSAGE,
  type Message,
  putAttribute,
  putMember,
  putMessage,
  putText,
  putU32,
} from '../../openwrt/ubusd/blob.ts';
import { createHub } from '../../openwrt/ubusd/hub.ts';

/** Whatever a client sends: ubusd goes on, sends only whole messages, and serves the others. */

const ROOT = { uid: 0, user: 'root', group: 'root' };
const NOBODY = { uid: 65_534, user: 'nobody', group: 'nogroup' };

const bytes = (max: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ maxLength: max }).map((array) => Buffer.from(array));
/** Attributes that are nearly right: known ids, values of all lengths, members with odd names. */
const attributeBytes: fc.Arbitrary<Buffer> = fc.oneof(
  fc
    .tuple(fc.constantFrom(...Object.values(ATTRIBUTE)), bytes(40))
    .map(([id, payload]) => putAttribute(id, payload)),
  fc
    .tuple(
      fc.constantFrom(ATTRIBUTE.objid, ATTRIBUTE.target, ATTRIBUTE.objtype),
      fc.integer({ min: 0, max: 4 }),
    )
    .map(([id, value]) => putU32(id, value)),
  fc.constantFrom('register', 'send', 'add', 'query', 'x').map((text) => putText(ATTRIBUTE.method, text)),
  fc.constantFrom('a', 'b', 'a*', '').map((text) => putText(ATTRIBUTE.objpath, text)),
  fc
    .tuple(
      fc.constantFrom(ATTRIBUTE.data, ATTRIBUTE.signature),
      fc.integer({ min: 0, max: 12 }),
      fc.constantFrom('id', 'object', 'pattern', 'data', 'm'),
      bytes(20),
    )
    .map(([id, type, name, value]) => putAttribute(id, putMember(type, name, value))),
  bytes(16),
);
const message: fc.Arbitrary<Message> = fc.record({
  type: fc.integer({ min: 0, max: 14 }),
  seq: fc.integer({ min: 0, max: 65_535 }),
  peer: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  body: fc.array(attributeBytes, { maxLength: 5 }).map((parts) => Buffer.concat(parts)),
});

describe('ubusd', () => {
  it('takes any message of any client without failing', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), message), { maxLength: 40 }), (messages) => {
        const hub = createHub(createAcl());
        const framers = [createFramer(), createFramer(), createFramer()];
        const receive = (index: number) => (sent: Buffer) => {
          const framed = framers[index]?.push(sent);
          expect(framed?.length, 'whole messages, one at a time').toBe(1);
        };
        const root = hub.connect(ROOT, receive(0));
        const nobody = hub.connect(NOBODY, receive(1));
        for (const [isRoot, one] of messages) hub.receive(isRoot ? root : nobody, one);
        const answers: Buffer[] = [];
        const other = hub.connect(ROOT, (sent) => answers.push(sent));
        hub.receive(other, { type: MESSAGE.ping, seq: 7, peer: 0, body: Buffer.alloc(0) });
        const own = answers.filter((sent) => sent.readUInt8(1) !== MESSAGE.monitor);
        expect(own.slice(-2).map((sent) => [sent.readUInt8(1), sent.readUInt16BE(2)])).toEqual([
          [MESSAGE.data, 7],
          [MESSAGE.status, 7],
        ]);
        hub.disconnect(nobody);
        hub.disconnect(root);
      }),
      { numRuns: 300 },
    );
  });

  it('frames any bytes, cut anywhere, alike, and refuses only lengths out of bounds', () => {
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 6 }),
        fc.array(fc.nat(400), { maxLength: 8 }),
        (messages, cuts) => {
          const all = Buffer.concat(
            messages.map((one) => putMessage(one.type, one.seq, one.peer, [one.body])),
          );
          const framer = createFramer();
          const found: Message[] = [];
          let from = 0;
          for (const at of [...cuts.filter((cut) => cut < all.length).sort((a, b) => a - b), all.length]) {
            found.push(...(framer.push(all.subarray(from, at)) ?? []));
            from = at;
          }
          expect(found.map((one) => [one.type, one.seq, one.peer, one.body.toString('hex')])).toEqual(
            messages.map((one) => [one.type, one.seq, one.peer, one.body.toString('hex')]),
          );
        },
      ),
      { numRuns: 200 },
    );
    const head = Buffer.from('000300010000000000000000', 'hex');
    for (const length of [0, 3, MAX_BLOB_BYTES + 1, 0xff_ffff]) {
      head.writeUInt32BE(length, 8);
      expect(createFramer().push(head)).toBeNull();
    }
  });
});
