/**
 * How many connections do not outlive what happens to the routers: 2000 by TCP (half of them idle), downloads and UDP flows, by both WANs'
 * virtual addresses, with OpenWrt's REJECT on the WAN. Beside them, with fewer connections, the settings of which they die: if those lost
 * nothing, the counting would be worth nothing.
 */
import { FAULTS, type Fault, splitBrain, strongerActive } from '../lab/faults.ts';
import type { Lab } from '../lab/lab.ts';
import { waitForRole } from '../lab/pair.ts';
import { type Survival, type SurvivalOptions, survive } from '../lab/survival.ts';
import type { ConnectionOptions, TopologyOptions } from '../lab/topology.ts';
import type { BenchGroup } from './group.ts';
import { BY_HAND, OURS, pause, settled, TUTORIAL, withPair } from './pair-setups.ts';
import { type Row, rowOf } from './rows.ts';

const RUNS = 10;
const CONNECTIONS = 2000;
/** Both routers serve for so long, so that each sees packets that the other one does not. */
const SPLIT_MS = 3000;
const SERVERS = ['192.0.2.1', '192.0.2.2'];

const lost = ({ total, alive }: Survival): number => total - alive;
const streamsLost = ({ streams, downloads, flows }: Survival): number => 2 * streams - downloads - flows;

type Event = (lab: Lab, options: SurvivalOptions) => Promise<Survival>;

/** The fault happens among the connections; afterwards all is mended. */
const byFault =
  (fault: Fault): Event =>
  async (lab, options) => {
    const { active, backup } = await settled(lab);
    const survival = await survive(lab, options, async () => {
      await fault.strike(active, backup);
      await waitForRole(backup, ['active']);
    });
    await fault.repair(active, backup);
    await settled(lab);
    return survival;
  };

const bySplit: Event = async (lab, options) => {
  await strongerActive(lab);
  await settled(lab);
  return survive(lab, options, async () => {
    const { heal } = await splitBrain(lab);
    await pause(SPLIT_MS);
    await heal();
  });
};

/** `failback`: the router that lost its power is made active again. */
const EVENTS: readonly (readonly [string, Event])[] = [
  ['power-loss', byFault(FAULTS.powerLoss)],
  ['failback', byFault(FAULTS.switchover)],
  ['switchover', byFault(FAULTS.switchover)],
  ['split-brain', bySplit],
];

const rowName = (event: string): string => `pair-tcp-lost-${event}`;
/** The longest silence of a running download, seconds. */
const silenceName = (event: string): string => `pair-download-silence-${event}`;
const silence = ({ downloadMs }: Survival): number => downloadMs / 1000;
const STREAMS_ROW = 'pair-streams-lost';

export const pairConnections: BenchGroup = {
  names: [
    ...EVENTS.map(([event]) => rowName(event)),
    ...EVENTS.map(([event]) => silenceName(event)),
    STREAMS_ROW,
  ],
  run: ({ say }) =>
    withPair(OURS, async (lab) => {
      const samples = new Map<string, Survival[]>(EVENTS.map(([event]) => [event, []]));
      const streams: number[] = [];
      for (let run = 1; run <= RUNS; run += 1) {
        for (const [event, happen] of EVENTS) {
          const survival = await happen(lab, { connections: CONNECTIONS, servers: SERVERS });
          samples.get(event)?.push(survival);
          streams.push(streamsLost(survival));
          say(
            `${event} ${run} of ${RUNS}: ${survival.alive} of ${survival.total} alive, downloads ${survival.downloads}, UDP flows ${survival.flows} of ${survival.streams}; a download was silent for ${Math.round(survival.downloadMs)} ms`,
          );
        }
      }
      return [
        ...EVENTS.map(([event]) =>
          rowOf(rowName(event), `of ${CONNECTIONS}`, (samples.get(event) ?? []).map(lost), 0),
        ),
        ...EVENTS.map(([event]) => rowOf(silenceName(event), 's', (samples.get(event) ?? []).map(silence))),
        rowOf(STREAMS_ROW, 'of 4', streams, 0),
      ];
    }),
};

interface Baseline {
  readonly name: string;
  readonly setup: TopologyOptions;
  readonly connections: number;
  readonly talk?: SurvivalOptions['talk'];
  readonly happen: Event;
  /** Default: TCP connections that are lost. */
  readonly figure?: 'silence';
}

const without = (connections: Partial<ConnectionOptions>): TopologyOptions => ({ ...BY_HAND, connections });
const FEW = 200;
const BASELINE_RUNS = 5;
/** What is dead stays dead: no need to wait as long as for what may yet come back. */
const BASELINE_WAIT_MS = 10_000;

const BASELINES: readonly Baseline[] = [
  {
    name: 'pair-tcp-lost-tutorial',
    setup: TUTORIAL,
    connections: FEW,
    happen: byFault(FAULTS.powerLoss),
  },
  {
    name: 'pair-tcp-lost-no-conntrackd-silent-client',
    setup: without({ sync: false }),
    connections: FEW,
    talk: 'silent-client',
    happen: byFault(FAULTS.powerLoss),
  },
  {
    name: 'pair-tcp-lost-masquerade',
    setup: without({ snat: false }),
    connections: FEW,
    happen: byFault(FAULTS.powerLoss),
  },
  {
    name: 'pair-tcp-lost-answered-with-rst',
    setup: without({ noReset: false }),
    connections: CONNECTIONS,
    happen: byFault(FAULTS.powerLoss),
  },
  {
    // Its states are behind; TCP sends again and again until a packet fits.
    name: 'pair-download-silence-split-brain-strict-windows',
    setup: without({ liberal: false }),
    connections: FEW,
    happen: bySplit,
    figure: 'silence',
  },
];

export const pairBaselines: BenchGroup = {
  names: BASELINES.map(({ name }) => name),
  async run({ say }) {
    const rows: Row[] = [];
    for (const { name, setup, connections, talk, happen, figure } of BASELINES) {
      const of = figure === 'silence' ? silence : lost;
      const samples = await withPair(setup, async (lab) => {
        const found: number[] = [];
        const servers = setup.engine === 'hagw' ? SERVERS : SERVERS.slice(0, 1);
        const options = { connections, servers, waitMs: BASELINE_WAIT_MS, talk: talk ?? 'half-idle' };
        while (found.length < BASELINE_RUNS) found.push(of(await happen(lab, options)));
        return found;
      });
      say(`${name}: ${samples.join(' ')}`);
      rows.push(rowOf(name, figure === 'silence' ? 's' : `of ${connections}`, samples));
    }
    return rows;
  },
};
