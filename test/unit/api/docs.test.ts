import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { generate } from '../../../src/build/docs.mjs';
import { decodeHagw } from '../../../src/core/config/hagw.ts';
import { SECTIONS } from '../../../src/core/config/tables.ts';
import { sectionsOf } from '../config/sections.ts';

const root = join(import.meta.dirname, '../../..');
const files: Record<string, string> = await generate();

describe('what is made from the tables', () => {
  it.each(Object.keys(files))('%s is current (else: node src/build/docs.mjs)', (path) => {
    expect(readFileSync(join(root, path), 'utf8')).toBe(files[path]);
  });

  it.each(Object.entries(SECTIONS))(
    'names every option of section %s, in the docs and in the file',
    (_type, { options }) => {
      for (const name of Object.keys(options)) {
        expect(files['docs/uci-options.md']).toContain(`\`${name}\``);
        expect(files['files/etc/config/hagw']).toMatch(new RegExp(`#\\t?(option|list) ${name} '`));
      }
    },
  );

  it('the commented file is UCI, and says that nothing is set up', () => {
    const { value, problems } = decodeHagw(sectionsOf(files['files/etc/config/hagw'] ?? ''));
    expect(value).toBeNull();
    expect(problems).toHaveLength(1);
    expect(problems[0]?.text).toContain('not set up');
  });

  it('the commented file is a valid pair once its comments are options', () => {
    const text = (files['files/etc/config/hagw'] ?? '')
      .split('\n')
      .map((line) => line.replace(/^(\t?)#(?=config |\toption |option )/, '$1'))
      .join('\n');
    const { value, problems } = decodeHagw(sectionsOf(text));
    expect(problems).toEqual([]);
    expect(value?.routers.map(({ name }) => name)).toEqual(['gw-a', 'gw-b']);
    expect(value?.addresses).toHaveLength(1);
  });
});
