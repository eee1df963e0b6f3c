import { describe, expect, it } from 'vitest';
import { clean, createPaint, durationText, tableText } from '../../../src/cli/format.ts';

describe('durationText', () => {
  it.each([
    [-5, '0 s'],
    [400, '0.4 s'],
    [59_999, '59 s'],
    [307_000, '5 min 7 s'],
    [3_600_000, '1 h 0 min'],
    [273_600_000, '3 d 4 h'],
  ])('%d ms is %s', (ms, text) => {
    expect(durationText(ms)).toBe(text);
  });
});

describe('tableText', () => {
  it('aligns columns by what is seen, not by the colours', () => {
    const paint = createPaint(true);
    const rows = [
      [{ text: 'a', paint: paint.bad }, { text: 'x' }],
      [{ text: 'long' }, { text: 'y' }],
    ];
    expect(tableText(rows, ' ')).toBe(' \x1b[31ma\x1b[0m     x\n long  y\n');
  });
});

describe('clean', () => {
  it('takes away what a terminal would obey', () => {
    expect(clean('a\x1b[2J\n\x9bé')).toBe('a?[2J??é');
  });
});
