/** The command `explain`, and `print nft|rules|routes`: what the engine makes of the configuration. */
import type { Explained } from '../api/wan.ts';
import { CONFIG_FOLDER } from '../core/config/parse.ts';
import { compile } from '../core/policy/compile.ts';
import { explain } from '../core/policy/explain.ts';
import { protocolNumber } from '../core/policy/protocols.ts';
import { toExplained } from '../core/status/wan-detail.ts';
import { parseIpAddress } from '../lib/ip.ts';
import { fail, ok, type Result } from '../lib/result.ts';
import type { Parsed } from './arguments.ts';
import { type CliEnvironment, EXIT, type Outcome } from './environment.ts';
import { clean } from './format.ts';
import { type OfflineInput, readOffline } from './multiwan-input.ts';
import { type Replies, refused, reply } from './replies.ts';
import { desiredText, explainedText } from './show-desired.ts';

/** Each sentence in a line of its own, on standard error. */
function complain(env: CliEnvironment, sentences: readonly string[]): void {
  for (const text of sentences) env.stderr(`hagw: ${clean(text)}\n`);
}

/** What the files say; what is wrong with them has been written. */
function offline(env: CliEnvironment, { options }: Parsed): Result<OfflineInput, null> {
  const read = readOffline(env.files, options.get('config') ?? CONFIG_FOLDER, options.get('links') ?? null);
  if (read.ok) return read;
  complain(env, read.error);
  return fail(null);
}

function portOf(word: string | undefined): Result<number | null, string> {
  if (word === undefined || word === '-') return ok(null);
  const port = /^\d{1,5}$/.test(word) ? Number(word) : -1;
  return port >= 0 && port <= 65535 ? ok(port) : fail(`'${clean(word)}' is no port.`);
}

export async function explainCommand(
  env: CliEnvironment,
  parsed: Parsed,
  replies: Replies,
): Promise<Outcome> {
  const [source = '', destination = '', protocol = 'any', ...ports] = parsed.words;
  const [from, to] = [portOf(ports[0]), portOf(ports[1])];
  if (!from.ok) return replies.usage(from.error);
  if (!to.ok) return replies.usage(to.error);
  const isAny = protocol === 'any' || protocol === 'all';
  const isOwn = source === 'router' || source === '-';
  for (const address of isOwn ? [destination] : [source, destination])
    if (parseIpAddress(address) === null) return replies.usage(`'${clean(address)}' is no address.`);
  if (!isAny && protocolNumber(protocol) === null)
    return replies.usage(`'${clean(protocol)}' is no protocol that is known here.`);
  const down = parsed.options.get('down') ?? '';
  const { options } = parsed;
  if (options.has('config') || options.has('links')) {
    const read = offline(env, parsed);
    if (!read.ok) return EXIT.badConfig;
    complain(env, read.value.notes);
    const found = explain(
      read.value.input,
      {
        source: isOwn ? null : source,
        destination,
        protocol: isAny ? null : protocol,
        sourcePort: from.value,
        destinationPort: to.value,
        inInterface: options.get('in') ?? null,
      },
      down.split(',').filter((name) => name !== ''),
    );
    if (!found.ok) return replies.usage(clean(found.error));
    const value = toExplained(found.value);
    return reply(env, parsed, value, explainedText(value));
  }
  const done = await env.call('hagw', 'explain', {
    destination,
    ...(isOwn ? {} : { source }),
    ...(isAny ? {} : { protocol }),
    ...(from.value === null ? {} : { source_port: from.value }),
    ...(to.value === null ? {} : { destination_port: to.value }),
    ...(options.has('in') ? { in_interface: options.get('in') ?? '' } : {}),
    ...(down === '' ? {} : { down }),
  });
  if (!done.ok) return refused(env, done.error, replies);
  const value = done.value as unknown as Explained;
  return reply(env, parsed, value, explainedText(value));
}

/** `print nft|rules|routes`: what the engine would have the kernel have. The exit code; notes go to standard error. */
export function printDesired(env: CliEnvironment, parsed: Parsed, what: 'nft' | 'rules' | 'routes'): number {
  const read = offline(env, parsed);
  if (!read.ok) return EXIT.badConfig;
  const desired = compile(read.value.input);
  complain(env, [...read.value.notes, ...desired.notes.map(({ where, text }) => `${where}: ${text}`)]);
  env.stdout(desiredText(desired, what));
  return EXIT.ok;
}
