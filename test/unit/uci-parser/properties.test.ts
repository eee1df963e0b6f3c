import fc from 'fast-check';
import {
  decodeText,
  encodeText,
  parseDelta,
  parsePackage,
  printDelta,
  printPackage,
  type UciChange,
  type UciPackage,
} from 'uci-parser';
import { describe, expect, it } from 'vitest';
import { anyFile } from './arbitraries.ts';

const name = fc.stringMatching(/^[A-Za-z0-9_]{1,12}$/);
const value = fc.string({ unit: 'binary', maxLength: 40 }).filter((text) => !/[\0\ud800-\udfff]/.test(text));
const nonEmpty = value.filter((text) => text !== '');

const anyPackage: fc.Arbitrary<UciPackage> = fc
  .uniqueArray(
    fc.record({
      type: fc.stringMatching(/^[!-~]{1,10}$/),
      name,
      options: fc.uniqueArray(
        fc.tuple(name, fc.oneof(nonEmpty, fc.array(value, { minLength: 1, maxLength: 4 }))),
        { selector: ([key]) => key, maxLength: 5 },
      ),
    }),
    { selector: (section) => section.name, maxLength: 6 },
  )
  .map((sections) => ({
    name: 't',
    sections: sections.map((section) => ({
      type: section.type,
      name: section.name,
      anonymous: false,
      options: new Map(section.options),
      line: 0,
    })),
  }));

function contents(pkg: UciPackage): unknown {
  return pkg.sections.map((section) => [section.type, section.name, [...section.options]]);
}

describe('text', () => {
  it('keeps any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect([...encodeText(decodeText(bytes))]).toEqual([...bytes]);
      }),
    );
  });

  it('is UTF-8 where it can be', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 80 }), (text) => {
        expect([...encodeText(text)]).toEqual([...new TextEncoder().encode(text)]);
        expect(decodeText(new TextEncoder().encode(text))).toBe(text);
      }),
    );
  });
});

describe('packages', () => {
  it('come back as they were printed', () => {
    fc.assert(
      fc.property(anyPackage, (pkg) => {
        const again = parsePackage('t', printPackage(pkg));
        expect(again.ok && contents(again.value)).toEqual(contents(pkg));
      }),
    );
  });

  it('print to a fixed point', () => {
    fc.assert(
      fc.property(anyFile, (text) => {
        const parsed = parsePackage('t', text);
        fc.pre(parsed.ok);
        if (!parsed.ok) return;
        const once = printPackage(parsed.value);
        const again = parsePackage('t', once);
        expect(again.ok && printPackage(again.value)).toBe(once);
      }),
      { numRuns: 1000 },
    );
  });

  it('never throw, whatever the bytes', () => {
    const words = fc.constantFrom(
      'config ',
      'option ',
      'list ',
      "'",
      '"',
      '\\',
      '#',
      ';',
      '\n',
      '\0',
      ' ',
      'x',
    );
    const hostile = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.array(words, { maxLength: 60 }).map((parts) => encodeText(parts.join(''))),
    );
    fc.assert(
      fc.property(hostile, (bytes) => {
        const parsed = parsePackage('t', bytes);
        if (!parsed.ok) expect(parsed.error.message).toMatch(/^Parse error \(.+\) at line \d+, byte \d+$/);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('deltas', () => {
  it('come back as they were printed', () => {
    const change: fc.Arbitrary<UciChange> = fc.oneof(
      fc.record({ op: fc.constant('set' as const), section: name, option: name, value: nonEmpty }),
      fc.record({ op: fc.constant('list-add' as const), section: name, option: name, value: nonEmpty }),
      fc.record({ op: fc.constant('remove' as const), section: name, option: name }),
      fc.record({ op: fc.constant('rename' as const), section: name, value: name }),
    );
    const printable = (text: string | undefined) =>
      text === undefined || !/[\x00-\x08\x0b\x0c\x0e-\x1f]/.test(text);
    fc.assert(
      fc.property(fc.array(change, { maxLength: 6 }), (changes) => {
        fc.pre(changes.every((item) => printable(item.value)));
        expect(parseDelta('t', printDelta('t', changes))).toEqual({ changes, invalid: [] });
      }),
    );
  });
});

describe('1 MiB of hostile input', () => {
  const MIB = 1 << 20;
  const inputs: Readonly<Record<string, (size: number) => string>> = {
    'one open quote': (size) => `config s 'a'\n\toption x '${'y'.repeat(size)}`,
    'quotes in quotes': (size) => `config s 'a'\n\toption x ${`'"'"`.repeat(size / 4)}`,
    'one long word': (size) => `config ${'x'.repeat(size)}`,
    backslashes: (size) => `config s\n\toption x ${'\\'.repeat(size)}`,
    'joined lines': (size) => `config s\n\toption x a${'\\\n'.repeat(size / 2)}`,
    'empty sections': (size) => 'config s\n'.repeat(size / 9),
    'sections of one name': (size) => "config s 'a'\n".repeat(size / 13),
    'one list': (size) => `config s\n${'list l x\n'.repeat(size / 9)}`,
    'options of one name': (size) => `config s\n${'option o x\n'.repeat(size / 11)}`,
    'commands on one line': (size) => `config s\n${"option o 'x' ;".repeat(size / 14)}`,
    comments: (size) => '#x\n'.repeat(size / 3),
    'bytes that are no UTF-8': (size) => '\udcff'.repeat(size),
    NULs: (size) => '\0'.repeat(size),
  };
  const SMALLER = 16;

  /** Milliseconds of processor time of parsing it, the least of three: what else the machine does is not in it. */
  function costOf(text: string): number {
    const bytes = encodeText(text);
    const runs = [1, 2, 3].map(() => {
      const before = process.cpuUsage();
      const parsed = parsePackage('t', bytes);
      const { user, system } = process.cpuUsage(before);
      if (!parsed.ok) expect(parsed.error.message).toMatch(/^Parse error/);
      return (user + system) / 1000;
    });
    return Math.min(...runs);
  }

  it.each(Object.entries(inputs))('%s: costs no more than its length', (_kind, make) => {
    costOf(make(MIB / SMALLER));
    const small = costOf(make(MIB / SMALLER));
    const large = costOf(make(MIB));
    // The square of it would be 256 times as much. Below a quarter of a second nobody is kept waiting, and a clock tick counts.
    expect(large).toBeLessThan(Math.max(250, small * SMALLER * 6));
  });
});
