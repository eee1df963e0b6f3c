/** An ISP's DHCP server: dnsmasq of the lab's root, which gives one address to one MAC address and nothing to any other. */
import type { Cage } from './cage.ts';
import { TOOLS } from './disk.ts';
import { start } from './programs.ts';
import { sharedMac, type Wan } from './topology.ts';

/** Short, so that a test sees renewals. */
const LEASE = '2m';

/** It ends with the cage. */
export function startDhcpServer(cage: Cage, wan: Wan): void {
  const { net, gateway, virtualAddress: address } = wan;
  const argv = [
    ...['chroot', TOOLS, 'dnsmasq', '--keep-in-foreground', '--conf-file=/dev/null', '--user=root'],
    ...['--port=0', '--leasefile-ro', '--pid-file', '--interface=wan', '--bind-interfaces', '--no-ping'],
    ...[`--dhcp-range=${net}.0,static,255.255.255.0,${LEASE}`, '--dhcp-authoritative'],
    ...[
      `--dhcp-host=${sharedMac(wan)},${address}`,
      `--dhcp-option=3,${gateway}`,
      `--dhcp-option=6,${gateway}`,
    ],
  ];
  const child = start([...cage.enter(wan.isp), ...argv], { stdio: 'ignore', detached: true });
  // What the lab cannot start shows as a WAN without an address.
  child.on('error', () => undefined);
}
