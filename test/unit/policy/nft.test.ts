import { describe, expect, it } from 'vitest';
import { checkTable } from '../../../src/core/nft/check.ts';
import { isDevice, isName, isPlain, nameOf, plain } from '../../../src/core/nft/names.ts';
import type { NftRule, NftTable } from '../../../src/core/nft/objects.ts';
import { renderTable } from '../../../src/core/nft/render.ts';
import { renderReplace, renderUpdate } from '../../../src/core/nft/update.ts';

const table = (rules: readonly NftRule[], more: Partial<NftTable> = {}): NftTable => ({
  family: 'inet',
  name: 'hagw',
  sets: [],
  chains: [{ name: 'main', base: null, rules, comment: 'x' }],
  ...more,
});
const rule = (change: Partial<NftRule>): NftRule => ({
  matches: [],
  statements: [{ kind: 'return' }],
  comment: 'x',
  ...change,
});

describe('names', () => {
  it.each(['main', 'wan_a', 'policy4_x.002d', '_x'])('takes %s', (name) => {
    expect(isName(name)).toBe(true);
  });
  it.each(['', '4x', 'a b', 'a;drop', 'a"b', 'a\nb', '.a', 'ä', 'a'.repeat(201)])('refuses %j', (name) => {
    expect(isName(name)).toBe(false);
  });
  it.each(['eth0', 'pppoe-wan', 'br-lan.7', 'wlan0@x'])('takes the device %s', (name) => {
    expect(isDevice(name)).toBe(true);
  });
  it.each(['', 'a b', 'a"b', 'eth*', 'a/b', 'a:b', '.', '..', 'a\\b', 'a\nb', 'abcdefghijklmnop', 'ä'])(
    'refuses the device %j',
    (name) => {
      expect(isDevice(name)).toBe(false);
    },
  );
  it('makes names of any text, one to one', () => {
    const texts = ['wan', 'wan.', 'wan-b', 'wan_b', 'wan b', 'wän', '', 'a.002d', 'a-'];
    const names = texts.map((text) => `x_${nameOf(text)}`);
    expect(names.every(isName)).toBe(true);
    expect(new Set(names).size).toBe(texts.length);
  });
  it('makes comments of any text', () => {
    for (const text of ['plain', 'a"b', 'a\\b', 'a\nb', 'ä', 'x'.repeat(300)])
      expect(isPlain(plain(text), 120)).toBe(true);
    expect(plain('rule web')).toBe('rule web');
  });
});

describe('checkTable', () => {
  it.each([
    [
      'a set that is not there',
      rule({ matches: [{ kind: 'set', side: 'source', family: 'ipv4', set: 'nosuch' }] }),
      "uses the set 'nosuch', which is not there.",
    ],
    [
      'a chain that is not there',
      rule({ statements: [{ kind: 'goto', chain: 'nosuch' }] }),
      "leads to the chain 'nosuch', which is not there.",
    ],
    [
      'a share of a chain that is not there',
      rule({ statements: [{ kind: 'balance', shares: [{ chain: 'nosuch', weight: 1 }] }] }),
      "leads to the chain 'nosuch', which is not there.",
    ],
    [
      'a weight of 0',
      rule({ statements: [{ kind: 'balance', shares: [{ chain: 'main', weight: 0 }] }] }),
      'has an empty list in its balance.',
    ],
    [
      'a device with a quote',
      rule({ matches: [{ kind: 'oif', device: 'a"b' }] }),
      `names the device 'a"b', which cannot be one.`,
    ],
    [
      'an empty map',
      rule({ statements: [{ kind: 'iif-map', chains: [] }] }),
      'has an empty list in its iif-map.',
    ],
    ['a comment with a line end', rule({ comment: 'a\nb' }), 'has a comment that cannot be written.'],
    [
      'a log prefix with a quote',
      rule({ statements: [{ kind: 'log', prefix: '"', level: 'info' }] }),
      'has a log prefix that cannot be written.',
    ],
  ])('names %s', (_, wrong, text) => {
    expect(checkTable(table([wrong]))).toEqual([`Rule 1 of chain 'main' ${text}`]);
    expect(() => renderTable(table([wrong]))).toThrow(text);
  });

  it('names objects of one name and names that nft does not take', () => {
    const main = table([]).chains;
    expect(checkTable(table([], { chains: [...main, ...main] }))).toEqual(['Two chains have one name.']);
    expect(checkTable(table([], { name: 'x y' }))).toEqual([
      "Table 'x y' has a name that nft does not take.",
    ]);
    expect(checkTable(table([]))).toEqual([]);
  });

  it('lets no address through that is none', () => {
    const any = [{ address: '1.2.3.4 } ; drop', mask: 32 }];
    expect(() =>
      renderTable(table([rule({ matches: [{ kind: 'address', side: 'source', family: 'ipv4', any }] })])),
    ).toThrow('is no address');
    const set = {
      name: 's',
      type: 'ipv4_addr',
      flags: [],
      autoMerge: false,
      elements: ['1.2.3.4 }'],
      comment: '',
    } as const;
    expect(() => renderTable(table([], { sets: [set] }))).toThrow('is no address');
  });
});

describe('transactions', () => {
  const set = { name: 's', type: 'ipv4_addr', flags: ['interval'], autoMerge: false, comment: 'x' } as const;
  const before = table([], { sets: [{ ...set, elements: ['10.0.0.0/8', '192.0.2.1'] }] });

  it('are empty for no difference', () => {
    expect(renderUpdate(before, before)).toBe('');
  });

  it('change the elements that differ', () => {
    const after = table([], { sets: [{ ...set, elements: ['10.0.0.0/8', '192.0.2.2'] }] });
    expect(renderUpdate(before, after)).toBe(
      'delete element inet hagw s { 192.0.2.1 }\nadd element inet hagw s { 192.0.2.2 }\n',
    );
  });

  it('leave sets that others fill alone', () => {
    const held = table([], { sets: [{ ...set, elements: null }] });
    expect(renderUpdate(held, held)).toBe('');
    expect(renderReplace(held)).not.toContain('flush set');
  });

  it('make the table anew if a set is another one', () => {
    const after = table([], { sets: [{ ...set, type: 'ipv6_addr', elements: null }] });
    expect(renderUpdate(before, after)).toContain('delete table inet hagw\n');
  });
});
