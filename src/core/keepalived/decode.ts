/**
 * keepalived's JSON dump (/tmp/keepalived.json; vrrp_json.c of keepalived 2.x) to facts: an array of {data, stats} per
 * instance, or the same under `vrrp` with `json_version 2`. The password in `auth_data` is never read.
 */
import type { VrrpState } from '../../api/status.ts';
import { fail, ok, type Result } from '../../lib/result.ts';
import { decoding, Fields, isTable, Unexpected, type Value } from '../neighbours/value.ts';
import type { VipFacts, VrrpCounters, VrrpInstanceFacts } from './facts.ts';

/** Why a dump could not be decoded: `incomplete` = not JSON (yet: it may still be in writing), `malformed` = other JSON. */
export interface DumpError {
  readonly code: 'incomplete' | 'malformed';
  /** Without a full stop. */
  readonly message: string;
}

const MAX_COUNTER = 2 ** 64;
/** An advertisement interval has 12 bits of centiseconds in version 3 and 8 bits of seconds in version 2. */
const MAX_INTERVAL_S = 255;
const MAX_DELAY_S = 1000000;
/** Seconds of wall clock that are a date at all in JavaScript (ECMA-262, 21.4.1.1). */
const MAX_TIME_S = 8.64e12;

/** The whole file, as text. */
export function decodeDump(text: string): Result<readonly VrrpInstanceFacts[], DumpError> {
  let value: Value;
  try {
    value = JSON.parse(text) as Value;
  } catch {
    return fail({ code: 'incomplete', message: `it is no complete JSON (${text.length} characters)` });
  }
  const decoded = decoding(() => instancesOf(value).map((entry, index) => decodeInstance(entry, index)));
  return decoded.ok ? ok(decoded.value) : fail({ code: 'malformed', message: decoded.error });
}

function instancesOf(value: Value): readonly Value[] {
  if (Array.isArray(value)) return value as readonly Value[];
  if (!isTable(value)) throw new Unexpected('it is neither an array nor a table');
  const fields = new Fields(value, '');
  if (!fields.has('vrrp')) throw new Unexpected('vrrp is missing');
  return fields.items('vrrp');
}

function decodeInstance(entry: Value, index: number): VrrpInstanceFacts {
  const whole = new Fields(entry, `[${index}]`);
  const data = whole.table('data');
  const activePriority = data.integerOr('master_priority', 0, 255, 0);
  const state = stateOf(data.integer('state', 0, 65535));
  const transitionS = data.has('last_transition') ? data.number('last_transition', 0, MAX_TIME_S) : 0;
  return {
    name: data.text('iname'),
    state,
    wantedState: stateOf(data.integer(data.has('wantstate') ? 'wantstate' : 'state', 0, 65535)),
    device: data.textOr('ifp_ifname', ''),
    vrid: data.integer('vrid', 1, 255),
    version: data.integerOr('version', 2, 3, null),
    basePriority: data.integer('base_priority', 0, 255),
    effectivePriority: data.integer('effective_priority', 0, 255),
    // A router that became active keeps the last value that it heard from the other one.
    activePriority: state === 'backup' && activePriority > 0 ? activePriority : null,
    advertIntervalMs: millisecondsOf(data, 'adver_int', MAX_INTERVAL_S),
    activeAdvertIntervalMs: millisecondsOf(data, 'master_adver_int', MAX_INTERVAL_S),
    vipsSet: data.flag('vipset'),
    vips: [
      ...data.texts('vips').map((text) => decodeVip(text, false)),
      ...data.texts('evips').map((text) => decodeVip(text, true)),
    ],
    noPreempt: data.flagOr('nopreempt', false),
    preemptDelayMs: millisecondsOf(data, 'preempt_delay', MAX_DELAY_S) ?? 0,
    lastTransitionMs: transitionS === 0 ? null : Math.round(transitionS * 1000),
    trackScripts: data.texts('track_script'),
    counters: whole.has('stats') ? decodeCounters(whole.table('stats')) : {},
  };
}

/** vrrp.h: VRRP_STATE_INIT, _BACK, _MAST, _FAULT, and VRRP_STATE_STOP. RFC 9568 says Active where 5798 said Master. */
function stateOf(number: number): VrrpState {
  switch (number) {
    case 0:
      return 'initialize';
    case 1:
      return 'backup';
    case 2:
      return 'active';
    case 3:
      return 'fault';
    case 98:
      return 'stop';
    default:
      return 'unknown';
  }
}

function millisecondsOf(data: Fields, name: string, maxS: number): number | null {
  return data.has(name) ? Math.round(data.number(name, 0, maxS) * 1000) : null;
}

/** `192.168.1.1/24 dev eth0 scope global label eth0:vip set`: words after the address in pairs, ` set` at the end. */
function decodeVip(text: string, excluded: boolean): VipFacts {
  const [address = '', ...words] = text.split(' ');
  const after = (word: string) => {
    const index = words.indexOf(word);
    return index < 0 ? null : (words[index + 1] ?? null);
  };
  return {
    address,
    device: after('dev'),
    label: after('label'),
    set: words[words.length - 1] === 'set',
    excluded,
  };
}

function decodeCounters(stats: Fields): VrrpCounters {
  const counters: Record<string, number> = {};
  for (const name of stats.names()) counters[name] = stats.integer(name, 0, MAX_COUNTER);
  return counters;
}
