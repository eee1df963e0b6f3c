import { describe, expect, it } from 'vitest';
import { longestOf, silencesOf } from '../../lab/silence.ts';

describe('silences', () => {
  const arrivals = [1000, 1010, 1020, 1300, 1310, 1400];

  it('are the times between two answers', () => {
    expect(silencesOf(arrivals, 1410, 50)).toEqual([
      { from: 1020, ms: 280 },
      { from: 1310, ms: 90 },
    ]);
  });

  it('last until the end if no answer came any more', () => {
    expect(longestOf(silencesOf(arrivals, 9400, 0))).toEqual({ from: 1400, ms: 8000 });
  });

  it('have no longest one without two moments', () => {
    expect(longestOf(silencesOf([], 5000, 0))).toBeNull();
  });

  it('give the first of two equal ones', () => {
    expect(longestOf(silencesOf([0, 100, 200], 250, 0))).toEqual({ from: 0, ms: 100 });
  });
});
