/** The `ubus` command against every recorded use of OpenWrt's: bytes sent, output, messages, exit code. */
import { describe, expect, it } from 'vitest';
import { replay } from './cli-replay.ts';
import { type RecordedCommand, type RecordedFrame, type Recording, recordings } from './recordings.ts';

/** Recorded uses of `ubus` that are not replayed, each with the reason. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  '57-caller-dies-in-call cli1': 'it was killed with SIGKILL in the middle: there is no outcome to compare',
};

/** The frames of the command's connection: the n-th use of a label belongs to the n-th connection by it. */
function framesOf(recording: Recording, command: RecordedCommand): readonly RecordedFrame[] | undefined {
  const nth = recording.commands.filter(({ label }) => label === command.label).indexOf(command);
  const connects = recording.frames.filter(({ event, by }) => event === 'connect' && by === command.label);
  const { conn } = connects[nth] ?? {};
  return conn === undefined ? undefined : recording.frames.filter((frame) => frame.conn === conn);
}

const uses = recordings.flatMap((recording) =>
  recording.commands
    .filter(({ argv }) => argv[0] === 'ubus')
    .map((command, i) => ({
      name: `${recording.name} ${command.label}`,
      title: `${recording.name} ${i} ${command.label}`,
      command,
      frames: framesOf(recording, command),
    })),
);

describe('the recordings', () => {
  it('have uses of the command, and each one left out', () => {
    expect(uses.length).toBeGreaterThan(100);
    for (const name of Object.keys(LEFT_OUT)) expect(uses.map((use) => use.name)).toContain(name);
  });

  it('have no connection only where there is no ubusd', () => {
    expect(uses.filter(({ frames }) => frames === undefined).map(({ name }) => name)).toEqual([
      '87-socket-missing cli1',
      '87-socket-missing cli2',
      '87-socket-missing cli3',
    ]);
  });
});

describe('ubus', () => {
  it.each(uses.filter(({ name }) => LEFT_OUT[name] === undefined))('$title', async ({ command, frames }) => {
    const { stdout, stderr, exit, differences } = await replay(command, frames);
    expect(differences).toEqual([]);
    if (typeof command.stdout === 'string') expect(stdout).toBe(command.stdout);
    else {
      expect(stdout.length).toBe(command.stdout.length);
      expect(stdout.startsWith(command.stdout.head)).toBe(true);
      expect(stdout.endsWith(command.stdout.tail)).toBe(true);
    }
    expect(stderr).toBe(command.stderr);
    expect(exit).toBe(command.exit);
  });
});
