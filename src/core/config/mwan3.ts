/**
 * /etc/config/mwan3 as far as the status needs it: interfaces, members and policies, with the meaning and the limits
 * that mwan3 2.12 gives them. A section that mwan3 would not use as written is named; the file as a whole is never
 * rejected, as mwan3 does not reject it either.
 */
import type { DecodedConfig } from './hagw.ts';
import { decodeSection, type OptionTable } from './option.ts';
import { type ConfigProblem, LONGEST_NAME, sectionAddress, type UciSection } from './uci.ts';

const INTERFACE = {
  // mwan3 takes an interface without the option for switched off.
  enabled: { type: 'boolean', default: '0', text: 'Whether mwan3 uses the interface.' },
  family: { type: 'enum', oneOf: ['ipv4', 'ipv6'], default: 'ipv4', text: 'Address family.' },
  track_ip: { type: 'ip-address', list: true, text: 'Hosts to probe.' },
  reliability: {
    type: 'integer',
    min: 1,
    max: 100,
    default: '1',
    text: 'How many of the hosts must answer.',
  },
} as const satisfies OptionTable;

const MEMBER = {
  interface: { type: 'name', required: true, text: 'Interface section.' },
  metric: {
    type: 'integer',
    min: 1,
    max: 256,
    default: '1',
    text: 'Lowest metric with an online member wins.',
  },
  weight: { type: 'integer', min: 1, max: 1000, default: '1', text: 'Share among members of one metric.' },
} as const satisfies OptionTable;

const POLICY = {
  use_member: { type: 'name', list: true, text: 'Member sections.' },
  last_resort: {
    type: 'enum',
    oneOf: ['unreachable', 'blackhole', 'default'],
    default: 'unreachable',
    text: 'What happens without an online member.',
  },
} as const satisfies OptionTable;

/** iptables refuses the chains of longer names (mwan3 2.12, recorded). */
const LONGEST_POLICY = 15;
const LONGEST_INTERFACE = 13;

export interface Mwan3Interface {
  readonly name: string;
  readonly enabled: boolean;
  readonly family: 'ipv4' | 'ipv6';
  readonly trackIp: readonly string[];
}

export interface Mwan3Member {
  readonly name: string;
  readonly interface: string;
  readonly metric: number;
  readonly weight: number;
}

export interface Mwan3Policy {
  readonly name: string;
  readonly lastResort: 'unreachable' | 'blackhole' | 'default';
  readonly members: readonly Mwan3Member[];
}

export interface Mwan3Config {
  readonly interfaces: readonly Mwan3Interface[];
  readonly policies: readonly Mwan3Policy[];
}

/** Decodes /etc/config/mwan3; `value` is never null, problems are all warnings. */
export function decodeMwan3(
  sections: readonly UciSection[],
): DecodedConfig<Mwan3Config> & { readonly value: Mwan3Config } {
  const problems: ConfigProblem[] = [];
  const warn = (where: string, text: string): void => {
    problems.push({ severity: 'warning', where, text });
  };
  const whereOf = (section: UciSection): string => sectionAddress('mwan3', sections, section);
  /** Sections of a type, decoded; those without a name cannot be referred to and are skipped, as mwan3 skips them. */
  const decodeAll = <const T extends OptionTable>(type: string, table: T) =>
    sections
      .filter((section) => section.type === type)
      .flatMap((section) => {
        if (section.name === null) {
          warn(whereOf(section), 'Has no name, so nothing can refer to it.');
          return [];
        }
        if (section.name.length > LONGEST_NAME) {
          warn(
            whereOf(section),
            `Has a name of ${section.name.length} characters; at most ${LONGEST_NAME} are read.`,
          );
          return [];
        }
        const context = {
          where: whereOf(section),
          report: ({ where, text }: ConfigProblem) => warn(where, text),
          nameUnknown: false,
        };
        const values = decodeSection(table, section, context);
        return values === null ? [] : [{ name: section.name, values }];
      });

  const interfaces = decodeAll('interface', INTERFACE).map(({ name, values }) => {
    if (name.length > LONGEST_INTERFACE)
      warn(
        `mwan3.${name}`,
        `Has a name of ${name.length} characters; above ${LONGEST_INTERFACE} mwan3 makes no chain for it.`,
      );
    if (values.track_ip.length > 0 && values.reliability > values.track_ip.length)
      warn(
        `mwan3.${name}.reliability`,
        `Is ${values.reliability}, but there are only ${values.track_ip.length} track_ip: it can never be online.`,
      );
    return { name, enabled: values.enabled, family: values.family, trackIp: values.track_ip };
  });
  const members = decodeAll('member', MEMBER).map(({ name, values }): Mwan3Member => {
    if (!interfaces.some((item) => item.name === values.interface))
      warn(`mwan3.${name}.interface`, `Is '${values.interface}', which is no interface section.`);
    return { name, ...values };
  });
  const policies = decodeAll('policy', POLICY).map(({ name, values }): Mwan3Policy => {
    if (name.length > LONGEST_POLICY)
      warn(
        `mwan3.${name}`,
        `Has a name of ${name.length} characters; above ${LONGEST_POLICY} mwan3 ignores it, and a rule that uses it makes all rules fail.`,
      );
    const used = values.use_member.flatMap((wanted) => {
      const member = members.find((item) => item.name === wanted);
      if (member === undefined)
        warn(`mwan3.${name}.use_member`, `Names '${wanted}', which is no member section.`);
      return member === undefined ? [] : [member];
    });
    return { name, lastResort: values.last_resort, members: used };
  });
  return { value: { interfaces, policies }, problems };
}
