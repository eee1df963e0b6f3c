import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeMultiWan } from '../../../src/core/config/multiwan.ts';
import type { ConfigProblem } from '../../../src/core/config/uci.ts';
import { sectionsOf } from './sections.ts';

const CAPTURES = join(import.meta.dirname, '../../captures/mwan3');
const FOLDERS = readdirSync(CAPTURES, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

function decode(folder: string) {
  return decodeMultiWan(sectionsOf(readFileSync(join(CAPTURES, folder, 'mwan3'), 'utf8')));
}

/** What hagw says of a recorded configuration; of those not named here, nothing. */
const EXPECTED: Readonly<Record<string, readonly (readonly [ConfigProblem['severity'], string, string])[]>> =
  {
    '05-last-resort': [
      [
        'warning',
        'mwan3.lr_typo.last_resort',
        "Is 'Default', but must be one of unreachable, blackhole, default; unreachable is used.",
      ],
    ],
    '07-rule-ports': [
      ['warning', 'mwan3.noproto.dest_port', "Is ignored, since proto is 'all' and not tcp or udp."],
    ],
  };

describe('recorded configurations of mwan3', () => {
  it('are many, and all that are expected to say something exist', () => {
    expect(FOLDERS.length).toBeGreaterThanOrEqual(18);
    for (const name of Object.keys(EXPECTED)) expect(FOLDERS).toContain(name);
  });

  it.each(FOLDERS)('%s is taken over, with the expected problems', (folder) => {
    const { value, problems } = decode(folder);
    expect(problems.map(({ severity, where, text }) => [severity, where, text])).toEqual(
      EXPECTED[folder] ?? [],
    );
    expect(value).not.toBeNull();
  });

  it.each(FOLDERS)('%s keeps every section', (folder) => {
    const sections = sectionsOf(readFileSync(join(CAPTURES, folder, 'mwan3'), 'utf8'));
    const names = (type: string) => sections.filter((item) => item.type === type).map(({ name }) => name);
    const { value } = decode(folder);
    expect(value?.wans.map(({ name }) => name)).toEqual(names('interface'));
    expect(value?.wans.map(({ number }) => number)).toEqual(names('interface').map((_, index) => index + 1));
    expect(value?.policies.map(({ name }) => name)).toEqual(names('policy'));
    expect(value?.rules.map(({ name }) => name)).toEqual(names('rule'));
  });

  it('keeps the seconds that are written, and takes the others of mwan3', () => {
    const track = decode('track-06-check-quality').value?.wans[0]?.track;
    expect(track).toMatchObject({ intervalMs: 1000, timeoutMs: 1000, count: 5, down: 2, up: 2 });
    expect(track?.quality).toEqual({
      failureLatencyMs: 1000,
      recoveryLatencyMs: 500,
      failureLossPct: 40,
      recoveryLossPct: 10,
    });
    expect(decode('22-tutorial-no-track-ip').value?.wans[0]?.track).toMatchObject({
      targets: [],
      intervalMs: 5000,
      timeoutMs: 4000,
      down: 3,
      up: 3,
    });
  });

  it('reads the addresses, ports, sets and tables of the rules', () => {
    const rule = (folder: string, name: string) =>
      decode(folder).value?.rules.find((item) => item.name === name);
    expect(rule('06-rule-addresses', 'odd_bit')).toMatchObject({
      family: 'ipv4',
      sources: [{ address: '0.0.0.1', mask: '0.0.0.1' }],
      protocol: 'udp',
      destinationPorts: [{ first: 53, last: 53 }],
    });
    expect(rule('06-rule-addresses', 'maskd')?.destinations).toEqual([{ address: '198.51.100.0', mask: 24 }]);
    expect(rule('07-rule-ports', 'mix')?.destinationPorts).toEqual([
      { first: 53, last: 53 },
      { first: 4500, last: 4600 },
      { first: 9999, last: 9999 },
    ]);
    expect(rule('07-rule-ports', 'mix')?.use).toEqual({ kind: 'unreachable' });
    expect(rule('07-rule-ports', 'noproto')?.destinationPorts).toEqual([]);
    expect(rule('09-rule-proto', 'p_all')?.protocol).toBeNull();
    expect(rule('09-rule-proto', 'p_num')?.protocol).toBe('47');
    expect(rule('11-ipset-src-iface', 'by_set')).toMatchObject({ ipset: 'streaming', protocol: null });
    expect(rule('11-ipset-src-iface', 'no_iface')?.sourceInterface).toBe('nosuch');
    expect(rule('26-logging', 'web')?.logging).toBe(true);
    expect(decode('26-logging').value).toMatchObject({ logging: true, logLevel: 'info' });
    expect(decode('17-rt-table-lookup').value?.customTables).toEqual(['100', '220']);
    expect(decode('14-mask-ff0000').value?.mask).toBe(0xff0000);
  });
});
