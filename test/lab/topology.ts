/**
 * What a lab consists of, as data: two routers, their WANs through ISPs to an internet server, a LAN with clients.
 * Pure: it decides names, addresses and MAC addresses, and touches nothing.
 *
 *   client1 ... clientN                       192.168.1.101 ...
 *        \   |   /
 *       [ switch lan ]                        192.168.1.1 = virtual address
 *        /         \
 *     gw-a --sync-- gw-b                      .2 and .3 on every network; sync 10.255.0.1 and .2
 *      | \         / |
 *  [ wan1 ]       [ wan2 ] ...                one switch per WAN, .10 = virtual address
 *      |             |
 *    isp1          isp2                       .1 on the WAN
 *       \           /
 *        internet                             192.0.2.1 ... = servers, ping and echo
 */
import { LabError } from './programs.ts';

export const ROUTERS = ['gw-a', 'gw-b'] as const;
export type RouterName = (typeof ROUTERS)[number];

/** What a test may choose; all of it has defaults. */
export interface TopologyOptions {
  /** Number of WANs, 1 to 8. Default 2. */
  readonly wans?: number;
  /** Number of LAN clients, 1 to 50. Default 1. */
  readonly clients?: number;
  /** Number of server addresses in the internet, 1 to 16. Default 4. */
  readonly servers?: number;
  /** VRRP, as keepalived's options. */
  readonly vrrp?: Partial<VrrpOptions>;
  /** Packages to install before the first boot: names in build/packages. Default hagw and luci-app-hagw. */
  readonly packages?: readonly string[];
  /** Which of OpenWrt's generations of /etc/init.d/keepalived the configuration is for. Default `present`. */
  readonly keepalivedScript?: 'present' | '24.10';
  /** Who moves the WANs' traffic: hagw's engine with its default timing, or nobody (the default). */
  readonly engine?: 'hagw' | 'none';
  /**
   * One router instead of a pair: gw-b never gets power, gw-a has the LAN's gateway address itself, no VRRP, and hides the
   * LAN behind each WAN's own address. For what one router does with its WANs. Default false.
   */
  readonly alone?: boolean;
  /** What the administrator did for connections to outlive a router; all of it by default. */
  readonly connections?: Partial<ConnectionOptions>;
  /**
   * hagw writes the pair's sections itself: the administrator has written /etc/config/hagw, network, firewall, dhcp and mwan3 alone.
   * Default false: what the guides tell him to write is there, and `manage_pair` is 0.
   */
  readonly managed?: boolean;
  /** Further options of hagw's globals. */
  readonly globals?: Readonly<Record<string, string | number>>;
  /** WANs whose ISP gives one address by DHCP, to one MAC address only; they run on the active router only. Needs `managed`. Default none. */
  readonly dynamicWans?: readonly string[];
  /** Content of /etc/config/mwan3. Default: all WANs in one policy, with equal weights. */
  readonly mwan3?: string;
}

export interface VrrpOptions {
  readonly version: 2 | 3;
  /** Seconds. */
  readonly advertInterval: number;
  readonly priorities: readonly [number, number];
}

export interface ConnectionOptions {
  /** What comes from the LAN gets the WAN's virtual address; false = masquerading, as in the tutorials. */
  readonly snat: boolean;
  /** conntrackd runs. */
  readonly sync: boolean;
  /** TCP packets whose state may still be on its way are dropped, not answered with RST. */
  readonly noReset: boolean;
  /** nf_conntrack_tcp_be_liberal */
  readonly liberal: boolean;
}

export interface Wan {
  readonly name: string;
  readonly isp: string;
  /** First three octets; the prefix is /24. */
  readonly net: string;
  /** ISP's link to the internet: first three octets, .1 = internet, .2 = ISP. */
  readonly uplink: string;
  readonly gateway: string;
  readonly virtualAddress: string;
  /** The ISP's DHCP server gives `virtualAddress` to `sharedMac`. */
  readonly isDynamic: boolean;
  readonly metric: number;
}

export interface Port {
  /** Device in the router. */
  readonly device: string;
  /** The switch in the lab that the other end is plugged into. */
  readonly network: string;
  readonly mac: string;
  /** With prefix length. */
  readonly address: string;
}

export interface RouterPlan {
  readonly name: RouterName;
  readonly ports: readonly Port[];
  readonly syncAddress: string;
  readonly priority: number;
}

export interface ClientPlan {
  readonly name: string;
  readonly address: string;
  readonly mac: string;
}

export interface Topology {
  readonly routers: readonly [RouterPlan, RouterPlan];
  readonly wans: readonly Wan[];
  readonly clients: readonly ClientPlan[];
  readonly servers: readonly string[];
  readonly lanVirtualAddress: string;
  readonly vrrp: VrrpOptions;
  readonly packages: readonly string[];
  readonly keepalivedScript: 'present' | '24.10';
  readonly engine: 'hagw' | 'none';
  readonly alone: boolean;
  readonly connections: ConnectionOptions;
  readonly managed: boolean;
  readonly globals: Readonly<Record<string, string | number>>;
  readonly mwan3: string | null;
}

export const LAN = '192.168.1';
export const SYNC = '10.255.0';
/** What the ISPs of dynamic WANs know: last byte is the WAN's number. */
export const sharedMac = (wan: Pick<Wan, 'name'>): string =>
  `02:00:00:00:0f:${hex(Number(wan.name.slice(3)))}`;
/** RFC 5737's other two blocks are the first WANs; further ones come from RFC 6598. */
const WAN_NETS = ['203.0.113', '198.51.100'];

/** As measured: near 254, so that Skew_Time is small. */
const VRRP: VrrpOptions = { version: 3, advertInterval: 0.1, priorities: [250, 240] };

const hex = (value: number): string => value.toString(16).padStart(2, '0');

function planRouter(
  name: RouterName,
  index: number,
  wans: readonly Wan[],
  vrrp: VrrpOptions,
  alone: boolean,
): RouterPlan {
  const host = index + 2;
  const ports: Omit<Port, 'mac'>[] = [
    { device: 'lan', network: 'lan', address: `${LAN}.${alone && index === 0 ? 1 : host}/24` },
    { device: 'sync', network: 'sync', address: `${SYNC}.${index + 1}/30` },
    ...wans.map((wan) => ({ device: wan.name, network: wan.name, address: `${wan.net}.${host}/24` })),
  ];
  return {
    name,
    // The same MAC at every boot, as with real hardware.
    ports: ports.map((port, at) => ({ ...port, mac: `02:00:00:00:0${index + 1}:${hex(at + 1)}` })),
    syncAddress: `${SYNC}.${index + 1}`,
    priority: vrrp.priorities[index] ?? 100,
  };
}

function checkCount(name: string, value: number, max: number): void {
  if (!Number.isInteger(value) || value < 1 || value > max) {
    throw new LabError(`${name} is ${value}; a lab has 1 to ${max}.`);
  }
}

/** Completes what a test chose. Throws LabError for a number out of range. */
export function planTopology(options: TopologyOptions = {}): Topology {
  const count = { wans: options.wans ?? 2, clients: options.clients ?? 1, servers: options.servers ?? 4 };
  checkCount('wans', count.wans, 8);
  checkCount('clients', count.clients, 50);
  checkCount('servers', count.servers, 16);
  const vrrp = { ...VRRP, ...options.vrrp };
  const alone = options.alone ?? false;
  const wans = Array.from({ length: count.wans }, (_, at): Wan => {
    const net = WAN_NETS[at] ?? `100.64.${at + 1}`;
    return {
      name: `wan${at + 1}`,
      isp: `isp${at + 1}`,
      net,
      uplink: `10.100.${at + 1}`,
      gateway: `${net}.1`,
      virtualAddress: `${net}.10`,
      isDynamic: options.dynamicWans?.includes(`wan${at + 1}`) ?? false,
      metric: 10 * (at + 1),
    };
  });
  return {
    routers: [planRouter('gw-a', 0, wans, vrrp, alone), planRouter('gw-b', 1, wans, vrrp, alone)],
    wans,
    clients: Array.from({ length: count.clients }, (_, at) => ({
      name: `client${at + 1}`,
      address: `${LAN}.${101 + at}`,
      mac: `02:00:00:00:03:${hex(at + 1)}`,
    })),
    servers: Array.from({ length: count.servers }, (_, at) => `192.0.2.${at + 1}`),
    lanVirtualAddress: `${LAN}.1`,
    vrrp,
    packages: options.packages ?? ['hagw', 'luci-app-hagw'],
    keepalivedScript: options.keepalivedScript ?? 'present',
    engine: options.engine ?? 'none',
    alone,
    connections: { snat: true, sync: true, noReset: true, liberal: true, ...options.connections },
    managed: options.managed ?? false,
    globals: options.globals ?? {},
    mwan3: options.mwan3 ?? null,
  };
}
