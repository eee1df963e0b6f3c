/** Big-endian numbers in bytes, and a buffer that grows. Nothing here knows of ubus. */
import { utf8Length, writeUtf8 } from './utf8.ts';

const scratch = new DataView(new ArrayBuffer(8));

export function readU16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}

export function readU32(bytes: Uint8Array, at: number): number {
  // `>>> 0` because `<< 24` makes the top byte negative.
  return (
    (((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)) >>>
    0
  );
}

export function readI64(bytes: Uint8Array, at: number): bigint {
  scratch.setUint32(0, readU32(bytes, at));
  scratch.setUint32(4, readU32(bytes, at + 4));
  return scratch.getBigInt64(0);
}

export function readDouble(bytes: Uint8Array, at: number): number {
  scratch.setUint32(0, readU32(bytes, at));
  scratch.setUint32(4, readU32(bytes, at + 4));
  return scratch.getFloat64(0);
}

/** Bytes that are written at the end of. Numbers are taken modulo their width. */
export class ByteWriter {
  private buffer = new Uint8Array(256);
  private used = 0;

  get length(): number {
    return this.used;
  }

  /** Makes room for `count` more bytes and returns where they begin. */
  private reserve(count: number): number {
    const at = this.used;
    this.used += count;
    if (this.used > this.buffer.length) {
      const larger = new Uint8Array(Math.max(this.buffer.length * 2, this.used));
      larger.set(this.buffer.subarray(0, at));
      this.buffer = larger;
    }
    return at;
  }

  u8(value: number): void {
    const at = this.reserve(1);
    this.buffer[at] = value;
  }

  u16(value: number): void {
    this.setU16(this.reserve(2), value);
  }

  u32(value: number): void {
    this.setU32(this.reserve(4), value);
  }

  /** Overwrites two bytes that were written before. */
  setU16(at: number, value: number): void {
    this.buffer[at] = value >>> 8;
    this.buffer[at + 1] = value;
  }

  /** Overwrites four bytes that were written before. */
  setU32(at: number, value: number): void {
    this.buffer[at] = value >>> 24;
    this.buffer[at + 1] = value >>> 16;
    this.buffer[at + 2] = value >>> 8;
    this.buffer[at + 3] = value;
  }

  i64(value: bigint): void {
    scratch.setBigInt64(0, value);
    this.u32(scratch.getUint32(0));
    this.u32(scratch.getUint32(4));
  }

  double(value: number): void {
    scratch.setFloat64(0, value);
    this.u32(scratch.getUint32(0));
    this.u32(scratch.getUint32(4));
  }

  bytes(value: Uint8Array): void {
    const at = this.reserve(value.length);
    this.buffer.set(value, at);
  }

  /** The text in UTF-8; returns how many bytes that were. */
  text(value: string): number {
    // A short text is not measured first: three bytes per unit are always enough.
    const at = this.reserve(value.length <= 1024 ? 3 * value.length : utf8Length(value));
    this.used = writeUtf8(value, this.buffer, at);
    return this.used - at;
  }

  /** Zero bytes up to the next multiple of four. */
  pad(): void {
    const rest = this.used & 3;
    if (rest !== 0) {
      const at = this.reserve(4 - rest);
      this.buffer.fill(0, at, this.used);
    }
  }

  /** A copy of all that was written. */
  take(): Uint8Array {
    return this.buffer.slice(0, this.used);
  }
}
