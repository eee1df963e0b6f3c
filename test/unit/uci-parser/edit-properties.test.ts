import fc from 'fast-check';
import { applyEdits, editPackage, parsePackage, type UciPackage } from 'uci-parser';
import { describe, expect, it } from 'vitest';
import { anyEdits, anyFile } from './arbitraries.ts';

function contents(pkg: UciPackage): unknown {
  return pkg.sections.map((section) => [section.type, section.name, section.anonymous, [...section.options]]);
}

const IN_PLACE = 'The edit cannot be made in place';

describe('edits in place', () => {
  it('say what the edits on the package say', () => {
    fc.assert(
      fc.property(anyFile, anyEdits, (text, edits) => {
        const parsed = parsePackage('t', text);
        fc.pre(parsed.ok);
        if (!parsed.ok) return;
        const edited = editPackage(text, edits);
        // A `;` ends or revives the rest of its line in ways that no edit can be fitted to: then it is refused.
        if (!edited.ok && edited.error.message.startsWith(IN_PLACE)) {
          expect(text).toContain(';');
          return;
        }
        const applied = applyEdits(parsed.value, edits);
        expect(edited.ok ? '' : edited.error.message).toBe(applied.ok ? '' : applied.error.message);
        if (!edited.ok || !applied.ok) return;
        const again = parsePackage('t', edited.value);
        expect(again.ok && contents(again.value)).toEqual(contents(applied.value));
      }),
      { numRuns: 2000 },
    );
  });

  it('keep every line that an option does not stand on', () => {
    const text = [
      '# the house',
      "config wan 'a' # first",
      '',
      "\toption   x   'old' # why",
      '    option y "kept"   # with blanks',
      '\t# between',
      "\tlist z 'one'",
      "config wan 'b'",
      '\toption x bare',
      '# the end',
      '',
    ].join('\n');
    const edited = editPackage(text, [{ op: 'set', section: 'a', option: 'x', value: 'new' }]);
    expect(edited).toEqual({ ok: true, value: text.replace("'old'", "'new'") });
    const removed = editPackage(text, [{ op: 'delete', section: 'a', option: 'x' }]);
    const without = text
      .split('\n')
      .filter((line) => !line.includes("'old'"))
      .join('\n');
    expect(removed).toEqual({ ok: true, value: without });
  });

  it('change nothing when they say what the file says', () => {
    fc.assert(
      fc.property(anyFile, (text) => {
        const parsed = parsePackage('t', text);
        fc.pre(parsed.ok && !text.includes(';'));
        if (!parsed.ok) return;
        const same = parsed.value.sections.flatMap((section) =>
          section.anonymous
            ? []
            : [...section.options].map(([option, value]) => ({
                op: 'set' as const,
                section: section.name,
                option,
                value,
              })),
        );
        const edited = editPackage(text, same);
        fc.pre(!same.some(({ value }) => value === '' || value.length === 0));
        const again = parsePackage('t', edited.ok ? edited.value : '');
        expect(edited.ok && again.ok && contents(again.value)).toEqual(contents(parsed.value));
      }),
      { numRuns: 500 },
    );
  });
});
