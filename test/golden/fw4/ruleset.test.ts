/** The stand-in of firewall4 against every recording of the real one: ruleset and messages byte for byte. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parsePackage, type UciPackage } from 'uci-parser';
import { describe, expect, it } from 'vitest';
import { networkOfConfig } from '../../openwrt/fw4/networks.ts';
import { readFirewall, rulesetText } from '../../openwrt/fw4/ruleset.ts';
import { decodeNetwork } from '../../openwrt/netifd/config.ts';

const recordings = join(import.meta.dirname, '../../captures/fw4');
const cases = readdirSync(recordings).filter((name) => /^\d\d-/.test(name));
const read = (name: string, file: string): string => readFileSync(join(recordings, name, file), 'utf8');

function parse(name: string, text: string): UciPackage {
  const parsed = parsePackage(name, text);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
}

/** All recordings were made with the networks of the first; `down` had a device that does not exist, hence no addresses. */
const { interfaces } = decodeNetwork(parse('network', read('01-lan-wan-two-uplinks', 'network')));
const networks = new Map(
  [...interfaces].map(([name, config]) => [name, networkOfConfig(config, name !== 'down')]),
);

describe('fw4 print', () => {
  it('finds the recordings', () => {
    expect(cases).toHaveLength(9);
  });

  it.each(cases)('%s', (name) => {
    const warnings: string[] = [];
    const world = { networks, hasModule: () => true, hasDevice: (device: string) => device !== 'eth9' };
    const state = readFirewall(parse('firewall', read(name, 'firewall')), world, (line) => {
      warnings.push(`[!] ${line}\n`);
    });
    expect(rulesetText(state)).toBe(read(name, 'ruleset.nft'));
    expect(warnings.join('')).toBe(read(name, 'stderr.txt'));
  });
});
