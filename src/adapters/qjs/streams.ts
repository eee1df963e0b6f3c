/**
 * Unix sockets under QuickJS, which has none: a child `socat` on two pipes (docs/adr/0001). Its notices on standard
 * error say when it has connected; its first error is why the stream ended.
 */
import { decodeText } from '../../lib/text.ts';
import type { Timers } from '../../ports/clock.ts';
import type { Processes } from '../../ports/processes.ts';
import type { ByteStream, StreamEnd, StreamHandlers, Streams } from '../../ports/streams.ts';
import { guarded, type Report } from '../common/guard.ts';

const SIGKILL = 9;
/** After our close socat passes on what it has and ends; one that hangs on a peer that does not read is ended. */
const LINGER_MS = 2000;
const MAX_NOTICES = 4096;
/** `2026/11/21 04:00:00 socat[123] E connect(…): Connection refused`; N = notice, E and F = errors; the call is left out. */
const CONNECTED = / N starting data transfer loop/;
const COMPLAINT = /socat\[\d+\] [EF] (?:connect\(.*\): )?(.*)/;

/** Backslash before everything that has a meaning in a socat address (socat(1), "Address specifications"). */
function socatAddress(path: string): string {
  return path.replace(/[^A-Za-z0-9_./+@%=-]/gu, (char) => `\\${char}`);
}

export function createQjsStreams(processes: Processes, timers: Timers, report: Report): Streams {
  return {
    connectUnix(path: string, handlers: StreamHandlers): ByteStream {
      let opened = false;
      let closing = false;
      let ended = false;
      let notices = '';
      const closed: StreamEnd = { kind: 'local', message: `${path}: closed` };
      const end = (reason: StreamEnd): void => {
        if (ended) return;
        ended = true;
        guarded(report, () => handlers.onEnd(reason));
      };
      const open = (): void => {
        if (opened || ended || closing) return;
        opened = true;
        guarded(report, () => handlers.onOpen?.());
      };
      const started = processes.start(
        ['socat', '-d', '-d', '-t', '0.1', '-', `UNIX-CONNECT:${socatAddress(path)}`],
        {
          onStdout(bytes) {
            open();
            if (!ended) handlers.onData(bytes);
          },
          onStderr(bytes) {
            if (notices.length < MAX_NOTICES) notices += decodeText(bytes);
            if (CONNECTED.test(notices)) open();
          },
          onExit(exit) {
            const complaint = COMPLAINT.exec(notices)?.[1];
            if (closing) {
              end(closed);
            } else if (complaint === undefined && exit.kind === 'exited' && exit.code === 0) {
              open();
              end({ kind: 'remote', message: `${path}: closed by the other end` });
            } else {
              end({ kind: 'error', message: `${path}: ${complaint ?? 'socat was ended'}` });
            }
          },
        },
        { input: 'pipe' },
      );
      if (!started.ok) {
        const { message } = started.error;
        timers.after(1, () => end({ kind: 'error', message }));
        return { write: () => undefined, queuedBytes: () => 0, close: () => undefined };
      }
      const child = started.value;
      return {
        write(bytes) {
          if (!ended && !closing) child.write(bytes);
        },
        queuedBytes: () => (ended || closing ? 0 : child.queuedBytes()),
        close() {
          if (ended || closing) return;
          closing = true;
          child.closeInput();
          timers.after(1, () => end(closed));
          timers.after(LINGER_MS, () => child.kill(SIGKILL));
        },
      };
    },
  };
}
