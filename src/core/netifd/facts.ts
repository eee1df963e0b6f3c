/**
 * What netifd says of its interfaces and devices, as hagw uses it: `ubus call network.interface dump` and
 * `ubus call network.device status`. An *interface* is netifd's logical one (`wan`), a *device* a Linux netdev (`eth1`).
 */

export type Family = 'ipv4' | 'ipv6';

export interface AddressFacts {
  readonly family: Family;
  /** Without the prefix length. */
  readonly address: string;
  /** 0–32 or 0–128. */
  readonly prefixLength: number;
  /** `own`: configured or leased; `prefix`: this interface's own address in a prefix delegated to it. */
  readonly origin: 'own' | 'prefix';
}

export interface RouteFacts {
  readonly family: Family;
  readonly target: string;
  readonly prefixLength: number;
  /** null = on the link: netifd leaves the next hop out, or gives `0.0.0.0` or `::`. */
  readonly nextHop: string | null;
  /** Source prefix as netifd gives it; `0.0.0.0/0` and `::/0` mean any. null = not said. */
  readonly source: string | null;
  /** The route's own metric; null = the interface's. */
  readonly metric: number | null;
  /** Routing table; null = main. */
  readonly table: number | null;
}

/** One entry of `errors`, e.g. subsystem `interface`, code `NO_DEVICE`. */
export interface InterfaceErrorFacts {
  readonly subsystem: string;
  readonly code: string;
  readonly data: readonly string[];
}

/** A down interface has no l3Device, addresses, routes, gateways, metric, dns and uptime. */
export interface InterfaceFacts {
  readonly name: string;
  readonly up: boolean;
  /** In setup: the protocol handler has been started and has not reported yet. */
  readonly pending: boolean;
  /** The device is there and may be used. */
  readonly available: boolean;
  readonly autostart: boolean;
  readonly dynamic: boolean;
  /** Protocol handler: `static`, `dhcp`, `pppoe`, …; empty if netifd names none. */
  readonly proto: string;
  /** The configured device; null if there is none. */
  readonly device: string | null;
  /** The device that carries the addresses (`pppoe-wan` for a PPPoE interface); null while down. */
  readonly l3Device: string | null;
  /** IPv4, then IPv6, then prefix addresses, each in netifd's order. */
  readonly addresses: readonly AddressFacts[];
  readonly routes: readonly RouteFacts[];
  /** Next hop of the best default route of the interface; null = none, or on the link (see `routes`). */
  readonly defaultGateway4: string | null;
  readonly defaultGateway6: string | null;
  /** null while down. */
  readonly metric: number | null;
  readonly dns: readonly string[];
  /** Whole seconds since it came up; null while down. */
  readonly uptimeS: number | null;
  readonly errors: readonly InterfaceErrorFacts[];
}

export interface DeviceFacts {
  readonly name: string;
  readonly present: boolean;
  /** netifd's word, e.g. `Network device`, `bridge`, `8021q`. */
  readonly type: string;
  /** Administratively up; null if the device is absent. */
  readonly up: boolean | null;
  /** null if the device is absent. */
  readonly carrier: boolean | null;
  readonly macAddress: string | null;
  readonly mtu: number | null;
  /** null if netifd gives no statistics. Counters beyond 2^53 lose their last digits. */
  readonly counters: DeviceCounters | null;
}

export interface DeviceCounters {
  readonly rxBytes: number;
  readonly rxPackets: number;
  readonly rxErrors: number;
  readonly rxDropped: number;
  readonly txBytes: number;
  readonly txPackets: number;
  readonly txErrors: number;
  readonly txDropped: number;
}
