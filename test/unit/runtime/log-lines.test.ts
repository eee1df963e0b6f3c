import { describe, expect, it } from 'vitest';
import {
  printable,
  RECORD_BYTES,
  stderrLine,
  syslogRecords,
} from '../../../src/adapters/common/log-lines.ts';
import { decodeText } from '../../../src/lib/text.ts';

const WALL_MS = Date.UTC(2026, 10, 1, 4, 5, 6);
const words = (record: Uint8Array): string => decodeText(record).replace(/\n+$/, '');

describe('log lines', () => {
  it('are one line whatever the message holds', () => {
    expect(decodeText(stderrLine('hagw', 'err', 'a\nb\u001b[0m\u2028\u007f'))).toBe(
      'hagw: err: a\\x0ab\\x1b[0m\\x2028\\x7f\n',
    );
    expect(printable('ä € 😀')).toBe('ä € 😀');
  });

  it('become a syslog record with facility daemon, the severity and the time in UTC', () => {
    const levels = (['err', 'warning', 'notice', 'info', 'debug'] as const).map((level) =>
      syslogRecords('hagw', 812, WALL_MS, level, 'text').map(words),
    );
    expect(levels).toEqual(
      [27, 28, 29, 30, 31].map((priority) => [`<${priority}>Nov  1 04:05:06 hagw[812]: text`]),
    );
  });

  it('are cut into records of one size at the borders of characters', () => {
    const message = '€'.repeat(2000);
    const records = syslogRecords('hagw', 1, WALL_MS, 'info', message);
    expect(records.map((record) => record.length)).toEqual(records.map(() => RECORD_BYTES));
    const texts = records.map((record) => words(record).replace(/^.*?\]: /, ''));
    expect(texts.join('')).toBe(message);
    // logd reads 1023 bytes of a datagram.
    for (const record of records) expect(record.lastIndexOf(0xac)).toBeLessThan(1023);
  });

  it('say something for an empty message', () => {
    expect(syslogRecords('hagw', 1, WALL_MS, 'info', '')).toHaveLength(1);
  });
});
