/**
 * The one table of hagw's ubus objects and methods. The service registers from it and checks arguments by it, the
 * command line and the view call by it, docs/ubus.md is made from it, and a test holds the rpcd ACL against it.
 */
export type ArgumentType = 'string' | 'boolean' | 'int32' | 'table';

export interface ArgumentSpec {
  readonly type: ArgumentType;
  readonly required?: true;
  /** Inclusive range of an int32. */
  readonly min?: number;
  readonly max?: number;
  /** Allowed values of a string. */
  readonly oneOf?: readonly string[];
  /** Longest string, in characters. Default 256. */
  readonly maxLength?: number;
  readonly text: string;
}

export interface MethodSpec {
  /** `read` and `write` = rpcd ACL group of that kind; `root` = only local root (hotplug), in no rpcd ACL. */
  readonly access: 'read' | 'write' | 'root';
  readonly args: Readonly<Record<string, ArgumentSpec>>;
  /** Name of the reply's type in src/api/status.ts, or a few words. */
  readonly reply: string;
  readonly text: string;
}

export interface ObjectSpec {
  readonly text: string;
  readonly methods: Readonly<Record<string, MethodSpec>>;
  /** Notifications to subscribers: name and what they carry. */
  readonly notifications: Readonly<Record<string, string>>;
}

const WAN_NAME = {
  type: 'string',
  required: true,
  maxLength: 64,
  text: 'Name of the WAN: the interface section of mwan3.',
} as const satisfies ArgumentSpec;

/** uhttpd adds it to what comes from a browser. */
const SESSION = {
  ubus_rpc_session: {
    type: 'string',
    maxLength: 32,
    text: "LuCI's session whose staged changes are meant; without it those of the command `uci`. uhttpd adds it by itself.",
  },
} as const satisfies Record<string, ArgumentSpec>;
const SECTION_NAME = {
  type: 'string',
  required: true,
  maxLength: 64,
  text: "The section: its name, uci's id, or @TYPE[N].",
} as const satisfies ArgumentSpec;
const SECTION_OPTIONS = {
  type: 'table',
  text: 'Values by option: text, number, boolean, or a list of texts. An empty one removes the option.',
} as const satisfies ArgumentSpec;
const SECTION_BEFORE = {
  type: 'string',
  maxLength: 64,
  text: 'The section of its type before which it shall stand; empty: the last. The order is that of rules, and of numbers of interfaces.',
} as const satisfies ArgumentSpec;
const SECTION_TYPE = {
  type: 'string',
  oneOf: ['globals', 'interface', 'member', 'policy', 'rule'],
  text: 'Type of the section.',
} as const satisfies ArgumentSpec;

export const OBJECTS = {
  hagw: {
    text: 'The router and its pair as a whole.',
    methods: {
      status: {
        access: 'read',
        args: {},
        reply: 'Status',
        text: 'The whole state of this router and of its partner.',
      },
      health: {
        access: 'read',
        args: {},
        reply: 'Health',
        text: 'What is wrong, worst first, and one sentence that says it all.',
      },
      events: {
        access: 'read',
        args: {
          since: {
            type: 'int32',
            min: 0,
            text: 'Only events with a greater seq. Default 0: all that are kept.',
          },
          limit: { type: 'int32', min: 1, max: 500, text: 'At most so many, the newest. Default 100.' },
        },
        reply: 'Events',
        text: 'The timeline since a cursor.',
      },
      explain: {
        access: 'read',
        args: {
          source: { type: 'string', maxLength: 64, text: "Address; without it, the router's own traffic." },
          destination: { type: 'string', required: true, maxLength: 64, text: 'Address.' },
          protocol: { type: 'string', maxLength: 16, text: 'Name or number.' },
          source_port: { type: 'int32', min: 0, max: 65535, text: 'Of tcp, udp and the like.' },
          destination_port: { type: 'int32', min: 0, max: 65535, text: 'Of tcp, udp and the like.' },
          in_interface: {
            type: 'string',
            maxLength: 64,
            text: "netifd's interface that it comes in by; default: where the route to the source leads.",
          },
          down: { type: 'string', maxLength: 1024, text: 'WANs that are supposed to be down, by commas.' },
        },
        reply: 'Explained',
        text: 'Which rule, policy and WAN a new flow takes, and why the rules before it do not match.',
      },
      plan: {
        access: 'read',
        args: {},
        reply: 'PairPlan',
        text: "What hagw would write on this router for the pair: sections of keepalived, firewall and dhcp, conntrackd's configuration and files of its own; what it means, and what is in the way. Touches nothing.",
      },
      apply: {
        access: 'write',
        args: {},
        reply: 'PairPlan',
        text: 'Writes it now, after keepalived, nft and fw4 have checked it; if anything fails, all files are as before. The service does so by itself when the configuration changes.',
      },
      switchover: {
        access: 'write',
        args: {},
        reply: 'Switchover',
        text: 'Makes the partner the active router, on the active one: connections are flushed to it, then this router leaves and is back as soon as the partner is active. Refused while the partner is not ready.',
      },
      maintenance: {
        access: 'write',
        args: { on: { type: 'boolean', required: true, text: 'On or off.' } },
        reply: 'DutyStatus',
        text: 'Keeps this router out of service, also over a reboot, whenever the partner can serve.',
      },
      reload: {
        access: 'write',
        args: {},
        reply: 'empty',
        text: 'Reads the configuration and all states anew.',
      },
    },
    notifications: {
      'state.changed': 'A TimelineEvent, as soon as it happens.',
    },
  },
  'hagw.wan': {
    text: "The WANs, where hagw's own engine moves their traffic.",
    methods: {
      list: { access: 'read', args: {}, reply: 'WanList', text: 'All WANs with what the probes say.' },
      status: { access: 'read', args: { name: WAN_NAME }, reply: 'WanDetail', text: 'One WAN.' },
      history: {
        access: 'read',
        args: {
          name: WAN_NAME,
          resolution: {
            type: 'string',
            oneOf: ['second', 'minute'],
            text: 'Seconds of the last hour (default), or minutes of the last day.',
          },
          count: { type: 'int32', min: 1, max: 3600, text: 'The newest so many. Default 300.' },
        },
        reply: 'WanHistory',
        text: 'Latency and loss over time.',
      },
      up: {
        access: 'write',
        args: { name: WAN_NAME },
        reply: 'empty',
        text: 'Takes `down` back, the persistent one, too.',
      },
      down: {
        access: 'write',
        args: {
          name: WAN_NAME,
          persist: {
            type: 'boolean',
            text: 'True: also when the service starts anew, until `up` or a reboot. False: no longer so. Default: as it was.',
          },
        },
        reply: 'empty',
        text: 'Takes the WAN out of all policies until `up`, through every reload of the configuration. A restart of the service ends it, unless `persist` is given.',
      },
      probe: {
        access: 'write',
        args: { name: WAN_NAME },
        reply: 'empty',
        text: 'Checks the WAN by a few quick probes now; the outcome is in its state.',
      },
      release: {
        access: 'write',
        args: {
          name: { type: 'string', maxLength: 64, text: 'The flows of this WAN.' },
          client: { type: 'string', maxLength: 64, text: 'The flows of this client: its address.' },
        },
        reply: 'Released',
        text: 'Forgets running flows, so that their next packet chooses a WAN anew. One of the two arguments.',
      },
      get: {
        access: 'read',
        args: {
          type: { ...SECTION_TYPE, text: 'Only sections of this type.' },
          name: { type: 'string', maxLength: 64, text: 'Only this section.' },
          offset: { type: 'int32', min: 0, max: 100000, text: 'Leaves out so many. Default 0.' },
          ...SESSION,
        },
        reply: 'WanSections',
        text: 'The sections of /etc/config/mwan3 with what is staged: options, values in force, problems.',
      },
      set: {
        access: 'write',
        args: { name: SECTION_NAME, options: SECTION_OPTIONS, before: SECTION_BEFORE, ...SESSION },
        reply: 'Edited',
        text: 'Stages new values of a section. What the file as a whole would then be is checked first: a value that could not take effect, and what others refer to, refuses all of it.',
      },
      add: {
        access: 'write',
        args: {
          type: { ...SECTION_TYPE, required: true },
          name: {
            type: 'string',
            maxLength: 64,
            text: 'Name: letters, digits, underscores. Only a rule may have none.',
          },
          options: SECTION_OPTIONS,
          before: SECTION_BEFORE,
          ...SESSION,
        },
        reply: 'Edited',
        text: 'Stages a new section, checked as by `set`.',
      },
      delete: {
        access: 'write',
        args: { name: SECTION_NAME, ...SESSION },
        reply: 'Edited',
        text: 'Stages the removal of a section; refused while another one refers to it.',
      },
      changes: { access: 'read', args: SESSION, reply: 'WanChanges', text: 'What is staged.' },
      revert: { access: 'write', args: SESSION, reply: 'Edited', text: 'Drops what is staged.' },
      commit: {
        access: 'write',
        args: SESSION,
        reply: 'Edited',
        text: 'Has rpcd write what is staged to the file, and procd tell of it; refused if the file would be rejected. `uci commit mwan3` with `reload_config`, and in LuCI "Save & Apply", do the same.',
      },
    },
    notifications: {},
  },
  'hagw.conntrack': {
    text: "The connections and whether they reach the partner: conntrackd's view.",
    methods: {
      status: {
        access: 'read',
        args: {},
        reply: 'ConntrackDetail',
        text: 'Whether conntrackd syncs, its caches, its link and its counters in its own words.',
      },
      survive: {
        access: 'read',
        args: {},
        reply: 'Survive',
        text: 'How many of the connections now open would survive the loss of this router and of each WAN, and why the others would not. Looks at 20000 of them at most; takes up to some seconds.',
      },
    },
    notifications: {},
  },
  'hagw.vrrp': {
    text: "The virtual routers: keepalived's view.",
    methods: {
      list: {
        access: 'read',
        args: {},
        reply: 'VrrpStatus',
        text: "All instances with their addresses and keepalived's own counters, and the sync groups.",
      },
      status: {
        access: 'read',
        args: { name: { type: 'string', required: true, maxLength: 64, text: 'Name of the instance.' } },
        reply: 'VrrpInstance',
        text: 'One instance.',
      },
      transitions: {
        access: 'read',
        args: {
          limit: { type: 'int32', min: 1, max: 200, text: 'At most so many, the newest. Default 20.' },
        },
        reply: 'VrrpTransitions',
        text: 'Changes of the role since the last boot: why, and how long each step of the handover took.',
      },
      handover: {
        access: 'root',
        args: {},
        reply: 'empty',
        text: 'Told by the handover script when a run has ended. Read as a hint: the journal of the script is then read.',
      },
      notify: {
        access: 'root',
        args: {
          type: {
            type: 'string',
            required: true,
            oneOf: ['INSTANCE', 'GROUP', 'DAEMON'],
            text: "keepalived's TYPE; DAEMON for startup and shutdown.",
          },
          name: { type: 'string', maxLength: 64, text: 'Name of the instance or group; empty for DAEMON.' },
          action: {
            type: 'string',
            required: true,
            maxLength: 32,
            text: "keepalived's ACTION, e.g. NOTIFY_MASTER, startup.",
          },
        },
        reply: 'empty',
        text: "Told by keepalived's hotplug call. Read as a hint: the state is then read from keepalived.",
      },
    },
    notifications: {},
  },
} as const satisfies Record<string, ObjectSpec>;
