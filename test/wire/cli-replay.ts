/**
 * Runs the `ubus` command against a scripted ubusd on a Unix socket, which plays one connection of a recording: it
 * sends what ubusd sent and expects, byte for byte, what OpenWrt's command sent. Time stands still, except that a
 * command which still waits when the script is over gets its time-out.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runUbus, type UbusIo } from '@openwrt/ubus-client/cli';
import { Framer } from '@openwrt/ubus-client/wire';
import { frameBytes, type RecordedCommand, type RecordedFrame } from './recordings.ts';

export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly exit: number;
  /** What did not go as the recording has it. */
  readonly differences: readonly string[];
}

const hex = (bytes: Uint8Array | undefined) =>
  bytes === undefined ? 'nothing' : Buffer.from(bytes).toString('hex').slice(0, 400);

/** Arguments as they were: the recordings cut long ones to a head that goes on with its last character. */
export function argumentsOf(command: RecordedCommand): string[] {
  return command.argv.slice(1).map((word) => {
    if (typeof word === 'string') return word;
    const end = '"}';
    const last = word.head[word.head.length - 1] ?? '';
    return word.head + last.repeat(word.length - word.head.length - end.length) + end;
  });
}

/** Timers that never fire by themselves. */
class StillTimers {
  private readonly waiting = new Set<{ readonly delayMs: number; readonly run: () => void }>();

  readonly after = (delayMs: number, run: () => void) => {
    const timer = { delayMs, run };
    this.waiting.add(timer);
    return { cancel: () => this.waiting.delete(timer) };
  };

  fireEarliest(): void {
    const next = [...this.waiting].sort((a, b) => a.delayMs - b.delayMs)[0];
    if (next === undefined) return;
    this.waiting.delete(next);
    next.run();
  }
}

/** The client's messages in order, and its end. */
class Inbox {
  private readonly framer = new Framer();
  private readonly messages: Uint8Array[] = [];
  private wake: () => void = () => {};
  private ended = false;

  constructor(socket: Socket) {
    socket.on('data', (bytes) => {
      const framed = this.framer.push(bytes, (message) => this.messages.push(message));
      if (!framed.ok) this.messages.push(new Uint8Array(0));
      this.wake();
    });
    socket.on('close', () => {
      this.ended = true;
      this.wake();
    });
    socket.on('error', () => {});
  }

  async next(): Promise<Uint8Array | undefined> {
    while (this.messages.length === 0 && !this.ended)
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    return this.messages.shift();
  }
}

/** A frame that the command only sends once it is stopped: the end of monitoring. */
const isFarewell = (frame: RecordedFrame) =>
  frame.decoded?.attrs.some(({ name, value }) => name === 'method' && value === 'remove') === true;

async function play(
  socket: Socket,
  frames: readonly RecordedFrame[],
  stoppable: Promise<() => void>,
  differences: string[],
): Promise<void> {
  const inbox = new Inbox(socket);
  for (const frame of frames) {
    if (frame.event === 'close') {
      if ((frame.from as string) === 'server') socket.end();
      continue;
    }
    if (frame.event !== undefined) continue;
    const bytes = frameBytes(frame);
    if (frame.from === 'server') {
      socket.write(bytes);
      continue;
    }
    if (isFarewell(frame)) (await stoppable)();
    const received = await inbox.next();
    if (received === undefined || !Buffer.from(received).equals(bytes))
      differences.push(`sent ${hex(received)} instead of ${hex(bytes)}`);
    if (received === undefined) return;
  }
}

/** `frames` = those of the command's connection; undefined when it never had one. */
export async function replay(
  command: RecordedCommand,
  frames: readonly RecordedFrame[] | undefined,
): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'ubus-'));
  const socketPath = join(folder, 'ubus.sock');
  const differences: string[] = [];
  const timers = new StillTimers();
  let canStop: (stop: () => void) => void = () => {};
  const stoppable = new Promise<() => void>((resolve) => {
    canStop = resolve;
  });
  let played = () => {};
  const playing = new Promise<void>((resolve) => {
    played = resolve;
  });
  const server = createServer((socket) => {
    void play(socket, frames ?? [], stoppable, differences).then(played);
  });
  const sockets: Socket[] = [];
  const stdout: Uint8Array[] = [];
  const stderr: Uint8Array[] = [];
  const io: UbusIo = {
    connect: (_path, handlers) => {
      const socket = connect(socketPath);
      sockets.push(socket);
      socket.on('data', (bytes) => handlers.onData(bytes));
      socket.on('error', () => {});
      socket.on('close', () => handlers.onEnd({ kind: 'remote', message: 'closed' }));
      return {
        write: (bytes) => socket.write(bytes),
        queuedBytes: () => socket.writableLength,
        close: () => socket.end(),
      };
    },
    timers,
    monotonicMs: () => 0,
    stdout: (bytes) => stdout.push(bytes),
    stderr: (bytes) => stderr.push(bytes),
    onStop: canStop,
  };
  try {
    if (frames !== undefined) await new Promise<void>((resolve) => server.listen(socketPath, resolve));
    const exit = runUbus(argumentsOf(command), io);
    if (frames !== undefined) {
      await playing;
      if (command.endedBy !== undefined) (await stoppable)();
      else if (isTimeout(command)) timers.fireEarliest();
    }
    return {
      exit: await exit,
      stdout: Buffer.concat(stdout).toString(),
      stderr: Buffer.concat(stderr).toString(),
      differences,
    };
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Without an answer in the recording, only its time-out ended the command. */
function isTimeout(command: RecordedCommand): boolean {
  return command.exit === 249 || command.exit === 7;
}
