/** Leases from dnsmasq's lease file. dnsmasq writes it over itself, so that a read may meet it half written. */
import { DEFAULT_LEASE_FILE } from '../core/config/dhcp.ts';
import { decodeLeases } from '../core/lease/decode.ts';
import { readError } from '../core/neighbours/read-error.ts';
import { fail, ok } from '../lib/result.ts';
import { decodeText } from '../lib/text.ts';
import type { Files } from '../ports/files.ts';
import type { Leases } from '../ports/leases.ts';

/** Some ten thousand leases; dnsmasq's own limit is 1000 by default (dhcp-lease-max). */
const MAX_BYTES = 2 * 1024 * 1024;

/** @param leaseFile its path at the moment of the read: it is an option of UCI. */
export function createDnsmasqLeases(
  files: Files,
  leaseFile: () => string = () => DEFAULT_LEASE_FILE,
): Leases {
  return {
    async read() {
      const path = leaseFile();
      const content = files.read(path, MAX_BYTES);
      if (content.ok) return ok(decodeLeases(path, decodeText(content.value)));
      if (content.error.code === 'ENOENT') {
        return fail(
          readError(
            'absent',
            `dnsmasq's lease file ${path} is missing: it serves no DHCP here or has not started.`,
          ),
        );
      }
      return fail(
        readError('failed', `dnsmasq's lease file ${path} cannot be read: ${content.error.message}`),
      );
    },
  };
}
