/** Requests as promises: outcomes of the link turned into results with a UbusError. */

import { fail, ok, type Result } from '../result.ts';
import { Status, statusText } from '../wire/constants.ts';
import { LocalProtocolError, type RemoteProtocolError } from '../wire/errors.ts';
import type { Attributes, Message } from '../wire/message.ts';
import type { Link } from './link.ts';
import type { Outcome } from './session.ts';
import type { UbusError } from './types.ts';

/** `byBus` as in session.ts. */
export type RequestError = UbusError & { readonly byBus: boolean };

/** A request that was sent. */
export interface Pending {
  readonly result: Promise<Result<readonly Attributes[], RequestError>>;
  abort(): void;
}

/**
 * Sends a request and collects its DATA. `subject` = what was asked for, for the message: "hagw status", "The object t.x".
 * `onData` is called at once, where the promise comes too late: more messages may follow in the same piece of the stream.
 */
export function sendRequest(
  link: Link,
  make: (seq: number) => Message,
  timeoutMs: number,
  subject: string,
  onData: (attributes: Attributes) => void = () => {},
): Pending {
  const data: Attributes[] = [];
  let forget = () => {};
  let settle: (result: Result<readonly Attributes[], RequestError>) => void = () => {};
  const result = new Promise<Result<readonly Attributes[], RequestError>>((resolve) => {
    settle = resolve;
  });
  forget = link.request(make, timeoutMs, {
    onData: (attributes) => {
      data.push(attributes);
      onData(attributes);
    },
    onEnd: (outcome) => {
      const error = errorOf(outcome, subject);
      settle(error === undefined ? ok(data) : fail(error));
    },
  });
  return {
    result,
    abort: () => {
      forget();
      settle(fail({ ...abortedError(subject), byBus: false }));
    },
  };
}

/** Undefined for status 0. */
export function errorOf(outcome: Outcome | LocalProtocolError, subject: string): RequestError | undefined {
  if (outcome instanceof LocalProtocolError) return { ...localError(outcome, subject), byBus: false };
  switch (outcome.kind) {
    case 'status':
      return outcome.status === Status.ok
        ? undefined
        : { ...statusError(outcome.status, subject), byBus: outcome.byBus };
    case 'timeout':
      return {
        code: 'timeout',
        status: Status.timeout,
        message: `${subject}: no answer in time.`,
        byBus: false,
      };
    case 'closed':
      return { ...disconnectedError(subject), byBus: false };
  }
}

export function statusError(status: number, subject: string): UbusError {
  return { code: 'status', status, message: `${subject}: ${statusText(status)}.` };
}

function disconnectedError(subject: string): UbusError {
  return {
    code: 'disconnected',
    status: Status.connectionFailed,
    message: `${subject}: no connection to ubusd.`,
  };
}

export function abortedError(subject: string): UbusError {
  return { code: 'aborted', status: Status.noData, message: `${subject}: given up by the caller.` };
}

/** The request could not be sent. */
export function localError(error: LocalProtocolError, subject: string): UbusError {
  if (error.code === 'not-connected') return disconnectedError(subject);
  return { code: 'protocol', status: Status.invalidArgument, message: `${subject}: ${error.message}` };
}

/** The answer could not be read. */
export function remoteError(error: RemoteProtocolError, subject: string): UbusError {
  return { code: 'protocol', status: Status.unknownError, message: `${subject}: ${error.message}.` };
}
