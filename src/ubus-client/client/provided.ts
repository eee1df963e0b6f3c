/** The objects that this client publishes: registered on each connection, asked by others, telling subscribers. */

import { fail, ok, type Result } from '../result.ts';
import { Status } from '../wire/constants.ts';
import { LocalProtocolError } from '../wire/errors.ts';
import {
  addObjectMessage,
  notifyMessage,
  providerStatusMessage,
  removeObjectMessage,
  replyMessage,
} from '../wire/message.ts';
import { decodeTable, encodeTable, type PlainTable } from '../wire/plain.ts';
import { checkArguments, encodeSignature, quoted } from './arguments.ts';
import type { Link } from './link.ts';
import { errorOf, localError, type RequestError, sendRequest } from './requests.ts';
import type { Invocation } from './session.ts';
import type {
  Caller,
  CallOptions,
  ClientOptions,
  ClientTiming,
  Method,
  MethodResult,
  NotifyAnswer,
  ProvidedObject,
  UbusError,
} from './types.ts';

interface Provided {
  readonly path: string;
  readonly methods: ReadonlyMap<string, Method>;
  readonly signature: Uint8Array;
  id: number | undefined;
  hasSubscribers: boolean;
  removed: boolean;
  /** The log has it: not again with each attempt. */
  refused: boolean;
}

export class ProvidedObjects {
  private readonly link: Link;
  private readonly options: ClientOptions;
  private readonly timing: ClientTiming;
  private readonly objects = new Set<Provided>();

  constructor(link: Link, options: ClientOptions, timing: ClientTiming) {
    this.link = link;
    this.options = options;
    this.timing = timing;
  }

  add(path: string, methods: readonly Method[]): ProvidedObject {
    const object: Provided = {
      path,
      methods: new Map(methods.map((method) => [method.name, method])),
      signature: encodeSignature(methods),
      id: undefined,
      hasSubscribers: false,
      removed: false,
      refused: false,
    };
    this.objects.add(object);
    if (this.link.isOpen()) void this.register(object);
    return {
      path,
      id: () => object.id,
      hasSubscribers: () => object.hasSubscribers,
      notify: (name, data) => this.notify(object, name, data),
      ask: (name, data, options) => this.ask(object, name, data, options),
      remove: () => this.remove(object),
    };
  }

  /** Settled when each object was registered or refused; a refused one is tried again later. */
  async registerAll(): Promise<void> {
    await Promise.all([...this.objects].map((object) => this.register(object)));
  }

  lost(): void {
    for (const object of this.objects) {
      object.id = undefined;
      object.hasSubscribers = false;
    }
  }

  subscribersChanged(objid: number, active: boolean): void {
    for (const object of this.objects) if (object.id === objid) object.hasSubscribers = active;
  }

  /** Answers a call, if it is for an object of ours. */
  invoke(call: Invocation): boolean {
    for (const object of this.objects) {
      if (object.id === call.objid) {
        this.run(object, call);
        return true;
      }
    }
    return false;
  }

  private async register(object: Provided): Promise<void> {
    const token = this.link.token();
    const { result } = sendRequest(
      this.link,
      (seq) => addObjectMessage(seq, object.path, object.signature),
      this.timing.requestTimeoutMs,
      `The object ${object.path}`,
      ({ objid }) => {
        object.id = objid;
      },
    );
    const answer = await result;
    if (!this.link.isSame(token)) return;
    if (answer.ok) {
      object.refused = false;
      if (object.removed) this.withdraw(object);
      return;
    }
    if (object.removed || answer.error.code === 'disconnected') return;
    // ubusd has one status for a path that is taken, one that is not allowed, and a bad signature.
    if (!object.refused)
      this.options.log?.(
        'err',
        `ubus: ${answer.error.message} Is the path taken, or not allowed? Trying again until it is accepted.`,
      );
    object.refused = true;
    this.options.timers.after(this.timing.retryMs, () => {
      if (!object.removed && object.id === undefined && this.link.isSame(token)) void this.register(object);
    });
  }

  private remove(object: Provided): void {
    object.removed = true;
    this.objects.delete(object);
    if (object.id !== undefined) this.withdraw(object);
  }

  private withdraw(object: Provided): void {
    const { id } = object;
    object.id = undefined;
    if (id !== undefined) this.link.post((seq) => removeObjectMessage(seq, id));
  }

  private notify(object: Provided, name: string, data: PlainTable): void {
    const { id } = object;
    if (id === undefined || !object.hasSubscribers) return;
    const payload = this.encode(data);
    const error = payload.ok
      ? this.link.post((seq) => notifyMessage(seq, id, name, payload.value, true))
      : payload.error;
    if (error !== undefined)
      this.options.log?.('err', `ubus: ${object.path} can't send the notification ${name}: ${error.message}`);
  }

  private ask(
    object: Provided,
    name: string,
    data: PlainTable,
    options: CallOptions = {},
  ): Promise<Result<readonly NotifyAnswer[], UbusError>> {
    const subject = `Notification ${name} of ${object.path}`;
    const answers = new Map<number, { replies: PlainTable[]; status: number }>();
    const answerOf = (peer: number) => {
      const known = answers.get(peer) ?? { replies: [], status: Status.noData };
      answers.set(peer, known);
      return known;
    };
    const payload = this.encode(data);
    if (!payload.ok) return Promise.resolve(fail(localError(payload.error, subject)));
    return new Promise((resolve) => {
      this.link.request(
        (seq) => notifyMessage(seq, object.id ?? 0, name, payload.value),
        options.timeoutMs ?? this.timing.callTimeoutMs,
        {
          onData: (attributes, peer) => {
            const reply = attributes.data === undefined ? undefined : decodeTable(attributes.data);
            if (reply?.ok) answerOf(peer).replies.push(reply.value);
          },
          onAnswered: (peer, status) => {
            answerOf(peer).status = status;
          },
          onEnd: (outcome) => {
            const error: RequestError | undefined = errorOf(outcome, subject);
            // Who has answered before the time was over counts.
            if (error !== undefined && error.code !== 'timeout') resolve(fail(error));
            else resolve(ok([...answers].map(([subscriber, answer]) => ({ subscriber, ...answer }))));
          },
        },
      );
    });
  }

  private encode(data: PlainTable): Result<Uint8Array, LocalProtocolError> {
    try {
      return ok(encodeTable(data));
    } catch (error) {
      if (error instanceof LocalProtocolError) return fail(error);
      throw error;
    }
  }

  private run(object: Provided, call: Invocation): void {
    const token = this.link.token();
    const label = `${object.path} ${quoted(call.method)}`;
    const caller: Caller = { user: call.user ?? '', group: call.group ?? '' };
    const who = caller.user === '' ? 'a caller' : `user ${quoted(caller.user)}`;
    const method = object.methods.get(call.method);
    if (method === undefined) {
      this.options.log?.('debug', `ubus: ${label}, called by ${who}: there is no such method.`);
      this.finish(call, Status.methodNotFound);
      return;
    }
    const args = checkArguments(call.data, method.args);
    if (!args.ok) {
      this.options.log?.('warning', `ubus: ${label}, called by ${who}: ${args.error}.`);
      this.finish(call, Status.invalidArgument);
      return;
    }
    const failed = (error: unknown) => {
      this.options.log?.('err', `ubus: ${label} failed: ${error instanceof Error ? error.message : error}`);
      if (this.link.isSame(token)) this.finish(call, Status.unknownError);
    };
    const done = (result: MethodResult) => {
      if (this.link.isSame(token)) this.reply(call, label, result);
    };
    try {
      const result = method.handle(args.value, caller);
      if (isPromise(result)) result.then(done).catch(failed);
      else done(result);
    } catch (error) {
      failed(error);
    }
  }

  private reply(call: Invocation, label: string, result: MethodResult): void {
    if (!result.ok) {
      if (result.error.message !== undefined)
        this.options.log?.('debug', `ubus: ${label} was refused: ${result.error.message}`);
      this.finish(call, result.error.status === Status.ok ? Status.unknownError : result.error.status);
      return;
    }
    if (result.value !== undefined && !call.noReply) {
      const data = this.encode(result.value);
      // A message over the limit would cost us the connection, and all objects with it.
      const error = data.ok
        ? this.link.answer(replyMessage(call.seq, call.peer, call.objid, data.value))
        : data.error;
      if (error !== undefined) {
        this.options.log?.('err', `ubus: the reply of ${label} can't be sent: ${error.message}`);
        this.finish(call, Status.unknownError);
        return;
      }
    }
    this.finish(call, Status.ok);
  }

  private finish(call: Invocation, status: number): void {
    if (!call.noReply) this.link.answer(providerStatusMessage(call.seq, call.peer, status, call.objid));
  }
}

function isPromise(result: MethodResult | Promise<MethodResult>): result is Promise<MethodResult> {
  return 'then' in result;
}
