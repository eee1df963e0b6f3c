import type { ProcessExit } from '../../../../src/ports/processes.ts';
import { type Bench, type Case, check, EXIT_0, equal, pattern, run, sameBytes, text, until } from './case.ts';

/** What concerns the program as a whole: each case runs an act of acts.ts in a process of its own. */
export const programCases: Case[] = [
  {
    name: 'arguments, environment and number of the process',
    async run(bench) {
      const words = ['--flag', 'a b', 'ä', '', '-'];
      const done = await bench.runtime.processes.run([...bench.self, 'act', 'describe', ...words], {
        timeoutMs: 30_000,
        env: { PATH: '/usr/bin:/bin', GIVEN: 'value' },
      });
      check(done.ok, 'started');
      if (!done.ok) return;
      const told = JSON.parse(text(done.value.stdout)) as Record<string, unknown>;
      equal(told['args'], ['act', 'describe', ...words], 'arguments');
      equal([told['given'], told['missing'], told['terminal']], ['value', null, false], 'environment');
      check(
        Number(told['pid']) > 1 && told['pid'] === told['proc'],
        `pid ${told['pid']}, in /proc ${told['proc']}`,
      );
    },
  },
  {
    name: 'standard input is read to its end, standard output is written whole before exit',
    async run(bench) {
      const sent = pattern(1 << 20);
      const done = await run(bench, [...bench.self, 'act', 'copy'], sent);
      sameBytes(done.stdout, sent, 'copy');
      equal(done.exit, { kind: 'exited', code: 5 }, 'exit');
    },
  },
  {
    name: 'standard output whose reader is gone ends the program with 141',
    async run(bench) {
      const script = '("$@"; echo $? >&2) | head -c 10 >/dev/null';
      const done = await run(bench, ['sh', '-c', script, 'sh', ...bench.self, 'act', 'chatter']);
      equal(text(done.stderr), '141\n', 'status');
    },
  },
  {
    name: 'an unhandled rejection ends the program with 1 and tells why',
    async run(bench) {
      const done = await run(bench, [...bench.self, 'act', 'reject']);
      equal(done.exit, { kind: 'exited', code: 1 }, 'exit');
      const words = text(done.stdout) + text(done.stderr);
      check(words.includes('rejected on purpose'), words);
    },
  },
  {
    name: 'SIGHUP, SIGINT and SIGTERM reach their handlers while the program waits',
    async run(bench) {
      let words = '';
      let exit: ProcessExit | undefined;
      const child = bench.runtime.processes.start([...bench.self, 'act', 'signals'], {
        onStdout: (chunk) => {
          words += text(chunk);
        },
        onExit: (how) => {
          exit = how;
        },
      });
      check(child.ok, 'started');
      if (!child.ok) return;
      await until(bench, 'ready', () => words === 'ready\n');
      for (const signal of [1, 2, 1, 15]) {
        const before = words.length;
        child.value.kill(signal);
        await until(bench, `answer to ${signal}`, () => words.length > before || exit !== undefined);
      }
      await until(bench, 'exit', () => exit !== undefined);
      equal(words, 'ready\n1\n2\n1\n15\n', 'handlers');
      equal(exit, EXIT_0, 'exit');
    },
  },
  {
    name: 'the log is one line per message on standard error, whatever the message holds',
    async run(bench) {
      const done = await run(bench, [...bench.self, 'act', 'log', '3']);
      const lines = text(done.stderr).split('\n');
      equal(lines.length, 6, 'lines');
      equal(lines[0], 'contract: warning: line 0', 'first');
      equal(lines[3], `contract: err: \\x0afaked\\x1b[31m ${'x'.repeat(100_000)} end`, 'odd one');
    },
  },
  {
    name: 'a program that has nothing left to wait for ends',
    async run(bench) {
      equal((await run(bench, [...bench.self, 'act', 'nothing'])).exit, EXIT_0, 'exit');
    },
  },
];

/** The datagrams that came to /dev/log while `use` ran and until `last` was among them: `PRIORITY MESSAGE` each. */
async function datagrams(bench: Bench, last: string, use: () => Promise<void>): Promise<string[]> {
  let received = '';
  let hasEnded = false;
  const receiver = bench.runtime.processes.start(
    ['socat', '-u', '-b', '65536', 'UNIX-RECV:/dev/log', 'STDOUT'],
    {
      onStdout: (chunk) => {
        received += text(chunk);
      },
      onExit: () => {
        hasEnded = true;
      },
    },
  );
  if (!receiver.ok) throw new Error(receiver.error.message);
  try {
    await until(bench, 'receiver', () => bench.runtime.files.info('/dev/log').ok);
    await use();
    await until(bench, last, () => received.includes(last));
  } finally {
    receiver.value.kill(15);
    // It takes the socket away when it ends, and that must not be the next one's.
    await until(bench, 'end of the receiver', () => hasEnded);
    bench.runtime.files.remove('/dev/log');
  }
  // A datagram carries its padding: its length is what shows that no two were merged and none was cut.
  equal(received.length % 1024, 0, 'bytes in whole records');
  const shape = /^<(\d+)>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d contract\[\d+\]: (.*)$/;
  return Array.from({ length: received.length / 1024 }, (_, at) => {
    const record = received.slice(at * 1024, (at + 1) * 1024).replace(/\n+$/, '');
    const match = shape.exec(record);
    check(match !== null, `a record without its head: ${record.slice(0, 80)}`);
    return `${match?.[1]} ${match?.[2]}`;
  });
}

/** Only the service's runtime writes to syslog; on Node the log is standard error always. */
export const syslogCases: Case[] = [
  {
    name: 'each message is one datagram to /dev/log with its level, in order and without loss at exit',
    async run(bench) {
      const messages = await datagrams(bench, ']: done', async () => {
        const done = await run(bench, [...bench.self, 'act', 'log', '100']);
        equal([text(done.stderr), done.exit], ['', EXIT_0], 'standard error and exit');
      });
      const lines = Array.from({ length: 100 }, (_, at) => `28 line ${at}`);
      equal(messages.slice(0, 100), lines, 'lines');
      equal(messages.slice(-1), ['30 done'], 'last line');
      const long = messages.slice(100, -1);
      check(
        long.every((message) => message.startsWith('27 ')),
        'level of the long message',
      );
      const expected = `\\x0afaked\\x1b[31m ${'x'.repeat(100_000)} end`;
      equal(long.map((message) => message.slice(3)).join(''), expected, 'long message');
    },
  },
  {
    name: 'messages beyond what the log may hold in memory are counted, and the count is told',
    async run(bench) {
      const messages = await datagrams(bench, 'were dropped', async () => {
        equal((await run(bench, [...bench.self, 'act', 'log', '2000'])).exit, EXIT_0, 'exit');
      });
      const told = /^28 (\d+) messages were dropped/.exec(messages[messages.length - 1] ?? '');
      // Two thousand lines, the long message and the last line.
      equal(messages.length - 1 + Number(told?.[1]), 2002, 'sent and dropped');
    },
  },
];
