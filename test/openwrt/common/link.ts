/**
 * A stand-in service's connection to ubusd: calls, objects, subscriptions, over a Node socket. Not `@openwrt/ubus-client`,
 * because a C service of OpenWrt treats arguments otherwise than a client of ours (see values.ts), and so that the lab's
 * services and hagw's client prove each other. When ubusd goes, open calls fail with 10 and the objects are registered again
 * as soon as it is back; subscriptions end.
 */
import { connect, type Socket } from 'node:net';
import { decodeBlobmsg, encodeBlobmsg } from '@openwrt/ubus-client/wire';
import {
  ATTRIBUTE,
  type Attribute,
  attribute,
  attributes,
  createFramer,
  MESSAGE,
  type Message,
  putAttribute,
  putMessage,
  putText,
  putU32,
  readText,
  readU32,
} from '../ubusd/blob.ts';
import { type Arguments, type Entries, readArguments } from './values.ts';

/** ubus' status numbers that services answer with. */
export const STATUS = {
  ok: 0,
  invalidCommand: 1,
  invalidArgument: 2,
  methodNotFound: 3,
  notFound: 4,
  noData: 5,
  permissionDenied: 6,
  timeout: 7,
  notSupported: 8,
  unknown: 9,
  connectionFailed: 10,
} as const;

/** blobmsg's type numbers, as signatures carry them. */
export const ARGUMENT = { array: 1, table: 2, string: 3, int64: 4, int32: 5, boolean: 7, double: 8 } as const;
export type ArgumentType = keyof typeof ARGUMENT;

/** A status alone, or data with status 0, once or several times; `undefined` is status 0 without data. */
export type Reply = number | Entries | { readonly several: readonly Entries[] } | undefined;

export interface Method {
  /** Declared arguments, shown in the signature. */
  readonly args: Readonly<Record<string, ArgumentType>>;
  handle(args: Arguments, caller: { readonly user: string; readonly group: string }): Reply | Promise<Reply>;
}

export interface Answer {
  readonly status: number;
  /** One per DATA message. */
  readonly replies: readonly Entries[];
}

export interface Found {
  readonly path: string;
  readonly id: number;
  /** A table per method, with the arguments' types as int32. */
  readonly signature: Entries;
}

export interface Provided {
  notify(name: string, data: Entries): void;
  /** Whether somebody is subscribed. */
  isObserved(): boolean;
  remove(): void;
}

export interface Link {
  /** Resolves once the connection stands and all objects are registered. */
  ready(): Promise<void>;
  call(path: string, method: string, args: Entries, timeoutMs?: number): Promise<Answer>;
  /** All objects, by exact path or by `prefix*`. */
  lookup(pattern?: string): Promise<readonly Found[]>;
  provide(path: string, methods: Readonly<Record<string, Method>>): Provided;
  /** Sends an event to all listeners; dropped while there is no connection. */
  send(name: string, data: Entries): void;
  /** Notifications of an object until it goes (`onGone`) or `close`; a status if it cannot be subscribed to. */
  subscribe(
    path: string,
    onNotify: (name: string, data: Entries) => void,
    onGone: () => void,
  ): Promise<{ readonly status: number; close(): void }>;
  close(): void;
}

/** ubusd's own object for events. */
const EVENT_OBJECT = 1;
const RECONNECT_MS = 200;
const CALL_TIMEOUT_MS = 30_000;

interface Waiting {
  readonly collected: Attribute[][];
  readonly finish: (status: number) => void;
}

const decode = (bytes: Buffer | undefined): Entries => {
  const decoded = decodeBlobmsg(bytes ?? Buffer.alloc(0));
  return decoded.ok ? decoded.value : [];
};
const dataOf = (list: Attribute[]): Entries => decode(attribute(list, ATTRIBUTE.data));

function signatureOf(methods: Readonly<Record<string, Method>>): Buffer {
  const entries: Entries = Object.entries(methods).map(([name, { args }]) => ({
    name,
    type: 'table',
    value: Object.entries(args).map(([arg, type]) => ({ name: arg, type: 'int32', value: ARGUMENT[type] })),
  }));
  return Buffer.from(encodeBlobmsg(entries));
}

/** Connects to the socket and stays connected until `close`. */
export function connectLink(path: string): Link {
  const provided = new Map<
    string,
    { methods: Readonly<Record<string, Method>>; id: number; isObserved: boolean }
  >();
  let subscribers = new Map<
    number,
    { onNotify: (name: string, data: Entries) => void; onGone: () => void }
  >();
  let waiting = new Map<number, Waiting>();
  let socket: Socket;
  let isOpen = false;
  let isClosed = false;
  let sequence = 0;
  const whenReady: (() => void)[] = [];

  function request(
    type: number,
    peer: number,
    parts: Buffer[],
    timeoutMs = CALL_TIMEOUT_MS,
  ): Promise<{ status: number; collected: Attribute[][] }> {
    if (socket.destroyed || isClosed)
      return Promise.resolve({ status: STATUS.connectionFailed, collected: [] });
    do sequence = (sequence % 0xffff) + 1;
    while (waiting.has(sequence));
    const seq = sequence;
    return new Promise((resolve) => {
      const collected: Attribute[][] = [];
      const finish = (status: number): void => {
        clearTimeout(timer);
        waiting.delete(seq);
        resolve({ status, collected });
      };
      const timer = setTimeout(() => finish(STATUS.timeout), timeoutMs);
      waiting.set(seq, { collected, finish });
      socket.write(putMessage(type, seq, peer, parts));
    });
  }

  async function register(name: string | null, signature: Buffer | null): Promise<number> {
    const parts = name === null ? [] : [putText(ATTRIBUTE.objpath, name)];
    if (signature !== null) parts.push(putAttribute(ATTRIBUTE.signature, signature));
    const { status, collected } = await request(MESSAGE.addObject, 0, parts);
    if (status !== STATUS.ok && name !== null)
      process.stderr.write(`ubus refuses the object ${name}: ${status}.\n`);
    return readU32(attribute(collected[0] ?? [], ATTRIBUTE.objid)) ?? 0;
  }

  async function invoked(message: Message, list: Attribute[]): Promise<void> {
    const id = readU32(attribute(list, ATTRIBUTE.objid)) ?? 0;
    const name = readText(attribute(list, ATTRIBUTE.method)) ?? '';
    const isQuiet = (attribute(list, ATTRIBUTE.noReply)?.[0] ?? 0) !== 0;
    const answer = (type: number, parts: Buffer[]): void => {
      if (!isQuiet && !socket.destroyed) socket.write(putMessage(type, message.seq, message.peer, parts));
    };
    const objid = putU32(ATTRIBUTE.objid, id);
    const subscriber = subscribers.get(id);
    let reply: Reply = STATUS.ok;
    if (subscriber !== undefined) subscriber.onNotify(name, dataOf(list));
    else {
      const object = [...provided.values()].find((one) => one.id === id);
      const methods = object?.methods ?? {};
      const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
      const caller = {
        user: readText(attribute(list, ATTRIBUTE.user)) ?? '',
        group: readText(attribute(list, ATTRIBUTE.group)) ?? '',
      };
      try {
        reply = method ? await method.handle(readArguments(dataOf(list)), caller) : STATUS.methodNotFound;
      } catch (error) {
        process.stderr.write(`The method ${name} failed: ${String(error)}\n`);
        reply = STATUS.unknown;
      }
    }
    const data = typeof reply !== 'object' ? [] : 'several' in reply ? reply.several : [reply];
    for (const entries of data) {
      answer(MESSAGE.data, [objid, putAttribute(ATTRIBUTE.data, Buffer.from(encodeBlobmsg(entries)))]);
    }
    answer(MESSAGE.status, [putU32(ATTRIBUTE.status, typeof reply === 'number' ? reply : STATUS.ok), objid]);
  }

  async function opened(): Promise<void> {
    // Objects that are added meanwhile are still met by the loop.
    for (const [name, object] of provided) object.id = await register(name, signatureOf(object.methods));
    isOpen = true;
    for (const resolve of whenReady.splice(0)) resolve();
  }

  function receive(message: Message): void {
    const list = attributes(message.body);
    if (message.type === MESSAGE.hello) void opened();
    else if (message.type === MESSAGE.invoke) void invoked(message, list);
    else if (message.type === MESSAGE.data) waiting.get(message.seq)?.collected.push(list);
    else if (message.type === MESSAGE.status) {
      waiting.get(message.seq)?.finish(readU32(attribute(list, ATTRIBUTE.status)) ?? STATUS.unknown);
    } else if (message.type === MESSAGE.notify) {
      const id = readU32(attribute(list, ATTRIBUTE.objid));
      const object = [...provided.values()].find((one) => one.id === id);
      if (object !== undefined) object.isObserved = attribute(list, ATTRIBUTE.active)?.[0] === 1;
    } else if (message.type === MESSAGE.unsubscribe) {
      const id = readU32(attribute(list, ATTRIBUTE.objid)) ?? 0;
      const gone = subscribers.get(id);
      subscribers.delete(id);
      gone?.onGone();
    }
  }

  function open(): void {
    const framer = createFramer();
    socket = connect(path);
    socket.on('data', (chunk: Buffer) => {
      const messages = framer.push(chunk);
      if (messages === null) socket.destroy();
      else for (const message of messages) receive(message);
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      isOpen = false;
      for (const object of provided.values()) object.isObserved = false;
      const [open, lost] = [waiting, subscribers];
      waiting = new Map();
      subscribers = new Map();
      for (const one of open.values()) one.finish(STATUS.connectionFailed);
      for (const one of lost.values()) one.onGone();
      if (!isClosed) setTimeout(reopen, RECONNECT_MS);
      else for (const resolve of whenReady.splice(0)) resolve();
    });
  }
  const reopen = (): void => {
    if (!isClosed) open();
  };
  open();

  const find = async (pattern?: string): Promise<readonly Found[]> => {
    const parts = pattern === undefined ? [] : [putText(ATTRIBUTE.objpath, pattern)];
    const { collected } = await request(MESSAGE.lookup, 0, parts);
    return collected.map((list) => ({
      path: readText(attribute(list, ATTRIBUTE.objpath)) ?? '',
      id: readU32(attribute(list, ATTRIBUTE.objid)) ?? 0,
      signature: decode(attribute(list, ATTRIBUTE.signature)),
    }));
  };

  return {
    ready: () => (isOpen ? Promise.resolve() : new Promise((resolve) => whenReady.push(resolve))),
    lookup: find,
    async call(object, method, args, timeoutMs) {
      const [found] = await find(object);
      if (found === undefined) return { status: STATUS.notFound, replies: [] };
      const parts = [
        putU32(ATTRIBUTE.objid, found.id),
        putText(ATTRIBUTE.method, method),
        putAttribute(ATTRIBUTE.data, Buffer.from(encodeBlobmsg(args))),
      ];
      const { status, collected } = await request(MESSAGE.invoke, found.id, parts, timeoutMs);
      return { status, replies: collected.map(dataOf) };
    },
    provide(name, methods) {
      const object = { methods, id: 0, isObserved: false };
      provided.set(name, object);
      if (isOpen) {
        void register(name, signatureOf(methods)).then((id) => {
          object.id = id;
        });
      }
      return {
        isObserved: () => object.isObserved,
        notify(event, data) {
          if (object.id === 0 || socket.destroyed) return;
          void request(MESSAGE.notify, object.id, [
            putU32(ATTRIBUTE.objid, object.id),
            putText(ATTRIBUTE.method, event),
            putAttribute(ATTRIBUTE.data, Buffer.from(encodeBlobmsg(data))),
          ]);
        },
        remove() {
          provided.delete(name);
          if (object.id !== 0) void request(MESSAGE.removeObject, 0, [putU32(ATTRIBUTE.objid, object.id)]);
        },
      };
    },
    send(name, data) {
      const content = encodeBlobmsg([
        { name: 'id', type: 'string', value: name },
        { name: 'data', type: 'table', value: data },
      ]);
      void request(MESSAGE.invoke, EVENT_OBJECT, [
        putU32(ATTRIBUTE.objid, EVENT_OBJECT),
        putText(ATTRIBUTE.method, 'send'),
        putAttribute(ATTRIBUTE.data, Buffer.from(content)),
      ]);
    },
    async subscribe(object, onNotify, onGone) {
      const [found] = await find(object);
      if (found === undefined) return { status: STATUS.notFound, close: () => {} };
      const own = await register(null, null);
      subscribers.set(own, { onNotify, onGone });
      const parts = [putU32(ATTRIBUTE.objid, own), putU32(ATTRIBUTE.target, found.id)];
      const { status } = await request(MESSAGE.subscribe, 0, parts);
      const close = (): void => {
        if (subscribers.delete(own)) void request(MESSAGE.removeObject, 0, [putU32(ATTRIBUTE.objid, own)]);
      };
      if (status !== STATUS.ok) close();
      return { status, close };
    },
    close() {
      isClosed = true;
      socket.destroy();
    },
  };
}
