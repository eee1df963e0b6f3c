/** A ubus client over any byte stream. Program bundles import from here; wire.ts has the protocol alone. */
export { createClient } from './client/client.ts';
export type {
  ArgumentType,
  Call,
  Caller,
  CallOptions,
  ClientOptions,
  ClientTimers,
  ClientTiming,
  ConnectionState,
  FoundObject,
  Method,
  MethodFailure,
  MethodResult,
  NotifyAnswer,
  ProvidedObject,
  Subscription,
  SubscriptionHandlers,
  Transport,
  TransportConnection,
  TransportEnd,
  TransportHandlers,
  UbusClient,
  UbusError,
} from './client/types.ts';
export type { Result } from './result.ts';
export type { BlobmsgEntry, BlobmsgValue } from './wire/blobmsg.ts';
export { Status, statusText } from './wire/constants.ts';
export { LocalProtocolError, RemoteProtocolError } from './wire/errors.ts';
export {
  decodeTable,
  encodeTable,
  entriesToTable,
  type PlainTable,
  type PlainValue,
  tableToEntries,
} from './wire/plain.ts';
