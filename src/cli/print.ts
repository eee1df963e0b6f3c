/** The command `print`: what the daemons and the kernel would be given, from files alone. */
import { CONFIG_FOLDER } from '../core/config/parse.ts';
import type { ScriptGeneration } from '../core/keepalived/uci.ts';
import type { Result } from '../lib/result.ts';
import type { Parsed } from './arguments.ts';
import { type CliEnvironment, EXIT } from './environment.ts';
import { printDesired } from './explain.ts';
import { clean } from './format.ts';
import { isManaged, printPlanned } from './pair.ts';
import { printConntrackd, printKeepalived } from './print-daemons.ts';
import type { Replies } from './replies.ts';

/** `date +%c` in the C locale, which is what the init script writes. */
function writtenText(ms: number): string {
  const [day = '', month = '', date = '', year = '', time = ''] = new Date(ms).toString().split(' ');
  return `${day} ${month} ${String(Number(date)).padStart(2)} ${time} ${year}`;
}

/** `print keepalived|conntrackd|pair|nft|rules|routes`. */
export function print(env: CliEnvironment, parsed: Parsed, { usage }: Replies): number {
  const folder = parsed.options.get('config') ?? CONFIG_FOLDER;
  const [what] = parsed.words;
  const script = parsed.options.get('script') ?? 'present';
  const router = parsed.options.get('router') ?? null;
  let text: Result<string, string>;
  if (what === 'nft' || what === 'rules' || what === 'routes') {
    if (parsed.options.has('script') || router !== null)
      return usage("Options '--script' and '--router' are for the daemons' configurations.");
    return printDesired(env, parsed, what);
  }
  if (parsed.options.has('links')) {
    return usage("Option '--links' is for print nft, rules and routes.");
  }
  if (what === 'keepalived') {
    if (script !== 'present' && script !== '24.10')
      return usage("Option '--script' must be present or 24.10.");
    const isPlanned = parsed.options.has('planned');
    if (router !== null && !isPlanned)
      return usage("Option '--router' is for print conntrackd, pair and keepalived --planned.");
    const generation: ScriptGeneration = script;
    const written = writtenText(env.wallMs());
    text = isPlanned
      ? printPlanned(env.files, folder, router, what, generation, written)
      : printKeepalived(env.files, folder, generation, written);
  } else if (what === 'conntrackd' || what === 'pair') {
    if (parsed.options.has('script')) return usage("Option '--script' is for print keepalived.");
    text =
      what === 'pair' || isManaged(env.files, folder)
        ? printPlanned(env.files, folder, router, what, 'present', '')
        : printConntrackd(env.files, folder, router);
  } else {
    return usage(
      `'${clean(what ?? '')}' cannot be printed; keepalived, conntrackd, pair, nft, rules and routes can.`,
    );
  }
  if (!text.ok) {
    env.stderr(`hagw: ${clean(text.error)}\n`);
    return EXIT.badConfig;
  }
  env.stdout(text.value);
  return EXIT.ok;
}
