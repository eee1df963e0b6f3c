/**
 * The connection to ubusd that comes back: transport, session, timers. It knows requests and answers, not what they
 * are about; client.ts and its registries do.
 *
 * `idle` → `connecting` → (HELLO) `open` → (end) `waiting` → `connecting` …; `closed` is the end of it.
 */
import { LocalProtocolError, type RemoteProtocolError } from '../wire/errors.ts';
import type { Attributes, Message, MonitorAttributes } from '../wire/message.ts';
import { pingMessage } from '../wire/message.ts';
import { type Invocation, type Outcome, Session, type SessionEvent } from './session.ts';
import { MAX_QUEUED_BYTES, reconnectDelayMs } from './timing.ts';
import type { ClientOptions, ClientTiming, TransportConnection } from './types.ts';

export interface LinkHandlers {
  onOpen(clientId: number): void;
  onLost(reason: string, error: RemoteProtocolError | undefined): void;
  onInvoke(invocation: Invocation): void;
  onSubscribers(objid: number, active: boolean): void;
  onUnsubscribed(objid: number, target: number): void;
  onMonitor(monitor: MonitorAttributes): void;
}

/** What one request is told. */
export interface RequestHandlers {
  onData?(attributes: Attributes, peer: number): void;
  onAnswered?(peer: number, status: number): void;
  /** Last of all, exactly once; `LocalProtocolError` when it could not be sent. */
  onEnd(outcome: Outcome | LocalProtocolError): void;
}

interface Live {
  readonly session: Session;
  readonly connection: TransportConnection;
  readonly requests: Map<number, RequestHandlers>;
}

type Timer = { cancel(): void } | undefined;

export class Link {
  private readonly options: ClientOptions;
  private readonly timing: ClientTiming;
  private readonly handlers: LinkHandlers;
  private live: Live | undefined;
  private closed = false;
  private attempt = 0;
  private reconnectTimer: Timer;
  private helloTimer: Timer;
  private expireTimer: Timer;
  private expireAt = Number.POSITIVE_INFINITY;
  private heartbeatTimer: Timer;

  constructor(options: ClientOptions, timing: ClientTiming, handlers: LinkHandlers) {
    this.options = options;
    this.timing = timing;
    this.handlers = handlers;
  }

  /** Connects, unless it does already. */
  start(): void {
    if (this.closed || this.live !== undefined || this.reconnectTimer !== undefined) return;
    this.connect();
  }

  /** The connection is good for something: the next loss begins with the smallest delay again. */
  settled(): void {
    this.attempt = 0;
  }

  isOpen(): boolean {
    return this.live?.session.isOpen() === true;
  }

  /** Whether `token`, from an earlier call, still is the present connection. */
  isSame(token: unknown): boolean {
    return token !== undefined && token === this.live;
  }

  token(): unknown {
    return this.live;
  }

  /** Sends a request; returns a function that forgets it without `onEnd`. */
  request(make: (seq: number) => Message, timeoutMs: number, handlers: RequestHandlers): () => void {
    const live = this.live;
    const deadline = this.options.monotonicMs() + timeoutMs;
    const sent = live?.session.request(make, deadline);
    if (live === undefined || sent === undefined) {
      handlers.onEnd(new LocalProtocolError('not-connected', 'There is no connection to ubusd.'));
      return () => {};
    }
    if (!sent.ok) {
      handlers.onEnd(sent.error);
      return () => {};
    }
    const { seq, bytes } = sent.value;
    live.requests.set(seq, handlers);
    this.armExpiry(deadline);
    this.write(live, bytes);
    return () => {
      if (live.requests.get(seq) !== handlers) return;
      live.requests.delete(seq);
      live.session.forget(seq);
    };
  }

  /** Sends a request whose outcome nobody wants; dropped without a connection. The error says why it can't be sent. */
  post(make: (seq: number) => Message): LocalProtocolError | undefined {
    const live = this.live;
    if (live === undefined) return undefined;
    const bytes = live.session.post(make);
    if (!bytes.ok) return bytes.error;
    this.write(live, bytes.value);
    return undefined;
  }

  /** Sends an answer; the error says why it can't be sent. */
  answer(message: Message): LocalProtocolError | undefined {
    const live = this.live;
    if (live === undefined) return undefined;
    const bytes = live.session.encode(message);
    if (!bytes.ok) return bytes.error;
    this.write(live, bytes.value);
    return undefined;
  }

  close(): void {
    this.closed = true;
    this.reconnectTimer?.cancel();
    this.reconnectTimer = undefined;
    this.drop('closed by this side', undefined);
  }

  private connect(): void {
    const session = new Session();
    const requests = new Map<number, RequestHandlers>();
    // The transport may tell of its end before it has returned the connection.
    let ended: string | undefined;
    let live: Live | undefined;
    const connection = this.options.transport({
      onData: (bytes) => {
        if (live !== undefined && this.live === live)
          this.dispatch(live, session.receive(bytes, this.options.monotonicMs()));
      },
      onEnd: (end) => {
        ended = end.message;
        if (live !== undefined && this.live === live) this.drop(end.message, undefined);
      },
    });
    live = { session, connection, requests };
    this.live = live;
    if (ended !== undefined) {
      this.drop(ended, undefined);
      return;
    }
    this.helloTimer = this.options.timers.after(this.timing.helloTimeoutMs, () => {
      if (this.live === live && !session.isOpen()) this.drop('ubusd did not say HELLO in time', undefined);
    });
  }

  private write(live: Live, bytes: Uint8Array): void {
    live.connection.write(bytes);
    if (live.connection.queuedBytes() > MAX_QUEUED_BYTES && this.live === live)
      this.drop('ubusd does not take what is sent to it', undefined);
  }

  private dispatch(live: Live, events: readonly SessionEvent[]): void {
    for (const event of events) {
      if (event.type === 'broken') {
        if (this.live === live) this.drop(event.error.message, event.error);
        return;
      }
      // A handler may have closed the connection; then its requests have been told already.
      if (this.live !== live) return;
      this.dispatchOne(live, event);
    }
  }

  private dispatchOne(live: Live, event: SessionEvent): void {
    switch (event.type) {
      case 'connected':
        this.helloTimer?.cancel();
        this.armHeartbeat(live);
        this.handlers.onOpen(event.clientId);
        break;
      case 'data':
        live.requests.get(event.seq)?.onData?.(event.attributes, event.peer);
        break;
      case 'answered':
        live.requests.get(event.seq)?.onAnswered?.(event.peer, event.status);
        break;
      case 'ended': {
        const handlers = live.requests.get(event.seq);
        live.requests.delete(event.seq);
        handlers?.onEnd(event.outcome);
        break;
      }
      case 'invoke':
        this.handlers.onInvoke(event.invocation);
        break;
      case 'subscribers':
        this.handlers.onSubscribers(event.objid, event.active);
        break;
      case 'unsubscribed':
        this.handlers.onUnsubscribed(event.objid, event.target);
        break;
      case 'monitor':
        this.handlers.onMonitor(event.monitor);
        break;
      case 'ignored':
        this.options.log?.('debug', `ubus: an answer that nobody waits for (seq ${event.message.seq}).`);
        break;
    }
  }

  /** Ends the present connection: all its requests fail together, then the owner is told, then we try again. */
  private drop(reason: string, error: RemoteProtocolError | undefined): void {
    const live = this.live;
    if (live === undefined) return;
    this.live = undefined;
    this.helloTimer?.cancel();
    this.heartbeatTimer?.cancel();
    this.expireTimer?.cancel();
    this.expireTimer = undefined;
    this.expireAt = Number.POSITIVE_INFINITY;
    live.connection.close();
    live.session.end();
    const requests = [...live.requests.values()];
    live.requests.clear();
    for (const { onEnd } of requests) onEnd({ kind: 'closed' });
    if (!this.closed) {
      this.attempt += 1;
      const delay = reconnectDelayMs(this.attempt, this.options.random(), this.timing);
      this.reconnectTimer = this.options.timers.after(delay, () => {
        this.reconnectTimer = undefined;
        this.connect();
      });
    }
    this.handlers.onLost(reason, error);
  }

  /** One timer for all deadlines; it only moves to an earlier moment, and looks again when it fires. */
  private armExpiry(deadline: number): void {
    if (deadline >= this.expireAt) return;
    this.expireTimer?.cancel();
    this.expireAt = deadline;
    const delay = Math.max(1, deadline - this.options.monotonicMs());
    this.expireTimer = this.options.timers.after(delay, () => {
      this.expireAt = Number.POSITIVE_INFINITY;
      const live = this.live;
      if (live === undefined) return;
      this.dispatch(live, live.session.expire(this.options.monotonicMs()));
      if (this.live === live) this.armExpiry(live.session.nextDeadline());
    });
  }

  /** Nothing received for a while: ask ubusd whether it is there. Socket and socat tell of its end; this of a hang. */
  private armHeartbeat(live: Live): void {
    const { heartbeatMs, requestTimeoutMs } = this.timing;
    if (heartbeatMs === 0) return;
    const idle = this.options.monotonicMs() - live.session.lastReceivedMs();
    this.heartbeatTimer = this.options.timers.after(Math.max(1, heartbeatMs - idle), () => {
      if (this.live !== live) return;
      if (this.options.monotonicMs() - live.session.lastReceivedMs() < heartbeatMs) {
        this.armHeartbeat(live);
        return;
      }
      this.request(pingMessage, requestTimeoutMs, {
        onEnd: (outcome) => {
          if (this.live !== live) return;
          if (!(outcome instanceof LocalProtocolError) && outcome.kind === 'timeout')
            this.drop('ubusd did not answer a PING in time', undefined);
          else this.armHeartbeat(live);
        },
      });
    });
  }
}
