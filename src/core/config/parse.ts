/** From what reading a UCI file gave to the plain data that the core takes. */
import { parsePackage, type UciPackage } from 'uci-parser';
import type { Result } from '../../lib/result.ts';
import type { UciReading, UciSection } from './uci.ts';

export const CONFIG_FOLDER = '/etc/config';

/** UCI files are a few KiB; one of more than a MiB is none. */
export const LARGEST_CONFIG = 1024 * 1024;

/**
 * @param name of the package, for messages only.
 * @param content of its file, or why there is none; `code` is an errno name, ENOENT being the one that matters.
 */
export function parseConfig(
  name: string,
  content: Result<Uint8Array, { readonly code: string; readonly message: string }>,
): UciReading {
  if (!content.ok) {
    if (content.error.code === 'ENOENT') return { kind: 'missing' };
    return { kind: 'unreadable', message: `${content.error.message.replace(/\.$/, '')}.` };
  }
  const parsed = parsePackage(name, content.value);
  if (!parsed.ok) return { kind: 'broken', message: `${parsed.error.message}.` };
  return { kind: 'read', sections: plainSections(parsed.value) };
}

/** A package's sections as the core takes them. */
export function plainSections(pkg: UciPackage): readonly UciSection[] {
  return pkg.sections.map((section) => ({
    type: section.type,
    name: section.anonymous ? null : section.name,
    options: [...section.options].map(([option, value]) => ({ name: option, value })),
  }));
}
