/** What is wrong with the three configuration files. */
import { checkTables } from '../config/network-tables.ts';
import type { ConfigProblem } from '../config/uci.ts';
import { type PackageState, type State, shownConfig } from '../engine/state.ts';
import { LIMITS } from '../status/limits.ts';
import type { Finding, ProblemCode } from './catalogue.ts';

/** A file that cannot be read. */
function fileFindings(
  name: string,
  pack: PackageState<unknown>,
  codes: { readonly missing: ProblemCode; readonly broken: ProblemCode },
  consequence: string,
): Finding[] {
  const where = name;
  const file = `The configuration file '${name}'`;
  switch (pack.file) {
    case 'unread':
    case 'read':
      return [];
    case 'missing':
      return [{ code: codes.missing, where, text: `${file} is missing. ${consequence}` }];
    case 'broken':
    case 'unreadable':
      return [{ code: codes.broken, where, text: `${file} cannot be read: ${pack.message} ${consequence}` }];
  }
}

/** iptables refuses the chains of longer names (mwan3 2.12, recorded). */
const LONGEST_POLICY = 15;
const LONGEST_INTERFACE = 13;

/** What is wrong with the WANs' file by the rules of whose it is: the mwan3 package rejects none, but cannot do all of it. */
function wanFindings(state: State): Finding[] {
  const { multiWanConfig } = state;
  if (state.hagw.value?.engine === 'hagw') {
    const { problems, value } = multiWanConfig;
    // Where an engine runs, it says so itself, and knows more.
    const tables = state.multiWan === null && value !== null ? checkTables(value, state.tableUses, {}) : [];
    return problemFindings([...problems, ...tables], 'mwan3-config-warning');
  }
  const { wans = [], policies = [] } = multiWanConfig.draft ?? {};
  const tooLong = (name: string, limit: number, what: string): Finding[] =>
    name.length <= limit
      ? []
      : [
          {
            code: 'mwan3-config-warning',
            where: `mwan3.${name}`,
            text: `Has a name of ${name.length} characters; above ${limit} mwan3 ${what}.`,
          },
        ];
  return [
    ...multiWanConfig.problems.map(
      ({ where, text }): Finding => ({
        code: 'mwan3-config-warning',
        where,
        text: text.replace(/: \d+ is used\.$/, ': with mwan3 it is never online.'),
      }),
    ),
    ...wans.flatMap(({ name }) => tooLong(name, LONGEST_INTERFACE, 'makes no chain for it')),
    ...policies.flatMap(({ name }) =>
      tooLong(name, LONGEST_POLICY, 'ignores it, and a rule that uses it makes all rules fail'),
    ),
  ];
}

function problemFindings(problems: readonly ConfigProblem[], warning: ProblemCode): Finding[] {
  return problems.map(({ severity, where, text }) => ({
    code: severity === 'error' ? 'config-invalid' : warning,
    where,
    text,
  }));
}

/** Longer lists than the status shows. */
function lengthFindings(state: State): Finding[] {
  const { keepalivedConfig } = state;
  const config = shownConfig(state);
  const lists = [
    ['mwan3', 'interface', config?.wans.length ?? 0, LIMITS.wans],
    ['mwan3', 'policy', config?.policies.length ?? 0, LIMITS.policies],
    ['keepalived', 'vrrp_instance', keepalivedConfig.value?.instances.length ?? 0, LIMITS.instances],
    ['keepalived', 'vrrp_sync_group', keepalivedConfig.value?.groups.length ?? 0, LIMITS.groups],
  ] as const;
  return lists
    .filter(([, , count, limit]) => count > limit)
    .map(([name, type, count, limit]) => ({
      code: 'too-many-sections',
      where: `${name}.@${type}[${limit}]`,
      text: `There are ${count} sections of type ${type} in ${name}; the status shows the first ${limit}.`,
    }));
}

function altConfigFindings(state: State): Finding[] {
  const file = state.keepalivedConfig.value?.altConfigFile ?? null;
  if (file === null) return [];
  const text =
    'While that file exists keepalived runs by it: nothing in UCI counts, and changes of state are seen late, by polling, since no notification comes.';
  return [{ code: 'keepalived-alt-config', where: 'keepalived.globals.alt_config_file', text }];
}

export function configFindings(state: State): readonly Finding[] {
  const { hagw, multiWanConfig, keepalivedConfig } = state;
  const force =
    hagw.value === null ? 'No configuration is in force.' : 'The configuration before it stays in force.';
  return [
    ...fileFindings('hagw', hagw, { missing: 'config-missing', broken: 'config-broken' }, force),
    ...problemFindings(hagw.problems, 'config-warning').map((finding) =>
      finding.code === 'config-invalid' ? { ...finding, text: `${finding.text} ${force}` } : finding,
    ),
    // hagw writes it by itself, or says why not.
    ...(keepalivedConfig.file === 'missing' && hagw.value?.managePair
      ? []
      : fileFindings(
          'keepalived',
          keepalivedConfig,
          { missing: 'keepalived-config-missing', broken: 'keepalived-config-broken' },
          'keepalived does not start without it.',
        )),
    ...problemFindings(keepalivedConfig.problems, 'keepalived-config-warning'),
    ...fileFindings(
      'mwan3',
      multiWanConfig,
      { missing: 'mwan3-config-missing', broken: 'mwan3-config-broken' },
      shownConfig(state) === null
        ? 'No WANs and policies are known.'
        : 'The configuration before it stays in force.',
    ),
    ...wanFindings(state),
    ...altConfigFindings(state),
    ...lengthFindings(state),
  ];
}
