/**
 * Cuts a stream of bytes into whole messages, however it was split. Bounded: it never holds more than one message,
 * and its buffer grows with what came, not with what a header announces.
 */

import { fail, ok, type Result } from '../result.ts';
import { readU32 } from './bytes.ts';
import { HEADER_BYTES } from './constants.ts';
import { checkBlobHead } from './decode.ts';
import { RemoteProtocolError } from './errors.ts';

const LEAST = HEADER_BYTES + 4;

export class Framer {
  private buffer = new Uint8Array(1024);
  private held = 0;
  private failure: RemoteProtocolError | undefined;

  /** Bytes of a message that is not complete yet. */
  get heldBytes(): number {
    return this.held;
  }

  /**
   * Takes the next bytes of the stream (they are copied) and returns the messages that are now complete. After an
   * error (`message-length`, `message-blob`) the stream can't be read any further: each later call gives the same error.
   * Messages that were complete before the error are given to `deliver` first.
   */
  push(bytes: Uint8Array, deliver: (message: Uint8Array) => void): Result<void, RemoteProtocolError> {
    if (this.failure !== undefined) return fail(this.failure);
    try {
      let at = 0;
      while (at < bytes.length) {
        if (this.held === 0 && bytes.length - at >= LEAST) {
          const whole = messageLength(bytes, at);
          if (bytes.length - at >= whole) {
            deliver(copyOf(bytes, at, at + whole));
            at += whole;
            continue;
          }
        }
        const wanted = this.held < LEAST ? LEAST : messageLength(this.buffer, 0);
        const count = Math.min(wanted - this.held, bytes.length - at);
        this.append(bytes, at, count, wanted);
        at += count;
        if (this.held >= LEAST && this.held === messageLength(this.buffer, 0)) {
          const message = this.buffer.slice(0, this.held);
          this.held = 0;
          if (this.buffer.length > 65536) this.buffer = new Uint8Array(1024);
          deliver(message);
        }
      }
      return ok(undefined);
    } catch (error) {
      if (!(error instanceof RemoteProtocolError)) throw error;
      this.failure = error;
      this.held = 0;
      this.buffer = new Uint8Array(0);
      return fail(error);
    }
  }

  private append(bytes: Uint8Array, at: number, count: number, wanted: number): void {
    if (this.held + count > this.buffer.length) {
      const larger = new Uint8Array(Math.min(wanted, Math.max(2 * this.buffer.length, this.held + count)));
      larger.set(this.buffer.subarray(0, this.held));
      this.buffer = larger;
    }
    this.buffer.set(bytes.subarray(at, at + count), this.held);
    this.held += count;
  }
}

/** Not `slice`: Node's Buffer has one of its own, which copies nothing. */
function copyOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const copy = new Uint8Array(end - start);
  copy.set(bytes.subarray(start, end));
  return copy;
}

/** Length of the message that begins at `at`, of which at least 12 bytes are there. */
function messageLength(bytes: Uint8Array, at: number): number {
  const head = readU32(bytes, at + HEADER_BYTES);
  checkBlobHead(head);
  return HEADER_BYTES + head;
}
