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

/** No advert arrives at either router, by whatever cable: both become active. Ends when `heal` is called. */
export async function splitBrain(lab: Lab): Promise<{ heal(): Promise<void> }> {
  const routers = Object.values(lab.routers);
  await Promise.all(routers.map((router) => router.must(['nft', SPLIT])));
  await Promise.all(routers.map((router) => waitForRole(router, ['active'])));
  return {
    async heal() {
      await Promise.all(routers.map((router) => router.must(['nft', 'delete table inet lab_split'])));
      await waitForPair(lab);
    },
  };
}
