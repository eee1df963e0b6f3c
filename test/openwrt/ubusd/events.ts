/**
 * Events: object 1 with `register` {object, pattern} and `send` {id, data} (recordings ubus/70, 73). An event goes as an
 * INVOKE with peer 0 to every listener but the sender, once per listening object, in the order of the patterns.
 */
import { type Acl, matches } from './acl.ts';
import {
  ATTRIBUTE,
  BLOBMSG,
  MESSAGE,
  type Member,
  members,
  putAttribute,
  putMemberInt,
  putMemberText,
  putMessage,
  putText,
  putU32,
  readText,
  readU32,
  STATUS,
} from './blob.ts';
import { type BusObject, type Client, type Registry, SYSTEM_OBJECT_MAX } from './registry.ts';

interface Listener {
  readonly object: BusObject;
  readonly pattern: string;
}

export interface Events {
  /** A call of object 1; the status to answer. */
  call(client: Client, method: string, data: Buffer | undefined): number;
  /** `ubus.object.add` or `ubus.object.remove` of an object that has a path. */
  announce(change: 'add' | 'remove', object: BusObject): void;
  forget(object: BusObject): void;
}

export function createEvents(
  registry: Registry,
  acl: Acl,
  deliver: (to: Client, bytes: Buffer) => void,
): Events {
  let listeners: Listener[] = [];
  let sequence = 0;

  function emit(sender: Client | null, name: string, data: Buffer): void {
    const seen = new Set<BusObject>();
    for (const { object, pattern } of listeners) {
      if (object.client === sender || seen.has(object) || !matches(pattern, name)) continue;
      seen.add(object);
      sequence += 1;
      const parts = [
        putU32(ATTRIBUTE.objid, object.id),
        putText(ATTRIBUTE.method, name),
        putAttribute(ATTRIBUTE.data, data),
      ];
      deliver(object.client, putMessage(MESSAGE.invoke, sequence, 0, parts));
    }
  }

  function register(client: Client, list: Member[]): number {
    const id = readU32(list.find((one) => one.name === 'object' && one.type === BLOBMSG.int32)?.value);
    const pattern = readText(
      list.find((one) => one.name === 'pattern' && one.type === BLOBMSG.string)?.value,
    );
    if (id === undefined || pattern === undefined) return STATUS.invalidArgument;
    if (id < SYSTEM_OBJECT_MAX) return STATUS.permissionDenied;
    const object = registry.objects.get(id);
    if (object === undefined) return STATUS.notFound;
    if (object.client !== client || !acl.may(client.who, 'listen', pattern)) return STATUS.permissionDenied;
    const key = (one: string): string => one.replace(/\*$/, '');
    const at = listeners.findIndex((one) => key(one.pattern) > key(pattern));
    listeners.splice(at < 0 ? listeners.length : at, 0, { object, pattern });
    return STATUS.ok;
  }

  function send(client: Client, list: Member[]): number {
    const name = readText(list.find((one) => one.name === 'id' && one.type === BLOBMSG.string)?.value);
    const data = list.find((one) => one.name === 'data' && one.type === BLOBMSG.table)?.value;
    if (name === undefined || data === undefined) return STATUS.invalidArgument;
    if (name.startsWith('ubus.') || !acl.may(client.who, 'send', name)) return STATUS.permissionDenied;
    emit(client, name, data);
    return STATUS.ok;
  }

  return {
    call(client, method, data) {
      if (data === undefined) return STATUS.invalidArgument;
      if (method === 'register') return register(client, members(data));
      if (method === 'send') return send(client, members(data));
      return STATUS.invalidCommand;
    },
    announce(change, object) {
      if (object.path === null) return;
      const data = Buffer.concat([putMemberInt('id', object.id), putMemberText('path', object.path)]);
      emit(null, `ubus.object.${change}`, data);
    },
    forget(object) {
      listeners = listeners.filter((one) => one.object !== object);
    },
  };
}
