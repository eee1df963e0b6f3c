/**
 * Makes a picture of Chromium's small enough for a repository: at most 256 colours in a palette, compressed in full (PNG,
 * Third Edition, W3C; 8-bit RGB or RGBA without interlacing comes in). Colours are rounded as far as it takes to
 * have no more than a palette holds; the picture of a page has few.
 */
import { crc32, deflateSync, inflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const MOST_COLOURS = 256;

interface Pixels {
  readonly width: number;
  readonly height: number;
  /** Bytes per pixel, 3 or 4. */
  readonly size: number;
  readonly bytes: Buffer;
}

function chunks(file: Buffer): [string, Buffer][] {
  const found: [string, Buffer][] = [];
  for (let at = SIGNATURE.length; at + 12 <= file.length; ) {
    const length = file.readUInt32BE(at);
    found.push([file.toString('latin1', at + 4, at + 8), file.subarray(at + 8, at + 8 + length)]);
    at += 12 + length;
  }
  return found;
}

function paeth(left: number, above: number, corner: number): number {
  const guess = left + above - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - above), Math.abs(guess - corner)];
  if (a <= b && a <= c) return left;
  return b <= c ? above : corner;
}

/** What a row's filter (section 9) adds to a byte. */
function predicted(filter: number, left: number, above: number, corner: number): number {
  switch (filter) {
    case 0:
      return 0;
    case 1:
      return left;
    case 2:
      return above;
    case 3:
      return (left + above) >> 1;
    case 4:
      return paeth(left, above, corner);
    default:
      throw new Error(`The PNG has a row with filter ${filter}, which there is not.`);
  }
}

function readPixels(file: Buffer): Pixels {
  const parts = chunks(file);
  const header = parts.find(([type]) => type === 'IHDR')?.[1];
  const [depth, colour, interlace] = [header?.[8], header?.[9], header?.[12]];
  if (header === undefined || depth !== 8 || (colour !== 2 && colour !== 6) || interlace !== 0) {
    throw new Error('This is no PNG of 8-bit RGB or RGBA without interlacing.');
  }
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const size = colour === 6 ? 4 : 3;
  const stride = width * size;
  const raw = inflateSync(Buffer.concat(parts.filter(([type]) => type === 'IDAT').map(([, data]) => data)));
  const bytes = Buffer.alloc(stride * height);
  for (let row = 0; row < height; row += 1) {
    const filter = raw[row * (stride + 1)] ?? 0;
    const here = row * stride;
    for (let at = 0; at < stride; at += 1) {
      const left = at < size ? 0 : (bytes[here + at - size] ?? 0);
      const above = row === 0 ? 0 : (bytes[here + at - stride] ?? 0);
      const corner = row === 0 || at < size ? 0 : (bytes[here + at - stride - size] ?? 0);
      bytes[here + at] = (raw[row * (stride + 1) + 1 + at] ?? 0) + predicted(filter, left, above, corner);
    }
  }
  return { width, height, size, bytes };
}

/** Each pixel's place in the palette, with all but the upper `bits` bits of a channel rounded; null = too many colours. */
function indexed({ width, height, size, bytes }: Pixels, bits: number) {
  const step = 255 / (2 ** bits - 1);
  const rounded = (value: number | undefined) => Math.round(Math.round((value ?? 0) / step) * step);
  const palette = new Map<number, number>();
  const rows = Buffer.alloc((width + 1) * height);
  for (let pixel = 0; pixel < width * height; pixel += 1) {
    const at = pixel * size;
    const colour = (rounded(bytes[at]) << 16) | (rounded(bytes[at + 1]) << 8) | rounded(bytes[at + 2]);
    let index = palette.get(colour);
    if (index === undefined) {
      if (palette.size === MOST_COLOURS) return null;
      index = palette.size;
      palette.set(colour, index);
    }
    const row = Math.floor(pixel / width);
    rows[row * (width + 1) + 1 + (pixel % width)] = index;
  }
  return { palette: [...palette.keys()], rows };
}

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(named), 4);
  return Buffer.concat([frame.subarray(0, 4), named, frame.subarray(4)]);
}

/** The same picture as a small file. Throws for a file of another kind. */
export function shrinkPng(file: Buffer): Buffer {
  const pixels = readPixels(file);
  for (let bits = 8; bits > 0; bits -= 1) {
    const found = indexed(pixels, bits);
    if (found === null) continue;
    const header = Buffer.alloc(13);
    header.writeUInt32BE(pixels.width, 0);
    header.writeUInt32BE(pixels.height, 4);
    header.set([8, 3, 0, 0, 0], 8);
    const palette = Buffer.from(found.palette.flatMap((one) => [one >> 16, (one >> 8) & 255, one & 255]));
    const data = deflateSync(found.rows, { level: 9 });
    const parts = [
      chunk('IHDR', header),
      chunk('PLTE', palette),
      chunk('IDAT', data),
      chunk('IEND', Buffer.alloc(0)),
    ];
    return Buffer.concat([SIGNATURE, ...parts]);
  }
  throw new Error('A picture with one bit per channel has more than 256 colours.');
}
