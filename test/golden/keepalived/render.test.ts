import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parsePackage, type UciSection } from 'uci-parser';
import { describe, expect, it } from 'vitest';
import { renderKeepalived } from '../../../src/core/keepalived/render.ts';

/** Every recording of what the two generations of the init script wrote, byte for byte; the date is normalised there. */
const recordings = join(import.meta.dirname, '../../captures/keepalived');
const cases = readdirSync(recordings).filter((name) => existsSync(join(recordings, name, 'keepalived')));

function sectionsOf(text: string): readonly UciSection[] {
  const parsed = parsePackage('keepalived', text);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value.sections;
}

describe('keepalived.conf as the init script writes it', () => {
  it('finds the recordings', () => {
    expect(cases.length).toBeGreaterThanOrEqual(20);
  });

  it.each(cases)('%s, present script', (name) => {
    const uci = readFileSync(join(recordings, name, 'keepalived'), 'utf8');
    const wanted = readFileSync(join(recordings, name, 'keepalived.conf.head'), 'utf8');
    expect(renderKeepalived(sectionsOf(uci), 'present', { written: 'DATE' })).toBe(wanted);
  });

  it.each(cases)('%s, script of 24.10', (name) => {
    const uci = readFileSync(join(recordings, name, 'keepalived'), 'utf8');
    const wanted = readFileSync(join(recordings, name, 'keepalived.conf.24.10'), 'utf8');
    expect(renderKeepalived(sectionsOf(uci), '24.10', { written: 'DATE' })).toBe(wanted);
  });

  it('the running pair of the recordings', () => {
    const uci = readFileSync(join(recordings, 'run/gw-a.uci'), 'utf8');
    const wanted = readFileSync(join(recordings, 'run/gw-a.keepalived.conf'), 'utf8');
    expect(renderKeepalived(sectionsOf(uci), 'present', { written: 'DATE' })).toBe(wanted);
  });
});
