/** Sections for tests, in the short form `section('router', 'gw_a', { option: value })`. */
import { parseConfig } from '../../../src/core/config/parse.ts';
import type { UciSection } from '../../../src/core/config/uci.ts';
import { encodeText } from '../../../src/lib/text.ts';

export function section(
  type: string,
  name: string | null,
  options: Readonly<Record<string, string | readonly string[]>> = {},
): UciSection {
  return { type, name, options: Object.entries(options).map(([key, value]) => ({ name: key, value })) };
}

/** The sections of a UCI text that parses. */
export function sectionsOf(text: string): readonly UciSection[] {
  const reading = parseConfig('test', { ok: true, value: encodeText(text) });
  if (reading.kind !== 'read') throw new Error(`the test's UCI does not parse: ${JSON.stringify(reading)}`);
  return reading.sections;
}

/** A pair that is right; `changes` by section name, an option null is left out. */
export function pairSections(
  changes: Readonly<Record<string, Readonly<Record<string, string | readonly string[] | null>>>> = {},
): UciSection[] {
  const base = [
    section('globals', 'globals', { sync_interface: 'sync' }),
    section('router', 'gw_a', { name: 'gw-a', sync_address: '10.255.255.1' }),
    section('router', 'gw_b', { name: 'gw-b', sync_address: '10.255.255.2' }),
    section('address', 'lan', { interface: 'lan', address: '192.168.1.1/24', vrid: '10' }),
    section('address', 'wan', { interface: 'wan', address: '203.0.113.10/24', vrid: '20' }),
  ];
  return base.map((item) => {
    const change = changes[item.name ?? ''] ?? {};
    const kept = item.options.filter(({ name }) => !Object.keys(change).includes(name));
    const added = Object.entries(change).flatMap(([name, value]) =>
      value === null ? [] : [{ name, value }],
    );
    return { ...item, options: [...kept, ...added] };
  });
}
