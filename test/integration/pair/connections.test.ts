/**
 * Connections that are open when a router goes: TCP that talks, TCP that is idle, downloads and UDP flows, by both WANs' virtual addresses, with
 * OpenWrt's REJECT on the WAN. And the settings without which they die, so that the counting can be seen to count.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { BY_HAND, OURS, settled } from '../../bench/pair-setups.ts';
import { FAULTS, splitBrain, strongerActive } from '../../lab/faults.ts';
import { createLab, type Lab } from '../../lab/lab.ts';
import { waitForPair, waitForRole } from '../../lab/pair.ts';
import { type Survival, type SurvivalOptions, survive } from '../../lab/survival.ts';
import type { TopologyOptions } from '../../lab/topology.ts';

const CONNECTIONS = 200;

let lab: Lab | undefined;
afterEach(async () => {
  await lab?.close();
  lab = undefined;
});

async function startPair(options: TopologyOptions): Promise<Lab> {
  lab = await createLab(options);
  await settled(lab);
  return lab;
}

const throughBoth = (pair: Lab, act: () => Promise<void>, more: Partial<SurvivalOptions> = {}) =>
  survive(
    pair,
    { connections: CONNECTIONS, servers: pair.topology.servers.slice(0, 2), waitMs: 60_000, ...more },
    act,
  );

function expectAllAlive(survival: Survival): void {
  expect(survival).toMatchObject({ alive: CONNECTIONS, total: CONNECTIONS, closed: 0 });
  expect(survival).toMatchObject({ streams: 2, downloads: 2, flows: 2 });
}

/** The roles change by a fault, and all is mended afterwards. */
async function strike(pair: Lab, fault: 'powerLoss' | 'cleanStop'): Promise<Survival> {
  const { active, backup } = await waitForPair(pair);
  const survival = await throughBoth(pair, async () => {
    await FAULTS[fault].strike(active, backup);
    await waitForRole(backup, ['active']);
  });
  await FAULTS[fault].repair(active, backup);
  await settled(pair);
  return survival;
}

describe('connections that are open', () => {
  it.each([
    ['what hagw writes', OURS],
    ['what an administrator writes by hand', BY_HAND],
  ])(
    'outlive a loss of power, a handover, the way back and a healed split brain, by %s',
    async (_, setup) => {
      const pair = await startPair(setup);
      expectAllAlive(await strike(pair, 'powerLoss'));
      expectAllAlive(await strike(pair, 'cleanStop'));
      expectAllAlive(await strike(pair, 'powerLoss'));
      await strongerActive(pair);
      const split = await throughBoth(pair, async () => {
        const { heal } = await splitBrain(pair);
        await heal();
      });
      expectAllAlive(split);
    },
    400_000,
  );

  it('do not outlive a loss of power without conntrackd, if the client has nothing to say', async () => {
    const pair = await startPair({ ...BY_HAND, connections: { sync: false } });
    const { active, backup } = await waitForPair(pair);
    const blow = async (): Promise<void> => {
      await active.powerOff();
      await waitForRole(backup, ['active']);
    };
    const survival = await throughBoth(pair, blow, { talk: 'silent-client', waitMs: 10_000 });
    expect(survival).toMatchObject({ alive: 0, total: CONNECTIONS, downloads: 0 });
  }, 200_000);

  it('do not outlive it with masquerading, whatever conntrackd does', async () => {
    const pair = await startPair({ ...BY_HAND, connections: { snat: false } });
    const { active, backup } = await waitForPair(pair);
    const blow = async (): Promise<void> => {
      await active.powerOff();
      await waitForRole(backup, ['active']);
    };
    const survival = await throughBoth(pair, blow, { waitMs: 10_000 });
    expect(survival).toMatchObject({ alive: 0, total: CONNECTIONS, downloads: 0, flows: 0 });
  }, 200_000);
});
