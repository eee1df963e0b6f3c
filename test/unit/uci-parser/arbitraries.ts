/** Arbitrary UCI files in odd layouts, and arbitrary edits that often hit what is in them. */
import fc from 'fast-check';
import type { UciEdit } from 'uci-parser';

const sectionName = fc.constantFrom('a', 'b', 'c', 'wan_1');
const optionName = fc.constantFrom('x', 'y', 'z', 'list');
const type = fc.constantFrom('s', 'rule', 'long-type', "it's#odd;");
const value = fc.oneof(
  fc.constantFrom('', '1', 'x y', "it's", 'a"b', 'tab\tin', '#no', 'a;b', 'ä', '\\', 'line\nbreak', '\udcff'),
  fc.string({ maxLength: 6 }).filter((text) => !/[\0\ud800-\udfff]/.test(text)),
);

const single = (text: string) => `'${text.replace(/'/g, "'\\''")}'`;
const double = (text: string) => `"${text.replace(/(["\\])/g, '\\$1')}"`;
const bare = (text: string) =>
  text.replace(/[\s\S]/g, (c) =>
    /[A-Za-z0-9_.]/.test(c) || c > '\x7f' ? c : c === '\n' ? `'\n'` : `\\${c}`,
  );
const word = (of: fc.Arbitrary<string>) =>
  fc
    .tuple(of, fc.constantFrom(single, double, bare))
    .map(([text, style]) => (text === '' ? "''" : style(text)));
const gap = fc.constantFrom(' ', '  ', '\t', ' \t ');
const tail = fc.constantFrom(
  '',
  '',
  '',
  ' ',
  ' # note',
  '#glued',
  ' ;',
  '; dead text',
  " ; option y 'live'",
  '\\\n',
);
const trivia = fc.constantFrom(
  '',
  '',
  '# comment\n',
  '\n',
  '   \n',
  '\t#x\n# y\n',
  '\n\n',
  'package other\n',
);
const eol = fc.constantFrom('\n', '\n', '\n', '\r\n');

const header = fc
  .tuple(
    fc.constantFrom('config', 'c', ' config'),
    gap,
    word(type),
    fc.option(fc.tuple(gap, fc.oneof(word(sectionName), fc.constant("''")))),
    tail,
    eol,
  )
  .map(
    ([keyword, space, kind, name, rest, end]) =>
      `${keyword}${space}${kind}${name === null ? '' : name.join('')}${rest}${end}`,
  );
const option = fc
  .tuple(
    fc.constantFrom('\t', '', '    '),
    fc.constantFrom('option', 'o', 'list', 'l'),
    gap,
    word(optionName),
    fc.option(fc.tuple(gap, word(value)), { freq: 9 }),
    tail,
    eol,
  )
  .map(
    ([indent, keyword, space, name, given, rest, end]) =>
      `${indent}${keyword}${space}${name}${given === null ? '' : given.join('')}${rest}${end}`,
  );

/** Text that is often, not always, a valid file. */
export const anyFile = fc
  .tuple(
    trivia,
    fc.array(fc.tuple(header, fc.array(fc.tuple(trivia, option), { maxLength: 5 }), trivia), {
      maxLength: 4,
    }),
    fc.boolean(),
  )
  .map(([head, sections, cutEnd]) => {
    const body = sections
      .map(([line, options, after]) => line + options.map((pair) => pair.join('')).join('') + after)
      .join('');
    const text = head + body;
    return cutEnd ? text.replace(/\r?\n$/, '') : text;
  });

const reference = fc.oneof(
  sectionName,
  fc
    .tuple(fc.constantFrom('s', 'rule', ''), fc.integer({ min: -2, max: 2 }))
    .map(([kind, n]) => `@${kind}[${n}]`),
);
const anyValue = fc.oneof(value, fc.array(value, { maxLength: 3 }));

export const anyEdit: fc.Arbitrary<UciEdit> = fc.oneof(
  fc.record({ op: fc.constant('set' as const), section: reference, option: optionName, value: anyValue }),
  fc.record({ op: fc.constant('add-list' as const), section: reference, option: optionName, value }),
  fc.record({ op: fc.constant('del-list' as const), section: reference, option: optionName, value }),
  fc.record({ op: fc.constant('delete' as const), section: reference, option: optionName }),
  fc.record({ op: fc.constant('delete' as const), section: reference }),
  fc.record({
    op: fc.constant('rename' as const),
    section: reference,
    name: fc.constantFrom('a', 'n1', 'n2'),
  }),
  fc.record({ op: fc.constant('rename' as const), section: reference, option: optionName, name: optionName }),
  fc.record({ op: fc.constant('type' as const), section: reference, type }),
  fc.record({
    op: fc.constant('move' as const),
    section: reference,
    position: fc.integer({ min: -1, max: 5 }),
  }),
  fc.record(
    {
      op: fc.constant('add' as const),
      type,
      name: fc.constantFrom('d', 'e', 'a'),
      options: fc.dictionary(optionName, anyValue, { maxKeys: 2 }),
      position: fc.integer({ min: -1, max: 4 }),
    },
    { requiredKeys: ['op', 'type'] },
  ),
);

export const anyEdits = fc.array(anyEdit, { minLength: 1, maxLength: 4 });
