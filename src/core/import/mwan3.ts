/**
 * What of an existing configuration of mwan3 holds under hagw's engine. The sections stay as they are: it is the same file. The
 * notes say which options mean something else, and what is wrong; errors are notes, too, as the file shall be shown whole.
 */
import { decodeMultiWan } from '../config/multiwan.ts';
import type { MultiWanTable } from '../config/multiwan-option.ts';
import { MULTI_WAN } from '../config/multiwan-tables.ts';
import type { UciSection } from '../config/uci.ts';
import type { Imported, ImportNote } from './imported.ts';

const TABLES: Readonly<Record<string, { readonly options: MultiWanTable }>> = MULTI_WAN;

/** The options in use that differ from mwan3, each once, in the order of the tables. */
function differences(sections: readonly UciSection[]): readonly ImportNote[] {
  return Object.entries(TABLES).flatMap(([type, { options }]) => {
    const used = new Set(
      sections
        .filter((section) => section.type === type)
        .flatMap((section) => section.options.map(({ name }) => name)),
    );
    return Object.entries(options).flatMap(([name, { differs }]): ImportNote[] =>
      differs === undefined || !used.has(name)
        ? []
        : [{ line: null, kind: 'mapped', from: `${type}.${name}`, text: differs }],
    );
  });
}

/** An interface that writes no interval is probed far more often than by mwan3: its owner should know. */
function timing(sections: readonly UciSection[]): readonly ImportNote[] {
  const names = sections.flatMap((section) =>
    section.type === 'interface' &&
    section.name !== null &&
    !section.options.some(({ name }) => name === 'interval' || name === 'interval_ms')
      ? [section.name]
      : [],
  );
  if (names.length === 0) return [];
  const text = `Is not set for ${names.join(', ')}: probed by the sub-second default instead of every 10 s.`;
  return [{ line: null, kind: 'mapped', from: 'interface.interval', text }];
}

/** @param sections of /etc/config/mwan3. */
export function importMwan3(sections: readonly UciSection[]): Imported {
  const problems = decodeMultiWan(sections).problems.map(
    ({ severity, where, text }): ImportNote => ({
      line: null,
      kind: 'dropped',
      from: where,
      text: severity === 'error' ? `${text} As long as it is there, the file is not taken over.` : text,
    }),
  );
  return { sections, notes: [...problems, ...timing(sections), ...differences(sections)] };
}
