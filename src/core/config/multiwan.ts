/**
 * /etc/config/mwan3 for hagw's own engine: the whole of mwan3 2.12's UCI with its meaning, and our options
 * (multiwan-tables.ts). An error rejects the file, and the engine goes on with the one before it: that is for what decides
 * where traffic goes as a whole (the mask, names that lead nowhere). Everything else is a warning: what it is about is left out
 * or gets its default. No name is too long, and none reaches nft as it is (policy/compile.ts maps them).
 */
import { checkMarks } from '../policy/marks.ts';
import type {
  LogLevel,
  MemberConfig,
  MultiWanConfig,
  PolicyConfig,
  RuleConfig,
  WanConfig,
  WanLink,
} from '../policy/model.ts';
import type { DecodedConfig } from './hagw.ts';
import type { MultiWanTable } from './multiwan-option.ts';
import { ruleOf } from './multiwan-rule.ts';
import { MULTI_WAN } from './multiwan-tables.ts';
import { bitsOf, parseMarkMask } from './multiwan-values.ts';
import { wanOf } from './multiwan-wan.ts';
import { checkTables } from './network-tables.ts';
import { type DecodedSection, decodeSection, quoted } from './option.ts';
import { type ConfigProblem, LONGEST_NAME, optionText, sectionAddress, type UciSection } from './uci.ts';

const BUILT_IN = ['default', 'unreachable', 'blackhole'];
const FEWEST_BITS = 3;

const LOG_LEVELS: Readonly<Record<DecodedSection<typeof MULTI_WAN.globals.options>['loglevel'], LogLevel>> = {
  emerg: 'emerg',
  panic: 'emerg',
  alert: 'alert',
  crit: 'crit',
  err: 'err',
  error: 'err',
  warn: 'warn',
  warning: 'warn',
  notice: 'notice',
  info: 'info',
  debug: 'debug',
  0: 'emerg',
  1: 'alert',
  2: 'crit',
  3: 'err',
  4: 'warn',
  5: 'notice',
  6: 'info',
  7: 'debug',
};

/** The file while it is read: its sections by type, and where problems go. */
interface Reading {
  readonly sections: readonly UciSection[];
  readonly report: (problem: ConfigProblem) => void;
  /** `lost`: what is written is not taken. */
  readonly warn: (where: string, text: string, lost?: true) => void;
  readonly whereOf: (section: UciSection) => string;
  /** Values of a section of a table without required options. */
  readonly decode: <const T extends MultiWanTable>(table: T, section: UciSection) => DecodedSection<T>;
}

function startReading(sections: readonly UciSection[], problems: ConfigProblem[]): Reading {
  const report = (problem: ConfigProblem): void => {
    problems.push(problem);
  };
  const whereOf = (section: UciSection): string => {
    const about = section.type === 'rule' ? optionText(section, 'use_policy') : null;
    return sectionAddress(
      'mwan3',
      sections,
      section,
      about !== null && /^[\w.-]+$/.test(about) ? about : null,
    );
  };
  return {
    sections,
    report,
    warn: (where, text, lost) =>
      report({ severity: 'warning', where, text, ...(lost === undefined ? {} : { lost }) }),
    whereOf,
    decode: (table, section) => {
      const values = decodeSection(table, section, { where: whereOf(section), report, nameUnknown: true });
      if (values === null) throw new Error(`The table of ${section.type} must not have required options.`);
      return values;
    },
  };
}

/** Sections of a type that others can refer to; those without a name are named as useless. */
function named(reading: Reading, type: string): readonly (UciSection & { readonly name: string })[] {
  return reading.sections
    .filter((section) => section.type === type)
    .flatMap((section) => {
      const { name } = section;
      if (name !== null && name.length <= LONGEST_NAME) return [{ ...section, name }];
      const text =
        name === null
          ? 'Has no name, so nothing can refer to it.'
          : `Has a name of ${name.length} characters; at most ${LONGEST_NAME} are read.`;
      reading.warn(reading.whereOf(section), text, true);
      return [];
    });
}

function globalsOf(reading: Reading) {
  const all = reading.sections.filter((section) => section.type === 'globals');
  const own = all.find(({ name }) => name === 'globals');
  for (const section of all) {
    if (section !== own)
      reading.warn(reading.whereOf(section), "Has no effect: only the section named 'globals' counts.", true);
  }
  const section = own ?? { type: 'globals', name: 'globals', options: [] };
  const values = reading.decode(MULTI_WAN.globals.options, section);
  const where = `${reading.whereOf(section)}.mmx_mask`;
  const error = (text: string): void => reading.report({ severity: 'error', where, text });
  const mask = parseMarkMask(values.mmx_mask);
  const wans = reading.sections.filter(({ type }) => type === 'interface').length;
  if (mask === null) error(`Is ${quoted(values.mmx_mask)}, but must be a mask of 32 bits such as 0x3F00.`);
  else if (bitsOf(mask) < FEWEST_BITS)
    error(`Is ${quoted(values.mmx_mask)}, but must have at least ${FEWEST_BITS} bits.`);
  else {
    const marks = checkMarks(mask, wans);
    if (!marks.ok) error(marks.error);
  }
  return { values, mask: mask ?? 0 };
}

/** WANs; an interface section without a name takes a number, as in mwan3, and is none. */
function wansOf(reading: Reading, trackDefault: boolean): readonly WanConfig[] {
  const all = reading.sections.filter(({ type }) => type === 'interface');
  return named(reading, 'interface').map((section) => {
    const number = all.findIndex(({ name }) => name === section.name) + 1;
    const where = reading.whereOf(section);
    return wanOf(
      { number, name: section.name, trackDefault },
      reading.decode(MULTI_WAN.interface.options, section),
      (option, text, lost) => reading.warn(`${where}.${option}`, text, lost),
    );
  });
}

/** Members by name; null = there is such a section, but it is none that can be used. */
function membersOf(reading: Reading, wans: readonly WanConfig[]): ReadonlyMap<string, MemberConfig | null> {
  const members = new Map<string, MemberConfig | null>();
  for (const section of named(reading, 'member')) {
    const { name } = section;
    const where = reading.whereOf(section);
    const problems: string[] = [];
    const values = decodeSection(MULTI_WAN.member.options, section, {
      where,
      report: (problem) => {
        problems.push(problem.where);
        // A member with another metric would stand in another tier: it is left out instead.
        const text = problem.text.replace(/; 1 is used\.$/, ': the member is left out.');
        reading.report(problem.where === `${where}.metric` ? { ...problem, text } : problem);
      },
      nameUnknown: true,
    });
    const wan = values?.interface ?? null;
    members.set(name, null);
    if (values === null || problems.includes(`${where}.metric`)) continue;
    if (wan === null) {
      if (!problems.includes(`${where}.interface`))
        reading.warn(`${where}.interface`, 'Is missing: the member is left out.', true);
    } else if (wans.some((item) => item.name === wan))
      members.set(name, { name, wan, metric: values.metric, weight: values.weight });
    else
      reading.report({
        severity: 'error',
        where: `${where}.interface`,
        text: `Is ${quoted(wan)}, which is no interface section.`,
      });
  }
  return members;
}

function policiesOf(
  reading: Reading,
  members: ReadonlyMap<string, MemberConfig | null>,
): readonly PolicyConfig[] {
  return named(reading, 'policy').map((section) => {
    const { name } = section;
    const where = reading.whereOf(section);
    const values = reading.decode(MULTI_WAN.policy.options, section);
    if (BUILT_IN.includes(name))
      reading.warn(where, `Has the name of a built-in policy, so use_policy ${name} never means it.`);
    const used = values.use_member.flatMap((wanted) => {
      const member = members.get(wanted);
      if (member === undefined)
        reading.report({
          severity: 'error',
          where: `${where}.use_member`,
          text: `Names ${quoted(wanted)}, which is no member section.`,
        });
      return member === undefined || member === null ? [] : [member];
    });
    if (used.length === 0)
      reading.warn(
        `${where}.use_member`,
        `Names no member that can be used: its traffic always meets last_resort ${values.last_resort}.`,
      );
    return { name, members: used, lastResort: values.last_resort };
  });
}

function rulesOf(
  reading: Reading,
  policies: readonly PolicyConfig[],
  logging: boolean,
): readonly RuleConfig[] {
  return reading.sections
    .filter(({ type }) => type === 'rule')
    .flatMap((section, index) => {
      const context = {
        // Nothing refers to a rule, so it needs no name; no section can have one with an @.
        name: section.name ?? `@rule[${index}]`,
        where: reading.whereOf(section),
        given: section.options.flatMap(({ name }) =>
          (optionText(section, name) ?? '').trim() === '' ? [] : [name],
        ),
        policies: policies.map(({ name }) => name),
        logging,
        report: reading.report,
      };
      const rule = ruleOf(reading.decode(MULTI_WAN.rule.options, section), context);
      return rule === null ? [] : [rule];
    });
}

export interface DecodedMultiWan extends DecodedConfig<MultiWanConfig> {
  /** What the file says, errors or not: to be shown, never to be compiled. */
  readonly draft: MultiWanConfig;
}

/**
 * Decodes the sections of /etc/config/mwan3.
 *
 * @returns `value` null if there is an error among the problems; each names section and option.
 */
export function decodeMultiWan(sections: readonly UciSection[]): DecodedMultiWan {
  const problems: ConfigProblem[] = [];
  const reading = startReading(sections, problems);
  const types = Object.keys(MULTI_WAN);
  for (const section of sections) {
    if (!types.includes(section.type))
      reading.warn(
        reading.whereOf(section),
        `Is of type ${quoted(section.type)}, which nobody reads: it has no effect.`,
        true,
      );
  }
  const { values, mask } = globalsOf(reading);
  const wans = wansOf(reading, values.track_default);
  const policies = policiesOf(reading, membersOf(reading, wans));
  const draft: MultiWanConfig = {
    mask,
    logging: values.logging,
    logLevel: LOG_LEVELS[values.loglevel],
    sourceRouting: values.source_routing,
    customTables: [...new Set(values.rt_table_lookup)],
    wans,
    policies,
    rules: rulesOf(reading, policies, values.logging),
  };
  // Names of tables are the router's to know.
  problems.push(...checkTables(draft, [], {}));
  return { value: problems.some(({ severity }) => severity === 'error') ? null : draft, draft, problems };
}

/**
 * What only the links can tell: two WANs of one family on one device have one routing table's worth of routes between them, so
 * the marks of both would mean the same line. Errors, to be treated as those of the file.
 */
export function checkLinks(config: MultiWanConfig, links: readonly WanLink[]): readonly ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const seen = new Map<string, WanConfig>();
  for (const wan of config.wans) {
    const device = links.find(({ name }) => name === wan.name)?.device ?? null;
    if (!wan.enabled || device === null) continue;
    const key = `${wan.family} ${device}`;
    const other = seen.get(key);
    if (other === undefined) seen.set(key, wan);
    else
      problems.push({
        severity: 'error',
        where: `mwan3.${wan.name}`,
        text: `Has the device ${quoted(device)}, as ${other.name} has: two WANs of one family need a device each.`,
      });
  }
  return problems;
}
