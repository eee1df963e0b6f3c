/**
 * Errors of the protocol, by whose fault it is: *remote* = the other side sent what the protocol forbids, *local* = our
 * caller asked for what can't be sent. Callers decide by class and `code`, never by the text.
 */

export type RemoteErrorCode =
  /** The header announces a blob of fewer than 4 or more than 1048576 bytes. */
  | 'message-length'
  /** The message has a type that nobody may send to this side. */
  | 'message-type'
  /** The outer blob has an id or the extended bit. */
  | 'message-blob'
  /** An attribute is shorter than its header, longer than what is left, or has the wrong size for its meaning. */
  | 'attribute-length'
  /** A message lacks an attribute that it must have. */
  | 'attribute-missing'
  /** A string has no NUL at its end. */
  | 'string-end'
  /** A blobmsg value has no name header, or a name that is longer than the value. */
  | 'value-name'
  /** A blobmsg value has a type that does not exist. */
  | 'value-type'
  /** A blobmsg value has the wrong size for its type. */
  | 'value-length'
  /** Arrays and tables are nested too deeply. */
  | 'value-depth';

/** The other side broke the protocol. `offset` = where, in bytes from the beginning of what was being decoded. */
export class RemoteProtocolError extends Error {
  override readonly name = 'RemoteProtocolError';
  readonly side = 'remote';
  readonly code: RemoteErrorCode;
  readonly offset: number;

  constructor(code: RemoteErrorCode, offset: number, message: string) {
    super(`${message} (at byte ${offset})`);
    this.code = code;
    this.offset = offset;
  }
}

export type LocalErrorCode =
  /** The message would be longer than the protocol allows. */
  | 'message-too-long'
  /** Arrays and tables are nested too deeply, or contain themselves. */
  | 'value-too-deep'
  /** A value has no place in blobmsg: a function, a symbol, an integer outside 64 bits. */
  | 'value-not-encodable'
  /** A name is longer than 65535 bytes. */
  | 'name-too-long'
  /** All 65535 request numbers are in use. */
  | 'too-many-requests'
  /** The session is not connected or has ended. */
  | 'not-connected';

/** Our caller asked for something that can't be sent; nothing was sent. */
export class LocalProtocolError extends Error {
  override readonly name = 'LocalProtocolError';
  readonly side = 'local';
  readonly code: LocalErrorCode;

  constructor(code: LocalErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
