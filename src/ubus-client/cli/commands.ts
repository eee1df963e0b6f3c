/** `ubus list`, `call` and `send`: one question, one answer. */
import { type BlobmsgEntry, type BlobmsgValue, decodeBlobmsg, encodeBlobmsg } from '../wire/blobmsg.ts';
import { Status, SystemObject, statusText } from '../wire/constants.ts';
import { LocalProtocolError } from '../wire/errors.ts';
import type { Attributes } from '../wire/message.ts';
import { invokeMessage, lookupMessage } from '../wire/message.ts';
import { type Command, type CommandContext, type CommandEnd, WRONG_USE } from './command.ts';
import { formatMember, formatTable } from './json-format.ts';
import { parseJsonTable } from './json-parse.ts';

const TYPE_TITLES: Readonly<Record<number, string>> = {
  1: 'Array',
  2: 'Table',
  3: 'String',
  5: 'Integer',
  7: 'Boolean',
};

/** In a signature an int32 is the number of a type. */
function typeTitle(value: BlobmsgValue): string | undefined {
  if (value.type !== 'int32') return undefined;
  return `"${TYPE_TITLES[value.value] ?? '(unknown)'}"`;
}

export const list: Command = async ({ bus, options, print }) => {
  if (options.rest.length > 1) return WRONG_USE;
  const status = await bus.request(
    (seq) => lookupMessage(seq, options.rest[0]),
    options.timeoutMs,
    ({ objpath = '', objid = 0, signature = new Uint8Array(0) }) => {
      if (options.simple || !options.verbose) {
        print(`${objpath}\n`);
        return;
      }
      print(`'${objpath}' @${objid.toString(16).padStart(8, '0')}\n`);
      const methods = decodeBlobmsg(signature);
      if (!methods.ok) return;
      for (const method of methods.value)
        print(`\t${formatMember(method, { compact: true, format: typeTitle })}\n`);
    },
  );
  return { status };
};

export const call: Command = async (context) => {
  const { bus, options, print } = context;
  const [path, method, message] = options.rest;
  if (path === undefined || method === undefined || options.rest.length > 3) return WRONG_USE;
  const args = message === undefined ? [] : parseJsonTable(message);
  const data = args === undefined ? undefined : encode(args);
  if (data === undefined) return refuse(context, Status.parseError);
  const found = await findObject(context, path);
  if (found.status !== Status.ok) return { status: found.status };
  const printReply = ({ data: reply }: Attributes) => {
    const entries = reply === undefined ? undefined : decodeBlobmsg(reply);
    if (entries?.ok) print(`${formatTable(entries.value, { compact: options.simple })}\n`);
  };
  const status = await bus.request(
    (seq) => invokeMessage(seq, found.objid, method, data),
    options.timeoutMs,
    printReply,
  );
  return status === Status.ok ? { code: 0 } : refuse(context, status);
};

export const send: Command = async (context) => {
  const { bus, options } = context;
  const [name, message] = options.rest;
  if (name === undefined || options.rest.length > 2) return WRONG_USE;
  const args = message === undefined ? [] : parseJsonTable(message);
  const data =
    args === undefined
      ? undefined
      : encode([
          { name: 'id', type: 'string', value: name },
          { name: 'data', type: 'table', value: args },
        ]);
  if (data === undefined) return refuse(context, Status.parseError);
  const make = (seq: number) => invokeMessage(seq, SystemObject.event, 'send', data);
  return { status: await bus.request(make, options.timeoutMs) };
};

/** The id of an object; hidden ones (status 0 without data) are not found. */
export async function findObject(
  { bus, options }: CommandContext,
  path: string,
): Promise<{ readonly status: number; readonly objid: number }> {
  let objid: number | undefined;
  const status = await bus.request(
    (seq) => lookupMessage(seq, path),
    options.timeoutMs,
    (attributes) => {
      objid ??= attributes.objid;
    },
  );
  if (status === Status.ok && objid === undefined) return { status: Status.notFound, objid: 0 };
  return { status, objid: objid ?? 0 };
}

/** The command line with its failure. The exit code is 256 - status, with `-S` the status. */
function refuse({ options, complain }: CommandContext, status: number): CommandEnd {
  if (options.simple) return { status };
  const words = ['ubus', options.command, ...options.rest].join(' ');
  complain(`Command failed: ${words} (${statusText(status)})\n`);
  return { code: 256 - status };
}

function encode(entries: readonly BlobmsgEntry[]): Uint8Array | undefined {
  try {
    return encodeBlobmsg(entries);
  } catch (error) {
    if (error instanceof LocalProtocolError) return undefined;
    throw error;
  }
}
