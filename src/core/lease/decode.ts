/**
 * dnsmasq's lease file to facts (lease.c of dnsmasq 2.9x): IPv4 lines `EXPIRY MAC ADDRESS NAME CLIENTID`, then
 * `duid SERVERDUID`, then IPv6 lines `EXPIRY IAID ADDRESS NAME DUID`. A damaged line is named and passed over, as
 * dnsmasq does; the file itself is never refused, since a reader may meet it while it is being written.
 */
import { parseIpAddress } from '../../lib/ip.ts';
import { fail, ok, type Result } from '../../lib/result.ts';
import type { DamagedLine, Lease4, Lease6, LeaseFacts } from './facts.ts';

/** More damaged lines than these are not listed one by one. */
const MAX_DAMAGED = 100;
/** Hardware type in front if it is not Ethernet; up to 16 bytes (DHCP_CHADDR_MAX), none at all for some types. */
const MAC = /^(?:[0-9a-f]{2}-)?(?:[0-9a-f]{2}(?::[0-9a-f]{2}){0,15})?$/i;
const HEX_BYTES = /^[0-9a-f]{2}(?::[0-9a-f]{2})*$/i;
const PRINTABLE = /^[^\u0000-\u0020\u007f-\u00a0]{1,255}$/;

type Line =
  | { readonly kind: 'ipv4'; readonly lease: Lease4 }
  | { readonly kind: 'ipv6'; readonly lease: Lease6 }
  | { readonly kind: 'duid'; readonly duid: string };

/** @param file its path, for the facts; @param text its whole content. */
export function decodeLeases(file: string, text: string): LeaseFacts {
  const ipv4: Lease4[] = [];
  const ipv6: Lease6[] = [];
  const damaged: DamagedLine[] = [];
  let serverDuid: string | null = null;
  const lines = text.split('\n');
  lines.forEach((content, index) => {
    const isLast = index === lines.length - 1;
    if (content === '') return;
    const line = isLast ? fail('it has no line end: the file is cut off there') : decodeLine(content);
    if (!line.ok) {
      if (damaged.length < MAX_DAMAGED) {
        damaged.push({
          line: index + 1,
          message: `Line ${index + 1} of ${file} is no lease: ${line.error}.`,
        });
      }
    } else if (line.value.kind === 'ipv4') ipv4.push(line.value.lease);
    else if (line.value.kind === 'ipv6') ipv6.push(line.value.lease);
    else serverDuid = line.value.duid;
  });
  return { file, ipv4, ipv6, serverDuid, damaged };
}

function decodeLine(content: string): Result<Line, string> {
  const words = content.split(' ');
  const [first = '', second = '', third = '', fourth = '', fifth = ''] = words;
  if (first === 'duid') {
    if (words.length !== 2 || !HEX_BYTES.test(second))
      return fail('the DUID of the server is not hexadecimal');
    return ok({ kind: 'duid', duid: second });
  }
  if (words.length !== 5) return fail(`it has ${words.length} words instead of 5`);
  if (!/^\d{1,15}$/.test(first)) return fail('its time of expiry is no number');
  const expiresS = Number(first) === 0 ? null : Number(first);
  const address = parseIpAddress(third);
  if (address === null) return fail('its address is none');
  if (!PRINTABLE.test(fourth)) return fail('its host name has characters that no name has');
  const hostname = fourth === '*' ? null : fourth;
  if (fifth !== '*' && !HEX_BYTES.test(fifth)) return fail('its client id is not hexadecimal');
  const id = fifth === '*' ? null : fifth;
  if (address.family === 'ipv6')
    return decodeLease6(second, { expiresS, address: address.text, hostname, duid: id });
  if (second === '' || !MAC.test(second)) return fail('its hardware address is none');
  return ok({
    kind: 'ipv4',
    lease: { expiresS, mac: second, address: address.text, hostname, clientId: id },
  });
}

function decodeLease6(iaid: string, rest: Omit<Lease6, 'iaid' | 'temporary'>): Result<Line, string> {
  const match = /^(T?)(\d{1,10})$/.exec(iaid);
  const number = Number(match?.[2] ?? Number.NaN);
  if (match === null || number > 4294967295) return fail('its IAID is no 32-bit number');
  return ok({ kind: 'ipv6', lease: { ...rest, iaid: number, temporary: match[1] === 'T' } });
}
