/**
 * The partner's message as text: one JSON object. It comes from another machine: everything is checked, unknown fields are
 * passed over (a newer partner may say more), anything else wrong refuses the whole message.
 */
import type { VrrpState } from '../../api/status.ts';
import { fail, ok, type Result } from '../../lib/result.ts';
import type { SyncWord } from '../conntrackd/watch.ts';
import { decoding, Fields, Unexpected, type Value } from '../neighbours/value.ts';
import { decodeLeases, encodeLeases, type WanLease } from '../pair/leases.ts';
import type { PartnerMessage } from './pair-types.ts';

/** Characters; a message has about 300. */
export const LARGEST_MESSAGE = 8192;
const MOST_WANS = 64;
const RUN = /^[0-9a-zA-Z-]{1,64}$/;
const NAME = /^[0-9a-zA-Z_.-]{1,64}$/;
const ROLES: readonly VrrpState[] = ['active', 'backup', 'fault', 'initialize', 'stop', 'unknown'];

function stamp(fields: Fields): { readonly run: string; readonly at: number } {
  const run = fields.text('run');
  if (!RUN.test(run)) throw new Unexpected(`${fields.place('run')} is no run of a service`);
  return { run, at: fields.integer('at', 0, Number.MAX_SAFE_INTEGER) };
}

function syncWord(fields: Fields): SyncWord {
  const count = (name: string): number | null =>
    fields.has(name) ? fields.integer(name, 0, Number.MAX_SAFE_INTEGER) : null;
  return { internal: count('internal'), external: count('external'), taken: count('taken') ?? 0 };
}

/** `leases` travel with it: the pair machine decides nothing by them. */
export function encodeMessage(message: PartnerMessage, leases: readonly WanLease[] = []): string {
  const { usableWans, sync, ...rest } = message;
  const more = leases.length === 0 ? {} : { leases: encodeLeases(leases) };
  // A number that is not there is left out.
  const word = sync && {
    ...sync,
    internal: sync.internal ?? undefined,
    external: sync.external ?? undefined,
  };
  return JSON.stringify({
    v: 1,
    ...rest,
    sync: word,
    usable_wans: usableWans.slice(0, MOST_WANS),
    ...more,
  });
}

/** The leases in the text of a message that was found good; what is no lease is passed over. */
export function messageLeases(text: string): readonly WanLease[] {
  const { leases } = JSON.parse(text) as { readonly leases?: Value };
  if (!Array.isArray(leases)) return [];
  return decodeLeases(leases.filter((line) => typeof line === 'string').join('\n'));
}

/** The message, or what is wrong with it, without a full stop. */
export function decodeMessage(text: string): Result<PartnerMessage, string> {
  if (text.length > LARGEST_MESSAGE) return fail(`it has more than ${LARGEST_MESSAGE} characters`);
  let value: Value;
  try {
    value = JSON.parse(text) as Value;
  } catch {
    return fail('it is no JSON');
  }
  const decoded = decoding((): PartnerMessage => {
    const fields = new Fields(value, '');
    fields.integer('v', 1, 1);
    const role = ROLES.find((known) => known === fields.text('role'));
    if (role === undefined) throw new Unexpected('role is no state of VRRP');
    const usableWans = fields.texts('usable_wans');
    if (usableWans.length > MOST_WANS || !usableWans.every((name) => NAME.test(name)))
      throw new Unexpected('usable_wans is no list of WANs');
    const hasEcho = fields.has('echo') && (value as { readonly echo?: Value }).echo !== null;
    return {
      ...stamp(fields),
      echo: hasEcho ? stamp(fields.table('echo')) : null,
      role,
      fit: fields.integer('fit', 0, 6),
      ready: fields.flag('ready'),
      wants: fields.flag('wants'),
      out: fields.flag('out'),
      usableWans,
      ...(fields.has('sync') ? { sync: syncWord(fields.table('sync')) } : {}),
    };
  });
  return decoded.ok ? ok(decoded.value) : fail(decoded.error);
}
