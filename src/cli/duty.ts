/** `hagw switchover` and `hagw maintenance`. */
import type { DutyStatus, Status, Switchover } from '../api/status.ts';
import type { Parsed } from './arguments.ts';
import { type CliEnvironment, EXIT, type Outcome } from './environment.ts';
import { clean } from './format.ts';
import type { Replies } from './replies.ts';

const STEPS: Readonly<Record<string, string>> = {
  flushed: 'connections flushed to the partner',
  out: 'leave to go',
  left: 'addresses let go',
  'partner-active': 'the partner says that it is active',
};

export async function switchoverCommand(
  env: CliEnvironment,
  parsed: Parsed,
  replies: Replies,
): Promise<Outcome> {
  const reply = await env.call('hagw', 'switchover', {});
  if (!reply.ok) return replies.noAnswer(reply.error);
  const { ok, text, steps } = reply.value as unknown as Switchover;
  if (parsed.options.has('json')) env.stdout(`${JSON.stringify(reply.value)}\n`);
  else {
    for (const { step, ms } of steps)
      env.stdout(`${String(ms).padStart(6)} ms  ${STEPS[step] ?? clean(step)}\n`);
    (ok ? env.stdout : env.stderr)(`${clean(text)}\n`);
  }
  return ok ? EXIT.ok : EXIT.badConfig;
}

function dutyText({ maintenance, out, waits }: DutyStatus): string {
  if (!maintenance) return out === null ? 'No maintenance.' : `No maintenance; out of service (${out}).`;
  return out === null
    ? `Maintenance, but still serving. ${clean(waits)}`.trimEnd()
    : 'Maintenance: out of service.';
}

export async function maintenanceCommand(
  env: CliEnvironment,
  parsed: Parsed,
  replies: Replies,
): Promise<Outcome> {
  const [word] = parsed.words;
  if (word !== undefined && word !== 'on' && word !== 'off')
    return replies.usage(`'${clean(word)}' is neither on nor off.`);
  const reply =
    word === undefined
      ? await env.call('hagw', 'status', {})
      : await env.call('hagw', 'maintenance', { on: word === 'on' });
  if (!reply.ok) return replies.noAnswer(reply.error);
  const value = reply.value as unknown as DutyStatus | Status;
  const duty = 'duty' in value ? value.duty : value;
  env.stdout(parsed.options.has('json') ? `${JSON.stringify(duty)}\n` : `${dutyText(duty)}\n`);
  return EXIT.ok;
}
