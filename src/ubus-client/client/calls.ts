/**
 * Calls of methods by path. The id of an object is remembered, so that the usual call is one round trip; ubusd's
 * "not found" for a remembered id (the provider was restarted) leads to a second look-up, which is safe, since that
 * call reached nobody.
 *
 * ubusd keeps no book of open calls: when a provider goes, its callers hear nothing. `ubus.object.remove`, where we may
 * hear it, ends the calls of that object at once.
 */

import { fail, ok, type Result } from '../result.ts';
import { type BlobmsgEntry, decodeBlobmsg, encodeBlobmsg } from '../wire/blobmsg.ts';
import { Status } from '../wire/constants.ts';
import { LocalProtocolError } from '../wire/errors.ts';
import type { Attributes } from '../wire/message.ts';
import { invokeMessage, lookupMessage } from '../wire/message.ts';
import type { Link } from './link.ts';
import { abortedError, localError, remoteError, sendRequest, statusError } from './requests.ts';
import type { Call, ClientTiming, UbusError } from './types.ts';

type Replies = readonly (readonly BlobmsgEntry[])[];

interface Open {
  objid: number | undefined;
  /** Ends it, whatever it waits for. */
  settle(result: Result<Replies, UbusError>): void;
}

export class Calls {
  private readonly link: Link;
  private readonly monotonicMs: () => number;
  private readonly timing: ClientTiming;
  private readonly ids = new Map<string, number>();
  private readonly open = new Set<Open>();

  constructor(link: Link, monotonicMs: () => number, timing: ClientTiming) {
    this.link = link;
    this.monotonicMs = monotonicMs;
    this.timing = timing;
  }

  call(
    path: string,
    method: string,
    args: readonly BlobmsgEntry[],
    timeoutMs = this.timing.callTimeoutMs,
  ): Call<Replies> {
    const subject = `${path} ${method}`;
    let abortRequest = () => {};
    let settle: (result: Result<Replies, UbusError>) => void = () => {};
    const result = new Promise<Result<Replies, UbusError>>((resolve) => {
      settle = resolve;
    });
    const open: Open = {
      objid: undefined,
      settle: (outcome) => {
        if (!this.open.delete(open)) return;
        abortRequest();
        settle(outcome);
      },
    };
    this.open.add(open);
    const deadline = this.monotonicMs() + timeoutMs;
    const remaining = () => Math.max(1, deadline - this.monotonicMs());
    const onAbort = (abort: () => void) => {
      abortRequest = abort;
    };
    void this.run(open, path, method, args, remaining, onAbort).then((outcome) => open.settle(outcome));
    return { result, abort: () => open.settle(fail(abortedError(subject))) };
  }

  /** `ubus.object.remove` has told of an object. */
  objectRemoved(objid: number, path: string): void {
    if (this.ids.get(path) === objid) this.ids.delete(path);
    for (const open of [...this.open])
      if (open.objid === objid)
        open.settle(
          fail({ ...statusError(Status.noData, path), message: `${path}: its provider has gone.` }),
        );
  }

  lost(): void {
    this.ids.clear();
  }

  private async run(
    open: Open,
    path: string,
    method: string,
    args: readonly BlobmsgEntry[],
    remaining: () => number,
    onAbort: (abort: () => void) => void,
  ): Promise<Result<Replies, UbusError>> {
    const subject = `${path} ${method}`;
    const data = encode(args);
    if (!data.ok) return fail(localError(data.error, subject));
    for (;;) {
      const known = this.ids.get(path);
      const found = known === undefined ? await this.find(path, remaining(), onAbort) : ok(known);
      if (!this.open.has(open)) return fail(abortedError(subject));
      if (!found.ok) return found;
      open.objid = found.value;
      const sent = sendRequest(
        this.link,
        (seq) => invokeMessage(seq, found.value, method, data.value),
        remaining(),
        subject,
      );
      onAbort(sent.abort);
      const answer = await sent.result;
      if (answer.ok) return replies(answer.value, subject);
      const isStale = answer.error.code === 'status' && answer.error.status === Status.notFound;
      if (isStale && answer.error.byBus) this.ids.delete(path);
      if (!isStale || !answer.error.byBus || known === undefined) return answer;
    }
  }

  private async find(
    path: string,
    timeoutMs: number,
    onAbort: (abort: () => void) => void,
  ): Promise<Result<number, UbusError>> {
    const subject = `Object ${path}`;
    // A pattern would find any object; a path with a star at its end can't be one.
    if (path.endsWith('*')) return fail(statusError(Status.notFound, subject));
    const sent = sendRequest(this.link, (seq) => lookupMessage(seq, path), timeoutMs, subject);
    onAbort(sent.abort);
    const answer = await sent.result;
    if (!answer.ok) return answer;
    // Status 0 without DATA: the object is there, but not for this account.
    const objid = answer.value[0]?.objid;
    if (objid === undefined) return fail(statusError(Status.notFound, subject));
    this.ids.set(path, objid);
    return ok(objid);
  }
}

function encode(args: readonly BlobmsgEntry[]): Result<Uint8Array, LocalProtocolError> {
  try {
    return ok(encodeBlobmsg(args));
  } catch (error) {
    if (error instanceof LocalProtocolError) return fail(error);
    throw error;
  }
}

function replies(answers: readonly Attributes[], subject: string): Result<Replies, UbusError> {
  const decoded: (readonly BlobmsgEntry[])[] = [];
  for (const { data } of answers) {
    if (data === undefined) continue;
    const entries = decodeBlobmsg(data);
    if (!entries.ok) return fail(remoteError(entries.error, subject));
    decoded.push(entries.value);
  }
  return ok(decoded);
}
