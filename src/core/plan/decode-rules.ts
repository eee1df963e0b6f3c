/**
 * `ip -N -j rule` (iproute2 6.x) to rules. A rule that has anything beyond what ours have (a source, a port, `not` …) is kept as
 * text only: it is somebody else's.
 */
import type { Result } from '../../lib/result.ts';
import { Fields, Unexpected, type Value } from '../neighbours/value.ts';
import type { Family, IpRule } from '../policy/model.ts';
import { decodeJson } from './json.ts';
import { routeType, shown, tableNumber } from './words.ts';

export interface KernelRule {
  readonly family: Family;
  readonly preference: number;
  /** null = of a shape that none of ours has. */
  readonly rule: IpRule | null;
  /** For people: `2005: src 10.0.0.0 srclen 8 table 300`. */
  readonly text: string;
}

/** More rules than this nobody has; the rest would only fill our memory. */
const MOST_RULES = 100_000;
const ALL_BITS = 0xffffffff;

/** What a rule of ours may have in this output; `*_detached` = the device is not there now. */
const OUR_FIELDS = [
  'priority',
  'src',
  'iif',
  'iif_detached',
  'oif',
  'oif_detached',
  'fwmark',
  'fwmask',
  'table',
  'action',
  'protocol',
];

export function decodeRules(text: string, family: Family): Result<readonly KernelRule[], string> {
  return decodeJson(text, `ip -j rule (${family})`, [], (value) => {
    if (!Array.isArray(value)) throw new Unexpected('the reply is no array');
    if (value.length > MOST_RULES) throw new Unexpected(`there are ${value.length} rules`);
    return (value as readonly Value[]).map((item, index) => decodeRule(item, index, family));
  });
}

function decodeRule(value: Value, index: number, family: Family): KernelRule {
  const fields = new Fields(value, `rule[${index}]`);
  const preference = fields.integer('priority', 0, ALL_BITS);
  const words = fields
    .names()
    .filter((name) => name !== 'priority' && !name.endsWith('_detached'))
    .map((name) => {
      const item = (value as Readonly<Record<string, Value>>)[name];
      return item === null
        ? name
        : `${name} ${typeof item === 'object' ? JSON.stringify(item) : String(item)}`;
    });
  return {
    family,
    preference,
    rule: ourShape(fields, preference, family),
    text: shown(`${preference}: ${words.join(' ')}`),
  };
}

function ourShape(fields: Fields, preference: number, family: Family): IpRule | null {
  if (fields.names().some((name) => !OUR_FIELDS.includes(name))) return null;
  if (fields.textOr('src', 'all') !== 'all') return null;
  const action = ourAction(fields);
  const match = ourMatch(fields);
  return action === null || match === null ? null : { family, preference, match, action };
}

function ourAction(fields: Fields): IpRule['action'] | null {
  if (fields.has('table')) {
    const table = fields.has('action') ? null : tableNumber(fields.text('table'));
    return table === null ? null : { table };
  }
  const action = fields.has('action') ? routeType(fields.text('action')) : null;
  return action === 'unreachable' || action === 'blackhole' ? action : null;
}

function ourMatch(fields: Fields): IpRule['match'] | null {
  const selectors = ['iif', 'oif', 'fwmark'].filter((name) => fields.has(name));
  if (selectors.length > 1) return null;
  if (fields.has('iif')) return { iif: fields.text('iif') };
  if (fields.has('oif')) return { oif: fields.text('oif') };
  if (!fields.has('fwmark')) return null;
  const mark = hex(fields.text('fwmark'));
  const mask = fields.has('fwmask') ? hex(fields.text('fwmask')) : ALL_BITS;
  return mark === null || mask === null ? null : { mark, mask };
}

function hex(text: string): number | null {
  return /^0x[0-9a-f]{1,8}$/.test(text)
    ? Number.parseInt(text, 16)
    : /^\d{1,9}$/.test(text)
      ? Number(text)
      : null;
}
