import type { Result } from '../lib/result.ts';

/** A value as ubus carries it; integers beyond 2^53 are bigint. */
export type BusValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly BusValue[]
  | { readonly [name: string]: BusValue };
export type BusTable = { readonly [name: string]: BusValue };

/** Why a call failed. `status` is ubus' number (ubusmsg.h: 2 invalid argument, 4 not found, 7 time-out, …). */
export interface BusError {
  readonly code: 'status' | 'disconnected' | 'timeout' | 'aborted' | 'protocol';
  readonly status: number;
  /** A whole sentence with the object and the method. */
  readonly message: string;
}

/** The types of ubus arguments as a method declares them (blobmsg types). */
export type ArgumentType = 'string' | 'boolean' | 'int32' | 'int64' | 'double' | 'array' | 'table';

export interface BusMethod {
  readonly name: string;
  readonly args: Readonly<Record<string, ArgumentType>>;
  /** The reply, or a ubus status other than 0. `caller` is the account at the other end of the socket, as ubusd says. */
  handle(
    args: BusTable,
    caller: { readonly user: string; readonly group: string },
  ): Promise<Result<BusTable, BusError>> | Result<BusTable, BusError>;
}

/** An object of ours on the bus. */
export interface Provided {
  /** Sends a notification to the subscribers of the object. */
  notify(name: string, data: BusTable): void;
}

/** ubus, as the service uses it. Registrations, subscriptions and patterns outlive a restart of ubusd. */
export interface Bus {
  call(path: string, method: string, args: BusTable, timeoutMs: number): Promise<Result<BusTable, BusError>>;
  provide(path: string, methods: readonly BusMethod[]): Provided;
  /** Notifications of an object; again by itself when the object comes (back). `onAttached` after each subscription. */
  subscribe(path: string, onNotify: (name: string, data: BusTable) => void, onAttached: () => void): void;
  listen(pattern: string, onEvent: (name: string, data: BusTable) => void): void;
  /** Sends an event to all listeners; dropped while there is no connection. */
  send(name: string, data: BusTable): void;
  /** Called with true after each (re)connection once everything is registered again, with false at its loss. */
  onConnection(changed: (connected: boolean) => void): void;
  close(): void;
}
