/**
 * When two spellings mean the same route, and when the kernel takes one for the other's replacement. Words are those of
 * `ip route add` (ip-route(8)); defaults are what iproute2 and the kernel put in where a word is missing.
 */
import { parseIpAddress, parseIpPrefix } from '../../lib/ip.ts';
import { fail, ok, type Result } from '../../lib/result.ts';
import type { Family } from '../policy/model.ts';
import { protocolName, routeType, scopeName } from './words.ts';

export interface RouteIdentity {
  /** Destination, source prefix, tos and metric: `ip route replace` replaces the route that has the same. */
  readonly key: string;
  /** Everything: equal for the same route. */
  readonly text: string;
  /** Whether it leads over a gateway: such routes are added after those that make gateways reachable. */
  readonly viaGateway: boolean;
}

/** Words with one value that are compared as they are. */
const PLAIN = ['mtu', 'advmss', 'window', 'hoplimit', 'initcwnd', 'initrwnd', 'quickack', 'reordering'];

function canonicalPrefix(text: string, family: Family): string | null {
  if (text === 'default') return 'default';
  const prefix = parseIpPrefix(text);
  const widest = family === 'ipv4' ? 32 : 128;
  if (prefix !== null && prefix.family === family) {
    if (prefix.prefixLength === 0) return 'default';
    return prefix.prefixLength === widest ? prefix.text : `${prefix.text}/${prefix.prefixLength}`;
  }
  const address = parseIpAddress(text);
  return address !== null && address.family === family ? address.text : null;
}

interface Parsed {
  readonly values: Map<string, string>;
  readonly hops: string[];
}

/** The values by word, the hops of a multipath route apart. null = a word that is not known, or one without its value. */
function parse(words: readonly string[], values: Map<string, string>, hops: string[]): Parsed | null {
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (word === 'onlink') {
      values.set('onlink', '1');
      continue;
    }
    if (word === 'nexthop') {
      const end = words.indexOf('nexthop', at + 1);
      const part = words.slice(at + 1, end < 0 ? undefined : end);
      const hop = parse(part, new Map([['weight', '1']]), []);
      if (hop === null) return null;
      hops.push(JSON.stringify([...hop.values].sort()));
      at += part.length;
      continue;
    }
    let value = words[at + 1];
    at += 1;
    if (word === 'via' && (value === 'inet' || value === 'inet6')) {
      value = words[at + 1];
      at += 1;
    }
    if (value === undefined) return null;
    if (word === 'proto' || word === 'protocol') values.set('proto', protocolName(value));
    else if (word === 'scope') values.set('scope', scopeName(value));
    else if (word === 'via' || word === 'src') values.set(word, parseIpAddress(value)?.text ?? value);
    else if (word === 'metric' || word === 'preference') values.set('metric', value);
    else if (['dev', 'from', 'tos', 'pref', 'weight'].includes(word) || PLAIN.includes(word))
      values.set(word, value);
    else return null;
  }
  return { values, hops };
}

function defaultScope(type: string, gateway: boolean): string {
  if (type === 'local') return 'host';
  if (type === 'unicast') return gateway ? 'global' : 'link';
  return type === 'broadcast' || type === 'multicast' || type === 'anycast' ? 'link' : 'global';
}

/** The identity of a route given in words, or a sentence that says what is not understood. */
export function identifyRoute(words: readonly string[], family: Family): Result<RouteIdentity, string> {
  const unreadable = fail(`The route '${words.join(' ')}' has words that are not understood.`);
  const type = routeType(words[0] ?? '');
  const named = type !== null && !/^\d/.test(words[0] ?? '');
  const rest = named ? words.slice(1) : words;
  const destination = canonicalPrefix(rest[0] ?? '', family);
  const parsed = parse(rest.slice(1), new Map(), []);
  if (destination === null || parsed === null) return unreadable;
  const { values, hops } = parsed;
  const viaGateway = values.has('via') || hops.length > 0;
  const kind = named ? type : 'unicast';
  const metric = values.get('metric') ?? '0';
  // IPv6 knows no scope, and gives a route without metric IP6_RT_PRIO_USER.
  values.set('metric', family === 'ipv6' && metric === '0' ? '1024' : metric);
  values.set('scope', family === 'ipv6' ? '' : (values.get('scope') ?? defaultScope(kind, viaGateway)));
  values.set('proto', values.get('proto') ?? 'boot');
  values.set('pref', values.get('pref') ?? 'medium');
  values.set('tos', String(Number(values.get('tos') ?? '0')));
  const from = canonicalPrefix(values.get('from') ?? 'default', family);
  if (from === null) return unreadable;
  values.set('from', from);
  // IPv6 shows `lo` for these.
  if (['unreachable', 'blackhole', 'prohibit', 'throw'].includes(kind)) values.delete('dev');
  // The kernel keeps hops in order for IPv4, by its own order for IPv6.
  const sorted = [...values].sort(([a], [b]) => (a < b ? -1 : 1));
  return ok({
    key: [destination, from, values.get('tos'), values.get('metric')].join(' '),
    text: JSON.stringify([kind, destination, sorted, [...hops].sort()]),
    viaGateway,
  });
}
