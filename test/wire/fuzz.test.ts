/**
 * Hostile bytes: whatever comes, nothing is thrown past the decoders, nothing is held that did not come, and a breach
 * of the protocol ends the session with a named error. What once failed here is kept in corpus/ (one file each: a
 * line that says what it is, then hex); a failing run prints the bytes to add.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  decodeAttributes,
  decodeBlobmsg,
  decodeMessage,
  encodeBlobmsg,
  entriesToTable,
  Framer,
  type RemoteProtocolError,
} from '@openwrt/ubus-client/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatTable } from '../../src/ubus-client/cli/json-format.ts';
import { Session, type SessionEvent } from '../../src/ubus-client/client/session.ts';
import { frameBytes, recordings } from './recordings.ts';

const HELLO = new Uint8Array(Buffer.from('000000000000000100000004', 'hex'));

const CODES = [
  'message-length',
  'message-type',
  'message-blob',
  'attribute-length',
  'attribute-missing',
  'string-end',
  'value-name',
  'value-type',
  'value-length',
  'value-depth',
];

const corpus = readdirSync(join(import.meta.dirname, 'corpus')).map((file) => {
  const lines = readFileSync(join(import.meta.dirname, 'corpus', file), 'utf8').split('\n');
  const hex = lines.filter((line) => !line.startsWith('#')).join('');
  return { file, bytes: new Uint8Array(Buffer.from(hex.replace(/\s/g, ''), 'hex')) };
});

const expectNamed = (error: RemoteProtocolError) => {
  expect(error.name).toBe('RemoteProtocolError');
  expect(CODES).toContain(error.code);
};

function tryPayload(payload: Uint8Array): void {
  const entries = decodeBlobmsg(payload);
  if (!entries.ok) {
    expectNamed(entries.error);
    return;
  }
  entriesToTable(entries.value);
  formatTable(entries.value, { compact: false });
  // What is understood can be said again, in as many bytes or (sloppy padding of an unspec) fewer.
  expect(encodeBlobmsg(entries.value).length).toBeLessThanOrEqual(payload.length + 3);
}

/** What a session makes of bytes after HELLO; checks all that must hold for any bytes. */
function feed(bytes: Uint8Array, pieces: number): readonly SessionEvent[] {
  const session = new Session();
  session.receive(HELLO, 0);
  session.request((seq) => ({ type: 5, seq, peer: 9, attributes: { objid: 9 } }), Number.POSITIVE_INFINITY);
  const events: SessionEvent[] = [];
  const size = Math.max(1, Math.ceil(bytes.length / pieces));
  for (let at = 0; at < bytes.length; at += size)
    events.push(...session.receive(bytes.subarray(at, at + size), 0));
  for (const event of events) {
    if (event.type === 'invoke') tryPayload(event.invocation.data);
    if (event.type === 'data' && event.attributes.data !== undefined) tryPayload(event.attributes.data);
    if (event.type === 'monitor') decodeAttributes(event.monitor.data ?? new Uint8Array(0));
  }
  const broken = events.findIndex(({ type }) => type === 'broken');
  if (broken >= 0) {
    const last = events[broken];
    if (last?.type === 'broken') expectNamed(last.error);
    expect(broken).toBe(events.length - 1);
    expect(session.isOpen()).toBe(false);
    expect(session.pendingCount()).toBe(0);
    expect(session.receive(HELLO, 0)).toEqual([]);
  }
  return events;
}

function showBytes(bytes: Uint8Array, check: () => void): void {
  try {
    check();
  } catch (error) {
    throw new Error(`for corpus/: ${Buffer.from(bytes).toString('hex')}\n${(error as Error).stack}`);
  }
}

describe('the corpus', () => {
  it.each(corpus)('$file does no harm', ({ bytes }) => {
    for (const pieces of [1, 3, bytes.length]) feed(bytes, pieces);
    decodeMessage(bytes);
    tryPayload(bytes);
  });

  it.each([
    ['length-max+1', 'message-length'],
    ['length-24bit', 'message-length'],
    ['length-zero', 'message-length'],
    ['attribute-zero', 'attribute-length'],
    ['attribute-16m', 'attribute-length'],
    ['padding-beyond', 'attribute-length'],
    ['second-hello', 'message-type'],
    ['type-200', 'message-type'],
    ['invoke-nothing', 'attribute-missing'],
    ['subscribers-odd', 'attribute-length'],
  ])('%s ends the session with %s', (name, code) => {
    const bytes = corpus.find(({ file }) => file === `${name}.hex`)?.bytes ?? new Uint8Array(0);
    const events = feed(bytes, 1);
    expect(events[events.length - 1]).toMatchObject({ type: 'broken', error: { code } });
  });

  it.each(['invoke-data-garbage', 'invoke-data-deep', 'name-65535', 'type-127'])(
    '%s is a payload of somebody else, and leaves the session alone',
    (name) => {
      const events = feed(corpus.find(({ file }) => file === `${name}.hex`)?.bytes ?? new Uint8Array(0), 1);
      expect(events).toMatchObject([{ type: 'invoke' }]);
      const [event] = events;
      expect(event?.type === 'invoke' && decodeBlobmsg(event.invocation.data).ok).toBe(false);
    },
  );
});

describe('random bytes', () => {
  it('do no harm', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 1, max: 5 }), (bytes, pieces) =>
        showBytes(bytes, () => {
          feed(bytes, pieces);
          tryPayload(bytes);
        }),
      ),
      { numRuns: 500 },
    );
  });

  it('behind a well-formed header do no harm', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 15 }), fc.uint8Array({ maxLength: 80 }), (type, blob) => {
        const length = 4 + blob.length;
        const bytes = new Uint8Array([0, type, 0, 1, 0, 0, 0, 9, 0, 0, length >> 8, length & 255, ...blob]);
        showBytes(bytes, () => feed(bytes, 1));
      }),
      { numRuns: 500 },
    );
  });

  it('in the place of bytes of a recorded message do no harm', () => {
    const frames = recordings
      .flatMap(({ frames: all }) => all.filter((frame) => frame.decoded !== undefined).map(frameBytes))
      .filter((bytes) => bytes.length < 500);
    const change = fc.record({
      at: fc.nat(),
      value: fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff)),
    });
    fc.assert(
      fc.property(
        fc.nat(frames.length - 1),
        fc.array(change, { minLength: 1, maxLength: 6 }),
        fc.boolean(),
        (index, changes, wholePayload) => {
          const bytes = new Uint8Array(frames[index] as Uint8Array);
          // The length word mostly stays, or nothing behind it would ever be tried.
          for (const { at, value } of changes) {
            const place = wholePayload ? 12 + (at % Math.max(1, bytes.length - 12)) : at % bytes.length;
            if (place < bytes.length) bytes[place] = value;
          }
          showBytes(bytes, () => feed(bytes, 2));
        },
      ),
      { numRuns: 1500 },
    );
  });
});

describe('memory', () => {
  it('is used for what came, not for what was announced', () => {
    const framer = new Framer();
    const header = new Uint8Array(Buffer.from('0001000100000000001000000100fff8', 'hex'));
    framer.push(header, () => {});
    const held = Object.values(framer).find((value) => value instanceof Uint8Array) as Uint8Array;
    expect(held.length).toBeLessThanOrEqual(1024);
    framer.push(new Uint8Array(3000), () => {});
    const grown = Object.values(framer).find((value) => value instanceof Uint8Array) as Uint8Array;
    expect(grown.length).toBeLessThanOrEqual(2 * framer.heldBytes);
  });
});
