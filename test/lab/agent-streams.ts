/**
 * Runs in a client's network namespace: streams of probes, and when their answers came. fping sends the pings; UDP is
 * ours. Wall clock throughout, since fping prints that.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { connect } from 'node:net';
import { DOWNLOAD_PERIOD, DOWNLOAD_PORT } from './agent-talk.ts';
import { longestOf, type StreamKind, type StreamReport, silencesOf } from './silence.ts';

export interface StreamOptions {
  readonly kind: StreamKind;
  readonly target: string;
  readonly port: number;
  readonly intervalMs: number;
  /** The root that has fping. */
  readonly rootfs: string;
}

export interface ProbeStream {
  /** How long the last answer is ago; null if none came yet. Milliseconds. */
  silentForMs(): number | null;
  stop(): Promise<StreamReport>;
}

export const nowMs = (): number => performance.timeOrigin + performance.now();

/** A new port stays open this long for a late answer. */
const LATE_MS = 2000;
/** At the end, answers that are on their way still count as answers: what is missing after this was lost. */
const LAST_ANSWERS_MS = 2000;

interface Counts {
  sent: number;
  readonly arrivals: number[];
  readonly seenAs: Set<string>;
}

const newCounts = (): Counts => ({ sent: 0, arrivals: [], seenAs: new Set() });

function reportOf(options: StreamOptions, counts: Counts, end: number): StreamReport {
  const { kind, target, intervalMs } = options;
  return {
    kind,
    target,
    intervalMs,
    sent: counts.sent,
    answered: counts.arrivals.length,
    longest: longestOf(silencesOf(counts.arrivals, end, 0)),
    silences: silencesOf(counts.arrivals, end, 5 * intervalMs),
    seenAs: [...counts.seenAs],
  };
}

const silentFor = (counts: Counts): number | null => {
  const last = counts.arrivals.at(-1);
  return last === undefined ? null : nowMs() - last;
};

/** `[1700000000.12345] 192.0.2.1 : [7], 64 bytes, 0.050 ms (…)`; anything else is no answer. */
const ANSWER = /^\[(\d+\.\d+)\] \S+ : \[(\d+)\], \d+ bytes/;

function pingStream(options: StreamOptions): ProbeStream {
  const counts = newCounts();
  const every = String(options.intervalMs);
  const argv = [options.rootfs, 'fping', '-D', '-l', '-p', every, '-t', String(LATE_MS), options.target];
  const child: ChildProcess = spawn('chroot', argv, { stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = new Promise<void>((resolve) => {
    child.once('error', () => resolve());
    child.once('close', () => resolve());
  });
  let rest = '';
  child.stdout?.on('data', (bytes: Buffer) => {
    const lines = (rest + bytes.toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const match = ANSWER.exec(line);
      if (match === null) continue;
      counts.arrivals.push(Number(match[1]) * 1000);
      counts.sent = Math.max(counts.sent, Number(match[2]) + 1);
    }
  });
  return {
    silentForMs: () => silentFor(counts),
    async stop() {
      const end = nowMs();
      child.kill('SIGINT');
      await ended;
      return reportOf(options, counts, end);
    },
  };
}

function udpStream(options: StreamOptions): ProbeStream {
  const counts = newCounts();
  const open = new Set<Socket>();
  const arrived = (): void => {
    counts.arrivals.push(nowMs());
  };
  const connect = (): Socket => {
    const socket = createSocket('udp4');
    open.add(socket);
    // "Network unreachable" and the like: an answer that does not come is what is counted.
    socket.on('error', () => {});
    return socket;
  };
  const close = (socket: Socket): void => {
    if (open.delete(socket)) socket.close();
  };
  const existing = options.kind === 'udp' ? connect() : null;
  existing?.on('message', (bytes) => {
    arrived();
    // The line that was sent, then who sent it in the server's eyes.
    counts.seenAs.add(bytes.toString('latin1').split('\n')[1] ?? '');
  });
  const timer = setInterval(() => {
    const socket = existing ?? connect();
    counts.sent += 1;
    if (existing === null) {
      const late = setTimeout(() => close(socket), LATE_MS);
      socket.once('message', () => {
        arrived();
        clearTimeout(late);
        close(socket);
      });
    }
    socket.send(`${counts.sent}\n`, options.port, options.target, () => {});
  }, options.intervalMs);
  return {
    silentForMs: () => silentFor(counts),
    async stop() {
      const end = nowMs();
      clearInterval(timer);
      const late = performance.now() + LAST_ANSWERS_MS;
      while (counts.arrivals.length < counts.sent && performance.now() < late) {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      for (const socket of [...open]) close(socket);
      return reportOf(options, counts, end);
    },
  };
}

function downloadStream(options: StreamOptions): ProbeStream {
  const counts = newCounts();
  const socket = connect(DOWNLOAD_PORT, options.target);
  let at = 0;
  socket.on('data', (bytes: Buffer) => {
    counts.sent += 1;
    const isRight = bytes.every((byte, index) => byte === (at + index) % DOWNLOAD_PERIOD);
    at = (at + bytes.length) % DOWNLOAD_PERIOD;
    if (isRight) counts.arrivals.push(nowMs());
  });
  // A connection that was reset sends nothing more: that is what is counted.
  socket.on('error', () => {});
  return {
    silentForMs: () => silentFor(counts),
    async stop() {
      const end = nowMs();
      socket.destroy();
      return reportOf(options, counts, end);
    },
  };
}

export function startStream(options: StreamOptions): ProbeStream {
  if (options.kind === 'download') return downloadStream(options);
  return options.kind === 'ping' ? pingStream(options) : udpStream(options);
}
