import type { StreamEnd } from '../../../../src/ports/streams.ts';
import {
  type Bench,
  bytes,
  type Case,
  check,
  equal,
  join,
  mustRead,
  openDescriptors,
  pattern,
  sameBytes,
  sleep,
  text,
  until,
} from './case.ts';

interface Seen {
  opened: number;
  readonly chunks: Uint8Array[];
  readonly ends: StreamEnd[];
}

function connect({ runtime }: Bench, path: string) {
  const seen: Seen = { opened: 0, chunks: [], ends: [] };
  const stream = runtime.streams.connectUnix(path, {
    onOpen: () => {
      seen.opened += 1;
    },
    onData: (chunk) => {
      check(seen.ends.length === 0, 'data after the end');
      seen.chunks.push(chunk);
    },
    onEnd: (end) => seen.ends.push(end),
  });
  return { seen, stream };
}

const heard = (seen: Seen): number => seen.chunks.reduce((sum, chunk) => sum + chunk.length, 0);

/** The path is there from bind(2) on; who connects before listen(2) is refused. Flag SO_ACCEPTCON of unix(7), as /proc/net/unix has it. */
function isListening(bench: Bench, path: string): boolean {
  return text(mustRead(bench, '/proc/net/unix'))
    .split('\n')
    .some((line) => line.endsWith(` ${path}`) && line.split(/\s+/)[3] === '00010000');
}

/** A socat that listens; the case gets the path once it does. */
async function withServer(
  bench: Bench,
  peer: string,
  use: (path: string) => Promise<void>,
  path = `${bench.folder}/socket`,
): Promise<void> {
  const escaped = path.replace(/[,:!]/g, (char) => `\\${char}`);
  const server = bench.runtime.processes.start(['socat', `UNIX-LISTEN:${escaped},fork,backlog=128`, peer], {
    onExit: () => undefined,
  });
  if (!server.ok) throw new Error(server.error.message);
  await until(bench, 'server', () => isListening(bench, path));
  try {
    await use(path);
  } finally {
    server.value.kill(15);
  }
}

export const streamCases: Case[] = [
  {
    name: 'a stream opens, carries bytes both ways, and closes locally with one end',
    run: (bench) =>
      withServer(bench, 'EXEC:cat', async (path) => {
        const { seen, stream } = connect(bench, path);
        // Before it is open: queued, not lost.
        stream.write(bytes('early '));
        await until(bench, 'open', () => seen.opened === 1);
        stream.write(bytes('late'));
        await until(bench, 'echo', () => heard(seen) === 10);
        equal(text(join(seen.chunks)), 'early late', 'echo');
        stream.close();
        equal(seen.ends, [], 'not from inside close');
        await until(bench, 'end', () => seen.ends.length > 0);
        stream.write(bytes('to nobody'));
        stream.close();
        await sleep(bench, 50);
        equal(
          seen.ends.map((end) => end.kind),
          ['local'],
          'ends',
        );
        equal([stream.queuedBytes(), seen.opened], [0, 1], 'afterwards');
      }),
  },
  {
    name: '4 MiB of all byte values both ways at once',
    run: (bench) =>
      withServer(bench, 'EXEC:cat', async (path) => {
        const { seen, stream } = connect(bench, path);
        const sent = pattern(4 << 20);
        for (let at = 0; at < sent.length; at += 100_000) stream.write(sent.subarray(at, at + 100_000));
        check(stream.queuedBytes() > 0, 'queued');
        await until(bench, 'echo', () => heard(seen) >= sent.length);
        sameBytes(join(seen.chunks), sent, 'echo');
        equal(stream.queuedBytes(), 0, 'queue');
        stream.close();
        await until(bench, 'end', () => seen.ends.length === 1);
      }),
  },
  {
    name: 'a remote close comes after all data, as kind remote',
    run: (bench) =>
      withServer(bench, 'SYSTEM:head -c 200000 /dev/zero', async (path) => {
        const { seen } = connect(bench, path);
        await until(bench, 'end', () => seen.ends.length > 0);
        equal([heard(seen), seen.ends[0]?.kind, seen.opened], [200_000, 'remote', 1], 'what came');
      }),
  },
  {
    name: 'a missing socket and one that nobody listens on end with an error that names the path',
    async run(bench) {
      const { runtime, folder } = bench;
      runtime.files.replace(`${folder}/file`, bytes('no socket'));
      for (const path of [`${folder}/none`, `${folder}/file`]) {
        const { seen, stream } = connect(bench, path);
        stream.write(bytes('x'));
        equal(seen.ends, [], 'not from inside connect');
        await until(bench, 'end', () => seen.ends.length > 0);
        await sleep(bench, 20);
        equal([seen.opened, seen.ends.length, seen.ends[0]?.kind], [0, 1, 'error'], path);
        check(seen.ends[0]?.message.includes(path) === true, seen.ends[0]?.message ?? '');
      }
    },
  },
  {
    name: 'a path with characters that mean something to socat is taken literally',
    run: (bench) =>
      withServer(
        bench,
        'EXEC:cat',
        async (path) => {
          const { seen, stream } = connect(bench, path);
          stream.write(bytes('hello'));
          await until(bench, 'echo', () => heard(seen) === 5 || seen.ends.length > 0);
          equal(seen.ends, [], 'ends');
          stream.close();
          await until(bench, 'end', () => seen.ends.length > 0);
        },
        `${bench.folder}/a,b:c!d e`,
      ),
  },
  {
    name: 'three hundred connections one after another leave no descriptor behind',
    run: (bench) =>
      withServer(bench, 'EXEC:cat', async (path) => {
        const before = openDescriptors(bench);
        for (let turn = 0; turn < 300; turn += 1) {
          const { seen, stream } = connect(bench, path);
          await until(bench, 'open', () => seen.opened === 1);
          stream.close();
          await until(bench, 'end', () => seen.ends.length === 1);
        }
        await until(bench, `${before} descriptors as before`, () => openDescriptors(bench) <= before);
      }),
  },
];
