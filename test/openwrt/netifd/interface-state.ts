/** One logical interface: its state, and how `status` and `dump` show it (test/captures/netifd, 02 and 03). */
import type { BusTable } from '../procd/stand-in-bus.ts';
import type { Address, InterfaceConfig, Route } from './config.ts';
import type { DhcpClient } from './dhcp-client.ts';

/** What is set in the kernel for an interface that is up. */
export interface Applied {
  readonly device: string;
  readonly metric: number;
  readonly addresses4: readonly Address[];
  readonly addresses6: readonly Address[];
  readonly routes: readonly Route[];
  readonly dns: readonly string[];
  readonly dnsSearch: readonly string[];
}

export interface InterfaceState {
  config: InterfaceConfig;
  readonly dynamic: boolean;
  autostart: boolean;
  /** The device is there, or, for an alias, its parent is up. */
  available: boolean;
  /** A protocol handler has been started and has not reported yet. */
  pending: boolean;
  /** Undefined while down. */
  applied: Applied | undefined;
  upSinceMs: number;
  /** `addresses`, `routes`, `data`: what the latest change touched. */
  updated: readonly string[];
  data: BusTable;
  missingDevice: boolean;
  client: DhcpClient | undefined;
}

export function createInterfaceState(config: InterfaceConfig, dynamic: boolean): InterfaceState {
  return {
    config,
    dynamic,
    autostart: config.auto,
    available: false,
    pending: false,
    applied: undefined,
    upSinceMs: 0,
    updated: [],
    data: {},
    missingDevice: false,
    client: undefined,
  };
}

/** The name of the interface that an alias stands on. */
export function parentOf(config: InterfaceConfig): string | undefined {
  return config.device?.startsWith('@') === true ? config.device.slice(1) : undefined;
}

const addressTables = (list: readonly Address[]) => list.map(({ address, mask }) => ({ address, mask }));

function routeTable(route: Route): BusTable {
  const { target, mask, nexthop, metric, source } = route;
  return { target, mask, nexthop, ...(metric === undefined ? {} : { metric }), source };
}

/** `device` is what the config's device means at present; it stays in the answer while the interface is down. */
export function statusOf(state: InterfaceState, device: string | undefined, nowMs: number): BusTable {
  const { config, applied } = state;
  const named = device === undefined ? {} : { device };
  const head = {
    up: applied !== undefined,
    pending: state.pending,
    available: state.available,
    autostart: state.autostart,
    dynamic: state.dynamic,
  };
  const errors = state.missingDevice
    ? { errors: [{ subsystem: 'interface', code: 'NO_DEVICE' }] as BusTable[] }
    : {};
  if (applied === undefined) return { ...head, proto: config.proto, ...named, data: state.data, ...errors };
  return {
    ...head,
    uptime: Math.floor((nowMs - state.upSinceMs) / 1000),
    l3_device: applied.device,
    proto: config.proto,
    ...named,
    ...(state.updated.length > 0 ? { updated: state.updated } : {}),
    metric: applied.metric,
    dns_metric: 0,
    delegation: true,
    'ipv4-address': addressTables(applied.addresses4),
    'ipv6-address': addressTables(applied.addresses6),
    'ipv6-prefix': [],
    'ipv6-prefix-assignment': [],
    route: applied.routes.map(routeTable),
    'dns-server': applied.dns,
    'dns-search': applied.dnsSearch,
    neighbors: [],
    inactive: {
      'ipv4-address': [],
      'ipv6-address': [],
      route: [],
      'dns-server': [],
      'dns-search': [],
      neighbors: [],
    },
    data: state.data,
    ...errors,
  };
}
