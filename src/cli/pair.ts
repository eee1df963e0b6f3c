/** The commands about what hagw writes for the pair: `plan`, `apply`, and `print` of what would be written. */
import type { PairPlan } from '../api/pair.ts';
import { decodeHagw } from '../core/config/hagw.ts';
import { staticAddresses } from '../core/config/network.ts';
import { CONFIG_FOLDER } from '../core/config/parse.ts';
import type { ScriptGeneration } from '../core/keepalived/uci.ts';
import { keepalivedConf } from '../core/pair/candidate.ts';
import { compilePair } from '../core/pair/compile.ts';
import { describePlan, noPlan } from '../core/pair/describe.ts';
import { type Actual, planPair } from '../core/pair/plan.ts';
import {
  CONNTRACKD_FILE,
  HANDOVER_FILE,
  PAIR_PACKAGES,
  type PairInput,
  READ_PACKAGES,
  TABLE_FILE,
  WORD_FILE,
} from '../core/pair/types.ts';
import { fail, ok, type Result } from '../lib/result.ts';
import { decodeText } from '../lib/text.ts';
import type { Files } from '../ports/files.ts';
import type { Parsed } from './arguments.ts';
import { type CliEnvironment, EXIT, type Outcome } from './environment.ts';
import { clean } from './format.ts';
import { readPackage } from './packages.ts';
import { chooseRouter } from './print-daemons.ts';
import type { Replies } from './replies.ts';

interface Offline {
  readonly input: PairInput;
  readonly actual: Actual;
}

/** All that the compiler needs from the files of a folder; netifd is not asked. */
function readOffline(files: Files, folder: string, router: string | null): Result<Offline, string> {
  const hagw = readPackage(files, folder, 'hagw');
  if (hagw.kind !== 'read')
    return fail(hagw.kind === 'missing' ? `There is no ${folder}/hagw.` : `${folder}/hagw: ${hagw.message}`);
  const { value: config, problems } = decodeHagw(hagw.sections);
  const first = problems.find(({ severity }) => severity === 'error');
  if (config === null)
    return fail(`${first?.where ?? 'hagw'}: ${first?.text ?? 'The configuration is rejected.'}`);
  const packages: Record<string, PairInput['packages']['network']> = {};
  for (const name of READ_PACKAGES) {
    const reading = readPackage(files, folder, name);
    if (reading.kind !== 'read' && reading.kind !== 'missing')
      return fail(`${folder}/${name}: ${reading.message}`);
    packages[name] = reading.kind === 'read' ? reading.sections : null;
  }
  const all = packages as PairInput['packages'];
  const addresses = staticAddresses(all.network ?? []).map(({ address }) => address);
  const self = chooseRouter(config, router, addresses);
  if (!self.ok) return self;
  const partner = config.routers.find((item) => item !== self.value);
  if (partner === undefined) return fail('A pair has two routers.');
  const textOf = (path: string): string | null => {
    const content = files.read(path);
    return content.ok ? decodeText(content.value) : null;
  };
  const ours = [CONNTRACKD_FILE, TABLE_FILE, WORD_FILE, HANDOVER_FILE];
  const actual: Actual = {
    packages: Object.fromEntries(
      PAIR_PACKAGES.map((name) => [name, textOf(`${folder}/${name}`)] as const),
    ) as Actual['packages'],
    // Of another machine's folder nobody knows what else is there.
    files: Object.fromEntries(ours.map((path) => [path, folder === CONFIG_FOLDER ? textOf(path) : null])),
  };
  return ok({ input: { config, self: self.value, partner, packages: all, interfaces: null }, actual });
}

function planOffline(files: Files, folder: string, router: string | null): Result<PairPlan, string> {
  const read = readOffline(files, folder, router);
  if (!read.ok) return read;
  const { input, actual } = read.value;
  if (!input.config.managePair) return ok(noPlan('off', 'hagw.globals.manage_pair is 0.'));
  const { wanted, problems } = compilePair(input);
  const changes = wanted === null ? null : planPair(wanted, actual);
  const all = [...problems, ...(changes?.problems ?? [])];
  if (changes === null || changes.problems.length > 0)
    return ok({
      ...noPlan(
        'refused',
        '',
        all.map((item) => ({ ...item })),
      ),
      router: input.self.name,
    });
  const state = changes.packages.length + changes.files.length > 0 ? 'pending' : 'unchanged';
  return ok(describePlan(input.self.name, input.config, state, changes, all));
}

/** Whether hagw writes the pair's files; false also where /etc/config/hagw cannot tell. */
export function isManaged(files: Files, folder: string): boolean {
  const hagw = readPackage(files, folder, 'hagw');
  return hagw.kind === 'read' && decodeHagw(hagw.sections).value?.managePair === true;
}

/** A daemon's file, or the pair's tables, as hagw would write it. */
export function printPlanned(
  files: Files,
  folder: string,
  router: string | null,
  what: 'keepalived' | 'conntrackd' | 'pair',
  script: ScriptGeneration,
  written: string,
): Result<string, string> {
  const read = readOffline(files, folder, router);
  if (!read.ok) return read;
  const { wanted, problems } = compilePair(read.value.input);
  const first = problems.find(({ severity }) => severity === 'error');
  if (wanted === null) return fail(`${first?.where ?? 'hagw'}: ${first?.text ?? 'Nothing can be written.'}`);
  if (what === 'conntrackd') return ok(wanted.files[CONNTRACKD_FILE] ?? '');
  if (what === 'pair') return ok(`${wanted.files[TABLE_FILE] ?? ''}${wanted.files[WORD_FILE] ?? ''}`);
  const changes = planPair(wanted, read.value.actual);
  const change = changes.packages.find((item) => item.package === 'keepalived');
  const text = keepalivedConf(change?.after ?? read.value.actual.packages.keepalived ?? '', script, written);
  return text === null ? fail(`${folder}/keepalived cannot be read.`) : ok(text);
}

const SIGNS = { add: '+', change: '~', remove: '-' };

export function planText(plan: PairPlan): string {
  const lines: string[] = [];
  const name = plan.router === null ? '' : `${clean(plan.router)}: `;
  const count = `${plan.changes.length} ${plan.changes.length === 1 ? 'change' : 'changes'}`;
  const head = {
    off: `Nothing is written: ${clean(plan.reason)}`,
    waiting: `Nothing can be said yet: ${clean(plan.reason)}`,
    unchanged: 'Everything is as it should be.',
    pending: `${count} to be made.`,
    applied: `${count} made.`,
    refused: 'Nothing is touched.',
    failed: 'It could not be done; all files are as before, unless said otherwise.',
  }[plan.state];
  lines.push(`${name}${head}`);
  for (const problem of plan.problems)
    lines.push(`${problem.severity}: ${clean(problem.where)}: ${clean(problem.text)}`);
  let file = '';
  for (const change of plan.changes) {
    if (change.section === '') {
      lines.push(`${SIGNS[change.action]} ${clean(change.file)}`);
      continue;
    }
    if (change.file !== file) lines.push(clean(change.file));
    file = change.file;
    lines.push(
      `  ${SIGNS[change.action]} ${clean(change.section)}`,
      ...change.options.map((option) => `      ${clean(option)}`),
    );
  }
  if (plan.services.length > 0) lines.push(`Services that take it over: ${plan.services.join(', ')}.`);
  lines.push(...plan.effects.map(clean));
  return `${lines.join('\n')}\n`;
}

function show(env: CliEnvironment, parsed: Parsed, plan: PairPlan): Outcome {
  env.stdout(parsed.options.has('json') ? `${JSON.stringify(plan)}\n` : planText(plan));
  if (plan.state === 'refused' || plan.state === 'failed') return EXIT.badConfig;
  return plan.state === 'waiting' ? EXIT.noService : EXIT.ok;
}

export async function planCommand(env: CliEnvironment, parsed: Parsed, replies: Replies): Promise<Outcome> {
  const folder = parsed.options.get('config');
  const router = parsed.options.get('router') ?? null;
  if (folder !== undefined || router !== null) {
    const plan = planOffline(env.files, folder ?? CONFIG_FOLDER, router);
    if (plan.ok) return show(env, parsed, plan.value);
    env.stderr(`hagw: ${clean(plan.error)}\n`);
    return EXIT.badConfig;
  }
  const reply = await env.call('hagw', 'plan', {});
  return reply.ok ? show(env, parsed, reply.value as unknown as PairPlan) : replies.noAnswer(reply.error);
}

export async function applyCommand(env: CliEnvironment, parsed: Parsed, replies: Replies): Promise<Outcome> {
  const reply = await env.call('hagw', 'apply', {});
  return reply.ok ? show(env, parsed, reply.value as unknown as PairPlan) : replies.noAnswer(reply.error);
}
