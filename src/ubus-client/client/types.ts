/** What the client wants from its surroundings, and what it offers. No code. */

import type { Result } from '../result.ts';
import type { BlobmsgEntry } from '../wire/blobmsg.ts';
import type { RemoteProtocolError } from '../wire/errors.ts';
import type { MonitorAttributes } from '../wire/message.ts';
import type { PlainTable } from '../wire/plain.ts';

/** Why a connection ended; `local` = this side closed it. */
export interface TransportEnd {
  readonly kind: 'local' | 'remote' | 'error';
  readonly message: string;
}

export interface TransportHandlers {
  onData(bytes: Uint8Array): void;
  /** Exactly once, also when the connection could never be made; nothing follows it. */
  onEnd(end: TransportEnd): void;
}

/** A connected or connecting byte stream. */
export interface TransportConnection {
  /** Queues bytes in order; never blocks, also before the stream is open. */
  write(bytes: Uint8Array): void;
  /** Bytes queued and not yet given away. */
  queuedBytes(): number;
  /** Ends the stream; `onEnd` comes with kind `local`, now or later. */
  close(): void;
}

/** Makes a connection to ubusd each time it is called. */
export type Transport = (handlers: TransportHandlers) => TransportConnection;

export interface ClientTimers {
  /** Runs `run` once after `delayMs` milliseconds. */
  after(delayMs: number, run: () => void): { cancel(): void };
}

export interface ClientOptions {
  readonly transport: Transport;
  readonly timers: ClientTimers;
  /** Milliseconds since any moment; must never step back. */
  readonly monotonicMs: () => number;
  /** A number in [0, 1), for the jitter of reconnections. */
  readonly random: () => number;
  /** One line for the administrator. */
  readonly log?: (level: 'debug' | 'info' | 'warning' | 'err', message: string) => void;
  readonly onConnection?: (state: ConnectionState) => void;
  readonly timing?: Partial<ClientTiming>;
}

/** All in milliseconds. */
export interface ClientTiming {
  /** From connecting to HELLO. Default 5000. */
  readonly helloTimeoutMs: number;
  /** First delay before a reconnection; doubled after each failure, each time ± 25 %. Default 100. */
  readonly reconnectMinMs: number;
  /** Greatest delay before a reconnection. Default 5000. */
  readonly reconnectMaxMs: number;
  /** A PING is sent when nothing was received for so long; 0 = never. Default 15000. */
  readonly heartbeatMs: number;
  /** How long ubusd may take to answer a request of its own: LOOKUP, ADD_OBJECT, PING, … Default 5000. */
  readonly requestTimeoutMs: number;
  /** Default for calls. OpenWrt's own default: 30000. */
  readonly callTimeoutMs: number;
  /** Before an object whose path was taken, or a refused subscription, is tried again. Default 2000. */
  readonly retryMs: number;
}

/** `ready` = connected and all objects, subscriptions and patterns are registered. */
export type ConnectionState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'ready'; readonly clientId: number }
  | { readonly kind: 'lost'; readonly reason: string; readonly error?: RemoteProtocolError }
  | { readonly kind: 'closed' };

/**
 * Why a request failed. `status` is ubus' number for it (constants.ts, Status), also where no STATUS came: 7 for a
 * time-out, 10 without connection, 9 for an answer that can't be read, 2 for a request that can't be sent, 5 for one that was
 * given up.
 */
export interface UbusError {
  readonly code: 'status' | 'disconnected' | 'timeout' | 'aborted' | 'protocol';
  readonly status: number;
  readonly message: string;
}

/** A request under way. */
export interface Call<T> {
  readonly result: Promise<Result<T, UbusError>>;
  /** Ends it with the error `aborted`; answers that still come are ignored. Without effect once it has ended. */
  abort(): void;
}

export interface CallOptions {
  /** Milliseconds, > 0. */
  readonly timeoutMs?: number;
}

/** An object on the bus, as LOOKUP tells it. */
export interface FoundObject {
  readonly path: string;
  readonly id: number;
  readonly typeId: number;
  /** Methods with their arguments, as the provider declared them. */
  readonly signature: readonly BlobmsgEntry[];
}

/** Types of arguments as a method declares them. `boolean` is int8 on the wire. */
export type ArgumentType = 'string' | 'boolean' | 'int16' | 'int32' | 'int64' | 'double' | 'array' | 'table';

/** Who calls, as ubusd vouches for it. */
export interface Caller {
  readonly user: string;
  readonly group: string;
}

export interface MethodFailure {
  /** Other than 0. */
  readonly status: number;
  /** For the log; ubus has no place for it. */
  readonly message?: string;
}

export interface Method {
  readonly name: string;
  /** Every argument is optional on the wire; others than these are refused with status 2. */
  readonly args: Readonly<Record<string, ArgumentType>>;
  /**
   * The reply, at once or later; a table without members sends an empty one. What is thrown counts as status 9.
   * `undefined` as value: no data, only the status.
   */
  handle(args: PlainTable, caller: Caller): MethodResult | Promise<MethodResult>;
}
export type MethodResult = Result<PlainTable | undefined, MethodFailure>;

/** What a subscriber answered. */
export interface NotifyAnswer {
  /** The subscriber's object. */
  readonly subscriber: number;
  readonly replies: readonly PlainTable[];
  readonly status: number;
}

export interface ProvidedObject {
  readonly path: string;
  /** Its id while it is registered. */
  id(): number | undefined;
  /** Whether somebody is subscribed. */
  hasSubscribers(): boolean;
  /** Tells all subscribers; dropped while there is none or no connection. */
  notify(name: string, data: PlainTable): void;
  /** The same, and collects their answers until all have come or the time is over. */
  ask(
    name: string,
    data: PlainTable,
    options?: CallOptions,
  ): Promise<Result<readonly NotifyAnswer[], UbusError>>;
  remove(): void;
}

export interface Subscription {
  /** Whether the object is there and we get its notifications. */
  attached(): boolean;
  close(): void;
}

export interface SubscriptionHandlers {
  onNotify(name: string, data: PlainTable, entries: readonly BlobmsgEntry[]): void;
  /** After each (re)subscription: what was missed in between must be read. */
  onAttached?(): void;
  /** The object has gone; the subscription comes back with it. */
  onDetached?(): void;
}

export interface UbusClient {
  /** Connects, and keeps connecting until `close`. */
  start(): void;
  state(): ConnectionState;
  /** The last reply of a method; an empty table if it sent none. */
  call(
    path: string,
    method: string,
    args?: PlainTable,
    options?: CallOptions,
  ): Promise<Result<PlainTable, UbusError>>;
  /** All replies of a method, typed, in order. */
  request(
    path: string,
    method: string,
    args?: readonly BlobmsgEntry[],
    options?: CallOptions,
  ): Call<readonly (readonly BlobmsgEntry[])[]>;
  /** Calls without waiting for the outcome; dropped while there is no connection. */
  post(path: string, method: string, args?: PlainTable): void;
  /** Objects by exact path, by `prefix*`, or all. None found is an empty list. */
  lookup(pattern?: string, options?: CallOptions): Call<readonly FoundObject[]>;
  provide(path: string, methods: readonly Method[]): ProvidedObject;
  subscribe(path: string, handlers: SubscriptionHandlers): Subscription;
  /** Events whose name is `pattern`, or begins with it up to its trailing `*`. Nothing says who sent one. */
  listen(
    pattern: string,
    onEvent: (name: string, data: PlainTable, entries: readonly BlobmsgEntry[]) => void,
  ): { close(): void };
  /** Sends an event. The result is for those who care: not allowed (6), not connected (10). */
  send(name: string, data?: PlainTable): Promise<Result<void, UbusError>>;
  /** Shows `handler` each message that passes ubusd, until the connection ends. Needs root. */
  monitor(handler: (monitor: MonitorAttributes) => void): Promise<Result<void, UbusError>>;
  /** Asks ubusd whether it is there; the client does so by itself when nothing is heard (ClientTiming). */
  ping(options?: CallOptions): Promise<Result<void, UbusError>>;
  /** Ends the connection for good; all pending requests fail with `disconnected`. */
  close(): void;
}
