/**
 * What ubusd remembers: objects with path and type, who subscribes to whom, event patterns. Nothing else: open calls
 * are nobody's business (OPENWRT notes on ubus; recordings ubus/50 to 65). Ids are random, system objects have fixed ones.
 */
import { randomInt } from 'node:crypto';
import type { Credentials } from './acl.ts';

/** Object ids below this are ubusd's own (ubusmsg.h, UBUS_SYSTEM_OBJECT_MAX). */
export const SYSTEM_OBJECT_MAX = 1024;
export const SYSTEM_OBJECT = { event: 1, acl: 2, monitor: 3 } as const;

export interface Client {
  readonly id: number;
  readonly who: Credentials;
  /** Queues one message. */
  readonly send: (bytes: Buffer) => void;
  /** In order of registration. */
  readonly objects: Set<BusObject>;
}

export interface ObjectType {
  readonly id: number;
  readonly signature: Buffer;
  uses: number;
}

export interface BusObject {
  readonly id: number;
  readonly client: Client;
  readonly path: string | null;
  readonly type: ObjectType | null;
  /** Newest first: the order in which ubusd goes through them. */
  readonly subscribers: BusObject[];
  readonly targets: BusObject[];
  /** Counts the messages that ubusd itself addresses to the object. */
  sequence: number;
}

export interface Registry {
  readonly clients: Map<number, Client>;
  readonly objects: Map<number, BusObject>;
  readonly types: Map<number, ObjectType>;
  newId(taken: { has(id: number): boolean }): number;
  byPath(path: string): BusObject | undefined;
  /** Objects with path and type whose path fits, sorted by bytes. */
  find(pattern: string | undefined): BusObject[];
  add(client: Client, path: string | null, type: ObjectType | null): BusObject;
  /** Takes the object out; its type goes with its last object. Subscriptions are the caller's to undo before. */
  remove(object: BusObject): void;
}

export function createRegistry(): Registry {
  const clients = new Map<number, Client>();
  const objects = new Map<number, BusObject>();
  const types = new Map<number, ObjectType>();
  const paths = new Map<string, BusObject>();
  const newId = (taken: { has(id: number): boolean }): number => {
    let id = 0;
    do id = randomInt(SYSTEM_OBJECT_MAX + 1, 2 ** 32 - 1);
    while (taken.has(id));
    return id;
  };
  return {
    clients,
    objects,
    types,
    newId,
    byPath: (path) => paths.get(path),
    find(pattern) {
      const fits = (path: string): boolean =>
        pattern === undefined ||
        (pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : path === pattern);
      return [...paths]
        .filter(([path, object]) => object.type !== null && fits(path))
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([, object]) => object);
    },
    add(client, path, type) {
      const object = { id: newId(objects), client, path, type, subscribers: [], targets: [], sequence: 0 };
      if (type !== null) type.uses += 1;
      objects.set(object.id, object);
      client.objects.add(object);
      if (path !== null) paths.set(path, object);
      return object;
    },
    remove(object) {
      objects.delete(object.id);
      object.client.objects.delete(object);
      if (object.path !== null) paths.delete(object.path);
      if (object.type !== null && --object.type.uses === 0) types.delete(object.type.id);
    },
  };
}
