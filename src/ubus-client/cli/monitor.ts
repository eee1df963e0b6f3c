/** `ubus monitor`: each message that passes ubusd, as it came in (`<-`) and as it went out (`->`). */
import { monitorRequestData } from '../client/monitor.ts';
import { readAttributes } from '../wire/blob.ts';
import { decodeBlobmsg } from '../wire/blobmsg.ts';
import { AttributeId, MESSAGE_NAMES, Status } from '../wire/constants.ts';
import { decodeAttributes } from '../wire/decode.ts';
import { RemoteProtocolError } from '../wire/errors.ts';
import type { Attributes, MonitorAttributes } from '../wire/message.ts';
import { monitorRequestMessage } from '../wire/message.ts';
import type { Command, CommandContext } from './command.ts';
import { formatMember, formatString } from './json-format.ts';

const WIDTH = 14;

export const monitor: Command = async (context) => {
  const { bus, options, print } = context;
  const request = (method: 'add' | 'remove') =>
    bus.request((seq) => monitorRequestMessage(seq, method, monitorRequestData(method)), options.timeoutMs);
  bus.onMonitor = (seen) => {
    if (isWanted(context, seen)) print(`${formatSeen(seen)}\n`);
  };
  const status = await request('add');
  if (status !== Status.ok) return { status };
  await new Promise<void>((resolve) => {
    context.io.onStop(resolve);
    if (options.hasTimeout) context.io.timers.after(options.timeoutMs, resolve);
  });
  await request('remove');
  return { code: 0 };
};

function isWanted({ options }: CommandContext, { type = 0, send = false }: MonitorAttributes): boolean {
  if (options.direction === 'r' && send) return false;
  if (options.direction === 't' && !send) return false;
  return options.types.length === 0 || options.types.includes(MESSAGE_NAMES[type] ?? '');
}

function formatSeen({ client = 0, peer = 0, type = 0, send = false, data }: MonitorAttributes): string {
  const name = MESSAGE_NAMES[type] ?? `unknown (${type})`;
  const attributes = decodeAttributes(data ?? new Uint8Array(0));
  const arrow = send ? '->' : '<-';
  const body = attributes.ok ? formatAttributes(attributes.value) : '{}';
  return `${arrow} ${hex(client)} #${hex(peer)} ${name.padStart(WIDTH)}: ${body}`;
}

function hex(id: number): string {
  return id.toString(16).padStart(8, '0');
}

/** In the order of their numbers, not of the wire; ids are printed as C's int32. */
function formatAttributes(attributes: Attributes): string {
  const members: string[] = [];
  for (const key of Object.keys(AttributeId) as (keyof Attributes)[]) {
    const value = attributes[key];
    const name = key === 'noReply' ? 'no_reply' : key;
    if (typeof value === 'number') members.push(`"${name}":${value | 0}`);
    else if (typeof value === 'string') members.push(`"${name}":${formatString(value)}`);
    else if (typeof value === 'boolean') members.push(`"${name}":${value}`);
    else if (value instanceof Uint8Array) members.push(`"${name}":${formatPayload(value)}`);
    else if (value !== undefined) members.push(`"${name}":[${value.map((id) => id | 0).join(',')}]`);
  }
  return `{${members.join(',')}}`;
}

/** What is no blobmsg (the arguments of the monitor's own methods) is left out, but not its comma. */
function formatPayload(payload: Uint8Array): string {
  const members: string[] = [];
  try {
    readAttributes(payload, 0, payload.length, (_id, _extended, start, end) => {
      const entry = decodeBlobmsg(payload.subarray(start - 4, (end + 3) & ~3));
      const first = entry.ok ? entry.value[0] : undefined;
      members.push(first === undefined ? '' : formatMember(first, { compact: true }));
    });
  } catch (error) {
    if (!(error instanceof RemoteProtocolError)) throw error;
  }
  return `{${members.join(',')}}`;
}
