/**
 * The text of a config file as a row of lines, for edits in place. Lines without a statement (comments, blank ones) are
 * kept as they are; a statement's words can be replaced one by one. Knows sections by the parser's own objects.
 */
import type { SectionDraft, UciValue } from './model.ts';
import { quote } from './names.ts';
import type { Statement } from './parse.ts';
import {
  belongs,
  cut,
  indentOf,
  isBlank,
  isComment,
  newPiece,
  type Piece,
  printValue,
  quoteLike,
  replaceKeyword,
  replaceWord,
  type StatementPiece,
} from './pieces.ts';
import { printType } from './print.ts';

export class UciDocument {
  private pieces: Piece[];

  constructor(text: string, statements: readonly Statement[]) {
    this.pieces = cut(text, statements);
  }

  toString(): string {
    return this.pieces.map((piece) => piece.raw).join('');
  }

  setOption(section: SectionDraft, option: string, value: UciValue): void {
    const present = this.optionPieces(section, option);
    if (value.length === 0) this.remove(present);
    else if (present.length === 0)
      this.insertAfter(this.lastOf(section), this.newLines(section, option, value));
    else if (typeof value === 'string') this.setText(section, option, present, value);
    else this.setList(section, option, present, value);
  }

  renameOption(section: SectionDraft, from: string, to: string): void {
    for (const piece of this.pieces) {
      const { statement } = piece;
      if (statement?.section !== section || statement.keyword === 'config') continue;
      const name = statement.words[0];
      if (name?.value === from) replaceWord(piece as StatementPiece, 0, to, to);
    }
  }

  nameSection(section: SectionDraft, name: string): void {
    for (const header of this.headers(section))
      replaceWord(header, 1, name, quoteLike(header, 1, name, quote));
  }

  setType(section: SectionDraft, type: string): void {
    for (const header of this.headers(section))
      replaceWord(header, 0, type, quoteLike(header, 0, type, printType));
  }

  /** Writes a section that the package has and the text has not yet; `before` is the one that shall follow it. */
  addSection(section: SectionDraft, before: SectionDraft | undefined): void {
    const eol = this.lineEnd();
    const name = section.anonymous ? '' : ` ${quote(section.name)}`;
    const lines = [newPiece('', 'config', printType(section.type), name, section, eol)];
    for (const [option, value] of section.options)
      lines.push(...printValue('\t', option, value, section, eol));
    this.insertSection(lines, before);
  }

  /** Removes header, options and what stands between them; comments above the header stay. */
  deleteSection(section: SectionDraft): void {
    this.takeSection(section, false);
  }

  /** Moves the section, with the comments right above it, before another or to the end. */
  moveSection(section: SectionDraft, before: SectionDraft | undefined): void {
    this.insertSection(this.takeSection(section, true), before);
  }

  private headers(section: SectionDraft): StatementPiece[] {
    return this.pieces.filter(
      (piece): piece is StatementPiece =>
        piece.statement?.section === section && piece.statement.keyword === 'config',
    );
  }

  /** The statements that make the option's value, in order. */
  private optionPieces(section: SectionDraft, option: string): StatementPiece[] {
    return this.pieces.filter((piece): piece is StatementPiece => {
      const { statement } = piece;
      if (statement === undefined || statement.section !== section || !statement.effective) return false;
      return statement.keyword !== 'config' && statement.words[0]?.value === option;
    });
  }

  private lastOf(section: SectionDraft): Piece {
    let last = this.pieces[0] as Piece;
    for (const piece of this.pieces) if (belongs(piece, section)) last = piece;
    return last;
  }

  private setText(section: SectionDraft, option: string, present: StatementPiece[], value: string): void {
    const last = present[present.length - 1] as StatementPiece;
    if (last.statement.keyword === 'option') {
      if (last.statement.words[1]?.value !== value)
        replaceWord(last, 1, value, quoteLike(last, 1, value, quote));
      return;
    }
    this.replaceAll(section, option, present, value);
  }

  private setList(
    section: SectionDraft,
    option: string,
    present: StatementPiece[],
    items: readonly string[],
  ): void {
    if (present.some((piece, index) => index > 0 && piece.statement.keyword === 'option')) {
      this.replaceAll(section, option, present, items);
      return;
    }
    const same = (piece: StatementPiece | undefined, item: string | undefined): boolean =>
      piece !== undefined && item !== undefined && piece.statement.words[1]?.value === item;
    let head = 0;
    while (same(present[head], items[head])) head += 1;
    let tail = 0;
    const shorter = Math.min(present.length, items.length);
    while (
      head + tail < shorter &&
      same(present[present.length - 1 - tail], items[items.length - 1 - tail])
    ) {
      tail += 1;
    }
    const oldMiddle = present.slice(head, present.length - tail);
    const newMiddle = items.slice(head, items.length - tail);
    const paired = Math.min(oldMiddle.length, newMiddle.length);
    for (let index = 0; index < paired; index += 1) {
      const piece = oldMiddle[index] as StatementPiece;
      const item = newMiddle[index] as string;
      replaceWord(piece, 1, item, quoteLike(piece, 1, item, quote));
    }
    const added = newMiddle.slice(paired);
    if (added.length > 0) {
      const after = paired > 0 ? oldMiddle[paired - 1] : present[head - 1];
      const model = after ?? (present[0] as StatementPiece);
      const lines = printValue(indentOf(model), option, added, section, this.lineEnd());
      if (after !== undefined) this.insertAfter(after, lines);
      else this.insertBefore(model, lines);
    }
    const first = present.find((piece) => !oldMiddle.includes(piece, paired));
    if (first?.statement.keyword === 'option') replaceKeyword(first, 'list');
    this.remove(oldMiddle.slice(paired));
  }

  private replaceAll(
    section: SectionDraft,
    option: string,
    present: StatementPiece[],
    value: UciValue,
  ): void {
    const first = present[0] as StatementPiece;
    this.insertBefore(first, printValue(indentOf(first), option, value, section, this.lineEnd()));
    this.remove(present);
  }

  private newLines(section: SectionDraft, option: string, value: UciValue): Piece[] {
    const model = this.pieces.filter(
      (piece) => piece.statement?.section === section && piece.statement.keyword !== 'config',
    );
    const last = model[model.length - 1] as StatementPiece | undefined;
    return printValue(last === undefined ? '\t' : indentOf(last), option, value, section, this.lineEnd());
  }

  private lineEnd(): string {
    return this.pieces.some((piece) => piece.raw.endsWith('\r\n')) ? '\r\n' : '\n';
  }

  private remove(gone: readonly Piece[]): void {
    const set = new Set<Piece>(gone);
    this.pieces = this.pieces.filter((piece) => !set.has(piece));
  }

  private insertAfter(piece: Piece, lines: readonly Piece[]): void {
    this.finish(piece);
    this.pieces.splice(this.pieces.indexOf(piece) + 1, 0, ...lines);
  }

  private insertBefore(piece: Piece, lines: readonly Piece[]): void {
    this.pieces.splice(this.pieces.indexOf(piece), 0, ...lines);
  }

  /** Makes sure that the piece ends its line, so that another can follow it. */
  private finish(piece: Piece): void {
    const { statement } = piece;
    if (statement !== undefined && /^\r?\n?$/.test(piece.raw.slice(statement.end))) {
      // A backslash at the very end of the file would join the next line to this one.
      const slashes = /(?:^|[^\\])(?:\\\\)*(\\)$/.exec(piece.raw.slice(0, statement.end));
      if (slashes !== null) piece.raw = piece.raw.slice(0, statement.end - 1);
    }
    if (piece.raw.endsWith('\n')) return;
    // So would a `;` there: libuci takes a line end behind it for an unknown command.
    const last = statement?.words[statement.words.length - 1]?.end ?? piece.raw.length;
    if (/^\s*;\s*$/.test(piece.raw.slice(last))) piece.raw = piece.raw.slice(0, last);
    piece.raw += this.lineEnd();
  }

  private insertSection(lines: Piece[], before: SectionDraft | undefined): void {
    const eol = this.lineEnd();
    const header = before === undefined ? undefined : this.headers(before)[0];
    const at = header === undefined ? this.pieces.length : this.leadingComments(this.pieces.indexOf(header));
    const previous = this.pieces[at - 1];
    if (previous !== undefined) this.finish(previous);
    for (const piece of lines) this.finish(piece);
    const apart = previous !== undefined && !isBlank(previous);
    // libuci ends a file with an empty line; so does an addition to such a file.
    const close = header !== undefined || (previous !== undefined && !apart);
    const blank = (wanted: boolean): Piece[] => (wanted ? [{ raw: eol }] : []);
    this.pieces.splice(at, 0, ...blank(apart), ...lines, ...blank(close));
  }

  /** Where the comment lines right above the line at `index` begin. */
  private leadingComments(index: number): number {
    let first = index;
    while (first > 0 && isComment(this.pieces[first - 1] as Piece)) first -= 1;
    return first;
  }

  /** Takes all lines of the section out; between two blank lines one of them goes too. */
  private takeSection(section: SectionDraft, withComments: boolean): Piece[] {
    const taken: Piece[] = [];
    for (const header of this.headers(section)) {
      const index = this.pieces.indexOf(header);
      const start = withComments ? this.leadingComments(index) : index;
      let end = index + 1;
      for (let at = end; at < this.pieces.length; at += 1) {
        const piece = this.pieces[at] as Piece;
        if (piece.statement?.keyword === 'config') break;
        if (belongs(piece, section)) end = at + 1;
      }
      const above = this.pieces[start - 1];
      const below = this.pieces[end];
      const surplus = below !== undefined && isBlank(below) && (above === undefined || isBlank(above));
      taken.push(...this.pieces.slice(start, end));
      this.pieces.splice(start, end - start + (surplus ? 1 : 0));
    }
    return taken;
  }
}
