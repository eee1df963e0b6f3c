import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { IpRule } from '../../src/core/policy/model.ts';
import { parsePrefix, prefixText, withoutCovered } from '../../src/core/policy/prefixes.ts';
import { DIFFERENCES } from './differences.ts';
import { everyOutcome } from './support/flows.ts';
import { RECORDINGS, recordedIpRules, recordedSet, recordedTables, routerOf } from './support/recordings.ts';

/**
 * Every flow of every recorded state of mwan3, through our ruleset: same mark, same connection mark, same device. A flow
 * to a balanced policy gets one of the marks that can be drawn; how often each is drawn is held against 600 recorded ones.
 */
const number = (text: string | null): number | null => (text === null ? null : Number(text));

describe.each(RECORDINGS)('$name, $state', (recording) => {
  const { name, state, flows, spread } = recording;
  const router = routerOf(name, state);

  it.each(
    flows.map(
      (flow) =>
        [`${flow.flow.proto} ${flow.flow.src} > ${flow.flow.dst} ${flow.flow.dport ?? ''}`, flow] as const,
    ),
  )('%s', (_, recorded) => {
    const difference = DIFFERENCES.find((item) => item.applies(recording, recorded));
    const possible = everyOutcome(router, recorded.flow).map(({ outcome }) => outcome);
    const shown = possible.map(({ mark, ctMark, outDevice }) => ({ mark, ctMark, outDevice }));
    if (difference !== undefined) {
      const mark = difference.mark(recording, recorded);
      const outDevice = difference.outDevice(recording, recorded);
      expect(shown).toEqual([{ mark, ctMark: outDevice === null ? null : mark, outDevice }]);
      return;
    }
    // A mark of null: the packet did not get as far as the recording's probe. So it must be one that is dropped.
    const mark = number(recorded.mark);
    const wanted = { ctMark: number(recorded.ct_mark), outDevice: recorded.out_device };
    expect(shown).toContainEqual(
      mark === null ? { ...wanted, mark: expect.any(Number) } : { ...wanted, mark },
    );
    if (recorded.sender_saw.startsWith('answer')) expect(shown[0]?.outDevice).not.toBeNull();
  });

  it('draws new flows as mwan3 did, by weight', () => {
    const flow = { proto: 'udp', src: '192.168.1.100', dst: '203.0.113.10', dport: 7777 };
    if (name === '19-long-names') return;
    const chances = new Map<string, number>();
    for (const { probability, outcome } of everyOutcome(router, flow)) {
      const mark = `0x${outcome.mark.toString(16)}`;
      chances.set(mark, (chances.get(mark) ?? 0) + probability);
    }
    expect([...chances.keys()].sort()).toEqual(Object.keys(spread).sort());
    for (const [mark, chance] of chances) {
      const deviation = Math.sqrt(600 * chance * (1 - chance));
      expect(Math.abs((spread[mark] ?? 0) - 600 * chance)).toBeLessThanOrEqual(4 * deviation);
    }
  });

  it('has the ip rules of mwan3', () => {
    const text = ({ preference, match, action }: IpRule): string => {
      const what =
        'iif' in match
          ? `from all iif ${match.iif}`
          : 'oif' in match
            ? ''
            : `from all fwmark 0x${match.mark.toString(16)}/0x${match.mask.toString(16)}`;
      return `${preference}:\t${what} ${typeof action === 'string' ? action : `lookup ${action.table}`}`;
    };
    // "Bound sockets leave by their device" (differences): mwan3 marks its probes by a preloaded library instead.
    const own = router.desired.rules.filter(({ family, match }) => family === 'ipv4' && !('oif' in match));
    // "Rules by mark stay while a WAN has no device" (differences): no such rule can have been recorded.
    const absent = router.input.links
      .filter(({ device }) => device === null)
      .map((link) => router.input.config.wans.find((wan) => wan.name === link.name)?.number ?? 0);
    const compared = own.filter(({ preference }) => !absent.includes(preference % 1000));
    const kernel = /^(0|32766|32767):/;
    expect(compared.map(text)).toEqual(recordedIpRules(name, state).filter((line) => !kernel.test(line)));
  });

  it("has the routes of mwan3's tables", () => {
    const recorded = recordedTables(name, state);
    for (const { family, table, routes } of router.desired.tables) {
      if (name === '19-long-names' && table === 3) continue;
      expect(routes.map((words) => words.join(' ')).sort(), `${family} ${table}`).toEqual(
        [...(recorded.get(`${family} ${table}`) ?? [])].sort(),
      );
    }
  });

  it.each(['connected', 'custom'])('has the %s networks of mwan3', (kind) => {
    const digits = [4, 6] as const;
    for (const digit of digits) {
      const set = router.desired.nft.sets.find((item) => item.name === `${kind}${digit}`);
      const recorded = recordedSet(name, state, `mwan3_${kind}_ipv${digit}`).flatMap(
        (text) => parsePrefix(text) ?? [],
      );
      expect(set?.elements).toEqual(withoutCovered(recorded).map(prefixText));
    }
  });
});

describe('differences from mwan3', () => {
  const document = readFileSync(join(import.meta.dirname, '../../docs/differences-from-mwan3.md'), 'utf8');

  it.each(DIFFERENCES)('$heading: is documented and still needed', (difference) => {
    expect(document).toContain(`\n## ${difference.heading}\n`);
    const used = RECORDINGS.some((recording) =>
      recording.flows.some((flow) => difference.applies(recording, flow)),
    );
    expect(used).toBe(true);
  });
});
