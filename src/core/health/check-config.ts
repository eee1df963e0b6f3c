/** What is wrong with the three configuration files. */
import type { PackageState, State } from '../engine/state.ts';
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

/** The rules of whose file it is: our own engine has no limits of mwan3's, and others of its own. */
function wanPackage(state: State): PackageState<unknown> {
  return state.hagw.value?.engine === 'hagw' ? state.multiWanConfig : state.mwan3Config;
}

function problemFindings(pack: PackageState<unknown>, warning: ProblemCode): Finding[] {
  return pack.problems.map(({ severity, where, text }) => ({
    code: severity === 'error' ? 'config-invalid' : warning,
    where,
    text,
  }));
}

/** Longer lists than the status shows. */
function lengthFindings({ mwan3Config, keepalivedConfig }: State): Finding[] {
  const lists = [
    ['mwan3', 'interface', mwan3Config.value?.interfaces.length ?? 0, LIMITS.wans],
    ['mwan3', 'policy', mwan3Config.value?.policies.length ?? 0, LIMITS.policies],
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
  const { hagw, mwan3Config, keepalivedConfig } = state;
  const force =
    hagw.value === null ? 'No configuration is in force.' : 'The configuration before it stays in force.';
  return [
    ...fileFindings('hagw', hagw, { missing: 'config-missing', broken: 'config-broken' }, force),
    ...problemFindings(hagw, 'config-warning').map((finding) =>
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
    ...problemFindings(keepalivedConfig, 'keepalived-config-warning'),
    ...fileFindings(
      'mwan3',
      mwan3Config,
      { missing: 'mwan3-config-missing', broken: 'mwan3-config-broken' },
      'No WANs and policies are known.',
    ),
    ...problemFindings(wanPackage(state), 'mwan3-config-warning'),
    ...altConfigFindings(state),
    ...lengthFindings(state),
  ];
}
