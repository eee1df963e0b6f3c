import type { ProcessExit } from '../../../../src/ports/processes.ts';
import {
  bytes,
  type Case,
  check,
  codeOf,
  EXIT_0,
  equal,
  join,
  openDescriptors,
  pattern,
  run,
  sameBytes,
  text,
  until,
} from './case.ts';

const SIGKILL = 9;
const SIGTERM = 15;

export const processCases: Case[] = [
  {
    name: '4 MiB of all byte values come back whole through a child, both ways at once',
    async run(bench) {
      const sent = pattern(4 << 20);
      const done = await run(bench, ['cat'], sent);
      sameBytes(done.stdout, sent, 'echo');
      equal(done.exit, EXIT_0, 'exit');
    },
  },
  {
    name: 'a child is heard line by line while it runs',
    async run(bench) {
      const heard: string[] = [];
      let exit: ProcessExit | undefined;
      const child = bench.runtime.processes.start(
        ['sh', '-c', 'while read -r line; do echo "got $line"; done'],
        {
          onStdout: (chunk) => heard.push(text(chunk)),
          onExit: (how) => {
            exit = how;
          },
        },
        { input: 'pipe' },
      );
      check(child.ok, 'started');
      if (!child.ok) return;
      for (const word of ['one', 'two', 'three']) {
        child.value.write(bytes(`${word}\n`));
        await until(bench, word, () => heard.join('').endsWith(`got ${word}\n`));
        equal(exit, undefined, 'still running');
      }
      child.value.closeInput();
      await until(bench, 'exit', () => exit !== undefined);
      equal(heard.join(''), 'got one\ngot two\ngot three\n', 'lines');
    },
  },
  {
    name: 'exit statuses and signals come as they were',
    async run(bench) {
      for (const code of [0, 1, 3, 127, 255]) {
        equal(
          (await run(bench, ['sh', '-c', `exit ${code}`])).exit,
          { kind: 'exited', code },
          `exit ${code}`,
        );
      }
      for (const signal of [SIGTERM, SIGKILL]) {
        const done = await run(bench, ['sh', '-c', `kill -${signal} $$`]);
        equal(done.exit, { kind: 'signalled', signal }, `signal ${signal}`);
      }
    },
  },
  {
    name: 'kill ends a child, and a second kill after the end does nothing',
    async run(bench) {
      let exit: ProcessExit | undefined;
      const child = bench.runtime.processes.start(['sleep', '1000'], {
        onExit: (how) => {
          exit = how;
        },
      });
      check(child.ok && child.value.pid > 0, 'started');
      if (!child.ok) return;
      child.value.kill(SIGTERM);
      await until(bench, 'exit', () => exit !== undefined);
      equal(exit, { kind: 'signalled', signal: SIGTERM }, 'exit');
      child.value.kill(SIGKILL);
      child.value.write(bytes('to nobody'));
      child.value.closeInput();
    },
  },
  {
    name: 'sixty children at once: each status reaches its owner, and all output comes before it',
    async run(bench) {
      const all = await Promise.all(
        Array.from({ length: 60 }, (_, index) => run(bench, ['sh', '-c', `echo ${index}; exit ${index}`])),
      );
      all.forEach((done, index) => {
        equal(done.exit, { kind: 'exited', code: index }, `exit of ${index}`);
        equal(text(done.stdout), `${index}\n`, `output of ${index}`);
      });
    },
  },
  {
    name: 'a child without pipes is reaped, too',
    async run(bench) {
      let exits = 0;
      for (let index = 0; index < 10; index += 1) {
        bench.runtime.processes.start(['true'], { onExit: () => (exits += 1) });
      }
      await until(bench, 'ten exits', () => exits === 10);
    },
  },
  {
    name: 'a child that dies while it is written to does not take us along',
    async run(bench) {
      let exit: ProcessExit | undefined;
      const child = bench.runtime.processes.start(
        ['sh', '-c', 'head -c 10000 >/dev/null; exit 4'],
        {
          onExit: (how) => {
            exit = how;
          },
        },
        { input: 'pipe' },
      );
      check(child.ok, 'started');
      if (!child.ok) return;
      child.value.write(pattern(1 << 20));
      await until(bench, 'exit', () => exit !== undefined);
      equal(exit, { kind: 'exited', code: 4 }, 'exit');
      child.value.write(pattern(1 << 16));
    },
  },
  {
    name: 'children have the default action for SIGPIPE',
    async run(bench) {
      const status = text((await run(bench, ['cat', '/proc/self/status'])).stdout);
      const ignored = BigInt(`0x${/SigIgn:\s*([0-9a-f]+)/.exec(status)?.[1] ?? 'f'}`);
      equal((ignored >> BigInt(12)) & BigInt(1) ? 'ignored' : 'default', 'default', 'SIGPIPE of the child');
    },
  },
  {
    name: 'children get no descriptors of ours but their three',
    async run(bench) {
      const own = bench.runtime.files.list('/proc/self/fd');
      // What the suite was started with may be passed on by Node; what it opened itself may not.
      const inherited = own.ok ? own.value : [];
      const holder = bench.runtime.processes.start(
        ['cat'],
        { onStdout: () => undefined, onStderr: () => undefined, onExit: () => undefined },
        { input: 'pipe' },
      );
      const names = text((await run(bench, ['ls', '/proc/self/fd'], bytes('x'))).stdout)
        .trim()
        .split('\n');
      if (holder.ok) holder.value.closeInput();
      // 3 is ls' own, for the folder that it lists.
      const ours = names.filter((name) => !['0', '1', '2', '3'].includes(name) && !inherited.includes(name));
      equal(ours, [], 'descriptors');
    },
  },
  {
    name: 'what cannot be started is refused with its errno name',
    run({ runtime, folder }) {
      const start = (argv: string[], cwd?: string): string =>
        codeOf(runtime.processes.start(argv, { onExit: () => undefined }, cwd === undefined ? {} : { cwd }));
      equal(start(['no-such-program-anywhere']), 'ENOENT', 'not in PATH');
      equal(start(['/no/such/program']), 'ENOENT', 'no such path');
      equal(start(['/etc/passwd']), 'EACCES', 'not executable');
      equal(start([folder]), 'EACCES', 'a folder');
      equal(start([]), 'EINVAL', 'nothing');
      equal(start(['echo', 'a\0b']), 'EINVAL', 'NUL');
      equal(start(['true'], '/no/such/folder'), 'ENOENT', 'no such working folder');
    },
  },
  {
    name: 'arguments, environment and working folder arrive as given, without a shell',
    async run(bench) {
      const words = ['$HOME', '`id`', '; ls', 'ä ö', '', "it's", 'a\nb', '*'];
      const done = await bench.runtime.processes.run(
        ['sh', '-c', 'printf "%s|" "$@" "$SECRET" "$(pwd)" "$HOME"', 'sh', ...words],
        { timeoutMs: 30_000, env: { SECRET: 'x=y', PATH: '/usr/bin:/bin' }, cwd: bench.folder },
      );
      check(done.ok, 'started');
      if (done.ok)
        equal(text(done.value.stdout), `${[...words, 'x=y', bench.folder, ''].join('|')}|`, 'words');
    },
  },
  {
    name: 'run ends a child that takes too long, and its children that hold the pipes',
    async run(bench) {
      const { clock, processes } = bench.runtime;
      // On a busy machine the time may be over before the shell has said anything: then twice the time.
      for (let timeoutMs = 200; timeoutMs < 20_000; timeoutMs *= 2) {
        const startMs = clock.monotonicMs();
        const done = await processes.run(['sh', '-c', 'sleep 600 & echo $!; wait'], { timeoutMs });
        check(done.ok, 'started');
        if (!done.ok) return;
        equal(done.value.timedOut, true, 'timedOut');
        equal(done.value.exit, { kind: 'signalled', signal: SIGKILL }, 'exit');
        const [grandchild] = /^\d+(?=\n$)/.exec(text(done.value.stdout)) ?? [];
        if (grandchild === undefined) continue;
        check(clock.monotonicMs() - startMs < 60_000, 'long before the grandchild ends');
        equal((await run(bench, ['kill', grandchild])).exit, EXIT_0, 'the grandchild lived on');
        return;
      }
      check(false, 'output until then');
    },
  },
  {
    name: 'run keeps what is within the limit and says that there was more',
    async run({ runtime }) {
      const done = await runtime.processes.run(['sh', '-c', 'head -c 300000 /dev/zero; printf err >&2'], {
        timeoutMs: 30_000,
        maxOutputBytes: 1000,
      });
      check(done.ok, 'started');
      if (!done.ok) return;
      equal(done.value.stdout.length, 1000, 'kept');
      equal(done.value.truncated, true, 'truncated');
      equal(text(done.value.stderr), 'err', 'standard error');
      equal(done.value.exit, EXIT_0, 'exit');
    },
  },
  {
    name: 'run without input gives end-of-file, bytes that are no UTF-8 pass',
    async run(bench) {
      equal((await run(bench, ['cat'])).stdout.length, 0, 'no input');
      const odd = new Uint8Array([0, 0xff, 0xfe, 0xc3, 0x28, 0x80, 10, 0]);
      sameBytes((await run(bench, ['cat'], odd)).stdout, odd, 'odd bytes');
    },
  },
  {
    name: '100 KB lines arrive whole',
    async run(bench) {
      const heard: Uint8Array[] = [];
      let ended = false;
      bench.runtime.processes.start(['sh', '-c', 'head -c 100000 /dev/zero | tr "\\0" x; echo'], {
        onStdout: (chunk) => heard.push(chunk),
        onExit: () => {
          ended = true;
        },
      });
      await until(bench, 'exit', () => ended);
      equal(text(join(heard)), `${'x'.repeat(100_000)}\n`, 'line');
    },
  },
  {
    name: 'two hundred children leave no descriptor behind',
    async run(bench) {
      const before = openDescriptors(bench);
      for (let index = 0; index < 200; index += 1) await run(bench, ['true'], bytes('x'));
      await until(bench, `${before} descriptors as before`, () => openDescriptors(bench) <= before);
    },
  },
];
