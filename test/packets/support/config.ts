/** mwan3 configuration from UCI text, by the decoder of the product; a configuration that it refuses fails the test. */
import { parsePackage } from 'uci-parser';
import { decodeMultiWan } from '../../../src/core/config/multiwan.ts';
import type { UciSection } from '../../../src/core/config/uci.ts';
import type { MultiWanConfig } from '../../../src/core/policy/model.ts';

export function readSections(text: string): readonly UciSection[] {
  const parsed = parsePackage('mwan3', text);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value.sections.map((section) => ({
    type: section.type,
    name: section.anonymous ? null : section.name,
    options: [...section.options].map(([name, value]) => ({ name, value })),
  }));
}

export function readMultiWan(text: string): MultiWanConfig {
  const { value, problems } = decodeMultiWan(readSections(text));
  if (value === null)
    throw new Error(problems.map((problem) => `${problem.where}: ${problem.text}`).join('\n'));
  return value;
}
