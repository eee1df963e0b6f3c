/** Why a stream ended; `message` is for the log. `local` = we closed it. */
export interface StreamEnd {
  readonly kind: 'local' | 'remote' | 'error';
  readonly message: string;
}

export interface StreamHandlers {
  onOpen?(): void;
  onData(bytes: Uint8Array): void;
  /** Comes exactly once, also when the connection could never be made; nothing follows it. */
  onEnd(end: StreamEnd): void;
}

/** A connected or connecting byte stream. */
export interface ByteStream {
  /** Queues bytes in order; never blocks, also before the stream is open. Dropped after the end. */
  write(bytes: Uint8Array): void;
  /** Bytes queued and not yet handed to the kernel. */
  queuedBytes(): number;
  /** Ends the stream at once; `onEnd` comes with kind `local`. */
  close(): void;
}

export interface Streams {
  /** Connects to a Unix stream socket. QuickJS has no sockets: there it is a child `socat` on two pipes. */
  connectUnix(path: string, handlers: StreamHandlers): ByteStream;
}
