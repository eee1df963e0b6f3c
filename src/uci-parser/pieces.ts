/**
 * A config file cut into lines and statements whose words can be replaced one by one: the tools of `UciDocument`.
 */
import type { SectionDraft, UciValue } from './model.ts';
import { quote } from './names.ts';
import type { Statement } from './parse.ts';
import { printType } from './print.ts';

/** A stretch of whole lines: one statement, or none. */
export interface Piece {
  raw: string;
  statement?: PieceStatement;
}

export interface PieceStatement {
  keyword: Statement['keyword'];
  section: SectionDraft | undefined;
  effective: boolean;
  /** Places in `raw`. */
  start: number;
  keywordEnd: number;
  words: { value: string; start: number; end: number }[];
  end: number;
}

export type StatementPiece = Piece & { statement: PieceStatement };

export function belongs(piece: Piece, section: SectionDraft): boolean {
  return piece.statement?.section === section && piece.statement.keyword !== 'package';
}

export function isBlank(piece: Piece): boolean {
  return piece.statement === undefined && /^\s*$/.test(piece.raw);
}

export function isComment(piece: Piece): boolean {
  return piece.statement === undefined && /^\s*#/.test(piece.raw);
}

export function indentOf(piece: StatementPiece): string {
  return piece.raw.slice(0, piece.statement.start);
}

/** Lines of the text; several statements on one line are written one below the other, or no edit could part them. */
export function cut(text: string, statements: readonly Statement[]): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  for (let index = 0; index < statements.length; index += 1) {
    const statement = statements[index] as Statement;
    const { lineStart, lineEnd } = statement;
    pushLines(pieces, text.slice(at, lineStart));
    at = lineEnd;
    if (statements[index + 1]?.lineStart !== lineStart) {
      pieces.push(pieceOf(text, statement, lineStart));
      continue;
    }
    let last = statement;
    while (last.lineStart === lineStart) {
      pieces.push(rewritten(last));
      index += 1;
      const next = statements[index];
      if (next?.lineStart !== lineStart) break;
      last = next;
      at = last.lineEnd;
    }
    index -= 1;
    const comment = /^[ \t]*#[^\n]*/.exec(text.slice(last.end, at));
    if (comment !== null) pieces.push({ raw: `${comment[0]}\n` });
  }
  pushLines(pieces, text.slice(at));
  return pieces;
}

function pushLines(pieces: Piece[], text: string): void {
  let at = 0;
  while (at < text.length) {
    const end = text.indexOf('\n', at);
    const next = end < 0 ? text.length : end + 1;
    pieces.push({ raw: text.slice(at, next) });
    at = next;
  }
}

function pieceOf(text: string, statement: Statement, base: number): Piece {
  return {
    raw: text.slice(base, statement.lineEnd),
    statement: {
      keyword: statement.keyword,
      section: statement.section,
      effective: statement.effective,
      start: statement.start - base,
      keywordEnd: statement.keywordEnd - base,
      words: statement.words.map((word) => ({
        value: word.value,
        start: word.start - base,
        end: word.end - base,
      })),
      end: statement.end - base,
    },
  };
}

function rewritten(statement: Statement): Piece {
  const [first, second] = statement.words;
  const indent = statement.keyword === 'option' || statement.keyword === 'list' ? '\t' : '';
  const bare = second === undefined || (second.value === '' && statement.keyword !== 'list');
  const rest = bare ? '' : ` ${quote(second.value)}`;
  const word = first?.value ?? '';
  const name = statement.keyword === 'config' ? printType(word) : word;
  const piece = newPiece(indent, statement.keyword, name, rest, statement.section, '\n');
  piece.statement.effective = statement.effective;
  return piece;
}

export function printValue(
  indent: string,
  option: string,
  value: UciValue,
  section: SectionDraft,
  eol: string,
): StatementPiece[] {
  if (typeof value === 'string')
    return [newPiece(indent, 'option', option, ` ${quote(value)}`, section, eol)];
  return value.map((item) => newPiece(indent, 'list', option, ` ${quote(item)}`, section, eol));
}

/** A line of its own making; `rest` is empty or a blank and the second word. */
export function newPiece(
  indent: string,
  keyword: Statement['keyword'],
  first: string,
  rest: string,
  section: SectionDraft | undefined,
  eol: string,
): StatementPiece {
  const start = indent.length;
  const keywordEnd = start + keyword.length;
  const firstEnd = keywordEnd + 1 + first.length;
  const end = firstEnd + rest.length;
  const unquote = (text: string): string => text.replace(/^ ?'|'$/g, '').replace(/'\\''/g, "'");
  return {
    raw: `${indent}${keyword} ${first}${rest}${eol}`,
    statement: {
      keyword,
      section,
      effective: true,
      start,
      keywordEnd,
      words: [
        { value: unquote(first), start: keywordEnd + 1, end: firstEnd },
        { value: unquote(rest), start: rest === '' ? end : firstEnd + 1, end },
      ],
      end: end + eol.length,
    },
  };
}

/** Puts a word in the place of one, or behind the one before it if it is missing. */
export function replaceWord(piece: StatementPiece, index: number, value: string, text: string): void {
  const { statement } = piece;
  const word = statement.words[index];
  const previous = statement.words[index - 1];
  if (word === undefined) return;
  const missing = word.start === word.end && previous !== undefined;
  const start = missing ? previous.end : word.start;
  const end = missing ? previous.end : word.end;
  const inserted = missing ? ` ${text}` : text;
  let after = piece.raw.slice(end);
  // Behind a bare word `;` ends the line for good; behind a quoted one it would bring the rest back to life.
  if (after.startsWith(';')) after = /\r?\n?$/.exec(after)?.[0] ?? '';
  const shift = start + inserted.length - end;
  piece.raw = piece.raw.slice(0, start) + inserted + after;
  statement.words.forEach((other, place) => {
    if (place > index) {
      other.start += shift;
      other.end += shift;
    }
  });
  word.value = value;
  word.start = missing ? start + 1 : start;
  word.end = start + inserted.length;
  statement.end = Math.min(statement.end + shift, piece.raw.length);
}

export function replaceKeyword(piece: StatementPiece, keyword: 'option' | 'list'): void {
  const { statement } = piece;
  const text = statement.keywordEnd - statement.start === 1 ? keyword.slice(0, 1) : keyword;
  const shift = statement.start + text.length - statement.keywordEnd;
  piece.raw = piece.raw.slice(0, statement.start) + text + piece.raw.slice(statement.keywordEnd);
  statement.keyword = keyword;
  statement.keywordEnd += shift;
  statement.end += shift;
  for (const word of statement.words) {
    word.start += shift;
    word.end += shift;
  }
}

/** `value` written as the word it replaces was: in double quotes, bare, or (by default) as `plain` does. */
export function quoteLike(
  piece: StatementPiece,
  index: number,
  value: string,
  plain: (value: string) => string,
): string {
  const word = piece.statement.words[index];
  const old = word === undefined ? '' : piece.raw.slice(word.start, word.end);
  if (/^"[^"\\]*"$/.test(old) && !/["\\]/.test(value)) return `"${value}"`;
  if (/^[A-Za-z0-9_.:/,@%+=-]+$/.test(old) && /^[A-Za-z0-9_.:/,@%+=-]+$/.test(value)) return value;
  if (/^'[^']*'$/.test(old)) return quote(value);
  return plain(value);
}
