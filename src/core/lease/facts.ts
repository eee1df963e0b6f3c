/** What dnsmasq's lease file holds (lease.c of dnsmasq): IPv4 leases, then the server's DUID, then IPv6 leases. */

export interface Lease4 {
  /** Wall clock, seconds since 1970; null = infinite (0 in the file). */
  readonly expiresS: number | null;
  /** As in the file: hardware address, with `TYPE-` in front if it is not Ethernet. */
  readonly mac: string;
  readonly address: string;
  /** null = none (`*`). */
  readonly hostname: string | null;
  readonly clientId: string | null;
}

export interface Lease6 {
  readonly expiresS: number | null;
  /** IAID, 0 … 2^32-1. */
  readonly iaid: number;
  /** A temporary address (IA_TA; `T` before the IAID). */
  readonly temporary: boolean;
  readonly address: string;
  readonly hostname: string | null;
  /** The client's DUID, hexadecimal with colons. */
  readonly duid: string | null;
}

/** A line that is no lease; dnsmasq skips such lines too. */
export interface DamagedLine {
  /** From 1. */
  readonly line: number;
  /** What is wrong, one sentence. */
  readonly message: string;
}

export interface LeaseFacts {
  readonly file: string;
  /** In the file's order: newest first. */
  readonly ipv4: readonly Lease4[];
  readonly ipv6: readonly Lease6[];
  /** DUID of this server; null without DHCPv6. */
  readonly serverDuid: string | null;
  readonly damaged: readonly DamagedLine[];
}
