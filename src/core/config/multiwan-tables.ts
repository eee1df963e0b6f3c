/**
 * The option tables of /etc/config/mwan3, as hagw's own engine reads it: every option of mwan3 2.12 with its meaning and
 * default (its scripts and configuration), and hagw's own. Each says how far it is mwan3's; docs/uci-options.md is made from
 * here. The timing and tracking options of an interface are in multiwan-track-table.ts.
 */
import type { MultiWanTable } from './multiwan-option.ts';
import { TRACK } from './multiwan-track-table.ts';

export interface MultiWanSection {
  readonly text: string;
  readonly options: MultiWanTable;
}

const FORMER = 'mwan3 2.12 does not read it either, and it has no effect.';

const GLOBALS = {
  mmx_mask: {
    type: 'string',
    maxLength: 16,
    default: '0x3F00',
    safety: true,
    origin: 'mwan3',
    text: 'Bits of the packet mark that belong to the multi-WAN engine, 3 or more, hexadecimal or decimal. n bits have room for 2^n - 4 interface sections, but no more than 250.',
    differs:
      'Too few bits for the interface sections reject the file; in mwan3 marks then collide without a word.',
  },
  logging: {
    type: 'boolean',
    default: '0',
    origin: 'mwan3',
    text: 'Lets rules with logging 1 write to the kernel log.',
  },
  loglevel: {
    type: 'enum',
    oneOf: [
      'emerg',
      'panic',
      'alert',
      'crit',
      'err',
      'error',
      'warn',
      'warning',
      'notice',
      'info',
      'debug',
      '0',
      '1',
      '2',
      '3',
      '4',
      '5',
      '6',
      '7',
    ],
    default: 'notice',
    origin: 'mwan3',
    text: 'Syslog level of these lines.',
  },
  rt_table_lookup: {
    type: 'name',
    list: true,
    origin: 'mwan3',
    text: 'Routing tables, by number or by their name in /etc/iproute2/rt_tables: their destinations are left alone by rules, and their routes are copied to the table of each WAN.',
    differs: 'The table of a WAN rejects the file.',
  },
  source_routing: {
    type: 'boolean',
    default: '0',
    origin: 'mwan3',
    text: 'Default routes keep their `from PREFIX` in the tables of the WANs.',
  },
  track_default: {
    type: 'boolean',
    default: '0',
    origin: 'hagw',
    text: 'An interface without track_ip is tracked by a set of four public resolvers of its family. Without it such an interface is online as long as its link is, as in mwan3.',
  },
  enabled: { type: 'string', origin: 'former', deprecated: FORMER, text: 'Switch of versions before 2.9.' },
  local_source: {
    type: 'string',
    origin: 'former',
    deprecated: FORMER,
    text: "Source address of the router's own traffic before 2.8.",
    differs: 'The router has the right source address by itself.',
  },
  rtmon_interval: {
    type: 'string',
    origin: 'former',
    deprecated: FORMER,
    text: 'How often older versions read the routing table.',
    differs: 'Routes are followed by event.',
  },
} as const satisfies MultiWanTable;

const INTERFACE = {
  // mwan3 takes an interface without the option for switched off.
  enabled: {
    type: 'boolean',
    default: '0',
    origin: 'mwan3',
    text: 'Whether the interface is used. One that is not keeps its number, mark and table.',
  },
  family: {
    type: 'enum',
    oneOf: ['ipv4', 'ipv6'],
    default: 'ipv4',
    origin: 'mwan3',
    text: 'Address family. A provider with both needs two interface sections.',
  },
  ...TRACK,
} as const satisfies MultiWanTable;

const MEMBER = {
  interface: {
    type: 'string',
    maxLength: 64,
    origin: 'mwan3',
    text: 'Interface section. A member without it is left out.',
    differs: 'A name that is no interface section rejects the file.',
  },
  metric: {
    type: 'integer',
    min: 0,
    max: 256,
    default: '1',
    origin: 'mwan3',
    text: 'The lowest metric with an online member wins. A member whose metric is out of range is left out.',
  },
  weight: {
    type: 'integer',
    min: 1,
    max: 65535,
    default: '1',
    origin: 'mwan3',
    text: 'Share among the members of one metric.',
    differs: 'Shares are exact; those of mwan3 are cut to thousandths.',
  },
} as const satisfies MultiWanTable;

const POLICY = {
  use_member: {
    type: 'string',
    maxLength: 64,
    list: true,
    origin: 'mwan3',
    text: 'Member sections. IPv4 and IPv6 may stand side by side; each family picks its own lowest metric.',
    differs: 'A name that is no member section rejects the file; mwan3 goes on with the others.',
  },
  last_resort: {
    type: 'enum',
    oneOf: ['unreachable', 'blackhole', 'default'],
    default: 'unreachable',
    origin: 'mwan3',
    text: 'What happens to a family without an online member: an ICMP error, silence, or table main.',
    differs: 'Another spelling is named; it means unreachable in both.',
  },
} as const satisfies MultiWanTable;

const RULE = {
  family: {
    type: 'enum',
    oneOf: ['any', 'ipv4', 'ipv6'],
    default: 'any',
    origin: 'mwan3',
    text: 'Address family; any = both, or the one of the addresses.',
    differs: 'An address of one family without this option is no warning; the rule has one side.',
  },
  src_ip: {
    type: 'string',
    maxLength: 4096,
    list: true,
    origin: 'mwan3',
    text: 'Source: addresses with a prefix length, a dotted mask or a mask with gaps (0.0.0.1/0.0.0.1 = odd hosts), several with commas between them.',
    differs:
      'May be a list, too. Host names make the rule a bad one: looking them up at start would wait for a WAN.',
  },
  src_port: {
    type: 'string',
    maxLength: 4096,
    list: true,
    origin: 'mwan3',
    text: 'Source ports, with proto tcp or udp: numbers and ranges (1024:2000 or 1024-2000), with commas between them.',
    differs:
      'No limit of 15 ports; may be a list; blanks and 1024-2000 are accepted, which in mwan3 cost all rules.',
  },
  dest_ip: {
    type: 'string',
    maxLength: 4096,
    list: true,
    origin: 'mwan3',
    text: 'Destination, as src_ip.',
    differs: 'As src_ip.',
  },
  dest_port: {
    type: 'string',
    maxLength: 4096,
    list: true,
    origin: 'mwan3',
    text: 'Destination ports, as src_port.',
    differs: 'As src_port.',
  },
  proto: {
    type: 'string',
    maxLength: 32,
    defaultText: 'all',
    origin: 'mwan3',
    text: 'Protocol by name or number. Ports beside another one than tcp and udp are ignored and named.',
    differs: '6 and TCP are tcp with ports, too (17 and UDP likewise).',
  },
  src_iface: {
    type: 'name',
    origin: 'mwan3',
    text: "Network the packet came in by, by netifd's name. While it has no device, the rule is left out.",
  },
  ipset: {
    type: 'name',
    origin: 'mwan3',
    text: 'Set of destinations.',
    differs:
      'Sets are those of table inet hagw (ipset_NAME, ipset6_NAME), as nftables has none that tables share.',
  },
  sticky: {
    type: 'boolean',
    default: '0',
    origin: 'mwan3',
    text: 'A source keeps its WAN until it was silent for the timeout.',
    differs:
      'Works with any mask and with names of any length. With a built-in policy it has no effect, as in mwan3, but is named.',
  },
  timeout: {
    type: 'integer',
    unit: 's',
    min: 1,
    max: 2147483,
    default: '600',
    origin: 'mwan3',
    text: 'How long sticky remembers a source.',
    differs: '0 (for ever) is not accepted: the set would only grow.',
  },
  logging: {
    type: 'boolean',
    default: '0',
    origin: 'mwan3',
    text: 'Logs what the rule matches, with the prefix MWAN3(NAME). Needs logging in globals.',
  },
  use_policy: {
    type: 'string',
    maxLength: 64,
    origin: 'mwan3',
    text: 'Policy section, or default (table main), unreachable, blackhole. A rule without it is left out.',
    differs:
      'A policy that does not exist rejects the file; in mwan3 such a rule lets its packets fall through to the next.',
  },
} as const satisfies MultiWanTable;

/** Section types of /etc/config/mwan3. */
export const MULTI_WAN = {
  globals: {
    text: "What holds for all. Only the section named 'globals' counts.",
    options: GLOBALS,
  },
  interface: {
    text: "A WAN; its name is netifd's. The position in the file is the number of its mark, rules and table, so the order must be the same on both routers of a pair.",
    options: INTERFACE,
  },
  member: { text: 'A WAN in a policy.', options: MEMBER },
  policy: { text: 'Which WANs share the traffic, and which ones stand by.', options: POLICY },
  rule: {
    text: 'Traffic and its policy. The first rule that matches wins; a bad one is left out and named, the others hold.',
    options: RULE,
  },
} as const satisfies Record<string, MultiWanSection>;
