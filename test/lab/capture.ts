/** Packet capture on demand: tcpdump of the lab's root, written to a file of this computer. */
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import type { Cage } from './cage.ts';
import { TOOLS } from './disk.ts';
import { HopelessError, start, until } from './programs.ts';
import { childrenOf } from './records.ts';

export interface Capture {
  readonly file: string;
  /** Ends it; the file is complete then. */
  stop(): Promise<void>;
}

/** Resolves when tcpdump listens. `filter`: words of pcap-filter(7). Throws LabError with tcpdump's words. */
export async function startCapture(
  cage: Cage,
  machine: string,
  device: string,
  file: string,
  filter: readonly string[],
): Promise<Capture> {
  // Immediate: else the kernel holds packets back up to a second, and those are lost at the end.
  const argv = [
    'chroot',
    TOOLS,
    'tcpdump',
    '-n',
    '-U',
    '--immediate-mode',
    '-i',
    device,
    '-w',
    '-',
    ...filter,
  ];
  const child = start([...cage.enter(machine), ...argv], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let words = '';
  child.stderr?.on('data', (bytes: Buffer) => {
    words += bytes.toString();
  });
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
    child.once('error', (error) => {
      words += error.message;
      resolve();
    });
  });
  const output = createWriteStream(file);
  child.stdout?.pipe(output);
  await until(
    'The start of tcpdump',
    30_000,
    () => {
      if (child.exitCode !== null) throw new HopelessError(words.trim());
      return words.includes('listening on') ? true : undefined;
    },
    10,
  );
  return {
    file,
    async stop() {
      // nsenter waits for its child and hands no signal on.
      const [tcpdump] = child.pid === undefined ? [] : childrenOf(child.pid);
      if (tcpdump !== undefined) process.kill(tcpdump, 'SIGINT');
      await ended;
      await finished(output);
    },
  };
}
