import { describe, expect, it } from 'vitest';
import { compile } from '../../../src/core/policy/compile.ts';
import { explain } from '../../../src/core/policy/explain.ts';
import { everything } from '../../packets/support/situations.ts';
import { type SentFlow, sendThrough } from './real-router.ts';

/** Real packets through the real kernel: each leaves as `explain` says, or does not leave. */
const FILLED =
  'add element inet hagw ipset_streaming { 203.0.113.64/26 }\nadd element inet hagw dynamic4 { 198.18.0.0/15 }\n';
const KNOWN = { ipset_streaming: ['203.0.113.64/26'], dynamic4: ['198.18.0.0/15'] };

const FLOWS: readonly SentFlow[] = ['192.168.1.100', '192.168.1.101', '192.168.7.5', null].flatMap((source) =>
  ['203.0.113.10', '203.0.113.70', '198.18.3.4', '10.77.1.1', '10.64.0.1', '8.8.8.8'].flatMap(
    (destination) => [
      { source, destination, protocol: 'udp' as const, destinationPort: 53 },
      { source, destination, protocol: 'tcp' as const, destinationPort: 443 },
    ],
  ),
);

/** The rule for odd sources asks for source ports that the test's flows do not have: give it those. */
const situation = (states: Parameters<typeof everything>[0]) =>
  everything(states, (text) => text.replace('1000:2000,1500,7', '20000:30000'));

describe('real packets', () => {
  it.each([
    {},
    { wan: 'offline' },
    { wan: 'offline', wanb: 'offline' },
    { wan: 'offline', wanb: 'offline', lte: 'offline' },
  ] as const)('leave as explain says, %j', (states) => {
    const input = situation(states);
    const seen = sendThrough(compile(input), input, FILLED, FLOWS);
    for (const [index, flow] of FLOWS.entries()) {
      const answer = explain(input, { ...flow, sourcePort: 20_000 + index, inInterface: null }, [], KNOWN);
      if (!answer.ok) throw new Error(answer.error);
      const possible = answer.value.choices.map(({ device, mark, target }) =>
        target === 'unreachable' || target === 'blackhole' || device === null
          ? null
          : { device, mark, ctMark: mark },
      );
      expect(possible, JSON.stringify({ flow, answer: answer.value })).toContainEqual(seen[index]);
    }
    // A test in which nothing leaves would agree with anything.
    expect(seen.filter((item) => item !== null).length).toBeGreaterThan(FLOWS.length / 3);
  });

  it('spread by weight: 3 to 2, within five deviations', () => {
    const input = situation({});
    const flows = Array.from({ length: 300 }, () => ({
      source: '192.168.1.100',
      destination: '8.8.8.8',
      protocol: 'udp' as const,
      destinationPort: 7777,
    }));
    const marks = sendThrough(compile(input), input, FILLED, flows).map((item) => item?.mark);
    const first = marks.filter((mark) => mark === 0x100).length;
    expect(first + marks.filter((mark) => mark === 0x300).length).toBe(300);
    expect(Math.abs(first - 180)).toBeLessThanOrEqual(5 * Math.sqrt(300 * 0.6 * 0.4));
  });

  it('of a probe leave by their own WAN, whatever its state and the destination', () => {
    const input = situation({ wan: 'offline', lte: 'offline' });
    const probe = { source: null, protocol: 'udp' as const, destinationPort: 53 };
    const flows = [
      { ...probe, destination: '203.0.113.10', socketMark: 0x100 },
      { ...probe, destination: '198.18.3.4', socketMark: 0x600 },
      { ...probe, destination: '203.0.113.10', socketMark: 0x300 },
      { ...probe, destination: '203.0.113.10' },
    ];
    expect(sendThrough(compile(input), input, FILLED, flows)).toEqual([
      { device: 'pppoe-wan', mark: 0x100, ctMark: 0x100 },
      { device: 'wwan0', mark: 0x600, ctMark: 0x600 },
      { device: 'eth2', mark: 0x300, ctMark: 0x300 },
      { device: 'eth2', mark: 0x300, ctMark: 0x300 },
    ]);
  });

  it('of one source stay on the WAN of their first flow by a sticky rule', () => {
    const input = situation({});
    const flow = { destination: '203.0.113.10', protocol: 'tcp' as const, destinationPort: 443 };
    const flows = Array.from({ length: 12 }, () => [
      { ...flow, source: '192.168.1.100' },
      { ...flow, source: '192.168.1.101' },
    ]).flat();
    const marks = sendThrough(compile(input), input, FILLED, flows).map((item) => item?.mark);
    for (const parity of [0, 1]) {
      const own = marks.filter((_, index) => index % 2 === parity);
      expect([0x100, 0x300]).toContain(own[0]);
      expect(new Set(own).size).toBe(1);
    }
  });

  describe('of IPv6', () => {
    const six = ['2001:db8:1:1::100', '2001:db8:2:1::100', null].flatMap((source) =>
      ['2001:db8:aaaa::10', '2001:db8:ffff::1', '2001:db8:bbbb::70'].flatMap((destination) => [
        { source, destination, protocol: 'udp' as const, destinationPort: 53 },
        { source, destination, protocol: 'tcp' as const, destinationPort: 443 },
      ]),
    );
    it.each([{}, { wan6: 'offline' }, { wan6: 'offline', wanb6: 'offline' }] as const)(
      'leave as explain says, %j',
      (states) => {
        // The LAN has a network of each WAN's prefix.
        const base = situation(states);
        const [lan] = base.routes.filter(({ destination }) => destination === '2001:db8:1:1::/64');
        if (lan === undefined) throw new Error('no such route');
        const destination = '2001:db8:2:1::/64';
        const second = { ...lan, destination, words: [destination, ...lan.words.slice(1)] };
        const input = { ...base, routes: [...base.routes, second] };
        const filled = 'add element inet hagw dynamic6 { 2001:db8:bbbb::/48 }\n';
        const seen = sendThrough(compile(input), input, filled, six);
        for (const [index, flow] of six.entries()) {
          const answer = explain(input, { ...flow, sourcePort: 20_000 + index, inInterface: null }, [], {
            dynamic6: ['2001:db8:bbbb::/48'],
          });
          if (!answer.ok) throw new Error(answer.error);
          const possible = answer.value.choices.map(({ device, mark, target }) =>
            target === 'unreachable' || target === 'blackhole' || device === null
              ? null
              : { device, mark, ctMark: mark },
          );
          expect(possible, JSON.stringify({ flow, answer: answer.value })).toContainEqual(seen[index]);
        }
        expect(seen.filter((item) => item !== null).length).toBeGreaterThan(0);
      },
    );
  });
});
