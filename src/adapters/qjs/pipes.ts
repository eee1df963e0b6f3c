/// <reference path="./modules.d.ts" />
/**
 * File descriptors under QuickJS' event loop. Its traps, and what is done here: all descriptors are blocking, so a write is
 * of at most 4096 bytes and only when select() says that there is room; only the first ready descriptor in list order
 * is served in a turn, so a served one goes to the end of the list; a closed descriptor that still has a handler makes
 * select() spin for ever, so handlers go before the close.
 */
import * as os from 'os';
import { WriteQueue } from '../common/write-queue.ts';

const READ_BYTES = 65536;
/** PIPE_BUF (limits.h): select() promises room for that much. */
const WRITE_BYTES = 4096;

const EINTR = -4;
const EAGAIN = -11;

const buffer = new Uint8Array(READ_BYTES);

/** A signal came in between, or someone who shares the descriptor has made it non-blocking. */
export function mayBeTriedAgain(result: number): boolean {
  return result === EINTR || result === EAGAIN;
}

export interface Reader {
  close(): void;
}

/** Reads until the end; `onEnd` comes once, with 0 or the errno, after the descriptor is closed. */
export function readPipe(
  fd: number,
  onData: (bytes: Uint8Array) => void,
  onEnd: (errno: number) => void,
): Reader {
  let open = true;
  const close = (): void => {
    if (!open) return;
    open = false;
    os.setReadHandler(fd, null);
    os.close(fd);
  };
  const onReadable = (): void => {
    const got = os.read(fd, buffer.buffer, 0, buffer.length);
    if (mayBeTriedAgain(got)) return;
    if (got <= 0) {
      close();
      onEnd(-got);
      return;
    }
    os.setReadHandler(fd, null);
    os.setReadHandler(fd, onReadable);
    onData(buffer.slice(0, got));
  };
  os.setReadHandler(fd, onReadable);
  return { close };
}

export interface Writer {
  write(bytes: Uint8Array): void;
  queuedBytes(): number;
  /** Closes after what is queued. */
  finish(): void;
  /** Writes what is queued, blocking until the other end has taken it, and closes. For the end of the program. */
  flush(): void;
  /** Closes at once; what is queued is dropped. */
  close(): void;
}

export function writePipe(fd: number): Writer {
  const queue = new WriteQueue();
  let open = true;
  let finishing = false;
  let waiting = false;

  const close = (): void => {
    if (!open) return;
    open = false;
    queue.clear();
    os.setWriteHandler(fd, null);
    os.close(fd);
  };
  /** Writes one piece; false if the other end is gone. */
  const writePiece = (): boolean => {
    const piece = queue.peek(WRITE_BYTES);
    if (piece.length === 0) return true;
    const written = os.write(fd, piece.buffer, piece.byteOffset, piece.length);
    if (written > 0) queue.taken(written);
    return written >= 0 || mayBeTriedAgain(written);
  };
  const onWritable = (): void => {
    // EPIPE: the reader is gone; whoever waits for its end hears of it there.
    if (!writePiece()) {
      close();
      return;
    }
    os.setWriteHandler(fd, null);
    waiting = false;
    if (queue.queuedBytes > 0) wait();
    else if (finishing) close();
  };
  const wait = (): void => {
    if (waiting) return;
    waiting = true;
    os.setWriteHandler(fd, onWritable);
  };
  return {
    write(bytes) {
      if (!open || finishing || bytes.length === 0) return;
      queue.push(bytes);
      wait();
    },
    queuedBytes: () => queue.queuedBytes,
    finish() {
      if (!open) return;
      finishing = true;
      if (queue.queuedBytes === 0) close();
    },
    flush() {
      while (open && queue.queuedBytes > 0) if (!writePiece()) break;
      close();
    },
    close,
  };
}
