/**
 * The client: calls, objects, subscriptions and events over a connection that comes back. After each connection it
 * registers first its objects, then its patterns, then its subscriptions (a subscription's object that comes while
 * we look for it is then not missed), and tells its owner when all of that is done.
 *
 * No I/O, clock, timer or randomness of its own: see ClientOptions.
 */

import { fail, ok, type Result } from '../result.ts';
import { type BlobmsgEntry, decodeBlobmsg, encodeBlobmsg } from '../wire/blobmsg.ts';
import { Status, SystemObject } from '../wire/constants.ts';
import { LocalProtocolError, type RemoteProtocolError } from '../wire/errors.ts';
import type { Attributes, MonitorAttributes } from '../wire/message.ts';
import {
  invokeMessage,
  lookupMessage,
  monitorRequestMessage,
  pingMessage,
  providerStatusMessage,
} from '../wire/message.ts';
import { entriesToTable, type PlainTable, tableToEntries } from '../wire/plain.ts';
import { Calls } from './calls.ts';
import { Events, OBJECT_EVENTS } from './events.ts';
import { Link } from './link.ts';
import { monitorRequestData } from './monitor.ts';
import { callOwner } from './owner.ts';
import { ProvidedObjects } from './provided.ts';
import { localError, remoteError, sendRequest } from './requests.ts';
import type { Invocation } from './session.ts';
import { Subscriptions } from './subscriptions.ts';
import { DEFAULT_TIMING } from './timing.ts';
import type { Call, ClientOptions, ConnectionState, FoundObject, UbusClient, UbusError } from './types.ts';

/** Makes a client; it connects at `start`. */
export function createClient(options: ClientOptions): UbusClient {
  const timing = { ...DEFAULT_TIMING, ...options.timing };
  let state: ConnectionState = { kind: 'connecting' };
  let hearsOfObjects = false;
  let onMonitor: ((monitor: MonitorAttributes) => void) | undefined;
  const link = new Link(options, timing, {
    onOpen: (clientId) => void opened(clientId),
    onLost: lost,
    onInvoke: invoked,
    onSubscribers: (objid, active) => provided.subscribersChanged(objid, active),
    onUnsubscribed: (objid, target) => subscriptions.unsubscribed(objid, target),
    onMonitor: (monitor) => callOwner(options, 'the monitor', () => onMonitor?.(monitor)),
  });
  const provided = new ProvidedObjects(link, options, timing);
  const events = new Events(link, options, timing);
  const subscriptions = new Subscriptions(link, options, timing, () => hearsOfObjects);
  const calls = new Calls(link, options.monotonicMs, timing);

  events.listen(OBJECT_EVENTS, (name, { id, path }) => {
    if (typeof id !== 'number' || typeof path !== 'string') return;
    // The id is sent as int32, which has a sign.
    if (name === 'ubus.object.add') subscriptions.objectAdded(path);
    else if (name === 'ubus.object.remove') calls.objectRemoved(id >>> 0, path);
  });

  function setState(next: ConnectionState): void {
    state = next;
    callOwner(options, 'the state of the connection', () => options.onConnection?.(next));
  }

  async function opened(clientId: number): Promise<void> {
    const token = link.token();
    await provided.registerAll();
    if (!link.isSame(token)) return;
    const accepted = await events.register(OBJECT_EVENTS);
    if (!link.isSame(token)) return;
    hearsOfObjects = accepted;
    await events.registerAll();
    if (!link.isSame(token)) return;
    await subscriptions.attachAll();
    if (!link.isSame(token)) return;
    link.settled();
    setState({ kind: 'ready', clientId });
  }

  function lost(reason: string, error: RemoteProtocolError | undefined): void {
    hearsOfObjects = false;
    calls.lost();
    provided.lost();
    events.lost();
    subscriptions.lost();
    if (state.kind === 'closed') return;
    // Each further attempt fails for the same reason, every five seconds, for as long as ubusd is away.
    if (state.kind !== 'lost') options.log?.('warning', `ubus: the connection is lost: ${reason}.`);
    else if (state.reason !== reason) options.log?.('info', `ubus: still no connection: ${reason}.`);
    setState(error === undefined ? { kind: 'lost', reason } : { kind: 'lost', reason, error });
  }

  function invoked(call: Invocation): void {
    if (provided.invoke(call) || events.invoke(call) || subscriptions.invoke(call)) return;
    // One of our objects that we have just removed.
    if (call.peer !== 0 && !call.noReply)
      link.answer(providerStatusMessage(call.seq, call.peer, Status.notFound, call.objid));
  }

  async function simple(
    make: Parameters<typeof sendRequest>[1],
    subject: string,
    timeoutMs: number,
  ): Promise<Result<void, UbusError>> {
    const answer = await sendRequest(link, make, timeoutMs, subject).result;
    return answer.ok ? ok(undefined) : answer;
  }

  function lookup(pattern: string | undefined, timeoutMs: number): Call<readonly FoundObject[]> {
    const subject = pattern === undefined ? 'List of objects' : `Object ${pattern}`;
    const sent = sendRequest(link, (seq) => lookupMessage(seq, pattern), timeoutMs, subject);
    const result = sent.result.then((answer): Result<readonly FoundObject[], UbusError> => {
      if (!answer.ok) return answer.error.status === Status.notFound && answer.error.byBus ? ok([]) : answer;
      return foundObjects(answer.value, subject);
    });
    return { result, abort: sent.abort };
  }

  function encoded(table: PlainTable): Result<readonly BlobmsgEntry[], LocalProtocolError> {
    try {
      return ok(tableToEntries(table));
    } catch (error) {
      if (error instanceof LocalProtocolError) return fail(error);
      throw error;
    }
  }

  return {
    start: () => link.start(),
    state: () => state,
    call: async (path, method, args = {}, callOptions) => {
      const entries = encoded(args);
      if (!entries.ok) return fail(localError(entries.error, `${path} ${method}`));
      const replies = await calls.call(path, method, entries.value, callOptions?.timeoutMs).result;
      return replies.ok ? ok(entriesToTable(replies.value[replies.value.length - 1] ?? [])) : replies;
    },
    request: (path, method, args = [], callOptions) => calls.call(path, method, args, callOptions?.timeoutMs),
    post: (path, method, args = {}) => {
      const entries = encoded(args);
      if (entries.ok && link.isOpen()) void calls.call(path, method, entries.value).result;
    },
    lookup: (pattern, callOptions) => lookup(pattern, callOptions?.timeoutMs ?? timing.requestTimeoutMs),
    provide: (path, methods) => provided.add(path, methods),
    subscribe: (path, handlers) => subscriptions.add(path, handlers),
    listen: (pattern, onEvent) => events.listen(pattern, onEvent),
    send: (name, data = {}) => {
      const entries = encoded({ id: name, data });
      if (!entries.ok) return Promise.resolve(fail(localError(entries.error, `Event ${name}`)));
      const payload = encodeBlobmsg(entries.value);
      const make = (seq: number) => invokeMessage(seq, SystemObject.event, 'send', payload);
      return simple(make, `Event ${name}`, timing.requestTimeoutMs);
    },
    monitor: (handler) => {
      onMonitor = handler;
      const make = (seq: number) => monitorRequestMessage(seq, 'add', monitorRequestData('add'));
      return simple(make, 'Monitor', timing.requestTimeoutMs);
    },
    ping: (callOptions) => simple(pingMessage, 'Ping', callOptions?.timeoutMs ?? timing.requestTimeoutMs),
    close: () => {
      if (state.kind === 'closed') return;
      const closed: ConnectionState = { kind: 'closed' };
      state = closed;
      link.close();
      setState(closed);
    },
  };
}

function foundObjects(
  data: readonly Attributes[],
  subject: string,
): Result<readonly FoundObject[], UbusError> {
  const found: FoundObject[] = [];
  for (const { objpath, objid, objtype, signature } of data) {
    if (objpath === undefined || objid === undefined) continue;
    const methods = decodeBlobmsg(signature ?? new Uint8Array(0));
    if (!methods.ok) return fail(remoteError(methods.error, subject));
    found.push({ path: objpath, id: objid, typeId: objtype ?? 0, signature: methods.value });
  }
  return ok(found);
}
