/** Declared arguments: as a signature for ubusd, and as a check of what callers send. */

import { fail, ok, type Result } from '../result.ts';
import { type BlobmsgEntry, type BlobmsgTypeName, decodeBlobmsg, encodeBlobmsg } from '../wire/blobmsg.ts';
import { BlobmsgType } from '../wire/constants.ts';
import { entriesToTable, type PlainTable } from '../wire/plain.ts';
import type { ArgumentType, Method } from './types.ts';

/** Declared type → number in the signature. */
const DECLARED: { readonly [type in ArgumentType]: number } = {
  string: BlobmsgType.string,
  boolean: BlobmsgType.int8,
  int16: BlobmsgType.int16,
  int32: BlobmsgType.int32,
  int64: BlobmsgType.int64,
  double: BlobmsgType.double,
  array: BlobmsgType.array,
  table: BlobmsgType.table,
};

/**
 * Declared type → types that are taken for it. JSON has one kind of number, and senders choose the smallest type that
 * holds it: so a 5 for an int64 or a double comes as int32. Nothing else is converted, as in ucode's services.
 */
const ACCEPTED: { readonly [type in ArgumentType]: readonly BlobmsgTypeName[] } = {
  string: ['string'],
  boolean: ['int8'],
  int16: ['int16'],
  int32: ['int32'],
  int64: ['int64', 'int32'],
  double: ['double', 'int32', 'int64'],
  array: ['array'],
  table: ['table'],
};

/** uhttpd adds the session's id to every call; a method that does not declare it never sees it. */
const SESSION_ARGUMENT = 'ubus_rpc_session';

/** The `signature` attribute of an object: a table per method, in it an int32 per argument. */
export function encodeSignature(methods: readonly Method[]): Uint8Array {
  return encodeBlobmsg(
    methods.map(({ name, args }) => ({
      name,
      type: 'table',
      value: Object.keys(args).map((argument) => ({
        name: argument,
        type: 'int32',
        value: DECLARED[args[argument] as ArgumentType],
      })),
    })),
  );
}

/** The arguments of a call, checked; the error is half a sentence that names the argument, for the log. */
export function checkArguments(data: Uint8Array, args: Method['args']): Result<PlainTable, string> {
  const entries = decodeBlobmsg(data);
  if (!entries.ok) return fail(`its arguments can't be read: ${entries.error.message}`);
  // Not `in`: a name from outside must not find what every object has.
  const declaredNames = Object.keys(args);
  const taken: BlobmsgEntry[] = [];
  for (const entry of entries.value) {
    const declared = declaredNames.includes(entry.name) ? args[entry.name] : undefined;
    if (declared === undefined) {
      if (entry.name === SESSION_ARGUMENT) continue;
      return fail(`there is no argument ${quoted(entry.name)}`);
    }
    if (!ACCEPTED[declared].includes(entry.type))
      return fail(
        `argument ${quoted(entry.name)} has type ${entry.type === 'int8' ? 'boolean' : entry.type}, not ${declared}`,
      );
    taken.push(entry);
  }
  return ok(entriesToTable(taken));
}

/** A name from outside, fit for one line of a log. */
export function quoted(name: string): string {
  const short = name.length > 64 ? `${name.slice(0, 64)}…` : name;
  return `'${short.replace(/[^\x20-\x7e…]/g, '?')}'`;
}
