/**
 * The file of `--links`: what a router knows of its links and routes, written by hand or by a script, for `print` and
 * `explain` without a router. JSON, one table, all keys optional; a key that is not known is an error:
 *
 *     {
 *       "wans": { "wan": { "device": "eth1", "state": "online" }, "wanb": { "device": null, "state": "offline" } },
 *       "devices": { "lan": "br-lan" },
 *       "routes": ["default via 192.0.2.1 dev eth1 metric 10", "-6 default dev wwan0"],
 *       or { "ipv4": [{ "dst": "default", … }], "ipv6": [] },
 *       "tables": { "vpn": 100 }
 *     }
 *
 * Routes are lines as `ip route show table all` prints them, or what `ip -N -j route show table all` prints (ip-route(8)).
 * `routes` stands for all of them; the other keys
 * are laid over what UCI `network` tells.
 */
import type { LinkStatus } from '../api/status.ts';
import { decoding, Fields, isTable, Unexpected, type Value } from '../core/neighbours/value.ts';
import { isDevice } from '../core/nft/names.ts';
import { decodeRoutes } from '../core/plan/decode-routes.ts';
import { isBatchWord, protocolName, routeType, tableNumber } from '../core/plan/words.ts';
import type { Family, KernelRoute } from '../core/policy/model.ts';
import { parsePrefix } from '../core/policy/prefixes.ts';
import { parseIpAddress } from '../lib/ip.ts';
import { fail, ok, type Result } from '../lib/result.ts';

const STATES: readonly LinkStatus[] = [
  'online',
  'offline',
  'connecting',
  'disconnecting',
  'disabled',
  'unknown',
];
/** Words of a route that stand alone; all others have a value. */
const FLAGS = ['onlink', 'linkdown', 'dead', 'offload', 'pervasive', 'notify'];

export interface LinksFile {
  /** `undefined` = not said. */
  readonly wans: Readonly<
    Record<string, { readonly device: string | null | undefined; readonly state: LinkStatus | undefined }>
  >;
  readonly devices: Readonly<Record<string, string>>;
  /** null = not said. */
  readonly routes: readonly KernelRoute[] | null;
  readonly tables: Readonly<Record<string, number>>;
}

export const NO_LINKS: LinksFile = { wans: {}, devices: {}, routes: null, tables: {} };

function onlyKnown(fields: Fields, known: readonly string[]): void {
  const stranger = fields.names().find((name) => !known.includes(name));
  if (stranger !== undefined)
    throw new Unexpected(`${fields.place(stranger)} is not known (known are ${known.join(', ')})`);
}

function deviceAt(fields: Fields, name: string): string {
  const device = fields.text(name);
  if (!isDevice(device))
    throw new Unexpected(`${fields.place(name)} is '${device}', which no device can be called`);
  return device;
}

function tables(fields: Fields): Readonly<Record<string, number>> {
  return Object.fromEntries(
    fields.names().map((name) => [name, fields.integer(name, 1, 0xffffffff)] as const),
  );
}

function isNull(value: Value, name: string): boolean {
  const inner = (value as Readonly<Record<string, Value>>)[name];
  return inner === null;
}

function wans(value: Value, place: string): LinksFile['wans'] {
  const fields = new Fields(value, place);
  const raw = value as Readonly<Record<string, Value>>;
  return Object.fromEntries(
    fields.names().map((name) => {
      const wan = fields.table(name);
      onlyKnown(wan, ['device', 'state']);
      const text = wan.has('state') ? wan.text('state') : undefined;
      const state = STATES.find((known) => known === text);
      if (text !== undefined && state === undefined)
        throw new Unexpected(`${wan.place('state')} is '${text}', none of ${STATES.join(', ')}`);
      const device = !wan.has('device')
        ? undefined
        : isNull(raw[name] ?? null, 'device')
          ? null
          : deviceAt(wan, 'device');
      return [name, { device, state }] as const;
    }),
  );
}

/**
 * One route from a line of `ip route`; a first word `-4` or `-6` says the family where no address does.
 *
 * @param tables numbers of tables by name, beside main, local and default.
 * @returns the route, or what is wrong with the line, without a full stop.
 */
export function parseRoute(
  line: string,
  tables: Readonly<Record<string, number>>,
): Result<KernelRoute, string> {
  const all = line.split(/\s+/).filter((word) => word !== '' && word !== '\\');
  const bad = all.find((word) => !isBatchWord(word));
  if (bad !== undefined) return fail(`'${bad}' cannot stand in a route`);
  const said = all[0] === '-4' ? 'ipv4' : all[0] === '-6' ? 'ipv6' : null;
  const spoken = said === null ? all : all.slice(1);
  const type = routeType(spoken[0] ?? '') ?? 'unicast';
  const rest = routeType(spoken[0] ?? '') === null ? spoken : spoken.slice(1);
  const [destination = ''] = rest;
  const prefix = parsePrefix(destination);
  if (destination !== 'default' && prefix === null)
    return fail(`'${destination}' is neither default nor an address nor a prefix`);
  const words = [...(type === 'unicast' ? [] : [type]), destination];
  const values = new Map<string, string>();
  for (let index = 1; index < rest.length; ) {
    const word = rest[index] ?? '';
    if (word === 'nexthop') {
      words.push(...rest.slice(index));
      break;
    }
    const length = FLAGS.includes(word)
      ? 1
      : word === 'via' && /^inet6?$/.test(rest[index + 1] ?? '')
        ? 3
        : 2;
    const value = rest[index + length - 1];
    if (value === undefined) return fail(`'${word}' has no value`);
    if (word !== 'table') words.push(...rest.slice(index, index + length));
    values.set(word, value);
    index += length;
  }
  const device = values.get('dev') ?? null;
  if (device !== null && !isDevice(device)) return fail(`no device can be called '${device}'`);
  const gateway = values.get('via') ?? null;
  const hop = gateway === null ? null : parseIpAddress(gateway);
  if (gateway !== null && hop === null) return fail(`'${gateway}' is no address`);
  const name = values.get('table') ?? (type === 'local' ? 'local' : 'main');
  const table = tableNumber(name) ?? (Object.keys(tables).includes(name) ? tables[name] : undefined);
  if (table === undefined) return fail(`the table '${name}' is not known`);
  const metric = values.get('metric') ?? null;
  if (metric !== null && !/^\d{1,10}$/.test(metric)) return fail(`'${metric}' is no metric`);
  const shown: Family | null = prefix?.family ?? hop?.family ?? null;
  if (said !== null && shown !== null && said !== shown && prefix !== null)
    return fail(`'${destination}' is not of the family that the line names`);
  const protocol = values.get('proto') ?? null;
  return ok({
    family: said ?? shown ?? 'ipv4',
    table,
    type,
    destination,
    gateway: hop?.text ?? null,
    device,
    metric: metric === null ? null : Number(metric),
    protocol: protocol === null ? null : protocolName(protocol),
    scope: values.get('scope') ?? null,
    source: values.get('src') ?? null,
    words,
  });
}

/** Lines, or by family what `ip -N -j` prints. */
function routesAt(
  fields: Fields,
  value: Value,
  named: Readonly<Record<string, number>>,
): readonly KernelRoute[] {
  if (!isTable(value))
    return fields.texts('routes').map((line, index) => {
      const route = parseRoute(line, named);
      if (!route.ok) throw new Unexpected(`routes[${index}]: ${route.error}`);
      return route.value;
    });
  onlyKnown(fields.table('routes'), ['ipv4', 'ipv6']);
  return (['ipv4', 'ipv6'] as const).flatMap((family) => {
    const decoded = decodeRoutes(JSON.stringify(value[family] ?? []), family);
    if (!decoded.ok) throw new Unexpected(`routes.${family}: ${decoded.error.replace(/\.$/, '')}`);
    return decoded.value;
  });
}

function decode(value: Value): LinksFile {
  const fields = new Fields(value, '');
  onlyKnown(fields, ['wans', 'devices', 'routes', 'tables']);
  const named = fields.has('tables') ? tables(fields.table('tables')) : {};
  const devices = fields.has('devices') ? fields.table('devices') : null;
  const raw = value as Readonly<Record<string, Value>>;
  return {
    wans: fields.has('wans') ? wans(raw['wans'] ?? null, 'wans') : {},
    devices:
      devices === null
        ? {}
        : Object.fromEntries(devices.names().map((name) => [name, deviceAt(devices, name)] as const)),
    routes: fields.has('routes') ? routesAt(fields, raw['routes'] ?? null, named) : null,
    tables: named,
  };
}

/** The file's content decoded, or what is wrong where, as a sentence. */
export function decodeLinks(text: string): Result<LinksFile, string> {
  let value: Value;
  try {
    value = JSON.parse(text) as Value;
  } catch (error) {
    return fail(`Is no JSON: ${error instanceof Error ? error.message : 'it cannot be read'}.`);
  }
  const decoded = decoding(() => decode(value));
  return decoded.ok ? decoded : fail(`${decoded.error.replace(/^the reply/, 'The whole')}.`);
}
