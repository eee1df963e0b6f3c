import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeMultiWan } from '../../../src/core/config/multiwan.ts';
import { MULTI_WAN } from '../../../src/core/config/multiwan-tables.ts';
import { parseAddresses, parsePorts } from '../../../src/core/config/multiwan-values.ts';
import type { UciSection } from '../../../src/core/config/uci.ts';
import { matchesPattern, parsePattern } from '../../../src/core/policy/prefixes.ts';

const NAMES = ['globals', 'wan', 'wanb', 'm1', 'm2', 'p1', 'p2', 'r1'];
const VALUES = [
  ...['0', '1', '5', '0.25', '-1', '99999999', '0x3F00', '0x7', 'tcp', 'udp', 'icmp', 'all', 'ipv4', 'ipv6'],
  ...[
    'any',
    'wan',
    'm1',
    'p1',
    'p2',
    'default',
    'unreachable',
    'ping',
    'httping',
    '1.1.1.1',
    '::1',
    '10.0.0.0/8',
  ],
  ...['0.0.0.0/0.0.0.1', '80,443', '1024:2000', '', ' ', ',', '__proto__', 'constructor', 'online', 'always'],
];

/** Any file that UCI can hold: known and unknown types, names and options with sound and odd values. */
const anySections = (): fc.Arbitrary<readonly UciSection[]> => {
  const value = fc.oneof(fc.constantFrom(...VALUES), fc.string({ maxLength: 20 }));
  const sectionOf = (type: string, options: readonly string[]) =>
    fc.record({
      type: fc.constant(type),
      name: fc.option(fc.constantFrom(...NAMES), { nil: null }),
      options: fc.array(
        fc.record({
          name: fc.constantFrom(...options, 'unknown', '__proto__'),
          value: fc.oneof(value, fc.array(value, { maxLength: 4 })),
        }),
        { maxLength: 8 },
      ),
    });
  const kinds = Object.entries(MULTI_WAN).map(([type, { options }]) => sectionOf(type, Object.keys(options)));
  return fc.array(fc.oneof(...kinds, sectionOf('other', ['x'])), { maxLength: 12 });
};

describe('any file', () => {
  it('is decoded without an exception, and each problem is a sentence with a place in it', () => {
    fc.assert(
      fc.property(anySections(), (sections) => {
        const { value, problems } = decodeMultiWan(sections);
        for (const { where, text } of problems) {
          expect(where).toMatch(/^mwan3\./);
          expect(text).toMatch(/^[A-Z][^\n]*\.$/);
        }
        expect(value === null).toBe(problems.some(({ severity }) => severity === 'error'));
      }),
      { numRuns: 500 },
    );
  });

  it('that is accepted refers to nothing that is not there, and holds sound numbers', () => {
    fc.assert(
      fc.property(anySections(), (sections) => {
        const { value } = decodeMultiWan(sections);
        if (value === null) return;
        const wans = value.wans.map(({ name }) => name);
        const policies = value.policies.map(({ name }) => name);
        for (const policy of value.policies)
          for (const { wan, metric, weight } of policy.members) {
            expect(wans).toContain(wan);
            expect(metric).toBeLessThanOrEqual(256);
            expect(weight).toBeGreaterThanOrEqual(1);
          }
        for (const rule of value.rules) {
          if (rule.use.kind === 'policy') expect(policies).toContain(rule.use.policy);
          for (const match of [...rule.sources, ...rule.destinations])
            expect(parsePattern(match)).not.toBeNull();
          for (const { first, last } of [...rule.sourcePorts, ...rule.destinationPorts])
            expect(0 <= first && first <= last && last <= 65535).toBe(true);
          if (rule.sourcePorts.length + rule.destinationPorts.length > 0)
            expect(['tcp', 'udp']).toContain(rule.protocol);
        }
        for (const { track } of value.wans) {
          expect(track.methods.length).toBeGreaterThan(0);
          if (track.targets.length > 0) expect(track.reliability).toBeLessThanOrEqual(track.targets.length);
          for (const key of ['intervalMs', 'timeoutMs', 'failureIntervalMs', 'recoveryIntervalMs'] as const)
            expect(Number.isInteger(track[key]) && track[key] >= 10).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('never gets a wider rule out of a condition that it cannot read', () => {
    const CONDITIONS = ['src_ip', 'dest_ip', 'src_port', 'dest_port', 'src_iface', 'ipset', 'proto'] as const;
    fc.assert(
      fc.property(
        fc.constantFrom(...CONDITIONS),
        fc.oneof(fc.constantFrom(...VALUES), fc.string({ maxLength: 20 })),
        (option, text) => {
          fc.pre(text.trim() !== '');
          const options = [
            { name: 'use_policy', value: 'default' },
            ...(option === 'proto' ? [] : [{ name: 'proto', value: 'tcp' }]),
            { name: option, value: text },
          ];
          const [rule] = decodeMultiWan([{ type: 'rule', name: 'r', options }]).value?.rules ?? [];
          if (rule === undefined) return;
          const held = {
            src_ip: rule.sources.length > 0,
            dest_ip: rule.destinations.length > 0,
            src_port: rule.sourcePorts.length > 0,
            dest_port: rule.destinationPorts.length > 0,
            src_iface: rule.sourceInterface !== null,
            ipset: rule.ipset !== null,
            proto: rule.protocol !== null || /^(all|0+)$/i.test(text),
          };
          expect(held[option]).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('values', () => {
  it('ports are read as they are written, with any separators', () => {
    const port = fc.integer({ min: 0, max: 65535 });
    const range = fc.tuple(port, port).map(([a, b]) => ({ first: Math.min(a, b), last: Math.max(a, b) }));
    fc.assert(
      fc.property(
        fc.array(range, { minLength: 1, maxLength: 20 }),
        fc.constantFrom(',', ' ', ', '),
        fc.constantFrom(':', '-'),
        (ranges, separator, dash) => {
          const text = ranges
            .map(({ first, last }) => (first === last ? `${first}` : `${first}${dash}${last}`))
            .join(separator);
          expect(parsePorts([text])).toEqual({ ok: true, value: ranges });
        },
      ),
    );
  });

  it('a dotted mask matches what arithmetic says', () => {
    const bits = fc.integer({ min: 0, max: 0xffffffff });
    const dotted = (value: number) => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
    fc.assert(
      fc.property(bits, bits, bits, (address, mask, probe) => {
        const parsed = parseAddresses([`${dotted(address)}/${dotted(mask)}`]);
        if (!parsed.ok) throw new Error(parsed.error);
        const [match] = parsed.value.matches;
        const pattern = match === undefined ? null : parsePattern(match);
        if (pattern === null) throw new Error('no pattern');
        for (const candidate of [probe, address, (address & mask) | (probe & ~mask)])
          expect(matchesPattern(pattern, dotted(candidate >>> 0))).toBe(
            (candidate & mask) >>> 0 === (address & mask) >>> 0,
          );
      }),
    );
  });
});
