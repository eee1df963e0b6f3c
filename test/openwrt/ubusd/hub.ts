/**
 * ubusd without its sockets: clients in, messages out (recordings ubus/*). What a message does is one function per type
 * in `handlers`; the answer is the status it returns, or nothing where the answer is somebody else's (null).
 * Simpler than the real one: no file descriptors travel, `ubus.acl query` lists no rules.
 */
import type { Acl, Credentials } from './acl.ts';
import {
  ATTRIBUTE,
  type Attribute,
  attribute,
  attributes,
  BLOBMSG,
  MESSAGE,
  type Message,
  members,
  putAttribute,
  putMember,
  putMemberInt,
  putMessage,
  putText,
  putU8,
  putU32,
  readText,
  readU32,
  STATUS,
} from './blob.ts';
import { createEvents } from './events.ts';
import { createMonitors } from './monitors.ts';
import { type BusObject, type Client, createRegistry, type ObjectType, SYSTEM_OBJECT } from './registry.ts';

export interface Hub {
  connect(who: Credentials, send: (bytes: Buffer) => void): Client;
  receive(client: Client, message: Message): void;
  disconnect(client: Client): void;
}

/** A status to answer, or null for no answer by ubusd. */
type Handler = (client: Client, message: Message, list: Attribute[]) => number | null;

const EMPTY = Buffer.alloc(0);

export function createHub(acl: Acl): Hub {
  const registry = createRegistry();
  const monitors = createMonitors();
  const deliver = (to: Client, bytes: Buffer): void => {
    monitors.saw(to, 'sent', bytes);
    to.send(bytes);
  };
  const events = createEvents(registry, acl, deliver);
  const reply = (to: Client, message: Message, type: number, parts: Buffer[]): void =>
    deliver(to, putMessage(type, message.seq, message.peer, parts));
  const caller = (who: Credentials): Buffer[] => [
    putText(ATTRIBUTE.user, who.user),
    putText(ATTRIBUTE.group, who.group),
  ];

  function unlink(subscriber: BusObject, target: BusObject): void {
    subscriber.targets.splice(subscriber.targets.indexOf(target), 1);
    target.subscribers.splice(target.subscribers.indexOf(subscriber), 1);
  }

  /** Tells the publisher of its first subscriber, or of the loss of its last. */
  function tellActive(target: BusObject, active: 0 | 1): void {
    target.sequence += 1;
    const parts = [putU32(ATTRIBUTE.objid, target.id), putU8(ATTRIBUTE.active, active)];
    deliver(target.client, putMessage(MESSAGE.notify, target.sequence, 0, parts));
  }

  function removeObject(object: BusObject): void {
    for (const target of [...object.targets]) {
      unlink(object, target);
      if (target.subscribers.length === 0) tellActive(target, 0);
    }
    for (const subscriber of [...object.subscribers]) {
      unlink(subscriber, object);
      subscriber.sequence += 1;
      const parts = [putU32(ATTRIBUTE.objid, subscriber.id), putU32(ATTRIBUTE.target, object.id)];
      deliver(subscriber.client, putMessage(MESSAGE.unsubscribe, subscriber.sequence, 0, parts));
    }
    registry.remove(object);
    events.forget(object);
    events.announce('remove', object);
  }

  /** The signature as this client may see it; null if no method is left. Root sees it as it was registered. */
  function visibleSignature(who: Credentials, object: BusObject, type: ObjectType): Buffer | null {
    if (who.uid === 0) return type.signature;
    const open = members(type.signature).filter((one) => acl.mayCall(who, object.path, one.name));
    if (open.length === 0) return null;
    return Buffer.concat(open.map((one) => putMember(one.type, one.name, one.value)));
  }

  const lookup: Handler = (client, message, list) => {
    const pattern = readText(attribute(list, ATTRIBUTE.objpath));
    const found = registry.find(pattern);
    if (found.length === 0 && pattern !== undefined) return STATUS.notFound;
    for (const object of found) {
      if (object.type === null || object.path === null) continue;
      const signature = visibleSignature(client.who, object, object.type);
      if (signature === null) continue; // hidden: STATUS 0 without DATA (ubus/35)
      reply(client, message, MESSAGE.data, [
        putText(ATTRIBUTE.objpath, object.path),
        putU32(ATTRIBUTE.objid, object.id),
        putU32(ATTRIBUTE.objtype, object.type.id),
        putAttribute(ATTRIBUTE.signature, signature),
      ]);
    }
    return STATUS.ok;
  };

  function typeFor(list: Attribute[]): ObjectType | null | 'unknown' {
    const known = attribute(list, ATTRIBUTE.objtype);
    if (known !== undefined) return registry.types.get(readU32(known) ?? 0) ?? 'unknown';
    const signature = attribute(list, ATTRIBUTE.signature);
    if (signature === undefined) return null;
    if (members(signature).some((one) => one.type !== BLOBMSG.table)) return 'unknown';
    const type = { id: registry.newId(registry.types), signature: Buffer.from(signature), uses: 0 };
    registry.types.set(type.id, type);
    return type;
  }

  const addObject: Handler = (client, message, list) => {
    const path = readText(attribute(list, ATTRIBUTE.objpath)) ?? null;
    if (path !== null && (registry.byPath(path) !== undefined || !acl.may(client.who, 'publish', path))) {
      return STATUS.invalidArgument;
    }
    const type = typeFor(list);
    if (type === 'unknown') return STATUS.invalidArgument;
    const object = registry.add(client, path, type);
    events.announce('add', object);
    const parts = [putU32(ATTRIBUTE.objid, object.id)];
    if (type !== null) parts.push(putU32(ATTRIBUTE.objtype, type.id));
    reply(client, message, MESSAGE.data, parts);
    return STATUS.ok;
  };

  const objectOf = (list: Attribute[], id: number): BusObject | number => {
    const number = readU32(attribute(list, id));
    if (number === undefined) return STATUS.invalidArgument;
    return registry.objects.get(number) ?? STATUS.notFound;
  };

  const removeOwn: Handler = (client, message, list) => {
    const object = objectOf(list, ATTRIBUTE.objid);
    if (typeof object === 'number') return object;
    if (object.client !== client) return STATUS.permissionDenied;
    const parts = [putU32(ATTRIBUTE.objid, object.id)];
    if (object.type?.uses === 1) parts.push(putU32(ATTRIBUTE.objtype, object.type.id));
    reply(client, message, MESSAGE.data, parts);
    removeObject(object);
    return STATUS.ok;
  };

  /** Objects 1 to 3, which have no provider. */
  function callSystem(
    client: Client,
    message: Message,
    id: number,
    method: string,
    data: Buffer | undefined,
  ): number {
    if (id === SYSTEM_OBJECT.event) return events.call(client, method, data);
    if (id === SYSTEM_OBJECT.monitor) {
      if (client.who.uid !== 0) return STATUS.permissionDenied;
      if (method !== 'add' && method !== 'remove') return STATUS.invalidCommand;
      monitors.change(client, method);
      return STATUS.ok;
    }
    if (id !== SYSTEM_OBJECT.acl) return STATUS.notFound;
    if (method !== 'query') return STATUS.invalidCommand;
    const answer = Buffer.concat([putMemberInt('seq', 0), putMember(BLOBMSG.array, 'acl', EMPTY)]);
    reply(client, message, MESSAGE.data, [putU32(ATTRIBUTE.objid, id), putAttribute(ATTRIBUTE.data, answer)]);
    return STATUS.ok;
  }

  const invoke: Handler = (client, message, list) => {
    const id = readU32(attribute(list, ATTRIBUTE.objid));
    const method = readText(attribute(list, ATTRIBUTE.method));
    const data = attribute(list, ATTRIBUTE.data);
    if (id === undefined || method === undefined) return STATUS.invalidArgument;
    const object = registry.objects.get(id);
    if (object === undefined) return callSystem(client, message, id, method, data);
    if (!acl.mayCall(client.who, object.path, method)) return STATUS.permissionDenied;
    const parts = [putU32(ATTRIBUTE.objid, id), putText(ATTRIBUTE.method, method), ...caller(client.who)];
    if (data !== undefined) parts.push(putAttribute(ATTRIBUTE.data, data));
    deliver(object.client, putMessage(MESSAGE.invoke, message.seq, client.id, parts));
    return null;
  };

  const notify: Handler = (client, message, list) => {
    const method = readText(attribute(list, ATTRIBUTE.method));
    const data = attribute(list, ATTRIBUTE.data);
    const object = objectOf(list, ATTRIBUTE.objid);
    if (method === undefined) return STATUS.invalidArgument;
    if (typeof object === 'number') return object;
    if (object.client !== client) return STATUS.permissionDenied;
    const quiet = (attribute(list, ATTRIBUTE.noReply)?.[0] ?? 0) !== 0;
    if (!quiet) {
      const ids = object.subscribers.map((one) => putU32(0, one.id));
      reply(client, message, MESSAGE.status, [
        putU32(ATTRIBUTE.objid, object.id),
        putAttribute(ATTRIBUTE.subscribers, Buffer.concat(ids)),
        putU32(ATTRIBUTE.status, STATUS.ok),
      ]);
    }
    for (const subscriber of object.subscribers) {
      const parts = quiet ? [putU8(ATTRIBUTE.noReply, 1)] : [];
      parts.push(
        putU32(ATTRIBUTE.objid, subscriber.id),
        putText(ATTRIBUTE.method, method),
        ...caller(client.who),
      );
      if (data !== undefined) parts.push(putAttribute(ATTRIBUTE.data, data));
      deliver(subscriber.client, putMessage(MESSAGE.invoke, message.seq, client.id, parts));
    }
    return null;
  };

  /** DATA and STATUS of a provider go to the client that the header names, if it is still there. */
  const answer: Handler = (client, message, list) => {
    const object = objectOf(list, ATTRIBUTE.objid);
    const to = registry.clients.get(message.peer);
    if (typeof object === 'number' || object.client !== client || to === undefined) return null;
    deliver(to, putMessage(message.type, message.seq, object.id, [message.body]));
    return null;
  };

  const subscribe: Handler = (client, _message, list) => {
    const subscriber = objectOf(list, ATTRIBUTE.objid);
    const target = objectOf(list, ATTRIBUTE.target);
    if (typeof subscriber === 'number') return subscriber;
    if (typeof target === 'number') return target;
    if (subscriber.client !== client || target.client === client) return STATUS.invalidArgument;
    if (target.path === null || !acl.may(client.who, 'subscribe', target.path)) return STATUS.notFound;
    subscriber.targets.unshift(target);
    target.subscribers.unshift(subscriber);
    if (target.subscribers.length === 1) tellActive(target, 1);
    return STATUS.ok;
  };

  const unsubscribe: Handler = (client, _message, list) => {
    const subscriber = objectOf(list, ATTRIBUTE.objid);
    const target = readU32(attribute(list, ATTRIBUTE.target));
    if (typeof subscriber === 'number') return subscriber;
    if (target === undefined || subscriber.client !== client) return STATUS.invalidArgument;
    const found = subscriber.targets.find((one) => one.id === target);
    if (found === undefined) return STATUS.notFound;
    unlink(subscriber, found);
    if (found.subscribers.length === 0) tellActive(found, 0);
    return STATUS.ok;
  };

  const ping: Handler = (client, message) => {
    reply(client, message, MESSAGE.data, [message.body]);
    return STATUS.ok;
  };

  const handlers: Readonly<Record<number, Handler>> = {
    [MESSAGE.status]: answer,
    [MESSAGE.data]: answer,
    [MESSAGE.ping]: ping,
    [MESSAGE.lookup]: lookup,
    [MESSAGE.invoke]: invoke,
    [MESSAGE.addObject]: addObject,
    [MESSAGE.removeObject]: removeOwn,
    [MESSAGE.subscribe]: subscribe,
    [MESSAGE.unsubscribe]: unsubscribe,
    [MESSAGE.notify]: notify,
  };

  return {
    connect(who, send) {
      const client = { id: registry.newId(registry.clients), who, send, objects: new Set<BusObject>() };
      registry.clients.set(client.id, client);
      deliver(client, putMessage(MESSAGE.hello, 0, client.id, []));
      return client;
    },
    receive(client, message) {
      monitors.saw(client, 'received', putMessage(message.type, message.seq, message.peer, [message.body]));
      const handler = handlers[message.type];
      const status =
        handler === undefined ? STATUS.invalidCommand : handler(client, message, attributes(message.body));
      if (status === null) return;
      reply(client, message, MESSAGE.status, [putU32(ATTRIBUTE.status, status)]);
    },
    disconnect(client) {
      registry.clients.delete(client.id);
      monitors.change(client, 'remove');
      for (const object of [...client.objects]) removeObject(object);
    },
  };
}
