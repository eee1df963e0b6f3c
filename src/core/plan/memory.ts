/**
 * What a run leaves for the next one, so that it can tell its own table from a changed one and knows the WANs' states: a small JSON file
 * in /var/run, which a reboot empties together with the kernel. Whatever cannot be read is as good as no file.
 */

import type { LinkStatus } from '../../api/status.ts';
import { fail, ok, type Result } from '../../lib/result.ts';
import { decoding, Fields, isTable, type Value } from '../neighbours/value.ts';
import type { Family, IpRule } from '../policy/model.ts';
import type { Fingerprint } from './fingerprint.ts';
import type { OwnedTable } from './ours.ts';
import type { Applied } from './plan.ts';

export const MEMORY_PATH = '/var/run/hagw/multiwan.json';

/** Goes up with each change of the format; a file of another version is none. */
const VERSION = 1;

export interface Memory {
  readonly applied: Applied;
  /** States of the WANs by name when it was written. */
  readonly states: Readonly<Record<string, LinkStatus>>;
}

export function encodeMemory({ applied, states }: Memory): string {
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

export function decodeMemory(text: string): Result<Memory, string> {
  let value: Value;
  try {
    value = JSON.parse(text) as Value;
  } catch {
    return fail('It is no JSON.');
  }
  const outcome = decoding((): Memory | null => {
    const fields = new Fields(value, '');
    if (fields.integer('version', 0, Number.MAX_SAFE_INTEGER) !== VERSION) return null;
    const prints = fields.table('fingerprint');
    const states = fields.table('states');
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
      states: Object.fromEntries(
        states.names().flatMap((name) => {
          const state = STATES.find((one) => one === states.text(name));
          return state === undefined ? [] : [[name, state] as const];
        }),
      ),
    };
  });
  if (!outcome.ok) return fail(`Its ${outcome.error}.`);
  return outcome.value === null ? fail('It is of another version.') : ok(outcome.value);
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
