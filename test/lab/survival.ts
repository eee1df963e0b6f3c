/**
 * Connections of a client that shall outlive what happens to the routers: TCP that talks and TCP that is idle, downloads and UDP flows, by
 * each WAN's virtual address. Asserts nothing: it counts.
 */
import type { Talk } from './agent-talk.ts';
import type { TcpPopulation, Watch } from './client.ts';
import type { Lab } from './lab.ts';
import type { StreamKind } from './silence.ts';

export interface Survival {
  /** TCP connections on which both ends still hear each other. */
  readonly alive: number;
  readonly total: number;
  readonly closed: number;
  /** Downloads that go on without a wrong byte, and the longest silence of one, ms. */
  readonly downloads: number;
  readonly downloadMs: number;
  /** UDP flows that go on and look to the server as they did before. */
  readonly flows: number;
  /** How the server saw each flow, in the order of time. */
  readonly flowsSeenAs: readonly string[];
  /** Of downloads and of flows, each. */
  readonly streams: number;
}

export interface SurvivalOptions {
  /** Over all servers. */
  readonly connections: number;
  /** `half-idle` (default): half of them talk, the others do so when `act` is over. `silent-client`: the server alone ever talks. */
  readonly talk?: 'half-idle' | 'silent-client';
  /** Servers to connect to, each by its own WAN. Default: the first. */
  readonly servers?: readonly string[];
  /** How long connections have to prove themselves afterwards. TCP sends again after 0.2, 0.6, 1.4, 3, 6.2 s. Default 30 s. */
  readonly waitMs?: number;
}

/** Longer than conntrackd takes to tell the partner of what is new. */
const SETTLE_MS = 2000;
/** A stream of pieces every 20 ms whose last one is no older goes on, on a machine that is busy with other things. */
const ALIVE_MS = 500;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface Crowd {
  readonly talking: readonly TcpPopulation[];
  readonly idle: readonly TcpPopulation[];
}

async function gather(lab: Lab, options: SurvivalOptions, servers: readonly string[]): Promise<Crowd> {
  const isSilent = options.talk === 'silent-client';
  const each = Math.ceil(options.connections / servers.length / (isSilent ? 1 : 2));
  const of = async (talk: Talk): Promise<TcpPopulation[]> => {
    const made: TcpPopulation[] = [];
    for (const target of servers) made.push(await lab.client.populate(each, { target, talk }));
    return made;
  };
  return isSilent
    ? { talking: await of('server'), idle: [] }
    : { talking: await of('both'), idle: await of('none') };
}

/** Whether the stream has answers again before `deadline` (performance.now()). */
async function goesOn(watch: Watch, kind: StreamKind, deadline: number): Promise<boolean> {
  for (;;) {
    const ms = await watch.silentForMs(kind);
    if (ms !== null && ms < ALIVE_MS) return true;
    if (performance.now() > deadline) return false;
    await pause(100);
  }
}

async function judge(
  watches: readonly Watch[],
  deadline: number,
): Promise<Omit<Survival, 'alive' | 'total' | 'closed'>> {
  const result = { downloads: 0, downloadMs: 0, flows: 0, streams: watches.length };
  const flowsSeenAs: string[] = [];
  for (const watch of watches) {
    if (await goesOn(watch, 'download', deadline)) result.downloads += 1;
    const answers = await goesOn(watch, 'udp', deadline);
    const reports = await watch.stop();
    const seenAs = reports.get('udp')?.seenAs ?? [];
    flowsSeenAs.push(seenAs.join(', then '));
    if (answers && seenAs.length === 1) result.flows += 1;
    const silence = reports.get('download')?.longest?.ms;
    result.downloadMs = Math.max(result.downloadMs, silence ?? Number.POSITIVE_INFINITY);
  }
  return { ...result, flowsSeenAs };
}

/** Connections are made, `act` happens, and who is alive is counted. */
export async function survive(
  lab: Lab,
  options: SurvivalOptions,
  act: () => Promise<void>,
): Promise<Survival> {
  const servers = options.servers ?? lab.topology.servers.slice(0, 1);
  const crowd = await gather(lab, options, servers);
  const all = [...crowd.talking, ...crowd.idle];
  const watches: Watch[] = [];
  for (const target of servers)
    watches.push(await lab.client.watch({ target, kinds: ['download', 'udp'], intervalMs: 20 }));
  for (const watch of watches) await watch.answering();
  await pause(SETTLE_MS);
  await act();
  for (const population of all) await population.mark();
  for (const population of crowd.idle) await population.wake();
  const end = performance.now() + (options.waitMs ?? 30_000);
  const sum = { alive: 0, total: 0, closed: 0 };
  for (const population of all) {
    const { alive, total, closed } = await population.survivors(Math.max(0, end - performance.now()));
    sum.alive += alive;
    sum.total += total;
    sum.closed += closed;
  }
  const streams = await judge(watches, end + 1000);
  for (const population of all) await population.close();
  return { ...sum, ...streams };
}
