/** The pairs that are measured side by side. */
import { createLab, type Lab } from '../lab/lab.ts';
import { mwan3Config } from '../lab/multiwan.ts';
import { waitForPair } from '../lab/pair.ts';
import type { TopologyOptions } from '../lab/topology.ts';

/** What the tutorials write: VRRPv2, one advert a second, masquerading, OpenWrt's REJECT on the WAN, no conntrackd. */
export const TUTORIAL: TopologyOptions = {
  packages: ['hagw'],
  vrrp: { version: 2, advertInterval: 1, priorities: [100, 50] },
  connections: { snat: false, sync: false, noReset: false, liberal: false },
};

export const OURS: TopologyOptions = { packages: ['hagw'] };
export const FAST: TopologyOptions = { ...OURS, vrrp: { advertInterval: 0.02 } };

/** One rule each, so that a client reaches the first server by WAN 1 and the second by WAN 2. */
const rule = (server: string, wan: number): string[] => [
  `config policy 'only${wan}'\n\tlist use_member 'm${wan}'\n\toption last_resort 'unreachable'\n`,
  `config rule 'by${wan}'\n\toption dest_ip '${server}'\n\toption family 'ipv4'\n\toption use_policy 'only${wan}'\n`,
];

/** With hagw's engine: connections by both WANs at once. */
export const BOTH_WANS: TopologyOptions = {
  ...OURS,
  engine: 'hagw',
  mwan3: mwan3Config([1, 1], { rules: [...rule('192.0.2.1', 1), ...rule('192.0.2.2', 2)] }),
};

/** Runs `work` with a pair that is up, and takes it down whatever happens. */
export async function withPair<T>(options: TopologyOptions, work: (lab: Lab) => Promise<T>): Promise<T> {
  const lab = await createLab(options);
  try {
    await waitForPair(lab);
    return await work(lab);
  } finally {
    await lab.close();
  }
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
