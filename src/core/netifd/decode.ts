/**
 * Replies of netifd (`network.interface dump`, `network.device status`) to facts. An interface that is down has few
 * fields: what is missing is null or empty, never guessed. A field of the wrong type makes the whole reply malformed.
 */

import { fail, ok, type Result } from '../../lib/result.ts';
import { type ReadError, readError } from '../neighbours/read-error.ts';
import { decoding, Fields, Unexpected, type Value } from '../neighbours/value.ts';
import type {
  AddressFacts,
  DeviceCounters,
  DeviceFacts,
  Family,
  InterfaceErrorFacts,
  InterfaceFacts,
  RouteFacts,
} from './facts.ts';

/** netifd's counters are 64 bits wide; 2^64 rounded, as JavaScript has it. */
const MAX_COUNTER = 2 ** 64;

/** The reply of `ubus call network.interface dump`. */
export function decodeInterfaces(reply: Value): Result<readonly InterfaceFacts[], ReadError> {
  const decoded = decoding(() => {
    const fields = new Fields(reply, '');
    if (!fields.has('interface')) throw new Unexpected('interface is missing');
    return fields.tables('interface').map((entry) => decodeInterface(entry, entry.text('interface')));
  });
  if (decoded.ok) return ok(decoded.value);
  return fail(malformed('network.interface dump', decoded.error));
}

/** The reply of `ubus call network.device status` without a name: all devices. */
export function decodeDevices(reply: Value): Result<readonly DeviceFacts[], ReadError> {
  const decoded = decoding(() => {
    const fields = new Fields(reply, '');
    return fields.names().map((name) => decodeDevice(fields.table(name), name));
  });
  if (decoded.ok) return ok(decoded.value);
  return fail(malformed('network.device status', decoded.error));
}

function malformed(method: string, what: string): ReadError {
  return readError('malformed', `netifd's reply to ${method} is not understood: ${what}.`);
}

/** One interface, of `dump` or of `network.interface.NAME status` (which has no name in it). */
export function decodeInterface(fields: Fields, name: string): InterfaceFacts {
  const routes = fields.tables('route').map(decodeRoute);
  const addresses = [
    ...fields.tables('ipv4-address').map((entry) => decodeAddress(entry, 'ipv4', 'own')),
    ...fields.tables('ipv6-address').map((entry) => decodeAddress(entry, 'ipv6', 'own')),
    ...fields
      .tables('ipv6-prefix-assignment')
      .filter((entry) => entry.has('local-address'))
      .map((entry) => decodeAddress(entry.table('local-address'), 'ipv6', 'prefix')),
  ];
  return {
    name,
    up: fields.flag('up'),
    pending: fields.flagOr('pending', false),
    available: fields.flagOr('available', false),
    autostart: fields.flagOr('autostart', false),
    dynamic: fields.flagOr('dynamic', false),
    proto: fields.textOr('proto', ''),
    device: fields.textOr('device', null),
    l3Device: fields.textOr('l3_device', null),
    addresses,
    routes,
    defaultGateway4: gatewayOf(routes, 'ipv4'),
    defaultGateway6: gatewayOf(routes, 'ipv6'),
    metric: fields.u32Or('metric', null),
    dns: fields.texts('dns-server'),
    uptimeS: fields.u32Or('uptime', null),
    errors: fields.tables('errors').map(decodeError),
  };
}

function decodeAddress(fields: Fields, family: Family, origin: 'own' | 'prefix'): AddressFacts {
  return {
    family,
    address: fields.text('address'),
    prefixLength: fields.integer('mask', 0, family === 'ipv4' ? 32 : 128),
    origin,
  };
}

function decodeRoute(fields: Fields): RouteFacts {
  const target = fields.text('target');
  const family: Family = target.includes(':') ? 'ipv6' : 'ipv4';
  const nextHop = fields.textOr('nexthop', null);
  return {
    family,
    target,
    prefixLength: fields.integer('mask', 0, family === 'ipv4' ? 32 : 128),
    nextHop: nextHop === '0.0.0.0' || nextHop === '::' ? null : nextHop,
    source: fields.textOr('source', null),
    metric: fields.u32Or('metric', null),
    table: fields.u32Or('table', null),
  };
}

/** Next hop of the default route of the lowest metric in table main; the first one wins a tie, as in the kernel. */
function gatewayOf(routes: readonly RouteFacts[], family: Family): string | null {
  let best: RouteFacts | null = null;
  for (const route of routes) {
    if (route.family !== family || route.prefixLength !== 0 || route.table !== null) continue;
    if (best === null || (route.metric ?? 0) < (best.metric ?? 0)) best = route;
  }
  return best?.nextHop ?? null;
}

function decodeError(fields: Fields): InterfaceErrorFacts {
  return {
    subsystem: fields.textOr('subsystem', ''),
    code: fields.textOr('code', ''),
    data: fields.texts('data'),
  };
}

function decodeDevice(fields: Fields, name: string): DeviceFacts {
  return {
    name,
    present: fields.flagOr('present', false),
    type: fields.textOr('type', ''),
    up: fields.flagOr('up', null),
    carrier: fields.flagOr('carrier', null),
    macAddress: fields.textOr('macaddr', null),
    mtu: fields.u32Or('mtu', null),
    counters: fields.has('statistics') ? decodeCounters(fields.table('statistics')) : null,
  };
}

function decodeCounters(fields: Fields): DeviceCounters {
  const counter = (name: string) => fields.integerOr(name, 0, MAX_COUNTER, 0);
  return {
    rxBytes: counter('rx_bytes'),
    rxPackets: counter('rx_packets'),
    rxErrors: counter('rx_errors'),
    rxDropped: counter('rx_dropped'),
    txBytes: counter('tx_bytes'),
    txPackets: counter('tx_packets'),
    txErrors: counter('tx_errors'),
    txDropped: counter('tx_dropped'),
  };
}
