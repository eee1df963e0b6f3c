/** The help text of the command, and how its options are read. */
export const USAGE = `Usage: uci [<options>] <command> [<arguments>]

Commands:
	batch
	export     [<config>]
	import     [<config>]
	changes    [<config>]
	commit     [<config>]
	add        <config> <section-type>
	add_list   <config>.<section>.<option>=<string>
	del_list   <config>.<section>.<option>=<string>
	show       [<config>[.<section>[.<option>]]]
	get        <config>.<section>[.<option>]
	set        <config>.<section>[.<option>]=<value>
	delete     <config>[.<section>[[.<option>][=<id>]]]
	rename     <config>.<section>[.<option>]=<name>
	revert     <config>[.<section>[.<option>]]
	reorder    <config>.<section>=<position>

Options:
	-c <path>  set the search path for config files (default: /etc/config)
	-C <path>  set the search path for config override files (default: /var/run/uci)
	-d <str>   set the delimiter for list values in uci show
	-f <file>  use <file> as input instead of stdin
	-m         when importing, merge data into an existing package
	-n         name unnamed sections on export (default)
	-N         don't name unnamed sections
	-p <path>  add a search path for config change files
	-P <path>  add a search path for config change files and use as default
	-t <path>  set save path for config change files
	-q         quiet mode (don't print error messages)
	-s         force strict mode (stop on parser errors, default)
	-S         disable strict mode
	-X         do not use extended syntax on 'show'

`;

export interface UciCliOptions {
  configDir: string;
  overrideDir: string;
  /** Folders whose pending changes are read, in order; the last is where changes are staged. */
  folders: string[];
  /** `-P`: a commit says that it succeeded and does nothing. */
  commitNothing: boolean;
  delimiter: string;
  inputFile: string | null;
  merge: boolean;
  nameAll: boolean;
  quiet: boolean;
  strict: boolean;
  /** `-S`: tell of each error in a file, even if `-s` follows. */
  reportErrors: boolean;
  extended: boolean;
}

/** Where changes are staged unless an option says otherwise; it is always read. */
const DELTA_DIR = '/tmp/.uci';

export type ReadOptions =
  | { readonly ok: true; readonly options: UciCliOptions; readonly rest: readonly string[] }
  | { readonly ok: false; readonly message: string };

/**
 * Options as musl's getopt(3) reads them, up to the first word that is none; `rest` is the command. `message` is what
 * getopt says of an option that it does not know or that lacks its argument.
 */
export function readOptions(args: readonly string[]): ReadOptions {
  const options: UciCliOptions = {
    configDir: '/etc/config',
    overrideDir: '/var/run/uci',
    folders: [DELTA_DIR],
    commitNothing: false,
    delimiter: ' ',
    inputFile: null,
    merge: false,
    nameAll: false,
    quiet: false,
    strict: true,
    reportErrors: false,
    extended: true,
  };
  const stageIn = (folder: string): void => {
    options.folders = [...options.folders.filter((other) => other !== folder), folder];
  };
  const withArgument: Readonly<Record<string, (value: string) => void>> = {
    c: (value) => {
      options.configDir = value;
    },
    C: (value) => {
      options.overrideDir = value;
    },
    d: (value) => {
      options.delimiter = value;
    },
    f: (value) => {
      options.inputFile = value;
    },
    p: (value) => {
      if (!options.folders.includes(value)) options.folders.splice(-1, 0, value);
    },
    P: (value) => {
      stageIn(value);
      options.commitNothing = true;
    },
    t: stageIn,
  };
  const alone: Readonly<Record<string, () => void>> = {
    m: () => {
      options.merge = true;
    },
    n: () => {
      options.nameAll = true;
    },
    N: () => {
      options.nameAll = false;
    },
    q: () => {
      options.quiet = true;
    },
    s: () => {
      options.strict = true;
    },
    S: () => {
      options.strict = false;
      options.reportErrors = true;
    },
    X: () => {
      options.extended = false;
    },
  };
  let at = 0;
  for (; at < args.length; at += 1) {
    const word = args[at] ?? '';
    if (word === '--') {
      at += 1;
      break;
    }
    if (!word.startsWith('-') || word === '-') break;
    for (let place = 1; place < word.length; place += 1) {
      const letter = word.charAt(place);
      const flag = alone[letter];
      if (flag !== undefined) {
        flag();
        continue;
      }
      const take = withArgument[letter];
      if (take === undefined) return unknown(letter);
      const glued = word.slice(place + 1);
      if (glued === '') at += 1;
      const value = glued === '' ? args[at] : glued;
      if (value === undefined) {
        return { ok: false, message: `uci: option requires an argument: ${letter}\n` };
      }
      take(value);
      break;
    }
  }
  return { ok: true, options, rest: args.slice(at) };
}

/** `-L` was an option once: getopt still lets it through, and the command then shows its usage. */
function unknown(letter: string): ReadOptions {
  return { ok: false, message: letter === 'L' ? '' : `uci: unrecognized option: ${letter}\n` };
}
