import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApplyRequest, createApplier } from '../../../src/app/multiwan/applier.ts';
import { compile } from '../../../src/core/policy/compile.ts';
import { marksOf, wanMark } from '../../../src/core/policy/marks.ts';
import type { CompileInput } from '../../../src/core/policy/model.ts';
import { sized } from '../../packets/support/situations.ts';
import { WHY_NOT } from '../neighbours/machine.ts';
import { good, type Rig, startRig } from './rig.ts';

/**
 * How long a switch takes from the decision (a WAN's state) to the kernel, for sizes up to the largest, beside a transaction of
 * nothing, which is what starting nft costs here. Printed, not judged: the machine is what it is. What is judged is that the switch writes the policies' chains alone.
 */
const SIZES: readonly (readonly [number, number])[] = [
  [2, 10],
  [10, 100],
  [60, 300],
  [250, 1000],
];
const RUNS = 7;
/** A WAN of the lowest metric. */
const LOST = 2;

function request(input: CompileInput, down: boolean): ApplyRequest {
  const links = input.links.map((link, index) =>
    down && index === LOST - 1 ? { ...link, state: 'offline' as const } : link,
  );
  const marks = marksOf(input.config.mask);
  const drop = down
    ? [
        {
          which: 'wan' as const,
          wan: `w${LOST}`,
          family: 'ipv4' as const,
          number: LOST,
          mark: wanMark(marks, LOST),
          mask: marks.mask,
        },
      ]
    : [];
  // The devices are not there: no routes.
  return { desired: { ...compile({ ...input, links }), tables: [] }, marks, drop, states: {} };
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

describe.skipIf(WHY_NOT !== '')(`time of a switch ${WHY_NOT}`, () => {
  let rig: Rig;

  beforeAll(async () => {
    rig = await startRig();
    // With so many WANs, 100 is the number of one.
    rig.machine.run('ip', 'route', 'flush', 'table', '100');
  });
  afterAll(() => rig?.stop());

  it.each(SIZES)('%i WANs, %i rules', async (wans, rules) => {
    const input = sized(wans, rules);
    let committed = 0;
    const nft = {
      ...rig.ports.nft,
      apply: async (text: string) => {
        const outcome = await rig.ports.nft.apply(text);
        committed = performance.now();
        return outcome;
      },
    };
    const applier = createApplier({ ...rig.ports, nft, files: rig.files.files });
    const begin = performance.now();
    good(await applier.apply(request(input, false)));
    const first = performance.now() - begin;
    const times = {
      compile: [] as number[],
      kernel: [] as number[],
      'kernel and flows': [] as number[],
      check: [] as number[],
      'an empty transaction': [] as number[],
    };
    for (let run = 0; run < RUNS; run += 1)
      for (const down of [true, false]) {
        const decided = performance.now();
        const wanted = request(input, down);
        const compiled = performance.now();
        const programs = rig.started();
        expect(good(await applier.apply(wanted)).how).toBe('switched');
        const done = performance.now();
        // nft, and conntrack for the lost WAN: nothing else is started.
        expect(rig.started() - programs).toBe(down ? 2 : 1);
        times.compile.push(compiled - decided);
        times.kernel.push(committed - decided);
        if (down) times['kernel and flows'].push(done - decided);
        const report = good(await applier.check());
        const checked = performance.now();
        times.check.push(checked - done);
        good(await rig.ports.nft.apply('\n'));
        times['an empty transaction'].push(performance.now() - checked);
        expect([report.how, report.findings]).toEqual(['unchanged', []]);
      }
    const text = Object.entries(times).map(([what, values]) => `${what} ${median(values).toFixed(1)}`);
    console.info(
      `${wans} WANs, ${rules} rules: first ${first.toFixed(0)}, ${text.join(', ')} ms (median of ${RUNS})`,
    );
    good(await applier.stop(marksOf(input.config.mask)));
  });
});
