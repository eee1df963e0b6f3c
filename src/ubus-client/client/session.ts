/**
 * One connection to ubusd, without I/O and without a clock: bytes and requests go in, bytes and events come out, `now`
 * (milliseconds, monotonic) is passed in where it matters.
 *
 * A session waits for HELLO, is then open, and has ended after `end` or a breach of the protocol. What belongs to a
 * request is found by its seq alone; in addition the answer's peer must be the request's, since any client may send
 * answers to any other, but not with a peer of its choice. (Answers to NOTIFY come from its subscribers, with theirs.)
 *
 *     state     event                   → state    tells
 *     waiting   HELLO                     open     connected
 *     waiting   any other message         ended    broken (message-type)
 *     open      STATUS, DATA              open     data, ended; ignored if nobody waits (late, or not asked for)
 *     open      INVOKE                    open     invoke
 *     open      NOTIFY, UNSUBSCRIBE       open     subscribers, unsubscribed
 *     open      MONITOR                   open     monitor
 *     open      HELLO, a request, 12…255  ended    broken (message-type)
 *     any       bytes that are no message ended    broken (its code)
 *
 * A breach ends the session, because ubusd itself would have caused it. The payload of a message (`data`) is another
 * client's word that ubusd passes on unread: whoever decodes it fails that one request, so that no client can cut
 * another one off.
 */

import { fail, ok, type Result } from '../result.ts';
import { MessageType } from '../wire/constants.ts';
import { decodeMessage } from '../wire/decode.ts';
import { encodeMessage } from '../wire/encode.ts';
import { LocalProtocolError, RemoteProtocolError } from '../wire/errors.ts';
import { Framer } from '../wire/framer.ts';
import type { Attributes, Message, MonitorAttributes } from '../wire/message.ts';

/** How a request ended. `byBus`: ubusd itself answered, the request reached nobody else. */
export type Outcome =
  | { readonly kind: 'status'; readonly status: number; readonly byBus: boolean }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'closed' };

export interface Invocation {
  readonly seq: number;
  /** Whom to answer: the caller's client id; 0 for an event, which wants no answer. */
  readonly peer: number;
  readonly objid: number;
  readonly method: string;
  readonly data: Uint8Array;
  readonly user: string | undefined;
  readonly group: string | undefined;
  readonly noReply: boolean;
}

export type SessionEvent =
  | { readonly type: 'connected'; readonly clientId: number }
  | { readonly type: 'data'; readonly seq: number; readonly peer: number; readonly attributes: Attributes }
  /** One subscriber has answered a NOTIFY. */
  | { readonly type: 'answered'; readonly seq: number; readonly peer: number; readonly status: number }
  | { readonly type: 'ended'; readonly seq: number; readonly outcome: Outcome }
  | { readonly type: 'invoke'; readonly invocation: Invocation }
  | { readonly type: 'subscribers'; readonly objid: number; readonly active: boolean }
  | { readonly type: 'unsubscribed'; readonly objid: number; readonly target: number }
  | { readonly type: 'monitor'; readonly monitor: MonitorAttributes }
  | { readonly type: 'ignored'; readonly message: Message }
  | { readonly type: 'broken'; readonly error: RemoteProtocolError };

interface Pending {
  readonly peer: number;
  readonly deadline: number;
  readonly isNotify: boolean;
  /** Subscribers that have not answered yet; undefined until ubusd has named them. */
  awaited: Set<number> | undefined;
}

const NO_DATA = new Uint8Array(0);
const GREATEST_SEQ = 65535;

export class Session {
  private readonly framer = new Framer();
  private readonly pending = new Map<number, Pending>();
  private state: 'waiting' | 'open' | 'ended' = 'waiting';
  private lastSeq: number;
  private receivedAt = 0;

  /** `lastSeq`: the request number before the first one, for tests of its wrapping. */
  constructor(lastSeq = 0) {
    this.lastSeq = lastSeq;
  }

  isOpen(): boolean {
    return this.state === 'open';
  }

  /** A function, since TypeScript does not see that a callback changes the state. */
  private hasEnded(): boolean {
    return this.state === 'ended';
  }

  /** When the last bytes came; 0 if none did. */
  lastReceivedMs(): number {
    return this.receivedAt;
  }

  pendingCount(): number {
    return this.pending.size;
  }

  /**
   * A request: gives the number to `make`, and the message's bytes back. Until `deadline` (Infinity = never) `receive`
   * tells of its answers, then `expire` ends it. Errors: `not-connected`, `too-many-requests`, `message-too-long`.
   */
  request(
    make: (seq: number) => Message,
    deadline: number,
  ): Result<{ readonly seq: number; readonly bytes: Uint8Array }, LocalProtocolError> {
    const seq = this.nextSeq();
    if (!seq.ok) return seq;
    const message = make(seq.value);
    const bytes = this.encode(message);
    if (!bytes.ok) return bytes;
    this.pending.set(seq.value, {
      peer: message.peer,
      deadline,
      isNotify: message.type === MessageType.notify,
      awaited: undefined,
    });
    return ok({ seq: seq.value, bytes: bytes.value });
  }

  /** A request whose answers nobody waits for. Errors as `request`. */
  post(make: (seq: number) => Message): Result<Uint8Array, LocalProtocolError> {
    const seq = this.nextSeq();
    return seq.ok ? this.encode(make(seq.value)) : seq;
  }

  /** An answer of ours. Errors: `not-connected`, `message-too-long`. */
  encode(message: Message): Result<Uint8Array, LocalProtocolError> {
    if (this.state !== 'open')
      return fail(new LocalProtocolError('not-connected', 'There is no connection to ubusd.'));
    try {
      return ok(encodeMessage(message));
    } catch (error) {
      if (error instanceof LocalProtocolError) return fail(error);
      throw error;
    }
  }

  /** Nobody waits for this request any more; its answers will be ignored. */
  forget(seq: number): void {
    this.pending.delete(seq);
  }

  /** The bytes that came, and what they mean. Never throws for what is in them. */
  receive(bytes: Uint8Array, now: number): SessionEvent[] {
    if (this.state === 'ended') return [];
    this.receivedAt = now;
    const events: SessionEvent[] = [];
    const framed = this.framer.push(bytes, (whole) => {
      if (this.state === 'ended') return;
      const message = decodeMessage(whole);
      const error = message.ok ? this.accept(message.value, events) : message.error;
      if (error !== undefined) this.break(error, events);
    });
    if (!framed.ok && !this.hasEnded()) this.break(framed.error, events);
    return events;
  }

  /** When `expire` has something to do next; Infinity if never. */
  nextDeadline(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { deadline } of this.pending.values()) next = Math.min(next, deadline);
    return next;
  }

  /** Ends the requests whose deadline has passed. */
  expire(now: number): SessionEvent[] {
    const late = [...this.pending].filter(([, { deadline }]) => deadline <= now).map(([seq]) => seq);
    return late.map((seq) => this.finish(seq, { kind: 'timeout' }));
  }

  /** The connection has ended: so have all requests. */
  end(): SessionEvent[] {
    this.state = 'ended';
    return [...this.pending.keys()].map((seq) => this.finish(seq, { kind: 'closed' }));
  }

  private nextSeq(): Result<number, LocalProtocolError> {
    if (this.pending.size >= GREATEST_SEQ)
      return fail(new LocalProtocolError('too-many-requests', 'All request numbers are in use.'));
    do this.lastSeq = this.lastSeq >= GREATEST_SEQ ? 1 : this.lastSeq + 1;
    while (this.pending.has(this.lastSeq));
    return ok(this.lastSeq);
  }

  private finish(seq: number, outcome: Outcome): SessionEvent {
    this.pending.delete(seq);
    return { type: 'ended', seq, outcome };
  }

  private break(error: RemoteProtocolError, events: SessionEvent[]): void {
    events.push(...this.end(), { type: 'broken', error });
  }

  /** What a message means; or how it breaks the protocol. */
  private accept(message: Message, events: SessionEvent[]): RemoteProtocolError | undefined {
    if (this.state === 'waiting') {
      if (message.type !== MessageType.hello) return unexpected(message, 'before HELLO');
      this.state = 'open';
      events.push({ type: 'connected', clientId: message.peer });
      return undefined;
    }
    const { objid, method, target, active } = message.attributes;
    switch (message.type) {
      case MessageType.status:
      case MessageType.data:
        return this.acceptAnswer(message, events);
      case MessageType.invoke:
        if (objid === undefined || method === undefined)
          return missing(message, objid === undefined ? 'objid' : 'method');
        events.push({ type: 'invoke', invocation: invocation(message, objid, method) });
        return undefined;
      case MessageType.notify:
        if (objid === undefined || active === undefined)
          return missing(message, objid === undefined ? 'objid' : 'active');
        events.push({ type: 'subscribers', objid, active });
        return undefined;
      case MessageType.unsubscribe:
        if (objid === undefined || target === undefined)
          return missing(message, objid === undefined ? 'objid' : 'target');
        events.push({ type: 'unsubscribed', objid, target });
        return undefined;
      case MessageType.monitor:
        events.push({ type: 'monitor', monitor: message.monitor ?? {} });
        return undefined;
      default:
        return unexpected(message, 'from ubusd');
    }
  }

  private acceptAnswer(message: Message, events: SessionEvent[]): RemoteProtocolError | undefined {
    const { seq, peer, attributes } = message;
    const pending = this.pending.get(seq);
    const fromSubscriber = pending?.awaited?.has(peer) === true;
    if (pending === undefined || (pending.peer !== peer && !fromSubscriber)) {
      events.push({ type: 'ignored', message });
      return undefined;
    }
    if (message.type === MessageType.data) {
      events.push({ type: 'data', seq, peer, attributes });
      return undefined;
    }
    const { status, subscribers, objid } = attributes;
    if (status === undefined) return missing(message, 'status');
    if (pending.isNotify && fromSubscriber) {
      pending.awaited?.delete(peer);
      events.push({ type: 'answered', seq, peer, status });
      if (pending.awaited?.size === 0)
        events.push(this.finish(seq, { kind: 'status', status: 0, byBus: true }));
      return undefined;
    }
    if (pending.isNotify && status === 0 && subscribers !== undefined && subscribers.length > 0) {
      pending.awaited = new Set(subscribers);
      return undefined;
    }
    events.push(this.finish(seq, { kind: 'status', status, byBus: objid === undefined }));
    return undefined;
  }
}

function invocation(message: Message, objid: number, method: string): Invocation {
  const { data, user, group, noReply } = message.attributes;
  return {
    seq: message.seq,
    peer: message.peer,
    objid,
    method,
    data: data ?? NO_DATA,
    user,
    group,
    noReply: noReply === true,
  };
}

function unexpected(message: Message, where: string): RemoteProtocolError {
  return new RemoteProtocolError(
    'message-type',
    1,
    `A message of type ${message.type} must not come ${where}`,
  );
}

function missing(message: Message, name: string): RemoteProtocolError {
  return new RemoteProtocolError(
    'attribute-missing',
    12,
    `A message of type ${message.type} lacks the attribute ${name}`,
  );
}
