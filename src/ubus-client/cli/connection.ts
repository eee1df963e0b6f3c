/**
 * One connection for the `ubus` command. Unlike the client it never comes back: like OpenWrt's command it asks what it
 * was told to ask, in that order, and is done.
 */
import { type Invocation, Session } from '../client/session.ts';
import type { ClientTimers, TransportConnection, TransportHandlers } from '../client/types.ts';
import { Status } from '../wire/constants.ts';
import type { Attributes, Message, MonitorAttributes } from '../wire/message.ts';
import { providerStatusMessage } from '../wire/message.ts';

/** All that the command needs of the world. */
export interface UbusIo {
  connect(socketPath: string, handlers: TransportHandlers): TransportConnection;
  readonly timers: ClientTimers;
  monotonicMs(): number;
  stdout(bytes: Uint8Array): void;
  stderr(bytes: Uint8Array): void;
  /** Runs `handler` when the user wants the command to end (SIGINT, SIGTERM). */
  onStop(handler: () => void): void;
}

/** How long ubusd may take to say HELLO. */
const HELLO_TIMEOUT_MS = 5000;

/** Status numbers from here on have no meaning and count as "unknown error". */
const STATUS_END = 15;

export interface Waiter {
  onData(attributes: Attributes): void;
  onEnd(status: number): void;
}

export class CliConnection {
  onInvoke: (invocation: Invocation) => void = () => {};
  onMonitor: (monitor: MonitorAttributes) => void = () => {};
  private readonly io: UbusIo;
  private readonly session = new Session();
  private readonly waiters = new Map<number, Waiter>();
  private connection: TransportConnection | undefined;
  private ended = false;

  private constructor(io: UbusIo) {
    this.io = io;
  }

  /** Undefined if there is no ubusd, or it does not want us. */
  static open(io: UbusIo, socketPath: string): Promise<CliConnection | undefined> {
    return new Promise((resolve) => {
      const mine = new CliConnection(io);
      const timer = io.timers.after(HELLO_TIMEOUT_MS, () => {
        resolve(undefined);
        mine.close();
      });
      const settle = (connection: CliConnection | undefined) => {
        timer.cancel();
        resolve(connection);
      };
      mine.connection = io.connect(socketPath, {
        onData: (bytes) => mine.receive(bytes, () => settle(mine)),
        onEnd: () => {
          settle(undefined);
          mine.end();
        },
      });
    });
  }

  /**
   * Sends a request; the promise gives its status: ubusd's or the provider's, 7 after `timeoutMs`, 10 when the connection
   * ends, 2 when the request is too long.
   */
  request(
    make: (seq: number) => Message,
    timeoutMs: number,
    onData: (attributes: Attributes) => void = () => {},
  ): Promise<number> {
    if (this.ended) return Promise.resolve(Status.connectionFailed);
    const sent = this.session.request(make, Number.POSITIVE_INFINITY);
    if (!sent.ok) return Promise.resolve(Status.invalidArgument);
    const { seq, bytes } = sent.value;
    return new Promise((resolve) => {
      const timer =
        timeoutMs === Number.POSITIVE_INFINITY
          ? undefined
          : this.io.timers.after(timeoutMs, () => {
              this.session.forget(seq);
              this.waiters.delete(seq);
              resolve(Status.timeout);
            });
      this.waiters.set(seq, {
        onData,
        onEnd: (status) => {
          timer?.cancel();
          resolve(status < STATUS_END ? status : Status.unknownError);
        },
      });
      this.connection?.write(bytes);
    });
  }

  close(): void {
    this.ended = true;
    this.connection?.close();
  }

  private receive(bytes: Uint8Array, onHello: () => void): void {
    if (this.ended) return;
    for (const event of this.session.receive(bytes, this.io.monotonicMs())) {
      if (event.type === 'connected') onHello();
      else if (event.type === 'data') this.waiters.get(event.seq)?.onData(event.attributes);
      else if (event.type === 'ended') {
        const { outcome } = event;
        this.finish(event.seq, outcome.kind === 'status' ? outcome.status : Status.connectionFailed);
      } else if (event.type === 'invoke') this.invoke(event.invocation);
      else if (event.type === 'monitor') this.onMonitor(event.monitor);
      else if (event.type === 'broken') {
        this.end();
        this.connection?.close();
      }
    }
  }

  private finish(seq: number, status: number): void {
    const waiter = this.waiters.get(seq);
    this.waiters.delete(seq);
    waiter?.onEnd(status);
  }

  private end(): void {
    this.ended = true;
    this.session.end();
    for (const seq of [...this.waiters.keys()]) this.finish(seq, Status.connectionFailed);
  }

  /** As libubus does, answers whatever comes, events too. */
  private invoke(call: Invocation): void {
    this.onInvoke(call);
    if (call.noReply) return;
    const bytes = this.session.encode(providerStatusMessage(call.seq, call.peer, Status.ok, call.objid));
    if (bytes.ok && !this.ended) this.connection?.write(bytes.value);
  }
}
