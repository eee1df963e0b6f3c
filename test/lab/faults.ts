/** What happens to the routers of a pair, and how it is mended: one table for tests and measurements. Asserts nothing. */
import type { Lab } from './lab.ts';
import { waitForPair, waitForRole } from './pair.ts';
import { LabError, until } from './programs.ts';
import type { Router } from './router.ts';

export interface Fault {
  readonly text: string;
  /** Whether the backup has to take over. */
  readonly moves: boolean;
  strike(active: Router, backup: Router): Promise<void>;
  /** Both routers are as before, but for their roles. */
  repair(active: Router, backup: Router): Promise<void>;
}

/** Numbers of a program's processes, in the router's own counting. Throws LabError if there are none. */
async function pidsOf(router: Router, program: string): Promise<readonly string[]> {
  const words = (await router.exec(['pidof', program])).stdout.trim();
  if (words === '') throw new LabError(`${router.name}: ${program} does not run.`);
  return words.split(' ');
}

async function signal(router: Router, name: 'KILL' | 'STOP' | 'CONT', program: string): Promise<void> {
  await router.must(['kill', `-${name}`, ...(await pidsOf(router, program))]);
}

const running = (router: Router, program: string): Promise<true> =>
  until(`Another ${program} of ${router.name}`, 30_000, async () =>
    (await router.exec(['pidof', program])).code === 0 ? true : undefined,
  );

const cable = (device: string, text: string): Fault => ({
  text,
  moves: true,
  strike: (active) => active.cutLink(device),
  repair: (active) => active.healLink(device),
});

const powerLoss: Fault = {
  text: 'the active router loses its power',
  moves: true,
  strike: async (active) => {
    await active.powerOff();
  },
  repair: (active) => active.powerOn(),
};

export const FAULTS = {
  powerLoss,
  lanCable: cable('lan', "the active router's LAN cable is pulled"),
  // With a multi-WAN engine it may stay, and use the other WAN.
  wanCable: { ...cable('wan1', 'the cable of its WAN 1 is pulled'), moves: false },
  keepalivedKilled: {
    text: "kill -9 of the active router's keepalived",
    moves: true,
    strike: (active) => signal(active, 'KILL', 'keepalived'),
    // procd starts it again.
    repair: async (active) => {
      await running(active, 'keepalived');
    },
  },
  keepalivedStopped: {
    text: 'its keepalived hangs (SIGSTOP)',
    moves: true,
    strike: (active) => signal(active, 'STOP', 'keepalived'),
    repair: (active) => signal(active, 'CONT', 'keepalived'),
  },
  frozen: {
    text: 'all its processes hang; its kernel goes on',
    moves: true,
    // -1: all but init and the one that asks.
    strike: async (active) => {
      await active.must(['sh', '-c', 'kill -STOP -1']);
    },
    repair: async (active) => {
      await active.must(['sh', '-c', 'kill -CONT -1']);
    },
  },
  conntrackdStopped: {
    text: "the backup's conntrackd hangs, and the active router loses its power",
    moves: true,
    strike: async (active, backup) => {
      await signal(backup, 'STOP', 'conntrackd');
      await powerLoss.strike(active, backup);
    },
    repair: async (active, backup) => {
      await signal(backup, 'CONT', 'conntrackd');
      await powerLoss.repair(active, backup);
    },
  },
  cleanStop: {
    text: 'keepalived of the active router is stopped',
    moves: true,
    strike: async (active) => {
      await active.must(['/etc/init.d/keepalived', 'stop']);
    },
    repair: async (active) => {
      await active.must(['/etc/init.d/keepalived', 'start']);
    },
  },
  switchover: {
    text: 'hagw switchover',
    moves: true,
    strike: async (active) => {
      await active.must(['hagw', 'switchover']);
    },
    repair: async () => {},
  },
} satisfies Readonly<Record<string, Fault>>;

const SPLIT =
  'table inet lab_split { chain input { type filter hook prerouting priority -400; meta l4proto 112 drop; }; }';

/**
 * Makes the router with the higher priority the active one, if it is not: after a split brain it is the one that never stepped down, and it has
 * not seen what its connections did meanwhile.
 */
export async function strongerActive(lab: Lab): Promise<void> {
  const { active, backup } = await waitForPair(lab);
  if (active.plan.priority > backup.plan.priority) return;
  await FAULTS.cleanStop.strike(active);
  await waitForRole(backup, ['active']);
  await FAULTS.cleanStop.repair(active);
  await waitForPair(lab);
}

/** What gratuitous ARP does sooner or later: everybody has `router` for the owner of the virtual addresses. */
async function arpLeadsTo(lab: Lab, router: Router): Promise<void> {
  const { clients, wans, lanVirtualAddress } = lab.topology;
  const tell = async (machine: string, device: string, address: string, port: string): Promise<void> => {
    const mac = router.plan.ports.find((one) => one.device === port)?.mac ?? '';
    const entry = [address, 'lladdr', mac, 'dev', device, 'nud', 'stale'];
    await lab.runIn(machine, ['ip', 'neigh', 'replace', ...entry]);
  };
  await Promise.all([
    ...clients.map(({ name }) => tell(name, 'lan', lanVirtualAddress, 'lan')),
    ...wans.map(({ isp, name, virtualAddress }) => tell(isp, 'wan', virtualAddress, name)),
  ]);
}

/**
 * No advert arrives at either router, by whatever cable: both become active, and everybody turns to the one that was backup. After `heal`,
 * which ends it, everybody turns to the one that stays active.
 */
export async function splitBrain(lab: Lab): Promise<{ heal(): Promise<void> }> {
  const routers = Object.values(lab.routers);
  const { backup } = await waitForPair(lab);
  await Promise.all(routers.map((router) => router.must(['nft', SPLIT])));
  await Promise.all(routers.map((router) => waitForRole(router, ['active'])));
  await arpLeadsTo(lab, backup);
  return {
    async heal() {
      await Promise.all(routers.map((router) => router.must(['nft', 'delete table inet lab_split'])));
      const { active } = await waitForPair(lab);
      await arpLeadsTo(lab, active);
    },
  };
}
