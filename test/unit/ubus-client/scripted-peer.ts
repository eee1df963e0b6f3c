/**
 * The other end of a client under test: a transport without sockets, a clock that only the test moves, and the
 * client's messages decoded one by one. The chores of a new connection (objects, patterns) are answered as ubusd does;
 * everything else waits for the test.
 */
import {
  type ClientTiming,
  type ConnectionState,
  createClient,
  type TransportHandlers,
  type UbusClient,
} from '@openwrt/ubus-client';
import {
  decodeMessage,
  decodeTable,
  encodeMessage,
  encodeTable,
  Framer,
  helloMessage,
  type Message,
  MessageType,
  objectDataMessage,
  type PlainTable,
  statusMessage,
} from '@openwrt/ubus-client/wire';

/** Lets all promises that can settle do so. */
export const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A clock and its timers. `advance` runs what is due, in order, and lets promises settle in between. */
export class ManualTime {
  now = 1000;
  private timers: { readonly at: number; readonly run: () => void }[] = [];

  readonly after = (delayMs: number, run: () => void) => {
    const timer = { at: this.now + delayMs, run };
    this.timers.push(timer);
    return {
      cancel: () => {
        this.timers = this.timers.filter((other) => other !== timer);
      },
    };
  };

  pending(): number {
    return this.timers.length;
  }

  async advance(ms: number): Promise<void> {
    const until = this.now + ms;
    for (;;) {
      await settle();
      const next = this.timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.timers = this.timers.filter((timer) => timer !== next);
      this.now = Math.max(this.now, next.at);
      next.run();
    }
    this.now = until;
    await settle();
  }
}

/** One connection, as the bus sees it. */
export class PeerConnection {
  readonly received: Message[] = [];
  /** Paths and ids of the objects that the client has added; anonymous ones have the path ''. */
  readonly objects: { readonly path: string; readonly id: number }[] = [];
  readonly patterns: string[] = [];
  closedByClient = false;
  queued = 0;
  private readonly framer = new Framer();

  constructor(
    private readonly bus: ScriptedBus,
    private readonly handlers: TransportHandlers,
    readonly number: number,
  ) {}

  /** Bytes from the client. */
  accept(bytes: Uint8Array): void {
    const framed = this.framer.push(bytes, (whole) => {
      const message = decodeMessage(whole);
      if (!message.ok) throw message.error;
      if (!this.chore(message.value)) this.received.push(message.value);
    });
    if (!framed.ok) throw framed.error;
  }

  send(...messages: Message[]): void {
    this.sendBytes(Buffer.concat(messages.map(encodeMessage)));
  }

  sendBytes(bytes: Uint8Array): void {
    this.handlers.onData(bytes);
  }

  end(message = 'closed by ubusd'): void {
    this.handlers.onEnd({ kind: 'remote', message });
  }

  /** The next message of the client that the test has not seen; fails if it is of another type. */
  async next(type: keyof typeof MessageType): Promise<Message> {
    await settle();
    const message = this.received.shift();
    if (message?.type !== MessageType[type])
      throw new Error(`the client sent ${JSON.stringify(message ?? null)} instead of ${type}`);
    return message;
  }

  /** The id of the client's object at `path`. */
  idOf(path: string): number {
    const found = this.objects.find((object) => object.path === path);
    if (found === undefined) throw new Error(`the client has no object ${path}`);
    return found.id;
  }

  private chore(message: Message): boolean {
    const { seq, peer, attributes } = message;
    if (message.type === MessageType.addObject && this.bus.answersChores) {
      const path = attributes.objpath ?? '';
      if (this.bus.taken.has(path)) {
        this.send(statusMessage(seq, peer, 2));
        return true;
      }
      const id = this.bus.nextId++;
      this.objects.push({ path, id });
      this.send(objectDataMessage(seq, id, path === '' ? undefined : 1), statusMessage(seq, peer, 0));
      return true;
    }
    if (message.type === MessageType.invoke && attributes.objid === 1 && attributes.method === 'register') {
      const table = decodeTable(attributes.data ?? new Uint8Array(0));
      if (!table.ok) throw table.error;
      const pattern = String(table.value.pattern);
      this.patterns.push(pattern);
      this.send(statusMessage(seq, peer, this.bus.refusedPatterns.has(pattern) ? 6 : 0));
      return true;
    }
    return false;
  }
}

export class ScriptedBus {
  readonly time = new ManualTime();
  readonly connections: PeerConnection[] = [];
  readonly states: ConnectionState[] = [];
  readonly log: string[] = [];
  /** Paths whose ADD_OBJECT is refused. */
  readonly taken = new Set<string>();
  readonly refusedPatterns = new Set<string>();
  readonly client: UbusClient;
  answersChores = true;
  /** Connections end at once, as without ubusd. */
  isDown = false;
  saysHello = true;
  nextId = 0x9000_0000;
  attempts = 0;

  constructor(timing: Partial<ClientTiming> = {}) {
    this.client = createClient({
      transport: (handlers) => {
        this.attempts += 1;
        const connection = new PeerConnection(this, handlers, this.attempts);
        if (this.isDown) handlers.onEnd({ kind: 'error', message: 'no such socket' });
        else {
          this.connections.push(connection);
          if (this.saysHello) setImmediate(() => connection.send(helloMessage(connection.number)));
        }
        return {
          write: (bytes) => connection.accept(bytes),
          queuedBytes: () => connection.queued,
          close: () => {
            connection.closedByClient = true;
          },
        };
      },
      timers: this.time,
      monotonicMs: () => this.time.now,
      random: () => 0.5,
      log: (level, message) => this.log.push(`${level}: ${message}`),
      onConnection: (state) => this.states.push(state),
      timing: { heartbeatMs: 0, ...timing },
    });
  }

  /** The present connection. */
  get peer(): PeerConnection {
    const last = this.connections[this.connections.length - 1];
    if (last === undefined) throw new Error('the client has not connected');
    return last;
  }

  /** Starts the client and waits until it is ready. */
  async ready(): Promise<this> {
    this.client.start();
    for (let i = 0; i < 50 && this.client.state().kind !== 'ready'; i++) await settle();
    if (this.client.state().kind !== 'ready') throw new Error('the client does not get ready');
    return this;
  }
}

export const payload = (table: PlainTable): Uint8Array => encodeTable(table);
