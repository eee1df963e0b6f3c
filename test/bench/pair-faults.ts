/**
 * The silence that a LAN client has, fault by fault, by our settings and in the same run by the tutorials'. The client pings every 5 ms; nothing is asked of
 * the routers before it has its answers again, because asking costs CPU time, which is what is measured.
 */
import { FAULTS, type Fault } from '../lab/faults.ts';
import type { Lab } from '../lab/lab.ts';
import { waitForRole } from '../lab/pair.ts';
import type { BenchGroup } from './group.ts';
import { OURS, pause, settled, TUTORIAL, withPair } from './pair-setups.ts';
import { type Row, rowOf } from './rows.ts';

export const PING_MS = 5;
const RUNS = 10;
/** As long as the slowest of the tutorials' takeovers, and a little: what comes later than the answers is seen too. */
const SETTLE_MS = 1500;

interface Measured {
  readonly row: string;
  readonly fault: Fault;
  /** Seconds; docs/architecture.md, "Numbers". */
  readonly goal: number | null;
}

const MEASURED: readonly Measured[] = [
  { row: 'pair-lan-cable', fault: FAULTS.lanCable, goal: 0.15 },
  { row: 'pair-wan-cable', fault: FAULTS.wanCable, goal: 0.15 },
  { row: 'pair-keepalived-killed', fault: FAULTS.keepalivedKilled, goal: 0.3 },
  { row: 'pair-keepalived-hangs', fault: FAULTS.keepalivedStopped, goal: 0.3 },
  { row: 'pair-all-hangs', fault: FAULTS.frozen, goal: 0.3 },
  { row: 'pair-stopped', fault: FAULTS.cleanStop, goal: 0.02 },
];
/** The tutorials have neither conntrackd nor a switchover. */
const OURS_ALONE: readonly Measured[] = [
  { row: 'pair-conntrackd-hangs-power-loss', fault: FAULTS.conntrackdStopped, goal: 0.3 },
  { row: 'pair-switchover', fault: FAULTS.switchover, goal: 0.02 },
];
const RETURN = 'pair-return';

const baseline = (row: string): string => `${row}-tutorial`;
const ratio = (row: string): string => `${row}-tutorial-over-ours`;

/** The longest silence around `act`, seconds. */
export async function silenceAround(
  lab: Lab,
  act: () => Promise<void>,
  settleMs = SETTLE_MS,
): Promise<number> {
  const watch = await lab.client.watch({ kinds: ['ping'], intervalMs: PING_MS });
  await watch.answering();
  await act();
  await pause(settleMs);
  await watch.answering(20_000);
  const longest = (await watch.stop()).get('ping')?.longest;
  if (longest === undefined || longest === null) throw new Error('The client had no answer at all.');
  return longest.ms / 1000;
}

/** One fault, and all as before: seconds. */
export async function gapOf(lab: Lab, fault: Fault): Promise<number> {
  const { active, backup } = await settled(lab);
  const gap = await silenceAround(lab, () => fault.strike(active, backup));
  if (fault.moves) await waitForRole(backup, ['active']);
  await fault.repair(active, backup);
  return gap;
}

/** The old router comes back while the other one serves. */
async function gapOfReturn(lab: Lab): Promise<number> {
  const { active, backup } = await settled(lab);
  await active.powerOff();
  await waitForRole(backup, ['active']);
  const back = async (): Promise<void> => {
    await active.powerOn();
    await waitForRole(active, ['backup', 'active'], 60_000);
  };
  return silenceAround(lab, back);
}

async function repeated(
  text: string,
  say: (line: string) => void,
  one: () => Promise<number>,
): Promise<number[]> {
  const samples: number[] = [];
  while (samples.length < RUNS) samples.push(await one());
  say(`${text}: ${samples.map((sample) => sample.toFixed(3)).join(' ')}`);
  return samples;
}

const median = (samples: readonly number[]): number => rowOf('', '', samples).median;

export const pairFaults: BenchGroup = {
  names: [
    ...MEASURED.flatMap(({ row }) => [row, baseline(row), ratio(row)]),
    ...OURS_ALONE.map(({ row }) => row),
    ...[RETURN, baseline(RETURN), ratio(RETURN)],
  ],
  async run({ say }) {
    const ours = await withPair(OURS, async (lab) => {
      const found = new Map<string, number[]>();
      for (const { row, fault } of [...MEASURED, ...OURS_ALONE])
        found.set(row, await repeated(fault.text, say, () => gapOf(lab, fault)));
      return found.set(RETURN, await repeated('return of the router', say, () => gapOfReturn(lab)));
    });
    const theirs = await withPair(TUTORIAL, async (lab) => {
      const found = new Map<string, number[]>();
      for (const { row, fault } of MEASURED)
        found.set(row, await repeated(`tutorial: ${fault.text}`, say, () => gapOf(lab, fault)));
      return found.set(RETURN, await repeated('tutorial: return of the router', say, () => gapOfReturn(lab)));
    });
    const rows: Row[] = [];
    for (const { row, goal } of [...MEASURED, ...OURS_ALONE, { row: RETURN, goal: 0.02 }]) {
      const samples = ours.get(row) ?? [];
      rows.push(rowOf(row, 's', samples, goal));
      const others = theirs.get(row);
      if (others === undefined) continue;
      rows.push(rowOf(baseline(row), 's', others));
      rows.push(rowOf(ratio(row), 'times', [median(others) / median(samples)]));
    }
    return rows;
  },
};
