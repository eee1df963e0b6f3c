/**
 * The command `ubus`: same verbs, options, output, messages and exit codes as OpenWrt's, by the recordings in
 * test/captures/ubus. What no recording shows is in docs/ubus-client.md.
 */
import { statusText } from '../wire/constants.ts';
import { encodeUtf8 } from '../wire/utf8.ts';
import { type Command, WRONG_USE, WRONG_USE_CODE } from './command.ts';
import { call, list, send } from './commands.ts';
import { CliConnection, type UbusIo } from './connection.ts';
import { monitor } from './monitor.ts';
import { parseOptions } from './options.ts';
import { USAGE } from './usage.ts';
import { listen, subscribe, waitFor } from './watch.ts';

export type { UbusIo } from './connection.ts';

const NOT_CONNECTED = 255;

const COMMANDS: Readonly<Record<string, Command>> = {
  list,
  call,
  subscribe,
  listen,
  send,
  wait_for: waitFor,
  monitor,
};

/** Runs the command; resolves with its exit code. `args` without the program's name. */
export async function runUbus(args: readonly string[], io: UbusIo): Promise<number> {
  const print = (text: string) => io.stdout(encodeUtf8(text));
  const complain = (text: string) => io.stderr(encodeUtf8(text));
  const options = parseOptions(args);
  if (options?.command === undefined) {
    complain(USAGE);
    return 1;
  }
  const bus = await CliConnection.open(io, options.socketPath);
  if (bus === undefined) {
    if (!options.simple) complain('Failed to connect to ubus\n');
    return NOT_CONNECTED;
  }
  const command = Object.keys(COMMANDS).includes(options.command) ? COMMANDS[options.command] : undefined;
  const end = command === undefined ? WRONG_USE : await command({ io, bus, options, print, complain });
  bus.close();
  if ('status' in end) {
    if (end.status !== 0 && !options.simple) complain(`Command failed: ${statusText(end.status)}\n`);
    return end.status;
  }
  if (end.code === WRONG_USE_CODE) complain(USAGE);
  return end.code;
}
