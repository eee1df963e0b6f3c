/**
 * `ip -N -j route show table all` (iproute2 6.x) to routes, and to the words that make each of them again. What tells of a state
 * only (dead, linkdown, offload, expiry) and hints that the output does not hold in full (rtt and the like) are left out of
 * the words; a route by a nexthop object is spelled with that object's gateway and device.
 */
import type { Result } from '../../lib/result.ts';
import { Fields, Unexpected, type Value } from '../neighbours/value.ts';
import type { Family, KernelRoute } from '../policy/model.ts';
import { decodeJson } from './json.ts';
import { protocolName, routeType, scopeName, tableNumber } from './words.ts';

/** Beyond this (several full routing tables of the internet) we refuse rather than run out of memory. */
const MOST_ROUTES = 2_000_000;
const TABLE_MAIN = 254;

/** Metrics with plain numbers, which `ip route add` takes as they are printed. */
const METRICS = ['mtu', 'advmss', 'window', 'hoplimit', 'initcwnd', 'initrwnd', 'quickack', 'reordering'];

/** Types whose device (IPv6 says `lo`) is no part of the route. */
const WITHOUT_DEVICE: readonly KernelRoute['type'][] = ['unreachable', 'blackhole', 'prohibit', 'throw'];

/**
 * Routes of all tables. Those of a type that this version does not know are left out. A route that cannot be said in
 * words (encapsulation) has none.
 */
export function decodeRoutes(text: string, family: Family): Result<readonly KernelRoute[], string> {
  return decodeJson(text, `ip -j route (${family})`, [], (value) => {
    if (!Array.isArray(value)) throw new Unexpected('the reply is no array');
    if (value.length > MOST_ROUTES) throw new Unexpected(`there are ${value.length} routes`);
    return (value as readonly Value[]).flatMap((item, index) => {
      const fields = new Fields(item, `route[${index}]`);
      const type = routeType(fields.textOr('type', 'unicast'));
      return type === null ? [] : [decodeRoute(fields, type, family)];
    });
  });
}

function decodeRoute(fields: Fields, type: KernelRoute['type'], family: Family): KernelRoute {
  const table = tableNumber(fields.textOr('table', String(TABLE_MAIN)));
  if (table === null) throw new Unexpected(`${fields.place('table')} is no number`);
  const protocol = fields.has('protocol') ? protocolName(fields.text('protocol')) : null;
  const scope = fields.has('scope') ? scopeName(fields.text('scope')) : null;
  return {
    family,
    table,
    type,
    destination: fields.text('dst'),
    gateway: gatewayOf(fields)?.address ?? null,
    device: WITHOUT_DEVICE.includes(type) ? null : fields.textOr('dev', null),
    metric: fields.integerOr('metric', 0, 0xffffffff, null),
    protocol,
    scope,
    source: fields.textOr('prefsrc', null),
    words: wordsOf(fields, type, protocol, scope),
  };
}

/** A gateway, which may be of the other family (RFC 8950). */
function gatewayOf(fields: Fields): { readonly address: string; readonly words: readonly string[] } | null {
  if (fields.has('via')) {
    const via = fields.table('via');
    const address = via.text('host');
    return { address, words: ['via', via.text('family'), address] };
  }
  const address = fields.textOr('gateway', null);
  return address === null ? null : { address, words: ['via', address] };
}

function isOnlink(fields: Fields): boolean {
  return fields.has('flags') && fields.texts('flags').includes('onlink');
}

function wordsOf(
  fields: Fields,
  type: KernelRoute['type'],
  protocol: string | null,
  scope: string | null,
): readonly string[] {
  if (fields.has('encap')) return [];
  const pair = (word: string, value: string | null): readonly string[] =>
    value === null ? [] : [word, value];
  const metric = fields.integerOr('metric', 0, 0xffffffff, null);
  return [
    ...(type === 'unicast' ? [] : [type]),
    fields.text('dst'),
    ...pair('from', fields.textOr('from', null)),
    ...pair('tos', fields.textOr('tos', null)),
    ...(gatewayOf(fields)?.words ?? []),
    ...(WITHOUT_DEVICE.includes(type) ? [] : pair('dev', fields.textOr('dev', null))),
    ...pair('proto', protocol),
    ...pair('scope', scope),
    ...pair('src', fields.textOr('prefsrc', null)),
    ...(metric === null ? [] : ['metric', String(metric)]),
    ...(isOnlink(fields) ? ['onlink'] : []),
    ...metricWords(fields),
    ...pair('pref', fields.textOr('pref', null)),
    ...nexthopWords(fields),
  ];
}

function metricWords(fields: Fields): readonly string[] {
  return fields.tables('metrics').flatMap((metrics) =>
    METRICS.flatMap((name) => {
      const value = metrics.integerOr(name, 0, 0xffffffff, null);
      return value === null ? [] : [name, String(value)];
    }),
  );
}

function nexthopWords(fields: Fields): readonly string[] {
  return fields.tables('nexthops').flatMap((hop) => {
    const device = hop.textOr('dev', null);
    return [
      'nexthop',
      ...(gatewayOf(hop)?.words ?? []),
      ...(device === null ? [] : ['dev', device]),
      'weight',
      String(hop.integerOr('weight', 1, 256, 1)),
      ...(isOnlink(hop) ? ['onlink'] : []),
    ];
  });
}
