/** An import as text: the sections in UCI's file format, and the notes as lines. */
import { quote } from 'uci-parser';
import type { UciSection } from '../config/uci.ts';
import type { ImportNote } from './imported.ts';

/** The sections as they would stand in a file (what `uci export` prints, without the package line). */
export function printSections(sections: readonly UciSection[]): string {
  return sections
    .map(({ type, name, options }) => {
      const head = name === null ? `config ${type}` : `config ${type} ${quote(name)}`;
      const lines = options.flatMap((option) =>
        typeof option.value === 'string'
          ? [`\toption ${option.name} ${quote(option.value)}`]
          : option.value.map((item) => `\tlist ${option.name} ${quote(item)}`),
      );
      return `${[head, ...lines].join('\n')}\n`;
    })
    .join('\n');
}

/** One line for each note: `12 mapped uplinks[0].weight: Is the weight of the member.` */
export function printNotes(notes: readonly ImportNote[]): string {
  return notes
    .map(({ line, kind, from, text }) => `${line === null ? '-' : String(line)} ${kind} ${from}: ${text}\n`)
    .join('');
}
