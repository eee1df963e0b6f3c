/**
 * The command line `hagw`: one function per command. `runCli` writes, and gives the exit code. What needs much code is loaded
 * when it is asked for.
 */
import type { Events, Health, Problem, Status } from '../api/status.ts';
import type { Result } from '../lib/result.ts';
import type { BusError, BusTable } from '../ports/bus.ts';
import { numberOption, type Parsed, parseArguments } from './arguments.ts';
import { maintenanceCommand, switchoverCommand } from './duty.ts';
import { type CliEnvironment, EXIT, type Outcome } from './environment.ts';
import { clean, createPaint, timeText } from './format.ts';
import { COMMANDS, type CommandName, type CommandUse, helpText } from './help.ts';
import type { Replies } from './replies.ts';
import { problemsText, severityPaint, statusText } from './show-status.ts';
import { surviveCommand } from './survive.ts';
import { releaseCommand, wanCommand } from './wan.ts';

type Command = (env: CliEnvironment, parsed: Parsed) => Promise<Outcome>;

function usage(env: CliEnvironment, message: string): number {
  env.stderr(`hagw: ${message} 'hagw help' lists the commands.\n`);
  return EXIT.usage;
}

/** Why there is no answer, for people. */
function noAnswer(env: CliEnvironment, error: BusError): number {
  const isAbsent = error.code === 'status' && error.status === 4;
  const why = isAbsent
    ? 'The service does not run (no object hagw on ubus); /etc/init.d/hagw start starts it.'
    : error.code === 'disconnected'
      ? 'There is no connection to ubus; ubusd may not run, or this is not a router.'
      : `The service did not answer: ${clean(error.message)}`;
  env.stderr(`hagw: ${why}\n`);
  return EXIT.noService;
}

/** Calls a method of the service. The types of the replies are the table's: the service is of our own version. */
async function ask<T>(
  env: CliEnvironment,
  method: string,
  args: BusTable = {},
): Promise<Result<T, BusError>> {
  const reply = await env.call('hagw', method, args);
  return reply.ok ? { ok: true, value: reply.value as unknown as T } : reply;
}

function json(env: CliEnvironment, value: object): void {
  env.stdout(`${JSON.stringify(value)}\n`);
}

function healthExit(health: Health): number {
  return { ok: EXIT.ok, notice: EXIT.ok, warning: EXIT.warning, error: EXIT.error }[health.state];
}

function showHealth(env: CliEnvironment, health: Health): void {
  const paint = createPaint(env.colours);
  const severity: Problem['severity'] | null = health.state === 'ok' ? null : health.state;
  const head =
    severity === null ? paint.good(health.summary) : severityPaint(severity, paint)(clean(health.summary));
  env.stdout(`${head}\n${problemsText(health.problems, paint)}`);
}

function eventsText(events: Events, colours: boolean): string {
  const paint = createPaint(colours);
  const gap = events.gap ? `${paint.dim('(older events are left out)')}\n` : '';
  const lines = events.events.map(({ seq, at, router, text }) => {
    const head = paint.dim(
      `${String(seq).padStart(5)}  ${timeText(at)}.${String(at % 1000).padStart(3, '0')}`,
    );
    return `${head}  ${clean(router)}  ${clean(text)}\n`;
  });
  return `${gap}${lines.join('')}`;
}

const repliesOf = (env: CliEnvironment): Replies => ({
  usage: (message) => usage(env, message),
  noAnswer: (error) => noAnswer(env, error),
});

const RUN: { readonly [K in CommandName]: Command } = {
  status: async (env, { options }) => {
    const reply = await ask<Status>(env, 'status');
    if (!reply.ok) return noAnswer(env, reply.error);
    if (options.has('json')) json(env, reply.value);
    else env.stdout(statusText(reply.value, env.colours));
    return EXIT.ok;
  },
  events: async (env, parsed) => {
    const since = numberOption(parsed, 'since', 0, 0x7fff_ffff);
    if (!since.ok) return usage(env, since.error);
    const limit = numberOption(parsed, 'limit', 1, 500);
    if (!limit.ok) return usage(env, limit.error);
    const args = {
      ...(since.value === null ? {} : { since: since.value }),
      ...(limit.value === null ? {} : { limit: limit.value }),
    };
    const reply = await ask<Events>(env, 'events', args);
    if (!reply.ok) return noAnswer(env, reply.error);
    if (parsed.options.has('json')) json(env, reply.value);
    else env.stdout(eventsText(reply.value, env.colours));
    return EXIT.ok;
  },
  check: async (env, { options }) => {
    const folder = options.get('config');
    let health: Health;
    if (folder === undefined) {
      const reply = await ask<Health>(env, 'health');
      if (!reply.ok) return noAnswer(env, reply.error);
      health = reply.value;
    } else {
      const listed = env.files.list(folder);
      if (!listed.ok) {
        env.stderr(`hagw: ${clean(listed.error.message)}\n`);
        return EXIT.badConfig;
      }
      health = (await import('./on-files.ts')).checkFolder(env.files, folder, options.get('partner') ?? null);
    }
    if (options.has('json')) json(env, health);
    else showHealth(env, health);
    return healthExit(health);
  },
  print: async (env, parsed) => (await import('./on-files.ts')).print(env, parsed, repliesOf(env)),
  plan: async (env, parsed) => (await import('./on-files.ts')).planCommand(env, parsed, repliesOf(env)),
  apply: async (env, parsed) => (await import('./on-files.ts')).applyCommand(env, parsed, repliesOf(env)),
  wan: (env, parsed) => wanCommand(env, parsed, repliesOf(env)),
  switchover: (env, parsed) => switchoverCommand(env, parsed, repliesOf(env)),
  maintenance: (env, parsed) => maintenanceCommand(env, parsed, repliesOf(env)),
  survive: (env, parsed) => surviveCommand(env, parsed, repliesOf(env)),
  release: (env, parsed) => releaseCommand(env, parsed, repliesOf(env)),
  explain: async (env, parsed) => (await import('./on-files.ts')).explainCommand(env, parsed, repliesOf(env)),
  import: async (env, parsed) => {
    const code = (await import('./on-files.ts')).runImport(env, parsed);
    return code.ok ? code.value : usage(env, code.error);
  },
  reload: async (env) => {
    const reply = await ask<object>(env, 'reload');
    return reply.ok ? EXIT.ok : noAnswer(env, reply.error);
  },
  service: async (env) => {
    env.service();
    return null;
  },
  version: async (env) => {
    env.stdout(`${env.version}\n`);
    return EXIT.ok;
  },
  help: async (env) => {
    env.stdout(helpText());
    return EXIT.ok;
  },
};

/** Aliases that people try. */
const ALIASES: Readonly<Record<string, string>> = { '--help': 'help', '-h': 'help', '--version': 'version' };

/** Runs one command; the exit code, or null if the program is to go on as the daemon. */
export async function runCli(env: CliEnvironment): Promise<Outcome> {
  const [first, ...rest] = env.args;
  if (first === undefined) {
    env.stderr(helpText());
    return EXIT.usage;
  }
  const name = Object.keys(ALIASES).includes(first) ? ALIASES[first] : first;
  const command = Object.keys(COMMANDS).find((known): known is CommandName => known === name);
  if (command === undefined) return usage(env, `There is no command '${clean(first)}'.`);
  const use: CommandUse = COMMANDS[command];
  const parsed = parseArguments(rest, use.options);
  if (!parsed.ok) return usage(env, clean(parsed.error));
  const [least, most] = use.count;
  if (parsed.value.words.length < least) return usage(env, `'${command}' needs ${use.words}.`);
  if (parsed.value.words.length > most) return usage(env, `'${command}' takes fewer words.`);
  return RUN[command](env, parsed.value);
}
