/**
 * The gap that a LAN client feels when the active router loses its power: by default settings, with the profile `fast`, and in the same run
 * by the setting of the tutorials (VRRPv2, one advert a second), so that they can be compared on any machine.
 */
import type { Lab } from '../lab/lab.ts';
import { waitForRole } from '../lab/pair.ts';
import type { BenchGroup } from './group.ts';
import { FAST, OURS, settled, TUTORIAL, withPair } from './pair-setups.ts';
import { rowOf } from './rows.ts';

const RUNS = 10;
/** Finer than the gap by far, and light enough for two cores: 5 ms, as in the measurements that set the goal. */
const PING_INTERVAL_MS = 5;
/** docs/architecture.md, "Numbers". */
const GOAL_S = 0.3;
const FAST_GOAL_S = 0.08;

const NAMES = {
  default: 'failover-power-loss',
  fast: 'failover-power-loss-fast',
  tutorial: 'failover-power-loss-tutorial',
  ratio: 'failover-tutorial-over-default',
} as const;

/** One loss of power and the return of the router; seconds without an answer. */
async function oneGap(lab: Lab): Promise<number> {
  const { active, backup } = await settled(lab);
  const watch = await lab.client.watch({ kinds: ['ping'], intervalMs: PING_INTERVAL_MS });
  await watch.answering();
  await active.powerOff();
  // The router is asked only when the client has its answers again: asking costs CPU time, which is what is measured.
  await watch.answering(20_000);
  await waitForRole(backup, ['active']);
  const longest = (await watch.stop()).get('ping')?.longest;
  if (longest === undefined || longest === null) throw new Error('The client had no answer at all.');
  await active.powerOn();
  await waitForRole(active, ['backup'], 60_000);
  return longest.ms / 1000;
}

async function gaps(lab: Lab, say: (line: string) => void): Promise<number[]> {
  const found: number[] = [];
  while (found.length < RUNS) {
    found.push(await oneGap(lab));
    say(`loss of power ${found.length} of ${RUNS}: ${found.at(-1)?.toFixed(3)} s`);
  }
  return found;
}

const median = (samples: readonly number[]): number => rowOf('', '', samples).median;

export const failover: BenchGroup = {
  names: Object.values(NAMES),
  async run(context) {
    context.say('a router loses its power, default settings');
    const ours = await withPair(OURS, (lab) => gaps(lab, context.say));
    context.say('the same with the profile fast');
    const fast = await withPair(FAST, (lab) => gaps(lab, context.say));
    context.say('the same with VRRPv2 and one advert a second');
    const tutorial = await withPair(TUTORIAL, (lab) => gaps(lab, context.say));
    return [
      rowOf(NAMES.default, 's', ours, GOAL_S),
      rowOf(NAMES.fast, 's', fast, FAST_GOAL_S),
      rowOf(NAMES.tutorial, 's', tutorial),
      rowOf(NAMES.ratio, 'times', [median(tutorial) / median(ours)]),
    ];
  },
};
