/** blobmsg values: typed, plain, as text; against literals, the naive twin and random values. */
import {
  type BlobmsgEntry,
  type BlobmsgValue,
  decodeBlobmsg,
  decodeTable,
  decodeUtf8,
  encodeBlobmsg,
  encodeTable,
  encodeUtf8,
  LocalProtocolError,
  MAX_DEPTH,
  type PlainValue,
  plainToValue,
  valueToPlain,
} from '@openwrt/ubus-client/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { naiveBlobmsg } from './naive.ts';

const hex = (text: string) => new Uint8Array(Buffer.from(text.replace(/ /g, ''), 'hex'));

const VALUES: readonly (readonly [BlobmsgEntry, string])[] = [
  [{ name: 'n', type: 'unspec', value: null }, '80000008 00016e00'],
  [{ name: 's', type: 'string', value: 'a' }, '8300000a 00017300 61000000'],
  [{ name: '', type: 'string', value: '' }, '83000009 00000000 00000000'],
  [{ name: 'i8', type: 'int8', value: -1 }, '8700000d 00026938 00000000 ff000000'],
  [{ name: 's', type: 'int16', value: -2 }, '8600000a 00017300 fffe0000'],
  [{ name: 's', type: 'int32', value: -2147483648 }, '8500000c 00017300 80000000'],
  [{ name: 's', type: 'int64', value: -(BigInt(2) ** BigInt(63)) }, '84000010 00017300 80000000 00000000'],
  [{ name: 's', type: 'double', value: 2.25 }, '88000010 00017300 40020000 00000000'],
  [{ name: 't', type: 'table', value: [] }, '82000008 00017400'],
  [
    {
      name: 'a',
      type: 'array',
      value: [
        { name: '', type: 'int32', value: 1 },
        { name: '', type: 'string', value: 'x' },
      ],
    },
    '81000020 00016100 8500000c 00000000 00000001 8300000a 00000000 78000000',
  ],
];

const anyEntry: fc.Arbitrary<BlobmsgEntry> = fc.letrec<{ entry: BlobmsgEntry }>((tie) => {
  const name = fc.string({ maxLength: 12, unit: 'grapheme' });
  const members = fc.array(tie('entry'), { maxLength: 4 });
  const leaf = <T extends BlobmsgValue['type']>(type: T, value: fc.Arbitrary<unknown>) =>
    fc.record({ name, type: fc.constant(type), value }) as unknown as fc.Arbitrary<BlobmsgEntry>;
  return {
    entry: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      leaf('string', fc.string({ unit: 'grapheme' })),
      leaf('unspec', fc.constant(null)),
      leaf('int8', fc.integer({ min: -128, max: 127 })),
      leaf('int16', fc.integer({ min: -32768, max: 32767 })),
      leaf('int32', fc.integer()),
      leaf('int64', fc.bigInt({ min: -(BigInt(2) ** BigInt(63)), max: BigInt(2) ** BigInt(63) - BigInt(1) })),
      leaf('double', fc.double()),
      leaf('table', members),
      leaf('array', members),
    ),
  };
}).entry;

describe('typed values', () => {
  it.each(VALUES)('%o', (entry, text) => {
    expect(Buffer.from(encodeBlobmsg([entry])).toString('hex')).toBe(text.replace(/ /g, ''));
    expect(Buffer.from(naiveBlobmsg([entry])).toString('hex')).toBe(text.replace(/ /g, ''));
    expect(decodeBlobmsg(hex(text))).toEqual({ ok: true, value: [entry] });
  });

  it('are what the naive twin makes of them, and come back', () => {
    fc.assert(
      fc.property(fc.array(anyEntry, { maxLength: 6 }), (entries) => {
        const bytes = encodeBlobmsg(entries);
        expect(Buffer.from(bytes).equals(naiveBlobmsg(entries))).toBe(true);
        const decoded = decodeBlobmsg(bytes);
        expect(decoded).toEqual({ ok: true, value: entries });
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    ['without the extended bit', '0500000c 00017300 80000000', 'value-name'],
    ['of type 9', '8900000c 00017300 80000000', 'value-type'],
    ['too short for a name', '83000006 00000000', 'value-name'],
    ['with a name longer than itself', '8500000c 00ff7300 80000000', 'value-name'],
    [
      'of type unspec with a name that reaches into the next one',
      '80000008 00046161 80000008 00016200',
      'value-name',
    ],
    ['with a name without end', '8500000c 00017361 80000000', 'string-end'],
    ['int32 of three bytes', '8500000b 00017300 80000000', 'value-length'],
    ['int8 of four bytes', '8700000c 00017300 00000001', 'value-length'],
    ['int32 of no bytes', '85000008 00017300', 'value-length'],
    ['string without end', '8300000c 00017300 61626364', 'string-end'],
    ['string of nothing', '83000008 00017300', 'string-end'],
    ['longer than what is there', '8300ffff 00017300 61626364', 'attribute-length'],
    ['inside another one too long', '82000010 00017400 85000010 00017300', 'attribute-length'],
  ])('%s is refused', (_, text, code) => {
    expect(decodeBlobmsg(hex(text))).toMatchObject({ ok: false, error: { code, side: 'remote' } });
  });

  it('may be nested to the limit and no deeper', () => {
    const nested = (levels: number): BlobmsgEntry[] => {
      let entries: BlobmsgEntry[] = [];
      for (let i = 1; i < levels; i++) entries = [{ name: 't', type: 'table', value: entries }];
      return entries;
    };
    expect(decodeBlobmsg(encodeBlobmsg(nested(MAX_DEPTH))).ok).toBe(true);
    expect(() => encodeBlobmsg(nested(MAX_DEPTH + 1))).toThrow(LocalProtocolError);
    expect(decodeBlobmsg(naiveBlobmsg(nested(MAX_DEPTH + 1)))).toMatchObject({
      ok: false,
      error: { code: 'value-depth' },
    });
  });
});

describe('plain values', () => {
  const plain: readonly (readonly [PlainValue, string])[] = [
    [null, 'unspec'],
    [true, 'int8'],
    [2147483647, 'int32'],
    [2147483648, 'int64'],
    [-2147483649, 'int64'],
    [Number.MAX_SAFE_INTEGER, 'int64'],
    [BigInt('9007199254740993'), 'int64'],
    [BigInt('-9223372036854775808'), 'int64'],
    [0.1, 'double'],
    [1e300, 'double'],
    ['x', 'string'],
    [[1, [2]], 'array'],
    [{ a: { b: 'c' } }, 'table'],
  ];

  it.each(plain)('%s is sent as %s and comes back', (value, type) => {
    const typed = plainToValue(value);
    expect(typed.type).toBe(type);
    expect(valueToPlain(typed)).toEqual(value);
    expect(decodeTable(encodeTable({ v: value }))).toEqual({ ok: true, value: { v: value } });
  });

  it('leave out what is undefined, and take small bigints as int32', () => {
    const table = { a: undefined, b: BigInt(5) } as unknown as Record<string, PlainValue>;
    expect(decodeTable(encodeTable(table))).toEqual({ ok: true, value: { b: 5 } });
  });

  it('any non-zero int8 is true', () => {
    expect(valueToPlain({ type: 'int8', value: 2 })).toBe(true);
  });

  it.each([
    ['an integer beyond 64 bits', BigInt(2) ** BigInt(63)],
    ['a function', () => 1],
    ['a symbol', Symbol('x')],
  ])('%s can not be sent', (_, value) => {
    expect(() => encodeTable({ v: value as unknown as PlainValue })).toThrow(LocalProtocolError);
  });

  it('that contain themselves can not be sent', () => {
    const loop: Record<string, PlainValue> = {};
    loop.self = loop;
    expect(() => encodeTable(loop)).toThrow(LocalProtocolError);
    const list: PlainValue[] = [];
    list.push(list);
    expect(() => encodeTable({ list })).toThrow(LocalProtocolError);
  });

  it('with the names of what objects have are only names', () => {
    const bytes = naiveBlobmsg([
      { name: '__proto__', type: 'table', value: [{ name: 'polluted', type: 'int8', value: 1 }] },
      { name: 'constructor', type: 'int32', value: 1 },
    ]);
    const table = decodeTable(bytes);
    expect(table.ok && Object.keys(table.value)).toEqual(['__proto__', 'constructor']);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

describe('text', () => {
  it('is UTF-8, as Node has it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(Buffer.from(encodeUtf8(text)).equals(Buffer.from(text))).toBe(true);
        expect(decodeUtf8(encodeUtf8(text))).toBe(text);
      }),
    );
  });

  it('keeps bytes that are no UTF-8', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        expect(encodeUtf8(decodeUtf8(bytes))).toEqual(bytes);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['overlong', 'c080', '\udcc0\udc80'],
    ['overlong, three bytes', 'e08080', '\udce0\udc80\udc80'],
    ['a surrogate', 'eda080', '\udced\udca0\udc80'],
    ['beyond U+10FFFF', 'f4908080', '\udcf4\udc90\udc80\udc80'],
    ['cut short', 'e282', '\udce2\udc82'],
    ['Latin-1', '66fc72', 'f\udcfcr'],
    ['the last code point', 'f48fbfbf', '\u{10ffff}'],
  ])('%s', (_, bytes, text) => {
    expect(decodeUtf8(hex(bytes))).toBe(text);
    expect(Buffer.from(encodeUtf8(text)).toString('hex')).toBe(bytes);
  });

  it('has U+FFFD for a surrogate that stands for no byte', () => {
    expect(Buffer.from(encodeUtf8('\ud800x\udc00')).toString('hex')).toBe('efbfbd78efbfbd');
  });

  it('is not limited in length', () => {
    const long = 'ä😀x'.repeat(100_000);
    expect(decodeUtf8(encodeUtf8(long))).toBe(long);
  });
});
