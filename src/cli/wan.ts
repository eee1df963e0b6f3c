/** The commands about WANs: `wan` and `release`. */
import type { Released, WanDetail, WanHistory, WanList } from '../api/wan.ts';
import type { BusError, BusTable } from '../ports/bus.ts';
import { numberOption, type Parsed } from './arguments.ts';
import { type CliEnvironment, EXIT, type Outcome } from './environment.ts';
import { clean } from './format.ts';
import { type Replies, refused, reply } from './replies.ts';
import { historyText, wanListText, wanText } from './show-wan.ts';
import { CONFIG_VERBS, wanConfigCommand } from './wan-config.ts';

const VERBS = ['status', 'up', 'down', 'probe'] as const;
/** Seconds of history that are kept, and minutes. */
const MOST_SLOTS = 3600;

/** As `refused`; "not found" is said of the WAN if the service is there, and names those that there are. */
async function refusedFor(
  env: CliEnvironment,
  error: BusError,
  replies: Replies,
  name: string | undefined,
): Promise<number> {
  const list =
    name !== undefined && error.code === 'status' && error.status === 4
      ? await env.call('hagw.wan', 'list', {})
      : null;
  if (name === undefined || list === null || !list.ok) return refused(env, error, replies);
  const names = (list.value as unknown as WanList).wans.map((wan) => wan.name).join(', ');
  env.stderr(`hagw: There is no WAN '${clean(name)}'; there are: ${clean(names) || 'none'}.\n`);
  return EXIT.usage;
}

async function history(
  env: CliEnvironment,
  parsed: Parsed,
  replies: Replies,
  name: string,
): Promise<Outcome> {
  const count = numberOption(parsed, 'count', 1, MOST_SLOTS);
  if (!count.ok) return replies.usage(count.error);
  const done = await env.call('hagw.wan', 'history', {
    name,
    resolution: parsed.options.has('minutes') ? 'minute' : 'second',
    count: count.value ?? 60,
  });
  if (!done.ok) return refusedFor(env, done.error, replies, name);
  const value = done.value as unknown as WanHistory;
  return reply(env, parsed, value, historyText(value));
}

export async function wanCommand(env: CliEnvironment, parsed: Parsed, replies: Replies): Promise<Outcome> {
  const [verb, name, ...more] = parsed.words;
  for (const [option, owner] of [
    ['persist', 'down'],
    ['minutes', 'history'],
    ['count', 'history'],
  ] as const)
    if (parsed.options.has(option) && verb !== owner)
      return replies.usage(`Option '--${option}' is for wan ${owner}.`);
  const config = CONFIG_VERBS.find((one) => one === verb);
  if (config !== undefined) return wanConfigCommand(env, parsed, replies, config);
  if (parsed.options.has('before')) return replies.usage("Option '--before' is for wan set and add.");
  if (verb === undefined || verb === 'list') {
    if (name !== undefined) return replies.usage("'wan list' takes no name.");
    const list = await env.call('hagw.wan', 'list', {});
    if (!list.ok) return refused(env, list.error, replies);
    const value = list.value as unknown as WanList;
    return reply(env, parsed, value, wanListText(value, env.colours));
  }
  const known = [...VERBS, 'history' as const].find((one) => one === verb);
  if (known === undefined)
    return replies.usage(
      `'wan ${clean(verb)}' is nothing; list, history, ${[...VERBS, ...CONFIG_VERBS].join(', ')} are.`,
    );
  if (name === undefined) return replies.usage(`'wan ${known}' needs the name of a WAN.`);
  if (more.length > 0) return replies.usage(`'wan ${known}' takes one name.`);
  if (known === 'history') return history(env, parsed, replies, name);
  const persist = parsed.options.has('persist') ? { persist: true } : {};
  const done = await env.call('hagw.wan', known, { name, ...persist });
  if (!done.ok) return refusedFor(env, done.error, replies, name);
  if (known !== 'status') return EXIT.ok;
  const value = done.value as unknown as WanDetail;
  return reply(env, parsed, value, wanText(value, env.colours));
}

export async function releaseCommand(
  env: CliEnvironment,
  parsed: Parsed,
  replies: Replies,
): Promise<Outcome> {
  const [name] = parsed.words;
  const client = parsed.options.get('client');
  if ((name === undefined) === (client === undefined))
    return replies.usage("'release' needs the name of a WAN, or --client ADDRESS.");
  const args: BusTable = client === undefined ? { name: name ?? '' } : { client };
  const done = await env.call('hagw.wan', 'release', args);
  if (!done.ok) return refusedFor(env, done.error, replies, name);
  const { entries } = done.value as unknown as Released;
  return reply(env, parsed, { entries }, `${entries} connections will choose their WAN anew.\n`);
}
