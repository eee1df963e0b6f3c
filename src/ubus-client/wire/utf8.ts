/**
 * UTF-8 ⇄ JavaScript strings without loss, in plain ES2020 (QuickJS has no TextEncoder). ubus does not care about
 * UTF-8, so a string may be any bytes: a byte that is no part of well-formed UTF-8 (RFC 3629) becomes the lone
 * surrogate U+DC00 + byte, U+DC80 to U+DCFF, and comes back as that byte (as Python's "surrogateescape").
 */

const CHUNK = 4096;

/** Length of the well-formed sequence that begins at `at`, or 0. RFC 3629, section 4. */
function sequenceLength(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at] as number;
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  const second = at + 1 < end ? (bytes[at + 1] as number) : 0;
  if ((second & 0xc0) !== 0x80) return 0;
  if (first < 0xe0) return 2;
  const third = at + 2 < end ? (bytes[at + 2] as number) : 0;
  if ((third & 0xc0) !== 0x80) return 0;
  if (first < 0xf0) {
    if (first === 0xe0 && second < 0xa0) return 0;
    if (first === 0xed && second > 0x9f) return 0;
    return 3;
  }
  const fourth = at + 3 < end ? (bytes[at + 3] as number) : 0;
  if ((fourth & 0xc0) !== 0x80) return 0;
  if (first === 0xf0 && second < 0x90) return 0;
  if (first === 0xf4 && second > 0x8f) return 0;
  return 4;
}

/** Bytes → string. Never fails; `encodeUtf8` gives the same bytes back. */
export function decodeUtf8(bytes: Uint8Array, start = 0, end = bytes.length): string {
  let at = start;
  while (at < end && (bytes[at] as number) < 0x80) at++;
  // Nearly all of ubus' text is short and plain; QuickJS is slow at anything done byte by byte.
  if (at === end && end - start <= CHUNK)
    return String.fromCharCode.apply(null, bytes.subarray(start, end) as unknown as number[]);
  let text = '';
  let units: number[] = [];
  at = start;
  while (at < end) {
    const first = bytes[at] as number;
    const length = sequenceLength(bytes, at, end);
    if (length === 1) units.push(first);
    else if (length === 0) units.push(0xdc00 + first);
    else if (length === 2) units.push(((first & 0x1f) << 6) | ((bytes[at + 1] as number) & 0x3f));
    else if (length === 3)
      units.push(
        ((first & 0x0f) << 12) |
          (((bytes[at + 1] as number) & 0x3f) << 6) |
          ((bytes[at + 2] as number) & 0x3f),
      );
    else {
      const point =
        (((first & 0x07) << 18) |
          (((bytes[at + 1] as number) & 0x3f) << 12) |
          (((bytes[at + 2] as number) & 0x3f) << 6) |
          ((bytes[at + 3] as number) & 0x3f)) -
        0x10000;
      units.push(0xd800 | (point >> 10), 0xdc00 | (point & 0x3ff));
    }
    at += length === 0 ? 1 : length;
    if (units.length >= CHUNK) {
      text += String.fromCharCode(...units);
      units = [];
    }
  }
  return units.length > 0 ? text + String.fromCharCode(...units) : text;
}

/**
 * String → bytes. A lone surrogate that stands for a byte becomes that byte; any other becomes U+FFFD, since
 * UTF-8 has no form for it.
 */
export function encodeUtf8(text: string): Uint8Array {
  const bytes = new Uint8Array(utf8Length(text));
  writeUtf8(text, bytes, 0);
  return bytes;
}

/** Bytes that `encodeUtf8(text)` has. */
export function utf8Length(text: string): number {
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) length += 1;
    else if (unit < 0x800) length += 2;
    else if (unit >= 0xd800 && unit < 0xdc00 && isLow(text.charCodeAt(i + 1))) {
      length += 4;
      i++;
    } else length += isEscapedByte(unit) ? 1 : 3;
  }
  return length;
}

/** Writes the bytes of `text` into `target` from `at` on, where there must be room; returns the end. */
export function writeUtf8(text: string, target: Uint8Array, at: number): number {
  const { length } = text;
  let to = at;
  let plain = 0;
  for (; plain < length; plain++) {
    const unit = text.charCodeAt(plain);
    if (unit >= 0x80) break;
    target[to++] = unit;
  }
  for (let i = plain; i < length; i++) {
    let unit = text.charCodeAt(i);
    if (unit < 0x80) {
      target[to++] = unit;
    } else if (unit < 0x800) {
      target[to++] = 0xc0 | (unit >> 6);
      target[to++] = 0x80 | (unit & 0x3f);
    } else if (unit >= 0xd800 && unit < 0xdc00 && isLow(text.charCodeAt(i + 1))) {
      const point = 0x10000 + ((unit & 0x3ff) << 10) + (text.charCodeAt(++i) & 0x3ff);
      target[to++] = 0xf0 | (point >> 18);
      target[to++] = 0x80 | ((point >> 12) & 0x3f);
      target[to++] = 0x80 | ((point >> 6) & 0x3f);
      target[to++] = 0x80 | (point & 0x3f);
    } else if (isEscapedByte(unit)) {
      target[to++] = unit - 0xdc00;
    } else {
      if (unit >= 0xd800 && unit < 0xe000) unit = 0xfffd;
      target[to++] = 0xe0 | (unit >> 12);
      target[to++] = 0x80 | ((unit >> 6) & 0x3f);
      target[to++] = 0x80 | (unit & 0x3f);
    }
  }
  return to;
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000;
}

function isEscapedByte(unit: number): boolean {
  return unit >= 0xdc80 && unit <= 0xdcff;
}
