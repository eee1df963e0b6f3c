/**
 * nft in memory, for tables of ours: takes the text of transactions, refuses as a whole what the kernel refuses (jumps to chains
 * that are not there, names used twice for different things, deletion of what is missing or in use), and lists in nft's JSON.
 * Rules are kept as their text.
 */
import { decodeTable, type TableFacts } from '../../src/core/plan/decode-nft.ts';
import { fail, ok, type Result } from '../../src/lib/result.ts';
import type { KernelError, Nft } from '../../src/ports/nft.ts';

interface FakeChain {
  definition: string;
  rules: string[];
}
interface FakeSet {
  definition: string;
  elements: Set<string>;
}
interface FakeTable {
  chains: Map<string, FakeChain>;
  sets: Map<string, FakeSet>;
}

export interface FakeNft {
  readonly nft: Nft;
  /** Runs a text as somebody else would; throws if it is refused. */
  others(text: string): void;
  /** Texts that were applied through the port. */
  readonly applied: string[];
  /** The next `apply` fails with this. */
  failNext(error: KernelError): void;
  elements(set: string): readonly string[];
}

class Refusal extends Error {}

const quoted = /"[^"]*"/g;

/** Blocks of `table inet hagw { … }` and single commands, one a line. */
function commandsOf(text: string): readonly string[][] {
  const commands: string[][] = [];
  let block: string[] = [];
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    const inBlock = block.length > 0;
    if (inBlock || (line.startsWith('table ') && !/\}\s*$/.test(line))) {
      block.push(line);
      if (line === '}') {
        commands.push(block);
        block = [];
      }
    } else commands.push([line]);
  }
  if (block.length > 0) throw new Refusal('syntax error, unexpected end of file');
  return commands;
}

function elementsOf(text: string): readonly string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function copy(table: FakeTable | null): FakeTable | null {
  if (table === null) return null;
  return {
    chains: new Map(
      [...table.chains].map(([name, { definition, rules }]) => [name, { definition, rules: [...rules] }]),
    ),
    sets: new Map(
      [...table.sets].map(([name, { definition, elements }]) => [
        name,
        { definition, elements: new Set(elements) },
      ]),
    ),
  };
}

const missing = (what: string): Refusal => new Refusal(`${what}: No such file or directory`);

function fillSet(table: FakeTable, name: string, body: readonly string[]): void {
  const text = body.join(' ');
  const at = text.indexOf('elements = {');
  const definition = (at < 0 ? text : text.slice(0, at)).replace(/\s+/g, ' ').trim();
  const there = table.sets.get(name);
  if (there !== undefined && there.definition !== definition) throw new Refusal(`set ${name}: File exists`);
  const set = there ?? { definition, elements: new Set<string>() };
  if (at >= 0)
    for (const one of elementsOf(text.slice(at + 12, text.lastIndexOf('}')))) set.elements.add(one);
  table.sets.set(name, set);
}

function fillChain(table: FakeTable, name: string, body: readonly string[]): void {
  const lines = body.map((line) => line.trim());
  const isHead = (line: string): boolean => /^(comment "|type )/.test(line);
  const hook = lines.find((line) => line.startsWith('type ')) ?? '';
  const there = table.chains.get(name);
  if (there !== undefined && hook !== '' && !there.definition.includes(hook))
    throw new Refusal(`chain ${name}: Operation not supported`);
  const chain = there ?? { definition: lines.filter(isHead).join(' '), rules: [] };
  chain.rules.push(...lines.filter((line) => line !== '' && !isHead(line)));
  table.chains.set(name, chain);
}

function runBlock(table: FakeTable, block: readonly string[]): void {
  for (let at = 1; at < block.length - 1; at += 1) {
    const [, kind = '', name = ''] = /^\t(set|chain) (\S+) \{$/.exec(block[at] ?? '') ?? [];
    if (kind === '') throw new Refusal(`syntax error in '${block[at]}'`);
    const end = block.indexOf('\t}', at);
    if (end < 0) throw new Refusal('syntax error, unexpected end of file');
    (kind === 'set' ? fillSet : fillChain)(table, name, block.slice(at + 1, end));
    at = end;
  }
}

function runCommand(table: FakeTable, line: string): void {
  const [verb = '', object = '', , , name = ''] = line.split(' ');
  const chain = table.chains.get(name);
  const set = table.sets.get(name);
  if (verb === 'flush' && object === 'table') for (const one of table.chains.values()) one.rules.length = 0;
  else if (object === 'chain' && verb === 'add')
    table.chains.set(name, chain ?? { definition: '', rules: [] });
  else if (object === 'rule' && verb === 'add') {
    if (chain === undefined) throw missing(line);
    chain.rules.push(line.split(' ').slice(5).join(' '));
  } else if (object === 'chain') {
    if (chain === undefined) throw missing(line);
    if (verb === 'flush') chain.rules.length = 0;
    else table.chains.delete(name);
  } else if (set === undefined) throw missing(line);
  else if (object === 'set' && verb === 'flush') set.elements.clear();
  else if (object === 'set' && verb === 'delete') table.sets.delete(name);
  else if (object === 'element') changeElements(set, verb, line);
  else throw new Refusal(`syntax error in '${line}'`);
}

function changeElements(set: FakeSet, verb: string, line: string): void {
  for (const one of elementsOf(line.slice(line.indexOf('{') + 1, line.lastIndexOf('}')))) {
    if (verb === 'add') set.elements.add(one);
    else if (!set.elements.delete(one)) throw missing(`element ${one}`);
  }
}

/** What the kernel checks at the end of a transaction. */
function assertWhole(table: FakeTable): void {
  for (const [name, { rules }] of table.chains)
    for (const rule of rules) {
      const bare = rule.replace(quoted, '');
      for (const [, target = ''] of bare.matchAll(/(?:jump|goto) (\S+?)(?=[ ,}]|$)/g))
        if (!table.chains.has(target)) throw missing(`chain ${name} leads to ${target}`);
      for (const [, set = ''] of bare.matchAll(/@(\S+)/g))
        if (!table.sets.has(set)) throw missing(`set ${set}`);
    }
}

export function createFakeNft(): FakeNft {
  let table: FakeTable | null = null;
  let failure: KernelError | null = null;
  const applied: string[] = [];

  const run = (text: string): FakeTable | null => {
    let next = copy(table);
    // Elements over several lines belong to one command.
    const joined = text.replace(/,\n\t+/g, ', ');
    for (const command of commandsOf(joined)) {
      const [line = ''] = command;
      if (command.length > 1 || /^(add )?table inet hagw( \{\})?$/.test(line)) {
        next ??= { chains: new Map(), sets: new Map() };
        if (command.length > 1) runBlock(next, command);
      } else if (next === null) throw missing(line);
      else if (line === 'delete table inet hagw') next = null;
      else runCommand(next, line);
    }
    if (next !== null) assertWhole(next);
    return next;
  };
  const attempt = (text: string, keep: boolean): Result<void, KernelError> => {
    try {
      const next = run(text);
      if (keep) table = next;
      return ok(undefined);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return fail({ code: 'refused', message: `\`nft -f -\` failed: ${error.message}.` });
    }
  };
  const list = (): TableFacts | null => {
    if (table === null) return null;
    const comment = (rule: string): string | undefined => /comment "([^"]*)"$/.exec(rule)?.[1];
    const objects = [
      ...[...table.chains].map(([name, { definition }]) => ({ chain: { name, definition } })),
      ...[...table.sets].map(([name, { definition, elements }]) => ({
        set: { name, definition, elem: [...elements] },
      })),
      ...[...table.chains].flatMap(([chain, { rules }]) =>
        rules.map((rule) => ({ rule: { chain, comment: comment(rule), expr: [rule] } })),
      ),
    ];
    const facts = decodeTable(JSON.stringify({ nftables: [{ metainfo: {} }, ...objects] }));
    if (!facts.ok) throw new Error(facts.error);
    return facts.value;
  };
  return {
    applied,
    nft: {
      check: async (text) => attempt(text, false),
      apply: async (text) => {
        if (failure !== null) {
          const error = failure;
          failure = null;
          return fail(error);
        }
        const outcome = attempt(text, true);
        if (outcome.ok) applied.push(text);
        return outcome;
      },
      readTable: async () => ok(list()),
    },
    others(text) {
      const outcome = attempt(text, true);
      if (!outcome.ok) throw new Error(outcome.error.message);
    },
    failNext(error) {
      failure = error;
    },
    elements: (set) => [...(table?.sets.get(set)?.elements ?? [])],
  };
}
