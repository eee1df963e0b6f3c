/**
 * One `rule` section of /etc/config/mwan3. A rule that cannot be what its author meant is left out and named, as a wider one
 * would take traffic that is not its own; the others hold. Only a policy that does not exist rejects the file.
 */
import type { Family, RuleConfig } from '../policy/model.ts';
import { portProtocol, protocolNumber } from '../policy/protocols.ts';
import type { MULTI_WAN } from './multiwan-tables.ts';
import { parseAddresses, parsePorts } from './multiwan-values.ts';
import { type DecodedSection, quoted } from './option.ts';
import type { ConfigProblem } from './uci.ts';

type Values = DecodedSection<typeof MULTI_WAN.rule.options>;

export interface RuleContext {
  readonly name: string;
  /** Address of the section. */
  readonly where: string;
  /** Options of the section that have a value, whether good or not. */
  readonly given: readonly string[];
  /** Names of the policy sections. */
  readonly policies: readonly string[];
  /** `logging` in globals. */
  readonly logging: boolean;
  readonly report: (problem: ConfigProblem) => void;
}

const LEFT_OUT = 'the rule is left out.';

/** What the rule does with its traffic; null if nobody knows. */
function useOf({ use_policy: name }: Values, context: RuleContext): RuleConfig['use'] | null {
  const where = `${context.where}.use_policy`;
  if (name === null) {
    context.report({ severity: 'warning', where, text: `Is missing: ${LEFT_OUT}`, lost: true });
    return null;
  }
  if (name === 'default' || name === 'unreachable' || name === 'blackhole') return { kind: name };
  if (context.policies.includes(name)) return { kind: 'policy', policy: name };
  context.report({ severity: 'error', where, text: `Is ${quoted(name)}, which is no policy section.` });
  return null;
}

/** `null` = all; undefined = unknown. */
function protocolOf(proto: string | null): number | null | undefined {
  const text = (proto ?? 'all').toLowerCase();
  if (text === 'all' || text === '0') return null;
  return protocolNumber(text) ?? undefined;
}

const TCP = 6;
const UDP = 17;

/**
 * The rule, or null if it is left out; what is wrong has then been reported.
 */
export function ruleOf(values: Values, context: RuleContext): RuleConfig | null {
  let bad = false;
  const warn = (option: string, text: string): void =>
    context.report({ severity: 'warning', where: `${context.where}.${option}`, text });
  const leaveOut = (option: string, clause: string): void => {
    const where = `${context.where}.${option}`;
    context.report({ severity: 'warning', where, text: `${clause}: ${LEFT_OUT}`, lost: true });
    bad = true;
  };

  const use = useOf(values, context);
  const protocol = protocolOf(values.proto);
  if (protocol === undefined) leaveOut('proto', `Is ${quoted(values.proto ?? '')}, which is no protocol`);

  const hasPorts = protocol === TCP || protocol === UDP;
  const ports = (option: 'src_port' | 'dest_port') => {
    if (values[option].length === 0) return [];
    if (!hasPorts) {
      // A protocol that nobody knows has been reported, and the rule with it.
      if (protocol !== undefined)
        warn(option, `Is ignored, since proto is ${quoted(values.proto ?? 'all')} and not tcp or udp.`);
      return [];
    }
    const parsed = parsePorts(values[option]);
    if (parsed.ok) return parsed.value;
    leaveOut(option, parsed.error);
    return [];
  };
  const sourcePorts = ports('src_port');
  const destinationPorts = ports('dest_port');

  let families: readonly Family[] = values.family === 'any' ? ['ipv4', 'ipv6'] : [values.family];
  const addresses = (option: 'src_ip' | 'dest_ip') => {
    const parsed = parseAddresses(values[option]);
    if (!parsed.ok) {
      leaveOut(option, parsed.error);
      return [];
    }
    const { matches, families: own } = parsed.value;
    if (own.length === 0) return [];
    const common = families.filter((family) => own.includes(family));
    if (common.length === 0) leaveOut(option, `Has no address of family ${families.join(' or ')}`);
    else families = common;
    return matches;
  };
  const sources = addresses('src_ip');
  const destinations = addresses('dest_ip');

  // Reported by the table; without them the rule would match far more than it should.
  for (const option of [
    'proto',
    'src_iface',
    'ipset',
    'src_ip',
    'src_port',
    'dest_ip',
    'dest_port',
  ] as const) {
    const value = values[option];
    if (context.given.includes(option) && (value === null || value.length === 0))
      leaveOut(option, 'Cannot be used');
  }
  if (bad || use === null) return null;
  if (values.sticky && use.kind !== 'policy')
    warn('sticky', `Has no effect, since use_policy is ${quoted(use.kind)}.`);
  if (values.logging && !context.logging) warn('logging', 'Has no effect, since globals.logging is not 1.');
  const [onlyFamily, second] = families;
  return {
    name: context.name,
    where: context.where,
    family: onlyFamily === undefined || second !== undefined ? 'any' : onlyFamily,
    sources,
    destinations,
    protocol:
      protocol === null || protocol === undefined
        ? null
        : (portProtocol(protocol) ?? values.proto?.toLowerCase() ?? null),
    sourcePorts,
    destinationPorts,
    sourceInterface: values.src_iface,
    ipset: values.ipset,
    sticky: values.sticky && use.kind === 'policy',
    stickyTimeoutS: values.timeout,
    logging: values.logging,
    use,
  };
}
