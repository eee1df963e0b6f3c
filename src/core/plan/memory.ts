/**
 * What a run leaves for the next one, so that it can tell its own table from a changed one and knows the WANs' states: two JSON files
 * in /var/run, which a reboot empties together with the kernel. Whatever cannot be read is as good as no file.
 *
 * `multiwan.json` is what was read back from the kernel. `multiwan-next.json` is small and written before each transaction: what it will
 * write. A run that finds both knows the table as it was before and as it was to become, wherever the run before was cut off.
 */

import type { LinkStatus } from '../../api/status.ts';
import { fail, ok, type Result } from '../../lib/result.ts';
import { decoding, Fields, isTable, type Value } from '../neighbours/value.ts';
import type { NftTable } from '../nft/objects.ts';
import type { Family, IpRule } from '../policy/model.ts';
import type { TableFacts } from './decode-nft.ts';
import { compareFingerprints, type Fingerprint, fingerprint, verifyTable } from './fingerprint.ts';
import type { OwnedTable } from './ours.ts';
import type { Applied } from './plan.ts';
import { tableDigest } from './plan-nft.ts';
import type { FlowDrop } from './steps.ts';

export const MEMORY_PATH = '/var/run/hagw/multiwan.json';
export const INTENT_PATH = '/var/run/hagw/multiwan-next.json';

/** Goes up with each change of the format; a file of another version is none. */
const VERSION = 2;

export interface Memory {
  readonly applied: Applied;
  /** States of the WANs by name when it was written. */
  readonly states: Readonly<Record<string, LinkStatus>>;
  /** What was written, or was going to be, since then; null = nothing. */
  readonly intent: Intent | null;
}

/** What a transaction is to make of the table. */
export interface Intent {
  /** Digest of the table that `multiwan.json` has; an intent for another one is of no use. Empty = there is no such file. */
  readonly from: string;
  /** Digest of the table as it shall be. */
  readonly text: string;
  /** Objects written since `from` was read back; null = all. */
  readonly written: readonly string[] | null;
  readonly states: Readonly<Record<string, LinkStatus>>;
  /** Flows to be dropped after the transaction. */
  readonly drop: readonly FlowDrop[];
}

/**
 * What the last run knows of the table that the kernel has: the one that it had read back, or the one that its last
 * transaction was to make. Of that one it has not seen what the kernel shows; so objects of this transaction are taken as they are,
 * as long as they have the shape of `table`, if that is what it was to become.
 */
export function recalled(
  { applied, intent }: Memory,
  table: NftTable,
  facts: TableFacts | null,
): Applied | null {
  // Never read back and not there: the first transaction had not come about.
  if (facts === null && applied.table.text === '') return null;
  if (intent === null || facts === null) return applied;
  const before = applied.table.fingerprint;
  const now = fingerprint(facts, table);
  if (compareFingerprints(before, now).findings.length === 0) return applied;
  const mine = (name: string): boolean => intent.written?.includes(name) ?? true;
  const others = Object.entries(before).filter(([name]) => !mine(name));
  const written = Object.entries(now).filter(([name]) => mine(name));
  // It may also be one in between, if there were several since the reading: then it is nobody's fault, and written anew.
  const isWhole = intent.text === tableDigest(table) && !verifyTable(table, facts).some(mine);
  const print = Object.fromEntries([...others, ...written]);
  return { ...applied, table: { text: isWhole ? intent.text : '', fingerprint: print, table: null } };
}

export function encodeIntent(intent: Intent): string {
  return `${JSON.stringify({ version: VERSION, ...intent, written: intent.written ?? undefined })}\n`;
}

export function encodeMemory({ applied, states }: Omit<Memory, 'intent'>): string {
  const { table, rules, tables } = applied;
  const content = {
    version: VERSION,
    text: table.text,
    fingerprint: table.fingerprint,
    rules,
    tables,
    states,
  };
  return `${JSON.stringify(content)}\n`;
}

const STATES: readonly LinkStatus[] = [
  'online',
  'offline',
  'connecting',
  'disconnecting',
  'disabled',
  'unknown',
];

const family = (fields: Fields): Family => (fields.text('family') === 'ipv6' ? 'ipv6' : 'ipv4');

/** @param texts of the two files; null = there is none. */
export function decodeMemory(text: string | null, intentText: string | null): Result<Memory, string> {
  const known = text === null ? fail('There is none.') : decodeFile(text, decodeKnown);
  const intent = intentText === null ? null : decodeFile(intentText, decodeIntent);
  if (known.ok) {
    const isNext = intent?.ok === true && intent.value.from === known.value.applied.table.text;
    return ok(
      isNext
        ? { ...known.value, states: intent.value.states, intent: intent.value }
        : { ...known.value, intent: null },
    );
  }
  if (intent?.ok !== true || intent.value.from !== '') return known;
  const table = { text: '', fingerprint: {}, table: null };
  const applied: Applied = { table, rules: [], tables: [], desired: null };
  return ok({ applied, states: intent.value.states, intent: intent.value });
}

function decodeFile<T>(text: string, decode: (fields: Fields) => T): Result<T, string> {
  let value: Value;
  try {
    value = JSON.parse(text) as Value;
  } catch {
    return fail('It is no JSON.');
  }
  const outcome = decoding((): T | null => {
    const fields = new Fields(value, '');
    return fields.integer('version', 0, Number.MAX_SAFE_INTEGER) === VERSION ? decode(fields) : null;
  });
  if (!outcome.ok) return fail(`Its ${outcome.error}.`);
  return outcome.value === null ? fail('It is of another version.') : ok(outcome.value);
}

function decodeKnown(fields: Fields): Omit<Memory, 'intent'> {
  const prints = fields.table('fingerprint');
  return {
    applied: {
      table: {
        text: fields.text('text'),
        fingerprint: Object.fromEntries(
          prints.names().map((name): [string, Fingerprint[string]] => {
            const print = prints.table(name);
            return [name, { definition: print.text('definition'), content: print.text('content') }];
          }),
        ),
        table: null,
      },
      rules: fields.items('rules').map(decodeRule),
      tables: fields
        .tables('tables')
        .map((table): OwnedTable => ({ family: family(table), table: table.integer('table', 1, 252) })),
      desired: null,
    },
    states: decodeStates(fields),
  };
}

function decodeIntent(fields: Fields): Intent {
  return {
    from: fields.text('from'),
    text: fields.text('text'),
    written: fields.has('written') ? fields.texts('written') : null,
    states: decodeStates(fields),
    drop: fields.tables('drop').map(
      (drop): FlowDrop => ({
        which: drop.text('which') === 'all' ? 'all' : 'wan',
        wan: drop.text('wan'),
        family: family(drop),
        number: drop.integer('number', 1, 252),
        mark: drop.integer('mark', 0, 0xffffffff),
        mask: drop.integer('mask', 0, 0xffffffff),
      }),
    ),
  };
}

function decodeStates(fields: Fields): Memory['states'] {
  const states = fields.table('states');
  return Object.fromEntries(
    states.names().flatMap((name) => {
      const state = STATES.find((one) => one === states.text(name));
      return state === undefined ? [] : [[name, state] as const];
    }),
  );
}

function decodeRule(value: Value, index: number): IpRule {
  const fields = new Fields(value, `rules[${index}]`);
  const match = fields.table('match');
  const preference = fields.integer('preference', 0, 0xffffffff);
  const number = (name: string): number => match.integer(name, 0, 0xffffffff);
  return {
    family: family(fields),
    preference,
    match: match.has('iif')
      ? { iif: match.text('iif') }
      : match.has('oif')
        ? { oif: match.text('oif') }
        : { mark: number('mark'), mask: number('mask') },
    action: decodeAction(fields, value),
  };
}

function decodeAction(fields: Fields, value: Value): IpRule['action'] {
  const action = isTable(value) ? value['action'] : undefined;
  if (isTable(action)) return { table: fields.table('action').integer('table', 1, 252) };
  return fields.text('action') === 'blackhole' ? 'blackhole' : 'unreachable';
}
