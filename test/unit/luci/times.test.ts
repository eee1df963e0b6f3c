import { describe, expect, it } from 'vitest';
import { agoText, momentText } from '../../../luci/src/components/times.ts';

const NOW = 1_795_237_899_000;
const ago = (ms: number, language = 'en') => agoText(NOW - ms, NOW, language);

describe('agoText', () => {
  it.each([
    [0, 'now'],
    [999, 'now'],
    [1000, '1 sec. ago'],
    [59_999, '59 sec. ago'],
    [60_000, '1 min. ago'],
    [3_599_999, '59 min. ago'],
    [3_600_000, '1 hr. ago'],
    [86_399_999, '23 hr. ago'],
    [86_400_000, 'yesterday'],
    [864_000_000, '10 days ago'],
  ])('says of %i ms: %s', (ms, text) => {
    expect(ago(ms)).toBe(text);
  });

  it('never speaks of the future: a moment after the status was made is now', () => {
    expect(ago(-5000)).toBe('now');
  });

  it("speaks the page's language, with LuCI's spelling of it, and any if that is not one", () => {
    expect(ago(5000, 'de')).toBe('vor 5 Sek.');
    expect(ago(5000, 'pt_br')).toMatch(/^há 5/);
    expect(ago(5000, '?')).toMatch(/5/);
    expect(ago(5000, '')).toMatch(/5/);
  });
});

describe('momentText', () => {
  it('gives the date and the time to the second', () => {
    const text = momentText(NOW, 'en');
    expect(text).toMatch(/2026/);
    expect(text).toMatch(/\d+:\d\d:39/);
  });
});
