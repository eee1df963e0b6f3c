/**
 * A log message as text: what both runtimes write to standard error, and the records for syslog. Does no I/O.
 * Format of a syslog datagram: RFC 3164, 4.1, without the host: what musl's syslog(3) sends, which logd expects.
 */
import { encodeText } from '../../lib/text.ts';
import type { LogLevel } from '../../ports/log.ts';

/** Severities of RFC 5424, table 2. */
const SEVERITY: Readonly<Record<LogLevel, number>> = { err: 3, warning: 4, notice: 5, info: 6, debug: 7 };
/** Facility 3, "system daemons", as procd's own services use it. */
const DAEMON = 3;
/** One syslog record; logd reads at most 1024 bytes of a datagram. Divides 4096, the largest piece of one write. */
export const RECORD_BYTES = 1024;
/** Leaves room for the newline at the end and for a receiver that keeps the last bytes for itself. */
const MAX_TEXT_BYTES = 1000;

const NEWLINE = 0x0a;

/** Control characters by number: a message from outside can neither begin a line of its own nor steer a terminal. */
export function printable(message: string): string {
  return message.replace(
    /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g,
    (char) => `\\x${(char.codePointAt(0) ?? 0).toString(16).padStart(2, '0')}`,
  );
}

/** A line for standard error. */
export function stderrLine(tag: string, level: LogLevel, message: string): Uint8Array {
  return encodeText(`${tag}: ${level}: ${printable(message)}\n`);
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** RFC 3164, 4.1.2, in UTC as musl's syslog(3) has it: `Nov  1 04:05:06`. */
function timestamp(wallMs: number): string {
  const date = new Date(wallMs);
  const day = String(date.getUTCDate()).padStart(2, ' ');
  return `${MONTHS[date.getUTCMonth()]} ${day} ${date.toISOString().slice(11, 19)}`;
}

/** Cuts at a character's border: continuation bytes of UTF-8 are 10xxxxxx. */
function pieces(bytes: Uint8Array, maxBytes: number): Uint8Array[] {
  const found: Uint8Array[] = [];
  let at = 0;
  while (at < bytes.length) {
    let end = Math.min(bytes.length, at + maxBytes);
    while (end < bytes.length && end > at + 1 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
    found.push(bytes.subarray(at, end));
    at = end;
  }
  return found;
}

/**
 * Records of exactly RECORD_BYTES each, padded with newlines, which the receiver drops: a reader that takes RECORD_BYTES at a time from a pipe gets
 * one record each time, so that one record becomes one datagram. A long message becomes several records.
 */
export function syslogRecords(
  tag: string,
  pid: number,
  wallMs: number,
  level: LogLevel,
  message: string,
): Uint8Array[] {
  const head = encodeText(`<${DAEMON * 8 + SEVERITY[level]}>${timestamp(wallMs)} ${tag}[${pid}]: `);
  const text = encodeText(printable(message === '' ? ' ' : message));
  return pieces(text, MAX_TEXT_BYTES - head.length).map((piece) => {
    const record = new Uint8Array(RECORD_BYTES).fill(NEWLINE);
    record.set(head, 0);
    record.set(piece, head.length);
    return record;
  });
}
