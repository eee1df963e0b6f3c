/** The pairs that are measured side by side. */
import { createLab, type Lab } from '../lab/lab.ts';
import { mwan3Config, waitForWans } from '../lab/multiwan.ts';
import { type Roles, waitForPair } from '../lab/pair.ts';
import { linkPartners } from '../lab/partners.ts';
import type { TopologyOptions } from '../lab/topology.ts';

/** What the tutorials write: VRRPv2, one advert a second, masquerading, OpenWrt's REJECT on the WAN, no conntrackd. */
export const TUTORIAL: TopologyOptions = {
  packages: ['hagw'],
  vrrp: { version: 2, advertInterval: 1, priorities: [100, 50] },
  connections: { snat: false, sync: false, noReset: false, liberal: false },
};

/** The first server is reached by WAN 1, the second by WAN 2; by the other one if that is dead. */
const rule = (server: string, wan: number, other: number): string[] => [
  `config member 'second${other}'\n\toption interface 'wan${other}'\n\toption metric '2'\n\toption weight '1'\n`,
  `config policy 'first${wan}'\n\tlist use_member 'm${wan}'\n\tlist use_member 'second${other}'\n\toption last_resort 'unreachable'\n`,
  `config rule 'by${wan}'\n\toption dest_ip '${server}'\n\toption family 'ipv4'\n\toption use_policy 'first${wan}'\n`,
];

/** With hagw's engine, so that connections use both WANs at once. */
const BOTH_WANS: TopologyOptions = {
  packages: ['hagw'],
  engine: 'hagw',
  mwan3: mwan3Config([1, 1], { rules: [...rule('192.0.2.1', 1, 2), ...rule('192.0.2.2', 2, 1)] }),
};

/** What hagw writes by itself, from the virtual addresses alone. */
export const OURS: TopologyOptions = { ...BOTH_WANS, managed: true };
/** keepalived by our figures, all else as the best guides have it by hand. */
export const BY_HAND: TopologyOptions = BOTH_WANS;
export const FAST: TopologyOptions = { ...OURS, vrrp: { advertInterval: 0.02 } };

/** Waits for a pair that is up, whose engines, if they run, have judged every WAN. */
export async function settled(lab: Lab): Promise<Roles> {
  const roles = await waitForPair(lab);
  if (lab.topology.engine === 'hagw')
    for (const router of Object.values(lab.routers)) await waitForWans(router, () => 'online', 60_000);
  return roles;
}

/** Runs `work` with a pair that is up, and takes it down whatever happens. */
export async function withPair<T>(options: TopologyOptions, work: (lab: Lab) => Promise<T>): Promise<T> {
  const lab = await createLab(options);
  const link = linkPartners(lab);
  try {
    await settled(lab);
    return await work(lab);
  } finally {
    link.stop();
    await lab.close();
  }
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
