/**
 * The grammar of ifstated.conf(5), OpenBSD: macros, states, `init`, `if`, `run`, `set-state`. Conditions are read as far as a
 * multi-WAN set-up uses them: external tests `( "command" every N )`, `!`, interface link states, `&&` and `||`.
 */
import type { Result } from '../../lib/result.ts';
import { type ImportError, Refusal, refusable } from './imported.ts';

export interface ExternalTest {
  readonly line: number;
  readonly command: string;
  readonly everyS: number;
}

/** What a condition asks for. Its structure is flattened: which tests, and whether failing is meant. */
export interface Condition {
  readonly line: number;
  readonly tests: readonly (ExternalTest & { readonly negated: boolean })[];
  /** `em0.link.up` and its kin. */
  readonly links: readonly string[];
}

export type Action =
  | { readonly kind: 'run'; readonly line: number; readonly command: string }
  | { readonly kind: 'set-state'; readonly line: number; readonly state: string }
  | {
      readonly kind: 'if';
      readonly line: number;
      readonly condition: Condition;
      readonly body: readonly Action[];
    };

export interface State {
  readonly name: string;
  readonly line: number;
  readonly init: readonly Action[];
  readonly body: readonly Action[];
}

export interface Ifstated {
  readonly states: readonly State[];
  /** Actions outside of a state. */
  readonly common: readonly Action[];
}

interface Token {
  readonly line: number;
  readonly kind: 'word' | 'string' | 'sign';
  readonly text: string;
}

const DEEPEST = 32;
const MOST_TOKENS = 20000;

/** Words, strings in double quotes (`\"` inside), signs; a macro's value in single quotes is its tokens. */
function tokenize(text: string, firstLine: number): readonly Token[] {
  const tokens: Token[] = [];
  let line = firstLine;
  const pattern =
    /(\n)|[ \t\r]+|\\\n|#[^\n]*|"((?:[^"\\\n]|\\.)*)"|'([^']*)'|(&&|\|\||[{}()!=])|([^\s{}()!="'#&|]+)|([\s\S])/g;
  for (const match of text.matchAll(pattern)) {
    const [all, newline, quoted, single, sign, word, other] = match;
    if (newline !== undefined || all === '\\\n') line += 1;
    else if (quoted !== undefined)
      tokens.push({ line, kind: 'string', text: quoted.replace(/\\(.)/g, '$1') });
    else if (single !== undefined) {
      tokens.push(...tokenize(single, line));
      line += single.split('\n').length - 1;
    } else if (sign !== undefined) tokens.push({ line, kind: 'sign', text: sign });
    else if (word !== undefined) tokens.push({ line, kind: 'word', text: word });
    else if (other !== undefined)
      throw new Refusal(line, `Has a sign that ifstated.conf does not have there.`);
    if (tokens.length > MOST_TOKENS) throw new Refusal(line, `Has more than ${MOST_TOKENS} words.`);
  }
  return tokens;
}

class Parser {
  private at = 0;
  private readonly tokens: Token[];
  readonly macros = new Map<string, readonly Token[]>();
  constructor(tokens: readonly Token[]) {
    this.tokens = [...tokens];
  }

  peek(): Token | undefined {
    return this.tokens[this.at];
  }

  private next(what: string): Token {
    const token = this.tokens[this.at];
    if (token === undefined)
      throw new Refusal(this.tokens[this.tokens.length - 1]?.line ?? 1, `Ends where ${what} must stand.`);
    this.at += 1;
    return token;
  }

  private expect(text: string): void {
    const token = this.next(text);
    if (token.text !== text || token.kind === 'string')
      throw new Refusal(token.line, `Has '${token.text.slice(0, 40)}' where ${text} must stand.`);
  }

  private is(text: string): boolean {
    const token = this.peek();
    return token !== undefined && token.kind !== 'string' && token.text === text;
  }

  /** `name = tokens` up to the end of the line. */
  macro(): boolean {
    const [name, equals] = [this.peek(), this.tokens[this.at + 1]];
    if (name?.kind !== 'word' || equals?.text !== '=' || equals.kind !== 'sign') return false;
    this.at += 2;
    const value: Token[] = [];
    for (let token = this.peek(); token !== undefined && token.line === name.line; token = this.peek()) {
      // A value in double quotes is put into the text as it is, too.
      value.push(
        ...(token.kind === 'string' && value.length === 0 ? tokenize(token.text, token.line) : [token]),
      );
      this.at += 1;
    }
    this.macros.set(name.text, value);
    return true;
  }

  /** A `$name` is replaced by what the macro has. */
  private expandMacros(): void {
    for (let depth = 0; ; depth += 1) {
      const token = this.peek();
      if (token?.kind !== 'word' || !token.text.startsWith('$')) return;
      const value = this.macros.get(token.text.slice(1));
      if (value === undefined || depth > DEEPEST)
        throw new Refusal(token.line, `Uses ${token.text.slice(0, 40)}, which is no macro.`);
      this.tokens.splice(this.at, 1, ...value);
    }
  }

  private condition(line: number): Condition {
    const tests: (ExternalTest & { negated: boolean })[] = [];
    const links: string[] = [];
    const primary = (negated: boolean, depth: number): void => {
      if (depth > DEEPEST) throw new Refusal(line, 'Has a condition that is nested too deep.');
      this.expandMacros();
      const token = this.next('a condition');
      if (token.text === '!' && token.kind === 'sign') {
        primary(!negated, depth + 1);
        return;
      }
      if (token.text === '(' && token.kind === 'sign') {
        this.expandMacros();
        const inner = this.peek();
        if (inner?.kind === 'string') {
          this.at += 1;
          this.expect('every');
          const seconds = this.next('a number of seconds');
          if (!/^[1-9]\d{0,5}$/.test(seconds.text))
            throw new Refusal(
              seconds.line,
              `Has '${seconds.text.slice(0, 40)}' where a number of seconds must stand.`,
            );
          tests.push({ line: inner.line, command: inner.text, everyS: Number(seconds.text), negated });
        } else chain(negated, depth + 1);
        this.expect(')');
        return;
      }
      if (token.kind === 'word' && /^[\w.-]+\.link\.(up|down|unknown)$/.test(token.text)) {
        links.push(token.text);
        return;
      }
      throw new Refusal(token.line, `Has '${token.text.slice(0, 40)}' where a condition must stand.`);
    };
    const chain = (negated: boolean, depth: number): void => {
      primary(negated, depth);
      while (this.is('&&') || this.is('||')) {
        this.at += 1;
        primary(negated, depth);
      }
    };
    chain(false, 0);
    return { line, tests, links };
  }

  private block(depth: number): readonly Action[] {
    if (!this.is('{')) return [this.action(depth)];
    this.at += 1;
    const actions: Action[] = [];
    while (!this.is('}')) actions.push(this.action(depth));
    this.at += 1;
    return actions;
  }

  action(depth: number): Action {
    const token = this.next('run, set-state or if');
    const { line } = token;
    if (depth > DEEPEST) throw new Refusal(line, 'Is nested too deep.');
    if (token.kind === 'word' && token.text === 'run') {
      this.expandMacros();
      const command = this.next('a command');
      if (command.kind !== 'string') throw new Refusal(command.line, 'Has a command without quotes.');
      return { kind: 'run', line, command: command.text };
    }
    if (token.kind === 'word' && token.text === 'set-state')
      return { kind: 'set-state', line, state: this.next('the name of a state').text };
    if (token.kind === 'word' && token.text === 'if') {
      const condition = this.condition(line);
      return { kind: 'if', line, condition, body: this.block(depth + 1) };
    }
    throw new Refusal(line, `Has '${token.text.slice(0, 40)}' where run, set-state or if must stand.`);
  }

  state(): State {
    this.expect('state');
    const name = this.next('the name of a state');
    this.expect('{');
    const init: Action[] = [];
    const body: Action[] = [];
    while (!this.is('}')) {
      if (this.is('init')) {
        this.at += 1;
        init.push(...this.block(0));
      } else body.push(this.action(0));
    }
    this.at += 1;
    return { name: name.text, line: name.line, init, body };
  }

  whole(): Ifstated {
    const states: State[] = [];
    const common: Action[] = [];
    while (this.peek() !== undefined) {
      if (this.macro()) continue;
      if (this.is('init-state')) this.at += 2;
      else if (this.is('state')) states.push(this.state());
      else common.push(this.action(0));
    }
    return { states, common };
  }
}

/** Reads the text, whose first line has the number `firstLine`; the first place that is not understood otherwise. */
export function readIfstated(text: string, firstLine = 1): Result<Ifstated, ImportError> {
  return refusable(() => new Parser(tokenize(text, firstLine)).whole());
}
