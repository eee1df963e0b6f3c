/** `hagw wan get|set|add|delete|changes|revert|commit`: sections of /etc/config/mwan3, staged as the command `uci` stages them. */
import type { Edited, WanChanges, WanSection, WanSections } from '../api/wan-config.ts';
import type { BusTable } from '../ports/bus.ts';
import type { Parsed } from './arguments.ts';
import { type CliEnvironment, EXIT, type Outcome } from './environment.ts';
import { clean } from './format.ts';
import { type Replies, refused, reply } from './replies.ts';

const TYPES = ['globals', 'interface', 'member', 'policy', 'rule'];
export const CONFIG_VERBS = ['get', 'set', 'add', 'delete', 'changes', 'revert', 'commit'] as const;
export type ConfigVerb = (typeof CONFIG_VERBS)[number];

const textOf = (value: unknown): string => clean(Array.isArray(value) ? value.join(' ') : String(value));

function sectionText({ name, type, index, anonymous, staged, options, effective, problems }: WanSection) {
  const mark = staged === 'no' ? '' : ` (${staged}, not committed)`;
  const head = `${type} ${anonymous ? `@${type}[${index}] (${clean(name)})` : clean(name)}${mark}\n`;
  const own = Object.entries(options).map(([option, value]) => `    ${clean(option)} = ${textOf(value)}\n`);
  const rest = Object.entries(effective)
    .filter(([option, value]) => !Object.keys(options).includes(option) && textOf(value) !== '')
    .map(([option, value]) => `${option} ${textOf(value)}`);
  const defaults = rest.length === 0 ? '' : `    otherwise: ${rest.join(', ')}\n`;
  return `${head}${own.join('')}${defaults}${problemsText(problems)}`;
}

const problemsText = (problems: Edited['problems']): string =>
  problems.map(({ severity, where, text }) => `    ${severity}: ${clean(where)}: ${clean(text)}\n`).join('');

/** `OPTION=VALUE` words; an option that is there several times is a list. null = a word is none of these. */
function optionsOf(words: readonly string[]): Record<string, string | string[]> | string {
  const options: Record<string, string | string[]> = {};
  for (const word of words) {
    const [, option = '', value = ''] = /^(\w+)=(.*)$/s.exec(word) ?? [];
    if (option === '') return word;
    const before = Object.keys(options).includes(option) ? options[option] : undefined;
    options[option] = before === undefined ? value : [before, value].flat();
  }
  return options;
}

async function get(env: CliEnvironment, parsed: Parsed, replies: Replies, about?: string): Promise<Outcome> {
  const which = about === undefined ? {} : TYPES.includes(about) ? { type: about } : { name: about };
  const sections: WanSection[] = [];
  for (;;) {
    const done = await env.call('hagw.wan', 'get', { ...which, offset: sections.length });
    if (!done.ok) return refused(env, done.error, replies);
    const page = done.value as unknown as WanSections;
    sections.push(...page.sections);
    if (sections.length < page.total && page.sections.length > 0) continue;
    // 'globals' is a name as well as a type.
    if (sections.length === 0 && about !== undefined)
      return replies.usage(`There is no section '${clean(about)}'.`);
    const staged = page.changes === 0 ? '' : `${page.changes} changes are staged.\n`;
    const text = `${sections.map(sectionText).join('')}${problemsText(page.problems)}${staged}`;
    return reply(env, parsed, { ...page, sections }, text);
  }
}

export async function wanConfigCommand(
  env: CliEnvironment,
  parsed: Parsed,
  replies: Replies,
  verb: ConfigVerb,
): Promise<Outcome> {
  const [, first, ...more] = parsed.words;
  const before = parsed.options.get('before');
  if (before !== undefined && verb !== 'set' && verb !== 'add')
    return replies.usage("Option '--before' is for wan set and add.");
  if (verb === 'get')
    return more.length > 0 ? replies.usage("'wan get' takes one word.") : get(env, parsed, replies, first);
  const place = before === undefined ? {} : { before: before === '-' ? '' : before };
  let args: BusTable = {};
  if (verb === 'set' || verb === 'add') {
    const isNamed = verb === 'set' || (more[0] !== undefined && !more[0].includes('='));
    const options = optionsOf(verb === 'add' && isNamed ? more.slice(1) : more);
    if (typeof options === 'string') return replies.usage(`'${clean(options)}' is not OPTION=VALUE.`);
    if (first === undefined)
      return replies.usage(`'wan ${verb}' needs ${verb === 'set' ? 'a section' : 'a type'}.`);
    if (verb === 'add' && !TYPES.includes(first))
      return replies.usage(`'${clean(first)}' is no type; ${TYPES.join(', ')} are.`);
    args =
      verb === 'set'
        ? { name: first, options, ...place }
        : { type: first, ...(isNamed ? { name: more[0] ?? '' } : {}), options, ...place };
  } else if (verb === 'delete') {
    if (first === undefined || more.length > 0) return replies.usage("'wan delete' needs one section.");
    args = { name: first };
  } else if (first !== undefined) return replies.usage(`'wan ${verb}' takes no further word.`);
  const done = await env.call('hagw.wan', verb, args);
  if (!done.ok) return refused(env, done.error, replies);
  if (verb === 'changes') {
    const value = done.value as unknown as WanChanges;
    return reply(env, parsed, value, value.changes.map((words) => `${textOf(words)}\n`).join(''));
  }
  const value = done.value as unknown as Edited;
  for (const { severity, where, text } of value.problems)
    env.stderr(`hagw: ${severity}: ${clean(where)}: ${clean(text)}\n`);
  const what = { revert: 'dropped', commit: 'committed' }[verb as string] ?? 'staged';
  const text = value.done
    ? `${clean(value.name)}${value.name === '' ? '' : ': '}${value.changes} changes ${what}.\n`
    : '';
  reply(env, parsed, value, text);
  return value.done ? EXIT.ok : EXIT.badConfig;
}
