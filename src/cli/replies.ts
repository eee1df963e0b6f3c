/** What the commands that ask the service share: a refusal in its own words, a reply as JSON or text. */
import type { BusError } from '../ports/bus.ts';
import type { Parsed } from './arguments.ts';
import { type CliEnvironment, EXIT, type Outcome } from './environment.ts';

export interface Replies {
  usage(message: string): number;
  noAnswer(error: BusError): number;
}

/** A refusal of a method that is there: said in its own words. */
export function refused(env: CliEnvironment, error: BusError, replies: Replies): number {
  if (error.code !== 'status') return replies.noAnswer(error);
  if (error.status === 2) {
    env.stderr('hagw: The service takes it for a wrong call; its log says why.\n');
    return EXIT.usage;
  }
  if (error.status !== 5) return replies.noAnswer(error);
  env.stderr('hagw: The service has no multi-WAN engine.\n');
  return EXIT.badConfig;
}

export function reply(env: CliEnvironment, parsed: Parsed, value: object, text: string): Outcome {
  env.stdout(parsed.options.has('json') ? `${JSON.stringify(value)}\n` : text);
  return EXIT.ok;
}
