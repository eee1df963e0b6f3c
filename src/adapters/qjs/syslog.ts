/// <reference path="./modules.d.ts" />
/**
 * The log under QuickJS: one long-running `socat` that turns fixed-size records from its pipe into datagrams to
 * /dev/log; standard error where there is no /dev/log, where a person looks on, and while socat is away. Why not
 * procd's stderr, and what may be lost: docs/runtime.md, "Log".
 */
import * as os from 'os';
import type { Clock } from '../../ports/clock.ts';
import type { Log, LogLevel } from '../../ports/log.ts';
import { RECORD_BYTES, stderrLine, syslogRecords } from '../common/log-lines.ts';
import { qjsFiles } from './files.ts';
import type { QjsChild, QjsProcesses } from './processes.ts';

const SOCKET = '/dev/log';
/** Beyond this many waiting bytes lines are counted, not kept: logd hangs, and memory is for the service. */
const MAX_QUEUED_BYTES = 256 * 1024;
const RETRY_MS = 1000;

export interface Syslog {
  log(tag: string): Log;
  /** Hands everything to the kernel before the program ends; blocks until then. */
  flush(): void;
}

export function createSyslog(
  processes: QjsProcesses,
  clock: Clock,
  pid: number,
  stderr: (bytes: Uint8Array) => void,
): Syslog {
  let sender: QjsChild | undefined;
  let triedMs = Number.NEGATIVE_INFINITY;
  let dropped = 0;
  let lastTag = '';
  const watched = os.isatty(2);

  const connected = (): QjsChild | undefined => {
    if (sender !== undefined || watched) return sender;
    if (clock.monotonicMs() - triedMs < RETRY_MS) return undefined;
    triedMs = clock.monotonicMs();
    const info = qjsFiles.info(SOCKET);
    if (!info.ok || info.value.kind === 'file' || info.value.kind === 'directory') return undefined;
    const started = processes.start(
      ['socat', '-u', '-b', String(RECORD_BYTES), '-', `UNIX-SENDTO:${SOCKET}`],
      {
        onExit: () => {
          sender = undefined;
        },
      },
      { input: 'pipe' },
    );
    sender = started.ok ? started.value : undefined;
    return sender;
  };

  const send = (to: QjsChild, tag: string, level: LogLevel, message: string): void => {
    for (const record of syslogRecords(tag, pid, clock.wallMs(), level, message)) to.write(record);
  };

  const tellDropped = (to: QjsChild, tag: string): void => {
    if (dropped === 0) return;
    send(to, tag, 'warning', `${dropped} messages were dropped: the system log did not take them in time.`);
    dropped = 0;
  };

  return {
    log: (tag) => ({
      write(level, message) {
        const to = connected();
        if (to === undefined) {
          stderr(stderrLine(tag, level, message));
          return;
        }
        if (to.queuedBytes() > MAX_QUEUED_BYTES) {
          dropped += 1;
          lastTag = tag;
          return;
        }
        tellDropped(to, tag);
        send(to, tag, level, message);
      },
    }),
    flush() {
      if (sender === undefined) return;
      tellDropped(sender, lastTag);
      sender.flushInput();
    },
  };
}
