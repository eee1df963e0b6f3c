/** A machine on the LAN: what it measures while something is done to the routers. */
import type { Agent } from './agent-link.ts';
import type { Talk } from './agent-talk.ts';
import { ROOTFS } from './disk.ts';
import { until } from './programs.ts';
import type { StreamKind, StreamReport } from './silence.ts';
import type { ClientPlan } from './topology.ts';

export interface WatchOptions {
  /** Default: the first server of the internet. */
  readonly target?: string;
  readonly kinds?: readonly StreamKind[];
  /** Milliseconds between two probes of a stream. Default 10. */
  readonly intervalMs?: number;
}

/** Streams that run until `stop`. */
export interface Watch {
  /** Resolves when each stream had an answer in the last five intervals. Throws LabError after `timeoutMs`. */
  answering(timeoutMs?: number): Promise<void>;
  /** How long the last answer of a stream is ago, ms; null if none came yet. */
  silentForMs(kind: StreamKind): Promise<number | null>;
  /** Resolves when a stream had no answer for `ms`. */
  silent(kind: StreamKind, ms: number, timeoutMs?: number): Promise<void>;
  /** One report for each kind. */
  stop(): Promise<ReadonlyMap<StreamKind, StreamReport>>;
}

export interface TcpCount {
  readonly total: number;
  /** Connections on which, since the mark, both ends heard each other. */
  readonly alive: number;
  /** Connections that were closed or reset. */
  readonly closed: number;
}

export interface TcpPopulation {
  /** From now on each connection has to prove anew that it is alive. */
  mark(): Promise<void>;
  /** From now on all of them talk, both ends, or nobody does. */
  wake(): Promise<void>;
  hush(): Promise<void>;
  count(): Promise<TcpCount>;
  /** Counts until all are alive, or `waitMs` is over: how many are alive then. */
  survivors(waitMs: number): Promise<TcpCount>;
  close(): Promise<void>;
}

export interface PopulateOptions {
  readonly target?: string;
  readonly everyMs?: number;
  readonly talk?: Talk;
}

export interface Client {
  readonly name: string;
  readonly plan: ClientPlan;
  /** The agent in the client's namespace. */
  watch(options?: WatchOptions): Promise<Watch>;
  /**
   * `count` TCP connections to `target`. Who talks (default `both`) sends a line every `everyMs` (default 1000). While the server alone
   * talks, a connection counts as alive if it was heard; while nobody does, none can.
   */
  populate(count: number, options?: PopulateOptions): Promise<TcpPopulation>;
}

let names = 0;
const nextName = (kind: string): string => {
  names += 1;
  return `${kind}-${names}`;
};

export function makeClient(plan: ClientPlan, agent: Agent, firstServer: string): Client {
  async function watch(options: WatchOptions = {}): Promise<Watch> {
    const intervalMs = options.intervalMs ?? 10;
    const target = options.target ?? firstServer;
    const streams = new Map<StreamKind, string>();
    for (const kind of options.kinds ?? (['ping', 'udp', 'udp-new'] as const)) {
      const name = nextName(kind);
      streams.set(kind, name);
      await agent.ask({ do: 'stream', name, kind, target, intervalMs, rootfs: ROOTFS });
    }
    const silentFor = async (name: string): Promise<number | null> => {
      const { ms } = (await agent.ask({ do: 'silent-for', name })) as { ms: number | null };
      return ms;
    };
    return {
      async answering(timeoutMs = 30_000) {
        for (const [kind, name] of streams) {
          await until(
            `An answer from ${target} to the ${kind} stream of ${plan.name}`,
            timeoutMs,
            async () => {
              const ms = await silentFor(name);
              return ms !== null && ms < 5 * intervalMs ? true : undefined;
            },
            10,
          );
        }
      },
      silentForMs: (kind) => silentFor(streams.get(kind) ?? ''),
      async silent(kind, ms, timeoutMs = 30_000) {
        const name = streams.get(kind) ?? '';
        await until(`Silence of the ${kind} stream of ${plan.name}`, timeoutMs, async () =>
          ((await silentFor(name)) ?? 0) >= ms ? true : undefined,
        );
      },
      async stop() {
        const reports = new Map<StreamKind, StreamReport>();
        for (const [kind, name] of streams) {
          reports.set(kind, (await agent.ask({ do: 'stop', name })) as StreamReport);
        }
        return reports;
      },
    };
  }

  async function populate(count: number, options: PopulateOptions = {}): Promise<TcpPopulation> {
    const name = nextName('population');
    const target = options.target ?? firstServer;
    const { everyMs = 1000, talk = 'both' } = options;
    await agent.ask({ do: 'populate', name, target, count, everyMs, talk }, 60_000);
    const countNow = async (): Promise<TcpCount> => (await agent.ask({ do: 'count', name })) as TcpCount;
    return {
      async mark() {
        await agent.ask({ do: 'mark', name });
      },
      async wake() {
        await agent.ask({ do: 'wake', name });
      },
      async hush() {
        await agent.ask({ do: 'hush', name });
      },
      count: countNow,
      async survivors(waitMs) {
        const end = performance.now() + waitMs;
        for (;;) {
          const now = await countNow();
          if (now.alive === now.total || performance.now() >= end) return now;
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
      },
      async close() {
        await agent.ask({ do: 'depopulate', name });
      },
    };
  }

  return { name: plan.name, plan, watch, populate };
}
