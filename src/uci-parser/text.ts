/**
 * UTF-8 to text and back without loss. A UCI file holds any bytes but NUL; those that are no UTF-8 become lone
 * surrogates U+DC80…U+DCFF (as Python's `surrogateescape`, PEP 383), so that writing gives the same bytes again.
 * Our own, because QuickJS has no TextEncoder.
 */

/** Pieces of this size go to `String.fromCharCode` at once: far below every engine's limit on arguments. */
const CHUNK_UNITS = 8192;
const ESCAPE_BASE = 0xdc00;

/** Text of `bytes`; never fails. `encodeText(decodeText(b))` is `b` for every `b`. */
export function decodeText(bytes: Uint8Array): string {
  const length = bytes.length;
  const units = new Uint16Array(Math.min(length, CHUNK_UNITS + 2));
  const pieces: string[] = [];
  let filled = 0;
  let at = 0;
  while (at < length) {
    if (filled >= CHUNK_UNITS) {
      pieces.push(String.fromCharCode.apply(null, units.subarray(0, filled) as unknown as number[]));
      filled = 0;
    }
    const first = bytes[at] as number;
    if (first < 0x80) {
      units[filled++] = first;
      at += 1;
      continue;
    }
    const size = sequenceLength(bytes, at);
    if (size === 0) {
      units[filled++] = ESCAPE_BASE + first;
      at += 1;
      continue;
    }
    const code = codePoint(bytes, at, size);
    if (code > 0xffff) {
      units[filled++] = 0xd7c0 + (code >> 10);
      units[filled++] = 0xdc00 + (code & 0x3ff);
    } else {
      units[filled++] = code;
    }
    at += size;
  }
  pieces.push(String.fromCharCode.apply(null, units.subarray(0, filled) as unknown as number[]));
  return pieces.length === 1 ? (pieces[0] as string) : pieces.join('');
}

/**
 * Bytes of `text` in UTF-8; lone U+DC80…U+DCFF become the single bytes they stand for. Any other lone surrogate has
 * no bytes of its own and becomes U+FFFD.
 */
export function encodeText(text: string): Uint8Array {
  const bytes = new Uint8Array(byteLength(text));
  const length = text.length;
  let filled = 0;
  for (let at = 0; at < length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) {
      bytes[filled++] = unit;
    } else if (unit < 0x800) {
      bytes[filled++] = 0xc0 | (unit >> 6);
      bytes[filled++] = 0x80 | (unit & 0x3f);
    } else if (unit < 0xd800 || unit > 0xdfff) {
      filled = put3(bytes, filled, unit);
    } else if (isPair(text, at)) {
      const code = 0x10000 + ((unit & 0x3ff) << 10) + (text.charCodeAt(at + 1) & 0x3ff);
      bytes[filled++] = 0xf0 | (code >> 18);
      bytes[filled++] = 0x80 | ((code >> 12) & 0x3f);
      bytes[filled++] = 0x80 | ((code >> 6) & 0x3f);
      bytes[filled++] = 0x80 | (code & 0x3f);
      at += 1;
    } else if (isEscape(unit)) {
      bytes[filled++] = unit - ESCAPE_BASE;
    } else {
      filled = put3(bytes, filled, 0xfffd);
    }
  }
  return bytes;
}

/** Number of bytes that `text` between `from` and `to` (UTF-16 units) takes when it is encoded. */
export function byteLength(text: string, from = 0, to = text.length): number {
  let bytes = 0;
  for (let at = from; at < to; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) bytes += 1;
    else if (unit < 0x800) bytes += 2;
    else if (unit < 0xd800 || unit > 0xdfff) bytes += 3;
    else if (at + 1 < to && isPair(text, at)) {
      bytes += 4;
      at += 1;
    } else bytes += isEscape(unit) ? 1 : 3;
  }
  return bytes;
}

function isEscape(unit: number): boolean {
  return unit >= 0xdc80 && unit <= 0xdcff;
}

function isPair(text: string, at: number): boolean {
  const high = text.charCodeAt(at);
  const low = text.charCodeAt(at + 1);
  return high >= 0xd800 && high <= 0xdbff && low >= 0xdc00 && low <= 0xdfff;
}

function put3(bytes: Uint8Array, at: number, unit: number): number {
  bytes[at] = 0xe0 | (unit >> 12);
  bytes[at + 1] = 0x80 | ((unit >> 6) & 0x3f);
  bytes[at + 2] = 0x80 | (unit & 0x3f);
  return at + 3;
}

/** Length of the well-formed sequence at `at` (Unicode 15, table 3-7), 0 if there is none. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at] as number;
  const second = bytes[at + 1] ?? 0;
  if (first >= 0xc2 && first <= 0xdf) return isTail(second) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const low = first === 0xe0 ? 0xa0 : 0x80;
    const high = first === 0xed ? 0x9f : 0xbf;
    return second >= low && second <= high && isTail(bytes[at + 2] ?? 0) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const low = first === 0xf0 ? 0x90 : 0x80;
    const high = first === 0xf4 ? 0x8f : 0xbf;
    const rest = isTail(bytes[at + 2] ?? 0) && isTail(bytes[at + 3] ?? 0);
    return second >= low && second <= high && rest ? 4 : 0;
  }
  return 0;
}

function isTail(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}

function codePoint(bytes: Uint8Array, at: number, size: number): number {
  let code = (bytes[at] as number) & (0xff >> (size + 1));
  for (let index = 1; index < size; index += 1) {
    code = (code << 6) | ((bytes[at + index] as number) & 0x3f);
  }
  return code;
}
