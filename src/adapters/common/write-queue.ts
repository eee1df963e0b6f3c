/**
 * Bytes that wait for a file descriptor to take them, in order. Does no I/O: who owns the descriptor asks for the
 * next piece when it is writable and says how much went out.
 */
export class WriteQueue {
  private readonly chunks: Uint8Array[] = [];
  private offset = 0;
  private total = 0;

  /** Bytes that are queued and not yet taken. */
  get queuedBytes(): number {
    return this.total;
  }

  /** Adds a copy at the end: the caller may go on to use its buffer. */
  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.chunks.push(bytes.slice());
    this.total += bytes.length;
  }

  /** The next piece, at most `maxBytes` long and empty only if the queue is; it stays queued until `taken`. */
  peek(maxBytes: number): Uint8Array {
    const first = this.chunks[0];
    if (first === undefined) return new Uint8Array(0);
    if (first.length - this.offset >= maxBytes || this.chunks.length === 1) {
      return first.subarray(this.offset, this.offset + maxBytes);
    }
    // Many small messages in a row go out together: one write and one wake-up instead of one each.
    const piece = new Uint8Array(Math.min(maxBytes, this.total));
    let filled = 0;
    let from = this.offset;
    for (const chunk of this.chunks) {
      const part = chunk.subarray(from, from + piece.length - filled);
      piece.set(part, filled);
      filled += part.length;
      from = 0;
      if (filled === piece.length) break;
    }
    return piece;
  }

  /** Removes `bytes` bytes from the front: they have been written. */
  taken(bytes: number): void {
    this.total -= bytes;
    let left = this.offset + bytes;
    let whole = 0;
    for (const chunk of this.chunks) {
      if (left < chunk.length) break;
      left -= chunk.length;
      whole += 1;
    }
    this.chunks.splice(0, whole);
    this.offset = left;
  }

  clear(): void {
    this.chunks.length = 0;
    this.offset = 0;
    this.total = 0;
  }
}
