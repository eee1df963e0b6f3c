/** `hagw survive`. */
import type { Survive, SurviveReason } from '../api/conntrack.ts';
import type { Parsed } from './arguments.ts';
import { type CliEnvironment, EXIT, type Outcome } from './environment.ts';
import { clean, tableText } from './format.ts';
import type { Replies } from './replies.ts';

const REASONS: Readonly<Record<SurviveReason, string>> = {
  local: 'from or to the router itself',
  'own-address': "translated to the router's own address, not the virtual one",
  handshake: 'TCP that is not established yet',
  'not-synced': "not in conntrackd's cache",
  'not-at-partner': 'not at the partner yet',
  'wrong-mark': 'its mark means another WAN, or none',
};

function surviveText({ total, truncated, router, wans, partner_known }: Survive): string {
  const row = (name: string, count: number): { text: string }[] =>
    [name, `${count} of ${total}`].map((text) => ({ text: clean(text) }));
  const rows = [row('this router', router.survive), ...wans.map(({ name, survive }) => row(name, survive))];
  const notes = [
    ...(truncated ? [`There are more connections; these are the first ${total}.`] : []),
    ...(router.blocked === '' ? [] : [clean(router.blocked)]),
    ...(partner_known ? [] : ['The partner is not heard: whether it has them is not known.']),
  ];
  const reasons = router.reasons.map(({ reason, count, example }) =>
    [String(count), REASONS[reason] ?? reason, example && `e.g. ${example}`].map((text) => ({
      text: clean(text),
    })),
  );
  return [
    'Connections that survive the loss of\n',
    tableText(rows, '  '),
    ...(reasons.length === 0 ? [] : ['Not with this router:\n', tableText(reasons, '  ')]),
    ...notes.map((note) => `${note}\n`),
  ].join('');
}

export async function surviveCommand(
  env: CliEnvironment,
  parsed: Parsed,
  replies: Replies,
): Promise<Outcome> {
  const reply = await env.call('hagw.conntrack', 'survive', {});
  if (!reply.ok) return replies.noAnswer(reply.error);
  const survive = reply.value as unknown as Survive;
  env.stdout(parsed.options.has('json') ? `${JSON.stringify(survive)}\n` : surviveText(survive));
  return EXIT.ok;
}
