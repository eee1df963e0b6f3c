import { describe, expect, it } from 'vitest';
import {
  builtinRules,
  checkMarks,
  marksOf,
  spread,
  wanMark,
  wanRules,
} from '../../../src/core/policy/marks.ts';

/** Bits one by one, most significant first, as text: nothing of the code under test. */
function naiveSpread(number: number, mask: number): number {
  const digits = [...number.toString(2)].reverse();
  const places = [...mask.toString(2).padStart(32, '0')].reverse();
  let taken = 0;
  return Number(
    `0b${places
      .map((place) => {
        if (place === '0') return '0';
        taken += 1;
        return digits[taken - 1] ?? '0';
      })
      .reverse()
      .join('')}`,
  );
}

describe('marks', () => {
  it('spreads bits over the mask, lowest first', () => {
    expect(spread(1, 0x3f00)).toBe(0x100);
    expect(spread(5, 0xaa)).toBe(0x22);
    expect(spread(3, 0x80000001)).toBe(0x80000001);
    for (const mask of [0x3f00, 0xff0000, 0xf0f0, 0x80000007, 0xffffffff])
      for (const number of [1, 2, 3, 7, 60, 250]) {
        expect(spread(number, mask)).toBe(
          naiveSpread(number % 2 ** [...mask.toString(2)].filter((bit) => bit === '1').length, mask),
        );
      }
  });

  it("has mwan3's built-in marks and preferences", () => {
    const marks = marksOf(0x3f00);
    expect(marks).toEqual({
      mask: 0x3f00,
      default: 0x3f00,
      unreachable: 0x3e00,
      blackhole: 0x3d00,
      capacity: 60,
    });
    expect(builtinRules(marks, 'ipv4').map(({ preference, action }) => [preference, action])).toEqual([
      [2061, 'blackhole'],
      [2062, 'unreachable'],
    ]);
    expect(wanRules(marks, { number: 60, family: 'ipv6', device: 'eth9' })).toEqual([
      { family: 'ipv6', preference: 1060, match: { iif: 'eth9' }, action: { table: 60 } },
      { family: 'ipv6', preference: 1060, match: { oif: 'eth9' }, action: { table: 60 } },
      { family: 'ipv6', preference: 2060, match: { mark: 0x3c00, mask: 0x3f00 }, action: { table: 60 } },
      { family: 'ipv6', preference: 3060, match: { mark: 0x3c00, mask: 0x3f00 }, action: 'unreachable' },
    ]);
    expect(
      wanRules(marks, { number: 1, family: 'ipv4', device: null }).map(({ preference }) => preference),
    ).toEqual([2001, 3001]);
  });

  it.each([
    [0x3f00, 60],
    [0x1f00, 28],
    [0xff00, 250],
    [0xff0000, 250],
    [0xffffffff, 250],
    [0x700, 4],
    [0x300, 0],
    [0x1, 0],
  ])('has room: mask %s, %s WANs', (mask, capacity) => {
    const marks = marksOf(mask);
    expect(marks.capacity).toBe(capacity);
    const all = Array.from({ length: capacity }, (_, index) => wanMark(marks, index + 1));
    if (capacity === 0) return;
    const distinct = new Set([0, ...all, marks.default, marks.unreachable, marks.blackhole]);
    expect(distinct.size).toBe(capacity + 4);
    for (const mark of distinct) expect((mark & ~mask) >>> 0).toBe(0);
  });

  it('says why a mask does not do', () => {
    expect(checkMarks(0x3f00, 60)).toMatchObject({ ok: true });
    expect(checkMarks(0x3f00, 61)).toEqual({
      ok: false,
      error: '0x3f00 has room for 60 interfaces, but there are 61: give it more bits.',
    });
    expect(checkMarks(0xff00, 251)).toEqual({
      ok: false,
      error: 'There are 251 interface sections; more than 250 have no routing table.',
    });
    for (const mask of [0, -1, 1.5, 2 ** 32])
      expect(checkMarks(mask, 1)).toEqual({ ok: false, error: 'Is no mask of 32 bits that has a bit set.' });
  });
});
