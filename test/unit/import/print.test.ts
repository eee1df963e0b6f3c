import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { importFaultTolerantRouter } from '../../../src/core/import/fault-tolerant-router.ts';
import { importMwan3 } from '../../../src/core/import/mwan3.ts';
import { printNotes, printSections } from '../../../src/core/import/print.ts';
import { section, sectionsOf } from '../config/sections.ts';

const root = join(import.meta.dirname, '../../..');

describe('printed', () => {
  it('sections read back as they were', () => {
    const text = readFileSync(join(root, 'docs/examples/fault-tolerant-router.yaml'), 'utf8');
    const result = importFaultTolerantRouter(text);
    if (!result.ok) throw new Error(result.error.text);
    const { sections } = result.value;
    expect(sectionsOf(printSections(sections))).toEqual(sections);
    const odd = [section('rule', 'r', { src_ip: ["it's", 'a b'], proto: "'" })];
    expect(sectionsOf(printSections(odd))).toEqual(odd);
  });

  it('notes are one line each', () => {
    expect(
      printNotes([
        { line: 3, kind: 'mapped', from: 'a.b', text: 'Is c.' },
        { line: null, kind: 'dropped', from: 'd', text: 'Is e.' },
      ]),
    ).toBe('3 mapped a.b: Is c.\n- dropped d: Is e.\n');
  });
});

describe('mwan3', () => {
  const notesOf = (text: string) =>
    importMwan3(sectionsOf(text)).notes.map(({ kind, from, text: what }) => `${kind} ${from}: ${what}`);

  it('keeps the sections, and says what differs of the options in use', () => {
    const text = readFileSync(join(root, 'test/captures/mwan3/05-last-resort/mwan3'), 'utf8');
    expect(importMwan3(sectionsOf(text)).sections).toEqual(sectionsOf(text));
    const notes = notesOf(text);
    expect(notes[0]).toContain("dropped mwan3.lr_typo.last_resort: Is 'Default'");
    expect(notes.some((note) => note.startsWith('mapped interface.reliability: More than there are'))).toBe(
      true,
    );
    expect(notes.some((note) => note.startsWith('mapped rule.sticky'))).toBe(false);
    expect(
      notes.some((note) => note.includes('is probed') || note.includes('probed by the sub-second')),
    ).toBe(false);
  });

  it('tells of the faster probes, and of what keeps the file from being taken over', () => {
    const notes = notesOf(
      "config interface 'wan'\n\toption enabled '1'\n\nconfig rule 'r'\n\toption use_policy 'gone'\n",
    );
    expect(notes).toContain(
      "dropped mwan3.r.use_policy: Is 'gone', which is no policy section. As long as it is there, the file is not taken over.",
    );
    expect(notes).toContain(
      'mapped interface.interval: Is not set for wan: probed by the sub-second default instead of every 10 s.',
    );
  });
});
