/**
 * The option tables of /etc/config/hagw. The defaults were measured: VRRPv3 adverts of 100 ms with priorities near
 * the top give a client a gap of 0.28 s when a router loses power (Skew_Time shrinks with the priority, RFC 9568, 6.1).
 */
import type { OptionTable } from './option.ts';

export interface SectionSpec {
  readonly text: string;
  /** How many there are. */
  readonly count: string;
  readonly options: OptionTable;
}

export const GLOBALS = {
  enabled: { type: 'boolean', default: '1', text: 'Whether the service starts.' },
  engine: {
    type: 'enum',
    oneOf: ['hagw', 'mwan3', 'none'],
    default: 'hagw',
    safety: true,
    text: 'Who moves the traffic of the WANs: hagw itself, the mwan3 package (hagw then only reads it), or nobody.',
  },
  sync_interface: {
    type: 'name',
    required: true,
    safety: true,
    example: 'sync',
    text: "The network between the two routers, by netifd's name; it carries connection states and leases and should be a cable of its own.",
  },
  manage_pair: {
    type: 'boolean',
    default: '1',
    safety: true,
    text: "Whether hagw writes what the pair needs: sections named hagw_* in keepalived, firewall and dhcp, and conntrackd's configuration. With 0 it only reads what you wrote.",
  },
  advert_profile: {
    type: 'enum',
    oneOf: ['default', 'fast'],
    default: 'default',
    safety: true,
    text: 'How often the active router says that it lives: every 100 ms, or with fast every 20 ms.',
  },
  advert_interval_ms: {
    type: 'integer',
    unit: 'ms',
    min: 10,
    max: 40950,
    step: 10,
    defaultText: 'by advert_profile',
    example: '100',
    safety: true,
    text: 'VRRP Advertisement_Interval (RFC 9568 counts in hundredths of a second). About three of them pass before the partner takes over.',
  },
  preempt: {
    type: 'boolean',
    default: '0',
    safety: true,
    text: 'Whether the router of the greater priority becomes active again when it is back. Each change is a risk; with 0 the other one stays active.',
  },
  preempt_delay_s: {
    type: 'integer',
    unit: 's',
    min: 0,
    max: 1000,
    default: '30',
    safety: true,
    text: 'With preempt: how long it waits, so that it knows the connections before it takes over.',
  },
  vrrp_transport: {
    type: 'enum',
    oneOf: ['auto', 'multicast', 'unicast'],
    default: 'auto',
    safety: true,
    text: "How adverts travel. unicast: between the routers' own addresses on the LAN and over the sync cable, too, so that one lost cable moves nothing or moves at once. It needs an own_address of both routers on the LAN; auto takes it where they have one. multicast: on the network of each virtual address.",
  },
  hold_s: {
    type: 'integer',
    unit: 's',
    min: 0,
    max: 3600,
    default: '10',
    safety: true,
    text: 'How long a WAN must have been back before it counts again; one that was not up for so long must be lost for as long before the routers change roles.',
  },
  conntrackd_transport: {
    type: 'enum',
    oneOf: ['udp', 'multicast'],
    default: 'udp',
    safety: true,
    text: 'How connection states travel on the sync interface.',
  },
  conntrackd_port: {
    type: 'integer',
    min: 1,
    max: 65535,
    default: '3780',
    safety: true,
    text: 'UDP port of conntrackd on the sync interface.',
  },
  poll_interval_ms: {
    type: 'integer',
    unit: 'ms',
    min: 1000,
    max: 3600000,
    default: '5000',
    text: 'How often the service reads what sends no event (conntrackd, leases), and again what does.',
  },
} as const satisfies OptionTable;

export const ROUTER = {
  name: {
    type: 'name',
    maxLength: 32,
    defaultText: 'name of the section',
    example: 'gw-a',
    safety: true,
    text: 'What the router is called in the status and in messages.',
  },
  sync_address: {
    type: 'ip-address',
    required: true,
    safety: true,
    example: '10.255.255.1',
    text: 'Its address on the sync interface. A router knows by it which of the two it is.',
  },
  priority: {
    type: 'integer',
    min: 1,
    max: 254,
    defaultText: '250 for the first router section, 240 for the second',
    example: '250',
    safety: true,
    text: 'VRRP priority; the greater one is active when both could be. 255 is reserved for address owners.',
  },
  own_address: {
    type: 'ip-address',
    list: true,
    safety: true,
    example: '192.168.1.2',
    text: 'Addresses that are its own on the other networks. The one on the LAN carries the adverts (vrrp_transport), and connections of all of them are not synced.',
  },
} as const satisfies OptionTable;

export const ADDRESS = {
  interface: {
    type: 'name',
    required: true,
    safety: true,
    example: 'lan',
    text: "The network the address is on, by netifd's name.",
  },
  address: {
    type: 'ip-prefix',
    required: true,
    safety: true,
    example: '192.168.1.1/24',
    text: 'The virtual address, with prefix length.',
  },
  vrid: {
    type: 'integer',
    min: 1,
    max: 255,
    required: true,
    safety: true,
    example: '10',
    text: 'VRID of the virtual router: each pair on one network needs its own.',
  },
  snat: {
    type: 'boolean',
    default: '1',
    safety: true,
    text: "On a WAN: connections that leave by it are translated to this address, so that they survive a change of routers. The first such address of a network and family counts; the router's own traffic keeps its own address.",
  },
  dhcp: {
    type: 'boolean',
    default: '1',
    safety: true,
    text: 'On a network with a DHCP pool: clients get this address as gateway and DNS server. The first such address of a network counts.',
  },
} as const satisfies OptionTable;

export const WAN = {
  interface: {
    type: 'name',
    defaultText: 'name of the section',
    example: 'wan',
    safety: true,
    text: "The network, by netifd's name: DHCP, or PPPoE, whose session starts anew.",
  },
  macaddr: {
    type: 'string',
    defaultText: 'derived from the sync addresses and the interface',
    example: '02:12:34:56:78:9a',
    safety: true,
    text: 'MAC address that both routers use on its device. The default is the same on both.',
  },
} as const satisfies OptionTable;

/** Section types of /etc/config/hagw in the order in which the file shows them. */
export const SECTIONS = {
  globals: { count: 'one', text: 'What holds for the pair as a whole.', options: GLOBALS },
  router: { count: 'two', text: 'One of the two routers.', options: ROUTER },
  address: {
    count: 'one for each virtual address',
    text: 'A virtual address, which the active router holds. All of them move together.',
    options: ADDRESS,
  },
  wan: {
    count: 'one for each WAN without a fixed address',
    text: 'A WAN that runs on the active router only, with one MAC address on both. hagw check says what it needs in /etc/config/network.',
    options: WAN,
  },
} as const satisfies Record<string, SectionSpec>;
