/** /etc/config/dhcp as far as the status needs it: where dnsmasq keeps its leases. */
import { optionText, type UciReading } from './uci.ts';

/** What OpenWrt's own configuration names; dnsmasq's init script has the same default. */
export const DEFAULT_LEASE_FILE = '/tmp/dhcp.leases';

/** `leasefile` of the first dnsmasq section; an odd value is not followed. */
export function leaseFileOf(reading: UciReading): string {
  if (reading.kind !== 'read') return DEFAULT_LEASE_FILE;
  const section = reading.sections.find(({ type }) => type === 'dnsmasq');
  const path = section === undefined ? null : optionText(section, 'leasefile');
  return path !== null && /^\/[\x21-\x7e]{1,200}$/.test(path) ? path : DEFAULT_LEASE_FILE;
}
