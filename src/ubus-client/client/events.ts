/** Events: one anonymous object for all patterns of this client, registered on each connection. */

import type { BlobmsgEntry } from '../wire/blobmsg.ts';
import { decodeBlobmsg, encodeBlobmsg } from '../wire/blobmsg.ts';
import { Status, SystemObject } from '../wire/constants.ts';
import { addObjectMessage, invokeMessage } from '../wire/message.ts';
import { entriesToTable, type PlainTable } from '../wire/plain.ts';
import { quoted } from './arguments.ts';
import type { Link } from './link.ts';
import { callOwner } from './owner.ts';
import { sendRequest } from './requests.ts';
import type { Invocation } from './session.ts';
import type { ClientOptions, ClientTiming } from './types.ts';

/** ubusd tells of objects that come and go. */
export const OBJECT_EVENTS = 'ubus.object.*';

export type EventHandler = (name: string, data: PlainTable, entries: readonly BlobmsgEntry[]) => void;

interface Listener {
  readonly pattern: string;
  readonly onEvent: EventHandler;
}

/** Whether an event's name fits: exactly, or up to a trailing `*`, as ubusd decides. */
function matchesPattern(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}

export class Events {
  private readonly link: Link;
  private readonly options: ClientOptions;
  private readonly timing: ClientTiming;
  private readonly listeners = new Set<Listener>();
  /** Of the present connection: our object's id, and the patterns with ubusd's answer (true = accepted). */
  private objid: Promise<number | undefined> | undefined;
  private knownId: number | undefined;
  private registered = new Map<string, Promise<boolean>>();

  constructor(link: Link, options: ClientOptions, timing: ClientTiming) {
    this.link = link;
    this.options = options;
    this.timing = timing;
  }

  listen(pattern: string, onEvent: EventHandler): { close(): void } {
    const listener = { pattern, onEvent };
    this.listeners.add(listener);
    if (this.link.isOpen()) void this.register(pattern);
    // ubusd has no way to take a pattern back; what comes for it is then dropped here.
    return { close: () => this.listeners.delete(listener) };
  }

  async registerAll(): Promise<void> {
    await Promise.all([...this.listeners].map(({ pattern }) => this.register(pattern)));
  }

  /** Whether ubusd accepted the pattern on this connection. */
  register(pattern: string): Promise<boolean> {
    const known = this.registered.get(pattern);
    if (known !== undefined) return known;
    const answer = this.send(pattern);
    this.registered.set(pattern, answer);
    return answer;
  }

  lost(): void {
    this.objid = undefined;
    this.knownId = undefined;
    this.registered = new Map();
  }

  /** Gives an event to its listeners, if it is one. */
  invoke(call: Invocation): boolean {
    if (this.knownId === undefined || call.objid !== this.knownId) return false;
    const fitting = [...this.listeners].filter(({ pattern }) => matchesPattern(pattern, call.method));
    if (fitting.length === 0) return true;
    const entries = decodeBlobmsg(call.data);
    if (!entries.ok) {
      this.options.log?.(
        'warning',
        `ubus: the event ${quoted(call.method)} can't be read: ${entries.error.message}.`,
      );
      return true;
    }
    const table = entriesToTable(entries.value);
    for (const { onEvent, pattern } of fitting)
      callOwner(this.options, `events ${pattern}`, () => onEvent(call.method, table, entries.value));
    return true;
  }

  private object(): Promise<number | undefined> {
    this.objid ??= this.addObject();
    return this.objid;
  }

  private async addObject(): Promise<number | undefined> {
    const token = this.link.token();
    const { result } = sendRequest(
      this.link,
      (seq) => addObjectMessage(seq),
      this.timing.requestTimeoutMs,
      'An object for events',
    );
    const answer = await result;
    if (!answer.ok || !this.link.isSame(token)) return undefined;
    this.knownId = answer.value[0]?.objid;
    return this.knownId;
  }

  private async send(pattern: string): Promise<boolean> {
    const objid = await this.object();
    if (objid === undefined) return false;
    const data = encodeBlobmsg([
      { name: 'object', type: 'int32', value: objid | 0 },
      { name: 'pattern', type: 'string', value: pattern },
    ]);
    const { result } = sendRequest(
      this.link,
      (seq) => invokeMessage(seq, SystemObject.event, 'register', data),
      this.timing.requestTimeoutMs,
      `Events ${quoted(pattern)}`,
    );
    const answer = await result;
    // Accounts other than root may hear of objects only where an ACL says so; we go on without.
    if (!answer.ok && answer.error.status !== Status.connectionFailed)
      this.options.log?.(pattern === OBJECT_EVENTS ? 'debug' : 'err', `ubus: ${answer.error.message}`);
    return answer.ok;
  }
}
