/** What a prober checks before anything of a spec becomes an argument of a program. */
import { parseIpAddress } from '../lib/ip.ts';
import type { ProbeSpec } from '../ports/probe.ts';

/** A name as the kernel takes it (dev_valid_name) and that no program takes for an option or a separator. */
export function isDeviceName(name: string): boolean {
  return /^[A-Za-z0-9_.][A-Za-z0-9_.@-]{0,14}$/.test(name) && name !== '.' && name !== '..';
}

/** One sentence on what is wrong with the spec; null = nothing. */
export function specProblem(spec: ProbeSpec): string | null {
  if (!isDeviceName(spec.device)) return `"${spec.device}" is no name of a device.`;
  for (const target of [...spec.targets, ...(spec.source === null ? [] : [spec.source])]) {
    if (parseIpAddress(target)?.family !== spec.family) return `"${target}" is no ${spec.family} address.`;
  }
  const { mark } = spec;
  if (mark !== null && !(Number.isInteger(mark) && mark >= 0 && mark <= 0xffffffff)) {
    return `${mark} is no firewall mark.`;
  }
  return spec.targets.length === 0 ? 'There is no target.' : null;
}
