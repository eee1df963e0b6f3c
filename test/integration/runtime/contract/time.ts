import { type Case, check, equal, sleep, until } from './case.ts';

export const timeCases: Case[] = [
  {
    name: 'timers run in the order of their due times, equal ones in the order of setting',
    async run(bench) {
      const order: string[] = [];
      const { timers, clock } = bench.runtime;
      // Due times count from each call: if the machine pauses us in between, another order is right. Then once more.
      for (;;) {
        const startMs = clock.monotonicMs();
        const set = [
          timers.after(60, () => order.push('60')),
          timers.after(20, () => order.push('20 a')),
          timers.after(20, () => order.push('20 b')),
          timers.after(0, () => order.push('0')),
        ];
        if (clock.monotonicMs() - startMs < 15) break;
        for (const timer of set) timer.cancel();
      }
      await until(bench, 'four timers', () => order.length === 4);
      equal(order, ['0', '20 a', '20 b', '60'], 'order');
    },
  },
  {
    name: 'a timer does not run before its time',
    async run(bench) {
      const { clock } = bench.runtime;
      const startMs = clock.monotonicMs();
      await sleep(bench, 50);
      // Both clocks may round down to a whole millisecond.
      check(clock.monotonicMs() - startMs >= 49, `after ${clock.monotonicMs() - startMs} ms`);
    },
  },
  {
    name: 'a cancelled timer never runs, also when cancelled by one that is due with it',
    async run(bench) {
      const { timers } = bench.runtime;
      const ran: string[] = [];
      const far = timers.after(5, () => ran.push('far'));
      far.cancel();
      far.cancel();
      const second = { cancel: (): void => undefined };
      timers.after(10, () => second.cancel());
      second.cancel = timers.after(10, () => ran.push('second')).cancel;
      await sleep(bench, 60);
      equal(ran, [], 'what ran');
    },
  },
  {
    name: 'a callback that throws does not stop the others',
    async run(bench) {
      const { timers } = bench.runtime;
      const ran: string[] = [];
      const done = bench.runtime.processes.run([...bench.self, 'act', 'throw'], { timeoutMs: 30_000 });
      timers.after(5, () => ran.push('here'));
      const result = await done;
      check(result.ok, 'started');
      if (!result.ok) return;
      equal(result.value.exit, { kind: 'exited', code: 7 }, 'exit');
      const words = String.fromCharCode(...result.value.stderr);
      check(words.includes('Uncaught in a callback') && words.includes('thrown on purpose'), words);
      equal(ran, ['here'], 'timers here');
    },
  },
  {
    name: 'a loop of 0-ms timers does not starve a file descriptor',
    async run(bench) {
      let turns = 0;
      let stop = false;
      const again = (): void => {
        turns += 1;
        if (!stop) bench.runtime.timers.after(0, again);
      };
      again();
      const done = await bench.runtime.processes.run(['echo', 'served'], { timeoutMs: 30_000 });
      stop = true;
      check(done.ok && !done.value.timedOut && done.value.stdout.length === 7, 'echo was served');
      check(turns > 0, 'the loop ran');
    },
  },
  {
    name: 'of two pipes that are always ready both are served',
    async run(bench) {
      const heard = [0, 0];
      const children = [0, 1].map((index) =>
        bench.runtime.processes.start(['cat', '/dev/zero'], {
          onStdout: (bytes) => {
            heard[index] = (heard[index] ?? 0) + bytes.length;
          },
          onExit: () => undefined,
        }),
      );
      await until(bench, 'a megabyte of each', () => heard.every((length) => length > 1 << 20));
      for (const child of children) if (child.ok) child.value.kill(9);
    },
  },
  {
    name: 'the monotonic clock never steps back, the wall clock is of this century',
    run({ runtime }) {
      let last = runtime.clock.monotonicMs();
      for (let turn = 0; turn < 10_000; turn += 1) {
        const now = runtime.clock.monotonicMs();
        check(now >= last, `${now} after ${last}`);
        last = now;
      }
      check(runtime.clock.wallMs() > Date.UTC(2020, 0, 1), 'wall clock');
    },
  },
];
