/** What an import gives: sections of /etc/config/mwan3, and what each thing of the other system became. */
import { fail, ok, type Result } from '../../lib/result.ts';
import type { UciSection } from '../config/uci.ts';

export interface ImportNote {
  /** From 1; null = about the whole. */
  readonly line: number | null;
  /** `mapped`: by the sections; `elsewhere`: to be set in another file; `dropped`: there is nothing like it, or no need. */
  readonly kind: 'mapped' | 'elsewhere' | 'dropped';
  /** In the words of the other system, e.g. `uplinks[0].weight`. */
  readonly from: string;
  /** A whole sentence. */
  readonly text: string;
}

export interface Imported {
  readonly sections: readonly UciSection[];
  readonly notes: readonly ImportNote[];
}

/** Why nothing was imported. */
export interface ImportError {
  readonly line: number;
  readonly text: string;
}

/** Thrown within an importer at the first place that it does not understand; it never leaves this folder. */
export class Refusal extends Error {
  readonly line: number;
  constructor(line: number, text: string) {
    super(text);
    this.line = line;
  }
}

/** What `read` gives, or where it refused. */
export function refusable<T>(read: () => T): Result<T, ImportError> {
  try {
    return ok(read());
  } catch (error) {
    if (error instanceof Refusal) return fail({ line: error.line, text: error.message });
    throw error;
  }
}

export interface ImportOptions {
  /** Names of netifd interfaces by device, where they are known; others become wan, wanb, wanc … */
  readonly interfaces?: Readonly<Record<string, string>>;
}

/** A section from pairs; null and empty lists are left out. */
export function uciSection(
  type: string,
  name: string,
  options: Readonly<Record<string, string | readonly string[] | null>>,
): UciSection {
  return {
    type,
    name,
    options: Object.entries(options).flatMap(([option, value]) =>
      value === null || value.length === 0 ? [] : [{ name: option, value }],
    ),
  };
}

/** The name of WAN `index` (from 0), as OpenWrt's users choose them: wan, wanb, … wanz, wan27, … */
function usualName(index: number): string {
  if (index === 0) return 'wan';
  return index < 26 ? `wan${String.fromCharCode(97 + index)}` : `wan${index + 1}`;
}

/**
 * netifd's names for devices, each once, in their order: the known one where it can be a section's name, else the usual
 * one.
 */
export function interfaceNames(devices: readonly string[], options: ImportOptions): readonly string[] {
  const names: string[] = [];
  const known = options.interfaces ?? {};
  for (const [index, device] of devices.entries()) {
    const given = Object.keys(known).includes(device) ? (known[device] ?? '') : '';
    let name = /^\w{1,32}$/.test(given) ? given : usualName(index);
    for (let next = devices.length; names.includes(name); next += 1) name = usualName(next);
    names.push(name);
  }
  return names;
}

export interface ImportedWan {
  readonly name: string;
  readonly family: 'ipv4' | 'ipv6';
  readonly track: Readonly<Record<string, string | readonly string[] | null>>;
  /** Tier; null = the WAN is in no policy. */
  readonly metric: number | null;
  readonly weight: number;
}

/** Interfaces, their members, one policy over them and one rule for all traffic of each family. */
export function wanSections(
  wans: readonly ImportedWan[],
  lastResort: 'default' | 'unreachable',
): readonly UciSection[] {
  const used = wans.flatMap((wan) => (wan.metric === null ? [] : [{ ...wan, metric: wan.metric }]));
  const memberName = (wan: (typeof used)[number]): string => `${wan.name}_m${wan.metric}_w${wan.weight}`;
  const families = (['ipv4', 'ipv6'] as const).filter((family) => used.some((wan) => wan.family === family));
  return [
    uciSection('globals', 'globals', { mmx_mask: wans.length > 60 ? '0xFF00' : '0x3F00' }),
    ...wans.map((wan) =>
      uciSection('interface', wan.name, { enabled: '1', family: wan.family, ...wan.track }),
    ),
    ...used.map((wan) =>
      uciSection('member', memberName(wan), {
        interface: wan.name,
        metric: String(wan.metric),
        weight: String(wan.weight),
      }),
    ),
    uciSection('policy', 'imported', { use_member: used.map(memberName), last_resort: lastResort }),
    ...families.map((family) =>
      uciSection('rule', `all_${family}`, {
        family,
        dest_ip: family === 'ipv4' ? '0.0.0.0/0' : '::/0',
        use_policy: 'imported',
      }),
    ),
  ];
}
