import { describe, expect, it } from 'vitest';
import { watchLines } from '../../../src/adapters/line-watch.ts';
import { watchNft } from '../../../src/adapters/nft-monitor.ts';
import { createSuspicionWatch, type Watched } from '../../../src/app/multiwan/suspicion-watch.ts';
import { fail, ok } from '../../../src/lib/result.ts';
import { encodeText } from '../../../src/lib/text.ts';
import type { PacketCounts } from '../../../src/ports/counters.ts';
import type { Processes, ProcessHandlers } from '../../../src/ports/processes.ts';
import { createFakeTime } from '../../fakes/time.ts';

/** A program in memory that prints what the test says and ends when it says so. */
function createProgram() {
  const started: { readonly argv: readonly string[]; readonly handlers: ProcessHandlers }[] = [];
  const killed: number[] = [];
  let absent = false;
  const processes: Processes = {
    start: (argv, handlers) => {
      if (absent) return fail({ code: 'ENOENT', argv, message: 'Cannot start it.' });
      started.push({ argv, handlers });
      return ok({
        pid: started.length,
        write: () => undefined,
        queuedBytes: () => 0,
        closeInput: () => undefined,
        kill: (signal) => killed.push(signal),
      });
    },
    run: async () => {
      throw new Error('nothing is run');
    },
  };
  return {
    processes,
    started,
    killed,
    print: (text: string) => started.at(-1)?.handlers.onStdout?.(encodeText(text)),
    end: () => started.at(-1)?.handlers.onExit?.({ code: 1, signal: null } as never),
    remove: (gone: boolean) => {
      absent = gone;
    },
  };
}

describe('nft monitor', () => {
  it('tells of our table alone, once for all that comes together', async () => {
    const [time, program] = [createFakeTime(), createProgram()];
    let told = 0;
    let heard = 0;
    watchNft(
      program.processes,
      time.timers,
      () => {
        told += 1;
      },
      () => {
        heard += 1;
      },
    );
    expect(program.started[0]?.argv).toEqual(['nft', 'monitor']);
    program.print(
      'add rule inet fw4 forward accept\nadd chain inet hagw2 x\n# new generation 5 by process 7 (nft)\n',
    );
    await time.advance(1000);
    expect(told).toBe(0);
    for (let line = 0; line < 100; line += 1) program.print(`add rule inet hagw main ${line}\n`);
    program.print('delete table inet hagw\n');
    // At once, for whoever waits for a transaction.
    expect([told, heard]).toEqual([0, 101]);
    await time.advance(1000);
    expect(told).toBe(1);
    program.print('flush chain inet ha');
    program.print('gw main\n');
    await time.advance(1000);
    expect(told).toBe(2);
  });
});

describe('the lines of a program', () => {
  const watch = (quietMs = 10) => {
    const [time, program] = [createFakeTime(), createProgram()];
    const heard: string[] = [];
    const { stop } = watchLines<string>(
      program.processes,
      time.timers,
      (hints) => heard.push([...hints].join()),
      {
        argv: ['x'],
        hintOf: (line) => (line.startsWith('!') ? line : undefined),
        afterRestart: 'again',
        quietMs,
      },
    );
    return { time, program, heard, stop };
  };

  it('are started again when it ends or is not there, and all counts as changed then', async () => {
    const { time, program, heard } = watch();
    program.print('!half a li');
    program.remove(true);
    program.end();
    await time.advance(3000);
    expect(program.started).toHaveLength(1);
    expect(heard.length).toBeGreaterThanOrEqual(2);
    program.remove(false);
    await time.advance(1100);
    expect(program.started).toHaveLength(2);
    program.print('ne\n!whole\n');
    await time.advance(20);
    expect(heard.at(-1)).toBe('!whole');
    expect(new Set(heard)).toEqual(new Set(['again', '!whole']));
  });

  it('of a line without end keep only its beginning', async () => {
    const { time, program, heard } = watch();
    program.print('!');
    for (let piece = 0; piece < 100; piece += 1) program.print('x'.repeat(1000));
    program.print('\n');
    await time.advance(20);
    // What was kept, and the last piece.
    expect(heard[0]?.length).toBeLessThan(6000);
  });

  it('are not heard after the stop, and nothing is started', async () => {
    const { time, program, heard, stop } = watch();
    program.print('!late\n');
    stop();
    program.end();
    await time.advance(10_000);
    expect([heard, program.killed, program.started.length, time.pending()]).toEqual([[], [15], 1, 0]);
  });
});

describe('the watch on counters', () => {
  const WAN: Watched = { wan: 'wan', device: 'eth1', probesPerSecond: 20, roundTripMs: 10 };
  const setUp = (list: readonly Watched[] = [WAN]) => {
    const time = createFakeTime();
    const counts: Record<string, PacketCounts> = { eth1: { receivedPackets: 0, transmittedPackets: 0 } };
    let reads = 0;
    const suspected: string[] = [];
    let current = list;
    const watch = createSuspicionWatch(
      {
        clock: time.clock,
        timers: time.timers,
        counters: {
          carrier: () => ok(true),
          packets: (devices) => {
            reads += 1;
            return devices.map((device) => counts[device] ?? null);
          },
        },
      },
      () => current,
      (wan) => suspected.push(wan),
    );
    /** Traffic for so long, a step each 10 ms. */
    const run = async (ms: number, sent: number, received: number): Promise<void> => {
      for (let at = 0; at < ms; at += 10) {
        const before = counts['eth1'] ?? { receivedPackets: 0, transmittedPackets: 0 };
        counts['eth1'] = {
          receivedPackets: before.receivedPackets + received,
          transmittedPackets: before.transmittedPackets + sent,
        };
        await time.advance(10);
      }
    };
    return {
      time,
      counts,
      watch,
      suspected,
      run,
      reads: () => reads,
      have: (now: readonly Watched[]) => {
        current = now;
      },
    };
  };

  it('suspects a WAN that sends and hears nothing, within a tenth of a second', async () => {
    const { watch, run, suspected } = setUp();
    watch.start();
    await run(1000, 5, 5);
    expect(suspected).toEqual([]);
    await run(150, 5, 0);
    expect(suspected[0]).toBe('wan');
    suspected.length = 0;
    await run(500, 5, 5);
    expect(suspected).toEqual([]);
  });

  it('takes neither an idle link nor its own probes for one', async () => {
    const { watch, run, suspected, counts } = setUp();
    watch.start();
    await run(2000, 0, 0);
    for (let second = 0; second < 3; second += 1) {
      counts['eth1'] = {
        receivedPackets: 0,
        transmittedPackets: (counts['eth1']?.transmittedPackets ?? 0) + 20,
      };
      await run(1000, 0, 0);
    }
    expect(suspected).toEqual([]);
  });

  it('looks often only while there is traffic', async () => {
    const { watch, run, reads } = setUp();
    watch.start();
    await run(10_000, 0, 0);
    const idle = reads();
    await run(10_000, 5, 5);
    const busy = reads() - idle;
    expect(idle).toBeLessThanOrEqual(60);
    expect(busy).toBeGreaterThan(4 * idle);
  });

  it('forgets a WAN whose device is gone, and one that is no longer watched', async () => {
    const { watch, run, suspected, counts, have, time } = setUp();
    watch.start();
    await run(1000, 5, 5);
    delete counts['eth1'];
    await time.advance(1000);
    counts['eth1'] = { receivedPackets: 0, transmittedPackets: 1_000_000 };
    await time.advance(1000);
    have([]);
    await run(1000, 5, 0);
    have([WAN]);
    await time.advance(300);
    expect(suspected).toEqual([]);
  });

  it('ends with its timer', async () => {
    const { watch, time, reads } = setUp();
    watch.start();
    watch.start();
    await time.advance(1000);
    watch.stop();
    const before = reads();
    await time.advance(5000);
    expect([reads(), time.pending()]).toEqual([before, 0]);
  });
});
