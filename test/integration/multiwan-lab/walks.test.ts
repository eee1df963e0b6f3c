import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Gateway, startGateway } from '../../lab/multiwan.ts';
import { configText, FIRST, walk } from './walk.ts';

/** SEED=n walks that one; LONGER=s walks from it on for so many seconds, with kills, and prints what it did. */
const { SEED, LONGER } = process.env;
const SEEDS = SEED === undefined ? [3, 8] : [Number(SEED)];

describe('random walks of the service', () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway({ wans: 3, mwan3: configText(FIRST) });
  }, 120_000);
  afterAll(async () => {
    await gateway?.lab.close();
  });

  it.each(LONGER === undefined ? SEEDS : [])('walk %i ends in what a fresh start gives', async (seed) => {
    const counts = await walk(gateway, { seed, steps: 8, kills: SEED !== undefined });
    expect([...counts.values()].reduce((sum, count) => sum + count, 0)).toBe(8);
    const watch = await gateway.lab.client.watch();
    await watch.answering();
    await watch.stop();
  });

  const byHand = LONGER === undefined ? () => undefined : it;
  byHand(
    'one after the other',
    async () => {
      const end = performance.now() + Number(LONGER) * 1000;
      const sums = new Map<string, number>();
      const failures: string[] = [];
      let walks = 0;
      for (let seed = SEEDS[0] ?? 1; performance.now() < end; seed += 1) {
        walks += 1;
        try {
          const counts = await walk(gateway, { seed, steps: 12, kills: true });
          for (const [kind, count] of counts) sums.set(kind, (sums.get(kind) ?? 0) + count);
        } catch (error) {
          failures.push(error instanceof Error ? error.message : String(error));
        }
      }
      console.info(`${walks} walks: ${JSON.stringify(Object.fromEntries(sums))}`);
      expect(failures).toEqual([]);
    },
    3_600_000,
  );
});
