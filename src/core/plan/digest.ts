/**
 * A short digest of a text: to notice a change, not to withstand somebody who makes two texts collide; who may write
 * nftables needs no such trick. Two 32-bit halves of multiply-and-rotate (as MurmurHash3 mixes), and the length.
 */
export function digest(text: string): string {
  let a = 0x9747b28c;
  let b = 0x5bd1e995;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    a = Math.imul(a ^ code, 0xcc9e2d51);
    a = (a << 15) | (a >>> 17);
    b = Math.imul(b ^ code, 0x1b873593);
    b = (b << 13) | (b >>> 19);
  }
  const half = (value: number): string => {
    let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return ((mixed ^ (mixed >>> 16)) >>> 0).toString(16).padStart(8, '0');
  };
  return `${half(a)}${half(b ^ (a >>> 3))}-${text.length.toString(36)}`;
}
