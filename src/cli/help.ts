/** The commands of `hagw` and what they are for: help and docs are made from this table. */
import type { OptionUses } from './arguments.ts';

export interface CommandUse {
  /** Words after the command, as the help shows them. */
  readonly words: string;
  /** How many words at least and at most. */
  readonly count: readonly [number, number];
  readonly options: OptionUses;
  readonly text: string;
}

const JSON_OPTION = { value: null, text: 'The reply as JSON, on one line.' } as const;
const CONFIG_OPTION = {
  value: 'DIR',
  text: 'Reads UCI from DIR instead of /etc/config; needs no ubus, touches nothing.',
} as const;

const LINKS_OPTION = {
  value: 'FILE',
  text: 'JSON of link states and routes (docs/cli.md); default: every WAN online, routes of UCI network.',
} as const;

export const COMMANDS = {
  status: {
    words: '',
    count: [0, 0],
    options: { json: JSON_OPTION },
    text: 'Shows the state of this router and of its partner.',
  },
  events: {
    words: '',
    count: [0, 0],
    options: {
      since: { value: 'SEQ', text: 'Only what came after the event of that number.' },
      limit: { value: 'N', text: 'The newest N, 1 to 500; default 100.' },
      json: JSON_OPTION,
    },
    text: 'Shows what happened, oldest first.',
  },
  check: {
    words: '',
    count: [0, 0],
    options: {
      config: CONFIG_OPTION,
      partner: {
        value: 'DIR',
        text: "With --config: the partner's folder, whose WANs must be numbered alike.",
      },
      json: JSON_OPTION,
    },
    text: 'Says what is wrong; the exit code is the worst of it. With --config, what the files alone show.',
  },
  print: {
    words: 'keepalived|conntrackd|pair|nft|rules|routes',
    count: [1, 1],
    options: {
      config: CONFIG_OPTION,
      script: {
        value: 'present|24.10',
        text: 'keepalived: as the init script of that age writes it; default present.',
      },
      links: { ...LINKS_OPTION, text: `nft, rules, routes: ${LINKS_OPTION.text}` },
      router: { value: 'NAME', text: 'For that router of the pair; default this one.' },
      planned: { value: null, text: 'keepalived: as it will be when hagw has written its sections.' },
    },
    text: "Prints what follows from UCI: a daemon's configuration, or what the multi-WAN engine gives the kernel.",
  },
  plan: {
    words: '',
    count: [0, 0],
    options: {
      config: CONFIG_OPTION,
      router: { value: 'NAME', text: 'For that router of the pair, from files; default this one.' },
      json: JSON_OPTION,
    },
    text: 'Shows what hagw would write for the pair into other packages, what it means and what is in the way. Touches nothing.',
  },
  apply: {
    words: '',
    count: [0, 0],
    options: { json: JSON_OPTION },
    text: 'Has the service write it now, checked beforehand; if something fails, all files are as before.',
  },
  wan: {
    words: '[list | status|history|up|down|probe WAN | get|set|add|delete|changes|revert|commit …]',
    count: [0, 200],
    options: {
      persist: { value: null, text: 'down: also after a restart of the service, until `up` or a reboot.' },
      minutes: { value: null, text: 'history: minutes of the last day instead of seconds of the last hour.' },
      count: { value: 'N', text: 'history: the newest N, 1 to 3600; default 60.' },
      before: { value: 'SECTION|-', text: 'set, add: stands before that section of its type; -: last.' },
      json: JSON_OPTION,
    },
    text: 'Shows the WANs, their probes and history; takes one out, puts it back, checks it now; reads and stages sections of mwan3: get [TYPE|SECTION], set SECTION OPTION=VALUE…, add TYPE [NAME] OPTION=VALUE…, delete SECTION.',
  },
  switchover: {
    words: '',
    count: [0, 0],
    options: { json: JSON_OPTION },
    text: 'Makes the partner the active router; on the active one. Says how long each step took, or why not.',
  },
  maintenance: {
    words: '[on|off]',
    count: [0, 1],
    options: { json: JSON_OPTION },
    text: 'Keeps this router out of service, also over a reboot, whenever the partner can serve.',
  },
  survive: {
    words: '',
    count: [0, 0],
    options: { json: JSON_OPTION },
    text: 'Says how many of the connections now open would survive the loss of this router and of each WAN, and why not the others.',
  },
  release: {
    words: '[WAN]',
    count: [0, 1],
    options: {
      client: { value: 'ADDRESS', text: "The flows of this client instead of a WAN's." },
      json: JSON_OPTION,
    },
    text: 'Forgets running flows, so that they choose a WAN anew.',
  },
  explain: {
    words: 'SRC|router DST [PROTO [SPORT|- [DPORT]]]',
    count: [2, 5],
    options: {
      down: {
        value: 'WAN',
        repeats: true,
        text: 'As if this WAN were down; several times, or several by commas.',
      },
      in: {
        value: 'INTERFACE',
        text: "netifd's interface that it comes in by; default: where the route to SRC leads.",
      },
      config: CONFIG_OPTION,
      links: LINKS_OPTION,
      json: JSON_OPTION,
    },
    text: 'Says which rule, policy and WAN a new flow takes, and why not the others. Asks the service, or with --config or --links files only.',
  },
  import: {
    words: 'FILE|DIR',
    count: [1, 1],
    options: {
      from: {
        value: 'SYSTEM',
        text: 'mwan3, fault_tolerant_router or openbsd; default: by the look of the file. A DIR has mwan3.',
      },
      config: { value: 'DIR', text: 'Names interfaces as UCI network in DIR does; default /etc/config.' },
      json: { value: null, text: 'Sections and notes as JSON, on one line.' },
    },
    text: "Prints another system's configuration as sections for /etc/config/mwan3; notes on standard error.",
  },
  reload: {
    words: '',
    count: [0, 0],
    options: {},
    text: 'Has the service read the configuration and all states anew.',
  },
  service: {
    words: '',
    count: [0, 0],
    options: {},
    text: 'Runs the service in the foreground (procd starts it so).',
  },
  version: { words: '', count: [0, 0], options: {}, text: 'Prints the version.' },
  help: { words: '', count: [0, 0], options: {}, text: 'Prints this.' },
} as const satisfies Record<string, CommandUse>;

export type CommandName = keyof typeof COMMANDS;

const COLUMN = 32;

/** Exit codes for the help and the docs. */
export const EXIT_TEXTS: readonly (readonly [number, string])[] = [
  [0, 'done; check: nothing is wrong, or only notices'],
  [1, 'check: warnings'],
  [2, 'check: errors'],
  [3, 'the service does not answer'],
  [64, 'the call is wrong'],
  [65, 'the configuration or the file to import cannot be read or used'],
  [75, 'service: another one runs already'],
];

/** The text in its column, below if what it is about reaches into it. */
function entry(head: string, text: string): string {
  return head.length < COLUMN ? `${head.padEnd(COLUMN)}${text}` : `${head}\n${' '.repeat(COLUMN)}${text}`;
}

export function helpText(): string {
  const commands: readonly (readonly [string, CommandUse])[] = Object.entries(COMMANDS);
  const lines = commands.flatMap(([name, { words, options, text }]) => [
    entry(`  ${`${name} ${words}`.trim()}`, text),
    ...Object.entries(options).map(([option, use]) =>
      entry(`    --${`${option} ${use.value ?? ''}`.trim()}`, use.text),
    ),
  ]);
  const codes = EXIT_TEXTS.map(([code, text]) => `  ${String(code).padStart(2)}  ${text}`);
  return ['Usage: hagw COMMAND [OPTION…]', '', ...lines, '', 'Exit codes:', ...codes, ''].join('\n');
}
