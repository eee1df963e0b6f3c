/**
 * Reads lines and words of UCI text with libuci's rules of quoting: the ground that config files, deltas and the
 * lines of `uci batch` share. It keeps positions, so that errors name the byte libuci would and so that an edit can
 * replace a single word. Text must be free of NUL.
 */
import type { UciParseError } from './model.ts';
import { byteLength } from './text.ts';

/** Thrown inside this package alone; `parsePackage` and the others turn it into a result. */
export class UciSyntaxError extends Error {
  readonly detail: UciParseError;

  constructor(text: string, line: number, byte: number) {
    const message = `Parse error (${text}) at line ${line}, byte ${byte}`;
    super(message);
    this.name = 'UciSyntaxError';
    this.detail = { text, line, byte, message };
  }
}

/** A word: what it says, and where it stands in the text with its quotes. */
export interface Word {
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

const QUOTE_SINGLE = 0x27;
const QUOTE_DOUBLE = 0x22;
const BACKSLASH = 0x5c;
const HASH = 0x23;
const SEMICOLON = 0x3b;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** C's isspace in the C locale. */
function isSpace(unit: number): boolean {
  return unit === 0x20 || (unit >= 0x09 && unit <= 0x0d);
}

/** What ends a run of plain characters in an unquoted word. */
function isSpecial(unit: number): boolean {
  return (
    unit === QUOTE_SINGLE ||
    unit === QUOTE_DOUBLE ||
    unit === BACKSLASH ||
    unit === HASH ||
    unit === SEMICOLON ||
    isSpace(unit)
  );
}

export class Scanner {
  readonly text: string;
  /** Where the next character is read. */
  position = 0;
  /** Line ends seen so far. */
  line = 0;
  /** Number of the line at `lineStart`, from 1. */
  startLine = 0;
  /** Where the line of the current statement begins. */
  lineStart = 0;
  /** Where the next line begins. */
  nextLine = 0;
  /** End of what may be read without fetching a further line; a comment or `;` moves it forward. */
  private limit = 0;
  /** Line ends dropped by a backslash since `lineStart`: libuci does not count them. */
  private dropped = 0;

  constructor(text: string) {
    this.text = text;
  }

  /** Goes to the next line; false at the end of the text. */
  readLine(): boolean {
    if (this.nextLine >= this.text.length) return false;
    this.position = this.nextLine;
    this.lineStart = this.nextLine;
    this.dropped = 0;
    this.startLine = this.line + 1;
    this.fetch();
    return true;
  }

  /** All lines that have not been read, which are thereby. */
  rest(): string {
    const rest = this.text.slice(this.nextLine);
    this.nextLine = this.text.length;
    this.position = this.text.length;
    this.limit = this.text.length;
    return rest;
  }

  /** Whether the line (or what is left of it) has been read to its end. */
  get atEnd(): boolean {
    return this.position >= this.limit;
  }

  fail(text: string): never {
    const byte = byteLength(this.text, this.lineStart, this.position) - this.dropped;
    throw new UciSyntaxError(text, this.line, byte);
  }

  skipSpace(): void {
    while (this.position < this.limit && isSpace(this.text.charCodeAt(this.position))) this.position += 1;
  }

  /**
   * The keyword at the current position: up to a blank or tab, no quoting. Undefined at the end and in a comment.
   * Does not move; `afterKeyword` does.
   */
  keyword(): { readonly text: string; readonly start: number; readonly end: number } | undefined {
    let start = this.position;
    while (start < this.limit && this.isBlank(start)) start += 1;
    if (start >= this.limit || this.text.charCodeAt(start) === HASH) return undefined;
    let end = start;
    while (end < this.limit && !this.isBlank(end)) end += 1;
    return { text: this.text.slice(start, end), start, end };
  }

  /** Moves behind a keyword that ends at `end`; false if nothing at all follows it, not even a line end. */
  afterKeyword(end: number): boolean {
    if (end >= this.limit) return false;
    this.position = end + 1;
    return true;
  }

  /** The next word; empty at the end of the line, at a comment and at `;`. */
  word(): Word {
    this.skipSpace();
    const start = this.position;
    if (!this.atEnd && this.text.charCodeAt(start) === SEMICOLON) {
      this.position += 1;
      return { value: '', start, end: start };
    }
    const parts: string[] = [];
    let plain = true;
    do {
      if (this.atEnd) break;
      const unit = this.text.charCodeAt(this.position);
      if (unit === HASH) {
        this.limit = this.position;
        break;
      }
      if (unit === SEMICOLON) {
        // After a plain word libuci ends the line here; after a quoted one it goes on with the next command.
        if (plain) this.limit = this.position;
        return { value: parts.join(''), start, end: this.position };
      }
      if (unit === QUOTE_SINGLE || unit === QUOTE_DOUBLE) {
        plain = false;
        this.quoted(unit, parts);
      } else if (unit === BACKSLASH) {
        plain = false;
        this.escaped(parts);
      } else {
        this.plainRun(parts);
      }
    } while (!this.atEnd && !isSpace(this.text.charCodeAt(this.position)));
    const end = this.position;
    if (!this.atEnd) this.position += 1;
    return { value: parts.length === 1 ? (parts[0] as string) : parts.join(''), start, end };
  }

  private isBlank(at: number): boolean {
    const unit = this.text.charCodeAt(at);
    return unit === 0x20 || unit === 0x09;
  }

  /** Makes one more line readable. */
  private fetch(): void {
    const end = this.text.indexOf('\n', this.nextLine);
    if (end >= 0) this.line += 1;
    this.nextLine = end < 0 ? this.text.length : end + 1;
    this.limit = this.nextLine;
  }

  private plainRun(parts: string[]): void {
    const start = this.position;
    let at = start + 1;
    while (at < this.limit && !isSpecial(this.text.charCodeAt(at))) at += 1;
    parts.push(this.text.slice(start, at));
    this.position = at;
  }

  private quoted(quote: number, parts: string[]): void {
    this.position += 1;
    let start = this.position;
    for (;;) {
      if (this.atEnd) {
        if (this.nextLine >= this.text.length) {
          this.fail(quote === QUOTE_SINGLE ? "EOF with unterminated '" : 'EOF with unterminated "');
        }
        this.fetch();
      }
      const unit = this.text.charCodeAt(this.position);
      if (unit === quote) {
        parts.push(this.text.slice(start, this.position));
        this.position += 1;
        return;
      }
      if (unit === BACKSLASH && quote === QUOTE_DOUBLE) {
        parts.push(this.text.slice(start, this.position));
        this.escaped(parts);
        start = this.position;
      } else {
        this.position += 1;
      }
    }
  }

  /** A backslash and what follows it: the character itself, or nothing if a line ends there. */
  private escaped(parts: string[]): void {
    this.position += 1;
    const unit = this.atEnd ? LINE_FEED : this.text.charCodeAt(this.position);
    const endsLine =
      unit === LINE_FEED ||
      (unit === CARRIAGE_RETURN &&
        this.text.charCodeAt(this.position + 1) === LINE_FEED &&
        this.position + 2 === this.limit);
    if (!endsLine) {
      parts.push(this.text.slice(this.position, this.position + 1));
      this.position += 1;
    } else if (this.nextLine >= this.text.length) {
      this.limit = this.position;
    } else {
      this.dropped += this.nextLine - this.position;
      this.position = this.nextLine;
      this.fetch();
    }
  }
}
