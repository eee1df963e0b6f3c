/**
 * The log of a router: logd's and log.c's part. Lines come from procd itself, from the output of instances, from object
 * `log`, and, where a socket can be had, from syslog(3) by /dev/log. They end up in /var/run/log/messages, which
 * `logread` prints, in the form that the real logread prints them.
 *
 * Simpler than the real one: a file instead of a ring in memory (cut to its newer half at 1 MiB), no streaming replies.
 */
import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { BusTable, Method } from './stand-in-bus.ts';

const FACILITIES = [
  ...['kern', 'user', 'mail', 'daemon', 'auth', 'syslog', 'lpr', 'news', 'uucp', 'cron', 'authpriv', 'ftp'],
  ...['ntp', 'audit', 'alert', 'clock', 'local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6'],
  'local7',
] as const;
const SEVERITIES = ['emerg', 'alert', 'crit', 'err', 'warn', 'notice', 'info', 'debug'] as const;
export type Facility = (typeof FACILITIES)[number];
export type Severity = (typeof SEVERITIES)[number];

/** user.notice, as logger(1) has it, and local7.debug. */
const DEFAULT_PRIORITY = 13;
const MAX_PRIORITY = 191;
const MAX_FILE_BYTES = 1 << 20;
/** What `log read` gives at most, as logd's ring holds about this many lines. */
const MAX_KEPT = 1000;
/** `<PRI>Mmm dd hh:mm:ss ` is what glibc's syslog(3), dnsmasq and busybox put in front. */
const DATAGRAM = /<(\d{1,3})>(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d )?/;

export interface SystemLog {
  /** `tag` is the program's name, with its process id in brackets. */
  write(facility: Facility, severity: Severity, tag: string, message: string): void;
}

interface Entry {
  readonly msg: string;
  readonly id: number;
  readonly priority: number;
  readonly source: number;
  readonly time: number;
}

export interface FileLog extends SystemLog {
  /** One syslog datagram or several of them. */
  feed(chunk: string): void;
  readonly methods: Readonly<Record<string, Method>>;
}

/** `Sat Nov 21 03:53:31 2026`, in UTC. */
function stamp(date: Date): string {
  const [weekday, day, month, year, time] = date.toUTCString().replace(',', '').split(' ');
  return `${weekday} ${month} ${String(Number(day)).padStart(2)} ${time} ${year}`;
}

export function createFileLog(path: string, now: () => Date = () => new Date()): FileLog {
  const kept: Entry[] = [];
  let nextId = 1;

  function store(priority: number, source: number, message: string): void {
    const date = now();
    const entry = { msg: message, id: nextId, priority, source, time: date.getTime() };
    nextId += 1;
    kept.push(entry);
    if (kept.length > MAX_KEPT) kept.shift();
    const name = `${FACILITIES[priority >> 3] ?? 'user'}.${SEVERITIES[priority & 7]}`;
    mkdirSync(dirname(path), { recursive: true });
    if (existsSync(path) && statSync(path).size > MAX_FILE_BYTES) {
      const old = readFileSync(path);
      const half = old.subarray(old.length >> 1);
      writeFileSync(path, half.subarray(half.indexOf(10) + 1));
    }
    appendFileSync(path, `${stamp(date)} ${name} ${message}\n`);
  }

  function write(facility: Facility, severity: Severity, tag: string, message: string): void {
    const priority = FACILITIES.indexOf(facility) * 8 + SEVERITIES.indexOf(severity);
    store(priority, 1, `${tag}: ${message}`);
  }

  function feed(chunk: string): void {
    for (const part of chunk.split(/(?=<\d{1,3}>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d )/)) {
      const head = DATAGRAM.exec(part);
      const text = (head === null ? part : part.slice(head.index + head[0].length)).replace(/[\n\0]+$/, '');
      if (text !== '')
        store(
          head === null ? DEFAULT_PRIORITY : Math.min(Number(head[1]), MAX_PRIORITY),
          1,
          text.replace(/[\n\0]/g, ' '),
        );
    }
  }

  const methods: Record<string, Method> = {
    read: {
      args: { lines: 'int32', stream: 'boolean', oneshot: 'boolean' },
      handle(args): BusTable {
        const lines = typeof args['lines'] === 'number' && args['lines'] > 0 ? args['lines'] : kept.length;
        return { log: kept.slice(-lines).map((entry) => ({ ...entry })) };
      },
    },
    write: {
      args: { event: 'string' },
      handle(args) {
        if (typeof args['event'] !== 'string') return 2;
        store(DEFAULT_PRIORITY, 1, args['event'].replace(/[\n\0]/g, ' '));
        return undefined;
      },
    },
  };
  return { write, feed, methods };
}

/**
 * Receives /dev/log through socat, since Node has no datagram Unix sockets. Nothing happens where /dev is a file system
 * of its own: then it may be the machine's around us. Returns a function that ends it.
 */
export function receiveDevLog(log: FileLog): () => void {
  if (statSync('/dev').dev !== statSync('/').dev) return () => undefined;
  const child = spawn('/usr/bin/socat', ['-u', 'UNIX-RECV:/dev/log,mode=0666,unlink-early', 'STDOUT'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  child.on('error', (error) =>
    log.write('daemon', 'err', 'procd', `socat could not be started: ${error.message}`),
  );
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (chunk: string) => log.feed(chunk));
  return () => child.kill();
}
