/**
 * A ubus that behaves: objects exist or not, calls go to them and carry the caller, subscriptions end with their
 * object and come back with it, and everything is deaf while the connection is lost. Replies are copied as plain JSON.
 */
import { fail, ok, type Result } from '../../src/lib/result.ts';
import type { Bus, BusError, BusMethod, BusTable } from '../../src/ports/bus.ts';

type Reply = (args: BusTable) => Result<BusTable, BusError> | BusTable | 'silence';

export interface FakeBus {
  readonly bus: Bus;
  /** Another program's object. */
  offer(path: string, methods: Readonly<Record<string, Reply>>): void;
  /** That program ends. */
  withdraw(path: string): void;
  connect(): void;
  disconnect(): void;
  /** Calls an object that the service provides, as an account. */
  call(path: string, method: string, args?: BusTable, user?: string): Promise<Result<BusTable, BusError>>;
  /** A notification of another program's object. */
  notify(path: string, name: string, data: BusTable): void;
  event(name: string, data: BusTable): void;
  readonly provided: ReadonlyMap<string, readonly BusMethod[]>;
  /** What the service sent: events, and notifications of its objects. */
  readonly sent: { readonly name: string; readonly data: BusTable }[];
  readonly notified: { readonly path: string; readonly name: string; readonly data: BusTable }[];
  /** Calls that the service made. */
  readonly calls: string[];
  isClosed(): boolean;
}

function status(number: number, message: string): { readonly ok: false; readonly error: BusError } {
  return fail({ code: 'status', status: number, message });
}

function copy<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

export function createFakeBus(): FakeBus {
  const others = new Map<string, Readonly<Record<string, Reply>>>();
  const provided = new Map<string, readonly BusMethod[]>();
  const subscriptions: {
    path: string;
    onNotify: (name: string, data: BusTable) => void;
    onAttached: () => void;
  }[] = [];
  const listeners: { pattern: string; onEvent: (name: string, data: BusTable) => void }[] = [];
  const watchers: ((connected: boolean) => void)[] = [];
  const sent: FakeBus['sent'] = [];
  const notified: FakeBus['notified'] = [];
  const calls: string[] = [];
  let isConnected = false;
  let isClosed = false;

  const bus: Bus = {
    async call(path, method, args) {
      calls.push(`${path} ${method}`);
      if (!isConnected)
        return fail({
          code: 'disconnected',
          status: 10,
          message: `${path} ${method}: no connection to ubusd.`,
        });
      const methods = others.get(path);
      if (methods === undefined) return status(4, 'Not found');
      const reply = methods[method]?.(args);
      if (reply === undefined) return status(3, 'Method not found');
      if (reply === 'silence')
        return fail({ code: 'timeout', status: 7, message: `${path} ${method}: Request timed out.` });
      if ('ok' in reply && typeof reply['ok'] === 'boolean') return reply as Result<BusTable, BusError>;
      return ok(copy(reply as BusTable));
    },
    provide(path, methods) {
      if (provided.has(path)) throw new Error(`object ${path} exists`);
      provided.set(path, methods);
      return {
        notify: (name, data) => {
          if (isConnected) notified.push({ path, name, data: copy(data) });
        },
      };
    },
    subscribe(path, onNotify, onAttached) {
      subscriptions.push({ path, onNotify, onAttached });
      if (isConnected && others.has(path)) onAttached();
    },
    listen(pattern, onEvent) {
      listeners.push({ pattern, onEvent });
    },
    send(name, data) {
      if (isConnected) sent.push({ name, data: copy(data) });
    },
    onConnection(changed) {
      watchers.push(changed);
      if (isConnected) changed(true);
    },
    close() {
      isClosed = true;
      isConnected = false;
    },
  };

  const attach = (path: string): void => {
    for (const item of subscriptions) if (item.path === path) item.onAttached();
  };

  return {
    bus,
    provided,
    sent,
    notified,
    calls,
    offer(path, methods) {
      const isNew = !others.has(path);
      others.set(path, methods);
      if (isNew && isConnected) attach(path);
    },
    withdraw: (path) => {
      others.delete(path);
    },
    connect() {
      isConnected = true;
      for (const path of others.keys()) attach(path);
      for (const watcher of watchers) watcher(true);
    },
    disconnect() {
      isConnected = false;
      for (const watcher of watchers) watcher(false);
    },
    async call(path, method, args = {}, user = 'root') {
      if (!isConnected) throw new Error('call: the fake bus is not connected');
      const found = provided.get(path)?.find(({ name }) => name === method);
      if (found === undefined)
        return provided.has(path) ? status(3, 'Method not found') : status(4, 'Not found');
      const reply = await found.handle(copy(args), { user, group: user });
      return reply.ok ? ok(copy(reply.value)) : reply;
    },
    notify(path, name, data) {
      if (!isConnected || !others.has(path)) return;
      for (const item of subscriptions) if (item.path === path) item.onNotify(name, copy(data));
    },
    event(name, data) {
      if (!isConnected) return;
      for (const { pattern, onEvent } of listeners) {
        const isMatch = pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
        if (isMatch) onEvent(name, copy(data));
      }
    },
    isClosed: () => isClosed,
  };
}
