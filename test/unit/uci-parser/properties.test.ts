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
  const inputs: Readonly<Record<string, string>> = {
    'one open quote': `config s 'a'\n\toption x '${'y'.repeat(MIB)}`,
    'quotes in quotes': `config s 'a'\n\toption x ${`'"'"`.repeat(MIB / 4)}`,
    'one long word': `config ${'x'.repeat(MIB)}`,
    backslashes: `config s\n\toption x ${'\\'.repeat(MIB)}`,
    'joined lines': `config s\n\toption x a${'\\\n'.repeat(MIB / 2)}`,
    'empty sections': 'config s\n'.repeat(MIB / 9),
    'sections of one name': "config s 'a'\n".repeat(MIB / 13),
    'one list': `config s\n${'list l x\n'.repeat(MIB / 9)}`,
    'options of one name': `config s\n${'option o x\n'.repeat(MIB / 11)}`,
    'commands on one line': `config s\n${"option o 'x' ;".repeat(MIB / 14)}`,
    comments: '#x\n'.repeat(MIB / 3),
    'bytes that are no UTF-8': '\udcff'.repeat(MIB),
    NULs: '\0'.repeat(MIB),
  };

  // A second is the promise; the deadline is that of a machine which does five other things.
  it.each(Object.keys(inputs))(
    '%s: ends',
    (kind) => {
      const bytes = encodeText(inputs[kind] ?? '');
      parsePackage('t', bytes);
    },
    5000,
  );
});
