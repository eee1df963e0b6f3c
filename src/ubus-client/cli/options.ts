/** Options of the `ubus` command, read as getopt does: until the first word that is none. */

export interface UbusOptions {
  readonly socketPath: string;
  /** Milliseconds; Infinity for `-t 0`. */
  readonly timeoutMs: number;
  /** Whether `-t` was given: then it also ends `listen` and its like. */
  readonly hasTimeout: boolean;
  readonly simple: boolean;
  readonly verbose: boolean;
  /** Message types for `monitor`; none = all. */
  readonly types: readonly string[];
  /** `r` or `t`: only what ubusd received or transmitted. */
  readonly direction: string | undefined;
  readonly command: string | undefined;
  readonly rest: readonly string[];
}

const DEFAULT_SOCKET = '/var/run/ubus/ubus.sock';
const DEFAULT_TIMEOUT_S = 30;
const WITH_VALUE = 'stmM';

/** Undefined when an option is unknown or lacks its value. */
export function parseOptions(args: readonly string[]): UbusOptions | undefined {
  const values: Record<string, string[]> = {};
  let at = 0;
  for (; at < args.length; at++) {
    const word = args[at] as string;
    if (word === '--') {
      at++;
      break;
    }
    if (!/^-./.test(word)) break;
    for (let i = 1; i < word.length; i++) {
      const flag = word[i] as string;
      let value = '';
      if (WITH_VALUE.includes(flag)) {
        const next = i + 1 < word.length ? word.slice(i + 1) : args[++at];
        if (next === undefined) return undefined;
        value = next;
        i = word.length;
      } else if (flag !== 'v' && flag !== 'S') return undefined;
      values[flag] = [...(values[flag] ?? []), value];
    }
  }
  const last = (flag: string) => values[flag]?.[values[flag].length - 1];
  const seconds = Number.parseInt(last('t') ?? String(DEFAULT_TIMEOUT_S), 10);
  return {
    socketPath: last('s') ?? DEFAULT_SOCKET,
    timeoutMs: seconds > 0 ? seconds * 1000 : Number.POSITIVE_INFINITY,
    hasTimeout: last('t') !== undefined && seconds > 0,
    simple: last('S') !== undefined,
    verbose: last('v') !== undefined,
    types: values['m'] ?? [],
    direction: last('M'),
    command: args[at],
    rest: args.slice(at + 1),
  };
}
