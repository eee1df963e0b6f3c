/** One life of the applier on a runtime: apply, switch, check, adopt as another run, time a switch, stop. Prints what came of each as JSON. */
import { createFlows } from '../../../src/adapters/conntrack-flows.ts';
import { createRouting } from '../../../src/adapters/ip.ts';
import { createNft } from '../../../src/adapters/nft.ts';
import { createApplier } from '../../../src/app/multiwan/applier.ts';
import { compile } from '../../../src/core/policy/compile.ts';
import { marksOf, wanMark } from '../../../src/core/policy/marks.ts';
import { encodeText } from '../../../src/lib/text.ts';
import type { Runtime } from '../../../src/ports/runtime.ts';
import { sized } from '../../packets/support/situations.ts';

const LOST = 2;
const RUNS = 9;

export async function life(runtime: Runtime): Promise<void> {
  const { files, processes, clock, timers } = runtime;
  let committed = 0;
  const real = createNft(processes);
  const nft = {
    ...real,
    apply: async (text: string) => {
      const outcome = await real.apply(text);
      committed = clock.monotonicMs();
      return outcome;
    },
  };
  const flows = createFlows(processes, timers);
  const ports = { nft, routing: createRouting(processes, timers), flows, files };
  const input = sized(10, 100);
  const marks = marksOf(input.config.mask);
  const request = (down: boolean) => {
    const links = input.links.map((link, index) =>
      down && index === LOST - 1 ? { ...link, state: 'offline' as const } : link,
    );
    const lost = {
      which: 'wan',
      wan: `w${LOST}`,
      family: 'ipv4',
      number: LOST,
      mark: wanMark(marks, LOST),
      mask: marks.mask,
    } as const;
    // The devices are not there: no routes.
    const desired = { ...compile({ ...input, links }), tables: [] };
    return { desired, marks, drop: down ? [lost] : [], states: {} };
  };
  const applier = createApplier(ports);
  const first = await applier.apply(request(false));
  const times: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    await applier.apply(request(false));
    const decided = clock.monotonicMs();
    await applier.apply(request(true));
    times.push(committed - decided);
  }
  const checked = await applier.check();
  const next = createApplier(ports);
  const adopted = await next.apply({ ...request(true), drop: [] });
  const stopped = await next.stop(marks);
  const left = await real.readTable();
  const medianMs = times.sort((a, b) => a - b)[RUNS >> 1];
  const outcome = { first, checked, adopted, stopped, left, medianMs };
  runtime.stdout(encodeText(`${JSON.stringify(outcome)}\n`));
  runtime.exit(0);
}
