import { describe, expect, it } from 'vitest';
import { createRouting } from '../../../src/adapters/ip.ts';
import { fail, ok } from '../../../src/lib/result.ts';
import { encodeText } from '../../../src/lib/text.ts';
import type { Processes, ProcessHandlers } from '../../../src/ports/processes.ts';
import { createFakeTime } from '../../fakes/time.ts';

/** `ip monitor` as a source of hints, with a process in memory: cut lines, its end, its absence. */
function setUp() {
  const time = createFakeTime();
  const started: { handlers: ProcessHandlers; killed: number[] }[] = [];
  let absent = false;
  const processes: Processes = {
    start: (argv, handlers) => {
      if (absent) return fail({ code: 'ENOENT', argv, message: 'Cannot start ip' });
      const killed: number[] = [];
      started.push({ handlers, killed });
      return ok({
        pid: 1,
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
  const heard: string[] = [];
  const watch = createRouting(processes, time.timers).watch(
    (what) => heard.push([...what].sort().join('+')),
    10,
  );
  const print = (text: string) => started[started.length - 1]?.handlers.onStdout?.(encodeText(text));
  return { time, started, heard, watch, print, remove: (gone: boolean) => (absent = gone) };
}

describe('ip monitor', () => {
  it('tells kinds once for all changes within the quiet time', async () => {
    const { time, heard, print } = setUp();
    print('[ROUTE]10.0.0.0/8 dev a\n[LINK]3: a: <UP>\\    link/ether [RULE]\n[ROUTE]x\n');
    expect(heard).toEqual([]);
    await time.advance(10);
    expect(heard).toEqual(['link+route']);
    print('[AD');
    print('DR]3: a inet 10.0.0.1/8\n[NEIGH]x\n[RU');
    await time.advance(10);
    print('LE]5: from all\n');
    await time.advance(10);
    expect(heard).toEqual(['link+route', 'address', 'rule']);
  });

  it('does not wait for the quiet to come: a flood is told every quiet time', async () => {
    const { time, heard, print } = setUp();
    for (let ms = 0; ms < 100; ms += 1) {
      print('[ROUTE]x\n');
      await time.advance(1);
    }
    expect(heard.length).toBeGreaterThanOrEqual(8);
    expect(heard.length).toBeLessThanOrEqual(10);
  });

  it('starts it again when it ends, and then takes everything for changed', async () => {
    const { time, started, heard, remove } = setUp();
    started[0]?.handlers.onExit({ kind: 'exited', code: 1 });
    await time.advance(999);
    expect(started).toHaveLength(1);
    remove(true);
    await time.advance(1);
    remove(false);
    await time.advance(1010);
    expect(started).toHaveLength(2);
    expect(heard[heard.length - 1]).toBe('all');
  });

  it('ends with the watch', async () => {
    const { time, started, heard, watch, print } = setUp();
    print('[ROUTE]x\n');
    watch.stop();
    expect(started[0]?.killed).toEqual([15]);
    started[0]?.handlers.onExit({ kind: 'signalled', signal: 15 });
    await time.advance(5000);
    expect([started.length, heard]).toEqual([1, []]);
  });
});
