/**
 * Runs under QuickJS in a network namespace of its own, as the service does: the engine with the kernel's real nft, ip and conntrack. A
 * WAN loses its carrier; the time until nft's transaction is through is printed, as one line of JSON with milliseconds. Netifd, probes
 * and /sys are not there: they would only tell the engine what it is told here.
 *
 *   WANS RULES COUNT
 */
import { createFlows } from '../../src/adapters/conntrack-flows.ts';
import { createRouting } from '../../src/adapters/ip.ts';
import { createNft } from '../../src/adapters/nft.ts';
import { createMultiWanEngine } from '../../src/app/multiwan/engine.ts';
import { ok } from '../../src/lib/result.ts';
import { encodeText } from '../../src/lib/text.ts';
import type { Runtime } from '../../src/ports/runtime.ts';
import { sized } from '../packets/support/situations.ts';

export interface SwitchTimes {
  /** From the loss of the carrier until the kernel tells of the transaction (nft monitor): packets go the other way. */
  readonly kernel: readonly number[];
  /** Until the program nft has ended: closing its socket waits for the kernel to free what was replaced. */
  readonly ended: readonly number[];
  /** The part of it in which the engine decided and compiled, and nothing else ran. */
  readonly decided: readonly number[];
  /** nft with a transaction of nothing: what starting the program costs. */
  readonly empty: readonly number[];
}

const LIMIT_MS = 60_000;
const SIGKILL = 9;

export async function measureSwitches(runtime: Runtime): Promise<void> {
  const [wans = 0, rules = 0, count = 0] = runtime.args.map(Number);
  const { clock, timers, files, processes } = runtime;
  const { config, devices } = sized(wans, rules);
  const nft = createNft(processes);
  const down = new Set<string>();
  let endedAt = 0;
  let committedAt: number | null = null;
  const monitor = processes.start(['nft', 'monitor'], {
    onStdout: () => {
      committedAt ??= clock.monotonicMs();
    },
    onExit: () => undefined,
  });
  if (!monitor.ok) throw new Error(monitor.error.message);
  const engine = createMultiWanEngine(
    {
      clock,
      timers,
      files,
      processes,
      log: {
        write: (level, text) => {
          if (level === 'err' || level === 'warning') runtime.stderr(encodeText(`${text}\n`));
        },
      },
      nft: {
        ...nft,
        apply: async (text) => {
          const outcome = await nft.apply(text);
          endedAt = clock.monotonicMs();
          return outcome;
        },
      },
      routing: { ...createRouting(processes, timers), watch: () => ({ stop: () => undefined }) },
      flows: createFlows(processes, timers),
      watchNft: () => ({ stop: () => undefined }),
      prober: { start: () => ({ stop: () => undefined, burst: () => undefined }) },
      counters: {
        carrier: (device) => ok(!down.has(device)),
        packets: () => [],
      },
    },
    () => undefined,
  );
  const until = async (what: string, isSo: () => boolean): Promise<void> => {
    const end = clock.monotonicMs() + LIMIT_MS;
    while (!isSo()) {
      if (clock.monotonicMs() > end)
        throw new Error(`${what} did not come about; ${JSON.stringify(engine.state().problems)}`);
      await new Promise<void>((resolve) => {
        timers.after(2, resolve);
      });
    }
  };
  const isSettled = (): boolean => {
    const { phase, work, stale } = engine.state();
    return phase === 'running' && work === 'idle' && !stale;
  };
  const facts = config.wans.map(({ name, number }) => [
    name,
    { up: true, device: `dev${number}`, addresses: [`10.0.${number}.2/24`], gateway: `10.0.${number}.1` },
  ]);
  engine.situation({
    engine: 'hagw',
    config,
    wans: Object.fromEntries(facts),
    devices,
    tableUses: [],
    mwan3Runs: false,
  });
  await until('The first apply', () => committedAt !== null && isSettled());
  const times = {
    kernel: [] as number[],
    ended: [] as number[],
    decided: [] as number[],
    empty: [] as number[],
  };
  // One of the lowest metric, so that all packets are to go another way.
  const device = 'dev2';
  while (times.kernel.length < count) {
    for (const carrier of [false, true]) {
      committedAt = null;
      const beforeMs = clock.monotonicMs();
      if (carrier) down.delete(device);
      else down.add(device);
      engine.dispatch({ kind: 'carriers', carriers: { [device]: carrier } });
      const decidedMs = clock.monotonicMs();
      await until('The switch', () => committedAt !== null && endedAt > beforeMs && isSettled());
      if (carrier) continue;
      times.kernel.push((committedAt ?? Number.NaN) - beforeMs);
      times.ended.push(endedAt - beforeMs);
      times.decided.push(decidedMs - beforeMs);
    }
    const emptyMs = clock.monotonicMs();
    const done = await nft.apply('\n');
    if (!done.ok) throw new Error(done.error.message);
    times.empty.push(clock.monotonicMs() - emptyMs);
  }
  engine.stop();
  monitor.value.kill(SIGKILL);
  runtime.stdout(encodeText(`${JSON.stringify(times)}\n`));
}
