/** What keepalived would read, before and after a change, by both generations of the init script. */
import { parsePackage } from 'uci-parser';
import { renderKeepalived } from '../keepalived/render.ts';
import type { ScriptGeneration } from '../keepalived/uci.ts';
import type { PackageChange } from './plan.ts';

export interface Candidate {
  readonly generation: ScriptGeneration;
  /** null: there was no file, or none that could be read. */
  readonly before: string | null;
  readonly after: string;
}

/** keepalived.conf of a UCI text; null if that is none. */
export function keepalivedConf(text: string, generation: ScriptGeneration, written = ''): string | null {
  const parsed = parsePackage('keepalived', text);
  return parsed.ok ? renderKeepalived(parsed.value.sections, generation, { written }) : null;
}

export function candidatesOf({ before, after }: PackageChange): readonly Candidate[] {
  return (['present', '24.10'] as const).flatMap((generation): Candidate[] => {
    const text = keepalivedConf(after, generation);
    if (text === null) return [];
    return [{ generation, before: before === null ? null : keepalivedConf(before, generation), after: text }];
  });
}
