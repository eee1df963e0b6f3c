/**
 * Subscriptions: each has an anonymous object of its own, since a notification names only the subscriber's object.
 * A subscription lives as long as its owner wants: it is made again on each connection, and whenever its object
 * appears (`ubus.object.add`).
 */

import type { Result } from '../result.ts';
import { decodeBlobmsg } from '../wire/blobmsg.ts';
import { Status } from '../wire/constants.ts';
import type { Attributes, Message } from '../wire/message.ts';
import {
  addObjectMessage,
  lookupMessage,
  providerStatusMessage,
  removeObjectMessage,
  subscribeMessage,
  unsubscribeMessage,
} from '../wire/message.ts';
import { entriesToTable } from '../wire/plain.ts';
import { quoted } from './arguments.ts';
import type { Link } from './link.ts';
import { callOwner } from './owner.ts';
import { type RequestError, sendRequest } from './requests.ts';
import type { Invocation } from './session.ts';
import type { ClientOptions, ClientTiming, Subscription, SubscriptionHandlers } from './types.ts';

interface State {
  readonly path: string;
  readonly handlers: SubscriptionHandlers;
  /** Our object. */
  objid: number | undefined;
  /** The object whose notifications come. */
  target: number | undefined;
  /** The object that an attempt is about; it may go before the attempt is through. */
  candidate: number | undefined;
  /** An attempt is under way; `again` asks for another one after it. */
  busy: boolean;
  again: boolean;
  closed: boolean;
}

export class Subscriptions {
  private readonly link: Link;
  private readonly options: ClientOptions;
  private readonly timing: ClientTiming;
  private readonly states = new Set<State>();
  private readonly hearsOfObjects: () => boolean;

  /** `hearsOfObjects`: whether `objectAdded` will be called; if not, a missing object is looked for now and then. */
  constructor(link: Link, options: ClientOptions, timing: ClientTiming, hearsOfObjects: () => boolean) {
    this.link = link;
    this.hearsOfObjects = hearsOfObjects;
    this.options = options;
    this.timing = timing;
  }

  add(path: string, handlers: SubscriptionHandlers): Subscription {
    const state: State = {
      path,
      handlers,
      objid: undefined,
      target: undefined,
      candidate: undefined,
      busy: false,
      again: false,
      closed: false,
    };
    this.states.add(state);
    void this.attach(state);
    return { attached: () => state.target !== undefined, close: () => this.close(state) };
  }

  async attachAll(): Promise<void> {
    await Promise.all([...this.states].map((state) => this.attach(state)));
  }

  lost(): void {
    for (const state of this.states) {
      const wasAttached = state.target !== undefined;
      state.objid = undefined;
      state.target = undefined;
      state.busy = false;
      state.again = false;
      if (wasAttached) this.tell(state, () => state.handlers.onDetached?.());
    }
  }

  /** `ubus.object.add` has told of an object. */
  objectAdded(path: string): void {
    for (const state of this.states) if (state.path === path) void this.attach(state);
  }

  /** ubusd: `target` has gone. */
  unsubscribed(objid: number, target: number): void {
    for (const state of this.states) {
      if (state.objid !== objid) continue;
      if (state.candidate === target) {
        state.candidate = undefined;
        state.again = true;
      }
      if (state.target !== target) continue;
      state.target = undefined;
      this.tell(state, () => state.handlers.onDetached?.());
      // It may be back already, or `ubus.object.add` may be none of our events.
      void this.attach(state);
    }
  }

  /** Gives a notification to its subscription, if it is one, and answers it as libubus does. */
  invoke(call: Invocation): boolean {
    for (const state of this.states) {
      if (state.objid !== call.objid) continue;
      const entries = decodeBlobmsg(call.data);
      if (entries.ok)
        this.tell(state, () =>
          state.handlers.onNotify(call.method, entriesToTable(entries.value), entries.value),
        );
      else
        this.options.log?.(
          'warning',
          `ubus: the notification ${quoted(call.method)} of ${state.path} can't be read: ${entries.error.message}.`,
        );
      if (!call.noReply) {
        const status = entries.ok ? Status.ok : Status.invalidArgument;
        this.link.answer(providerStatusMessage(call.seq, call.peer, status, call.objid));
      }
      return true;
    }
    return false;
  }

  private ask(
    make: (seq: number) => Message,
    path: string,
  ): Promise<Result<readonly Attributes[], RequestError>> {
    return sendRequest(this.link, make, this.timing.requestTimeoutMs, `Subscription to ${path}`).result;
  }

  private async attach(state: State): Promise<void> {
    if (state.closed || state.target !== undefined || !this.link.isOpen()) return;
    if (state.busy) {
      state.again = true;
      return;
    }
    const token = this.link.token();
    state.busy = true;
    const attached = await this.tryOnce(state, token);
    if (!this.link.isSame(token)) return;
    state.busy = false;
    const again = state.again;
    state.again = false;
    if (attached || state.closed) return;
    if (again) await this.attach(state);
    else if (!this.hearsOfObjects()) this.retryLater(state, token);
  }

  private tell(state: State, run: () => void): void {
    callOwner(this.options, `the subscription to ${state.path}`, run);
  }

  private retryLater(state: State, token: unknown): void {
    this.options.timers.after(this.timing.retryMs, () => {
      if (this.link.isSame(token)) void this.attach(state);
    });
  }

  /** True when subscribed, or when another attempt makes no sense before the object comes. */
  private async tryOnce(state: State, token: unknown): Promise<boolean> {
    if (state.objid === undefined) {
      const added = await this.ask((seq) => addObjectMessage(seq), state.path);
      if (!this.link.isSame(token) || !added.ok) return false;
      state.objid = added.value[0]?.objid;
    }
    const found = await this.ask((seq) => lookupMessage(seq, state.path), state.path);
    const target = found.ok ? found.value[0]?.objid : undefined;
    const { objid } = state;
    if (!this.link.isSame(token) || objid === undefined || target === undefined) return false;
    state.candidate = target;
    const subscribed = await this.ask((seq) => subscribeMessage(seq, objid, target), state.path);
    if (!this.link.isSame(token)) return false;
    if (!subscribed.ok) {
      this.options.log?.('err', `ubus: ${subscribed.error.message}`);
      if (this.hearsOfObjects()) this.retryLater(state, token);
      return false;
    }
    if (state.closed) {
      this.withdraw(state, objid, target);
      return true;
    }
    if (state.candidate !== target) return false;
    state.target = target;
    this.tell(state, () => state.handlers.onAttached?.());
    return true;
  }

  private close(state: State): void {
    if (state.closed) return;
    state.closed = true;
    this.states.delete(state);
    const { objid, target } = state;
    if (objid !== undefined && target !== undefined) this.withdraw(state, objid, target);
    state.target = undefined;
  }

  private withdraw(state: State, objid: number, target: number): void {
    state.objid = undefined;
    this.link.post((seq) => unsubscribeMessage(seq, objid, target));
    this.link.post((seq) => removeObjectMessage(seq, objid));
  }
}
