/**
 * The part of YAML (1.2.2) that fault_tolerant_router's configuration uses: block mappings and block sequences, plain and quoted
 * scalars on one line, comments. Anything else (flow collections, anchors, tags, block scalars, more documents, tabs) is refused
 * with its line, rather than half understood. Scalars stay text.
 */
import type { Result } from '../../lib/result.ts';
import { type ImportError, Refusal, refusable } from './imported.ts';

export type YamlNode =
  | { readonly kind: 'scalar'; readonly line: number; readonly text: string }
  /** A key without a value. */
  | { readonly kind: 'empty'; readonly line: number }
  | { readonly kind: 'sequence'; readonly line: number; readonly items: readonly YamlNode[] }
  | { readonly kind: 'mapping'; readonly line: number; readonly entries: ReadonlyMap<string, YamlNode> };

interface Line {
  readonly number: number;
  readonly indent: number;
  readonly text: string;
}

const DEEPEST = 16;
const MOST_LINES = 10000;

/** Without a comment that follows; a # inside of quotes or within a word is none (YAML 1.2.2, 6.6). */
function withoutComment(text: string): string {
  let quote = '';
  for (let index = 0; index < text.length; index += 1) {
    const char = text[index] ?? '';
    const before = text[index - 1] ?? ' ';
    if (quote !== '') {
      if (char === '\\' && quote === '"') index += 1;
      else if (char === quote) quote = '';
    } else if ((char === '"' || char === "'") && /[\s:-]/.test(before)) quote = char;
    else if (char === '#' && /\s/.test(before)) return text.slice(0, index);
  }
  return text;
}

function linesOf(text: string): readonly Line[] {
  const raw = text.split(/\r?\n/);
  if (raw.length > MOST_LINES) throw new Refusal(MOST_LINES, `Has more than ${MOST_LINES} lines.`);
  return raw.flatMap((content, index): Line[] => {
    const number = index + 1;
    const clean = withoutComment(content).trimEnd();
    if (
      clean.trim() === '' ||
      (clean === '---' && raw.slice(0, index).every((line) => /^\s*(#|$)/.test(line)))
    )
      return [];
    if (/^\s*\t/.test(clean)) throw new Refusal(number, 'Is indented by a tab, which YAML does not allow.');
    if (clean === '---' || clean === '...') throw new Refusal(number, 'Starts another document.');
    const indent = clean.length - clean.trimStart().length;
    return [{ number, indent, text: clean.trimStart() }];
  });
}

function scalar(line: number, text: string): YamlNode {
  const single = /^'((?:[^']|'')*)'$/.exec(text);
  if (single !== null) return { kind: 'scalar', line, text: (single[1] ?? '').replace(/''/g, "'") };
  const double = /^"((?:[^"\\]|\\["\\])*)"$/.exec(text);
  if (double !== null) return { kind: 'scalar', line, text: (double[1] ?? '').replace(/\\(["\\])/g, '$1') };
  if (/^["'[\]{}&*!|>%@`,?]/.test(text) || /:(\s|$)/.test(text) || /^-(\s|$)/.test(text))
    throw new Refusal(line, 'Is YAML that is not read here: use plain or quoted text on one line.');
  return { kind: 'scalar', line, text };
}

/** `key: value` split; null if the text is no entry of a mapping. */
function entryOf({ number, text }: Line): { readonly key: string; readonly rest: string } | null {
  const [, quotedKey, plainKey, rest = ''] =
    /^(?:"([^"\\]*)"|([^\s"'[\]{}&*!|>%@`,#?:-][^:]*?))\s*:(?:\s+(.*))?$/.exec(text) ?? [];
  const key = quotedKey ?? plainKey;
  if (key === undefined) return null;
  if (/\s/.test(key)) throw new Refusal(number, 'Has a key with a blank in it, which is not read here.');
  return { key, rest: rest.trim() };
}

/** Reads by indentation; `at` is the next line. */
class Reader {
  private at = 0;
  private readonly lines: Line[];
  constructor(lines: readonly Line[]) {
    this.lines = [...lines];
  }

  peek(): Line | undefined {
    return this.lines[this.at];
  }

  node(indent: number, depth: number): YamlNode {
    const first = this.peek();
    if (first === undefined) throw new Refusal(1, 'Is empty.');
    if (depth > DEEPEST) throw new Refusal(first.number, `Is nested more than ${DEEPEST} deep.`);
    if (/^-(\s|$)/.test(first.text)) return this.sequence(indent, depth);
    if (entryOf(first) !== null) return this.mapping(indent, depth);
    this.at += 1;
    return scalar(first.number, first.text);
  }

  private below(parent: Line, indent: number, depth: number): YamlNode {
    const next = this.peek();
    const isSequence = next !== undefined && /^-(\s|$)/.test(next.text);
    // A sequence may stand at the indentation of its key (YAML 1.2.2, 8.2.1).
    const within = next !== undefined && (next.indent > indent || (isSequence && next.indent === indent));
    if (next === undefined || !within) return { kind: 'empty', line: parent.number };
    return this.node(next.indent, depth + 1);
  }

  private sequence(indent: number, depth: number): YamlNode {
    const items: YamlNode[] = [];
    const start = this.peek()?.number ?? 1;
    for (let line = this.peek(); line !== undefined; line = this.peek()) {
      if (line.indent < indent || (line.indent === indent && !/^-(\s|$)/.test(line.text))) break;
      if (line.indent > indent) throw new Refusal(line.number, 'Is indented more than the item before.');
      const rest = line.text.slice(1);
      const inner = rest.trimStart();
      if (inner === '') {
        this.at += 1;
        const next = this.peek();
        items.push(
          next !== undefined && next.indent > indent
            ? this.node(next.indent, depth + 1)
            : { kind: 'empty', line: line.number },
        );
        continue;
      }
      // What follows the dash is a node of its own that starts at its column.
      const column = indent + 1 + rest.length - inner.length;
      this.lines[this.at] = { number: line.number, indent: column, text: inner };
      items.push(this.node(column, depth + 1));
    }
    return { kind: 'sequence', line: start, items };
  }

  private mapping(indent: number, depth: number): YamlNode {
    const entries = new Map<string, YamlNode>();
    const start = this.peek()?.number ?? 1;
    for (let line = this.peek(); line !== undefined; line = this.peek()) {
      if (line.indent < indent || /^-(\s|$)/.test(line.text)) break;
      if (line.indent > indent) throw new Refusal(line.number, 'Is indented more than the line before.');
      const entry = entryOf(line);
      if (entry === null) throw new Refusal(line.number, 'Is no `key: value`.');
      if (entries.has(entry.key))
        throw new Refusal(line.number, `Has the key '${entry.key}' for the second time.`);
      this.at += 1;
      entries.set(
        entry.key,
        entry.rest === '' ? this.below(line, indent, depth) : scalar(line.number, entry.rest),
      );
    }
    return { kind: 'mapping', line: start, entries };
  }
}

/** The document, or the first line that is not understood. */
export function readYaml(text: string): Result<YamlNode, ImportError> {
  return refusable(() => {
    const lines = linesOf(text);
    const reader = new Reader(lines);
    const first = lines[0];
    if (first === undefined) throw new Refusal(1, 'Is empty.');
    const node = reader.node(first.indent, 0);
    const left = reader.peek();
    if (left !== undefined) throw new Refusal(left.number, 'Does not belong to what stands before it.');
    return node;
  });
}
