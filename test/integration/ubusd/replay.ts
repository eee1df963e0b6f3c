/**
 * Plays the clients of a recording (test/captures/ubus) against a ubusd and compares what it sends, byte by byte.
 * Ids of clients, objects and types are new in each run: a recorded id is learnt from the first place where it comes
 * back, and replaced wherever it stands (it is always a word of its own, on a multiple of four bytes).
 */
import { connect, type Socket } from 'node:net';
import { createFramer, type Message, putMessage } from '../../openwrt/ubusd/blob.ts';

export interface Frame {
  readonly event?: 'connect' | 'close';
  readonly from?: 'client' | 'server';
  readonly conn: number;
  readonly by?: string;
  readonly uid?: number;
  readonly hex?: string;
  readonly hexParts?: readonly (
    | { readonly hex: string }
    | { readonly repeat: string; readonly times: number }
  )[];
  readonly decoded?: {
    readonly typeName: string;
    readonly peer: number;
    readonly attrs: readonly { readonly name: string; readonly value: unknown }[];
  };
}

export interface Recording {
  readonly name: string;
  readonly description: string;
  readonly frames: readonly Frame[];
  readonly ubusdAcl?: Readonly<Record<string, unknown>>;
}

const DEADLINE_MS = 30_000;

/** Waits until `done` holds; a sentence about `what` if it does not in time. */
export async function until(done: () => boolean, what: string): Promise<void> {
  const end = Date.now() + DEADLINE_MS;
  while (!done()) {
    if (Date.now() > end) throw new Error(`Waited ${DEADLINE_MS} ms for ${what}.`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

export function bytesOf(frame: Frame): Buffer {
  if (frame.hex !== undefined) return Buffer.from(frame.hex, 'hex');
  return Buffer.concat(
    (frame.hexParts ?? []).map((part) =>
      'hex' in part
        ? Buffer.from(part.hex, 'hex')
        : Buffer.alloc(part.times * (part.repeat.length / 2), part.repeat, 'hex'),
    ),
  );
}

/** One end of a connection to ubusd. */
export class Peer {
  readonly socket: Socket;
  readonly received: Buffer[] = [];
  ended = false;

  constructor(path: string) {
    const framer = createFramer();
    this.socket = connect(path);
    this.socket.on('data', (chunk: Buffer) => {
      const messages: Message[] | null = framer.push(chunk);
      if (messages === null) throw new Error('ubusd sent a length out of bounds.');
      for (const one of messages) this.received.push(putMessage(one.type, one.seq, one.peer, [one.body]));
    });
    this.socket.on('error', () => {});
    this.socket.on('close', () => {
      this.ended = true;
    });
  }

  async next(what: string): Promise<Buffer> {
    await until(() => this.received.length > 0 || this.ended, what);
    const first = this.received.shift();
    if (first === undefined) throw new Error(`ubusd closed the connection instead of ${what}.`);
    return first;
  }
}

/** Every id that the recording's ubusd gave: of clients in HELLO, of objects and types in answers to ADD_OBJECT. */
function idsOf(frames: readonly Frame[]): Set<number> {
  const ids = new Set<number>();
  for (const frame of frames) {
    if (frame.from !== 'server' || frame.decoded === undefined) continue;
    if (frame.decoded.typeName === 'HELLO') ids.add(frame.decoded.peer);
    if (frame.decoded.typeName !== 'DATA') continue;
    for (const { name, value } of frame.decoded.attrs) {
      if ((name === 'objid' || name === 'objtype') && typeof value === 'number' && value > 1024)
        ids.add(value);
    }
  }
  return ids;
}

export interface IdMap {
  /** The recorded bytes with this run's ids. */
  translate(recorded: Buffer): Buffer;
  /** Learns the ids that stand in `actual` where `recorded` has one that is not known yet. */
  learn(recorded: Buffer, actual: Buffer): void;
}

export function createIdMap(frames: readonly Frame[]): IdMap {
  const ids = idsOf(frames);
  const known = new Map<number, number>();
  const words = (bytes: Buffer, see: (at: number, word: number) => void): void => {
    for (let at = 4; at + 4 <= bytes.length; at += 4) see(at, bytes.readUInt32BE(at));
  };
  return {
    translate(recorded) {
      const bytes = Buffer.from(recorded);
      words(recorded, (at, word) => {
        const actual = known.get(word);
        if (actual !== undefined) bytes.writeUInt32BE(actual, at);
      });
      return bytes;
    },
    learn(recorded, actual) {
      if (recorded.length !== actual.length) return;
      words(recorded, (at, word) => {
        const now = actual.readUInt32BE(at);
        const isNew = ids.has(word) && !known.has(word) && now > 1024;
        if (isNew && ![...known.values()].includes(now)) known.set(word, now);
      });
    },
  };
}
