/** The recordings of test/captures/ubus, and what their `decoded` fields mean. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface RecordedEntry {
  readonly type?: string;
  readonly name?: string;
  readonly id?: number;
  readonly value?: unknown;
  readonly hex?: string;
  readonly bits?: string;
  readonly len: number;
}

export interface RecordedAttribute {
  readonly id: number;
  readonly name: string;
  readonly len: number;
  readonly value: unknown;
}

export interface RecordedMessage {
  readonly version: number;
  readonly type: number;
  readonly typeName: string;
  readonly seq: number;
  readonly peer: number;
  readonly length: number;
  readonly attrs: readonly RecordedAttribute[];
}

export interface RecordedFrame {
  readonly event?: 'connect' | 'close';
  readonly by?: string;
  readonly from?: 'client' | 'server';
  readonly conn: number;
  readonly hex?: string;
  readonly hexParts?: readonly (
    | { readonly hex: string }
    | { readonly repeat: string; readonly times: number }
  )[];
  readonly decoded?: RecordedMessage;
  readonly ms: number;
}

export interface RecordedCommand {
  readonly label: string;
  readonly argv: readonly (string | { readonly head: string; readonly length: number })[];
  readonly uid?: number;
  readonly stdout: string | { readonly head: string; readonly tail: string; readonly length: number };
  readonly stderr: string;
  readonly exit: number;
  readonly endedBy?: string;
}

export interface Recording {
  readonly name: string;
  readonly commands: readonly RecordedCommand[];
  readonly frames: readonly RecordedFrame[];
}

const folder = join(import.meta.dirname, '../captures/ubus');

export const recordings: readonly Recording[] = readdirSync(folder)
  .filter((file) => file.endsWith('.json'))
  .sort()
  .map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as Recording);

export function frameBytes(frame: RecordedFrame): Uint8Array {
  if (frame.hex !== undefined) return new Uint8Array(Buffer.from(frame.hex, 'hex'));
  const parts = frame.hexParts ?? [];
  return new Uint8Array(
    Buffer.concat(
      parts.map((part) =>
        'repeat' in part
          ? Buffer.alloc(part.times, Buffer.from(part.repeat, 'hex'))
          : Buffer.from(part.hex, 'hex'),
      ),
    ),
  );
}

/** A text as the recordings write it: `{repeat, length}` when it is long. */
export function matchesText(text: string, recorded: unknown): boolean {
  if (typeof recorded === 'string') return text === recorded;
  const long = recorded as { repeat?: string; length?: number };
  if (long.repeat !== undefined && long.length !== undefined)
    return text.length === long.length && text === long.repeat.repeat(long.length / long.repeat.length);
  return false;
}
