/** What every verb of the command `ubus` gets and gives. */
import type { CliConnection, UbusIo } from './connection.ts';
import type { UbusOptions } from './options.ts';

/** What a command gets. */
export interface CommandContext {
  readonly io: UbusIo;
  readonly bus: CliConnection;
  readonly options: UbusOptions;
  print(text: string): void;
  complain(text: string): void;
}

/**
 * How a command ended: `status` = a ubus status, printed as "Command failed" and the exit code itself; `code` = the exit
 * code, all has been said.
 */
export type CommandEnd = { readonly status: number } | { readonly code: number };

export type Command = (context: CommandContext) => Promise<CommandEnd>;

/** What the command ends with when it is used wrongly; also -2 in C, where it prints the usage. */
export const WRONG_USE_CODE = 254;
export const WRONG_USE: CommandEnd = { code: WRONG_USE_CODE };
