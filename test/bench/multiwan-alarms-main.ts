/**
 * Counts false alarms: one router with default settings and two WANs, whose providers lose 5 % of the packets at random, wan1's of what is
 * sent, wan2's in both directions. No part of `make bench`, since it takes as long as it is told to. Argument: minutes.
 *
 *   npx esbuild test/bench/multiwan-alarms-main.ts --bundle --platform=node --format=esm --outfile=build/bench/alarms.mjs
 *   node build/bench/alarms.mjs 10
 */
import { loseAt, mwan3Config, startGateway } from '../lab/multiwan.ts';

const minutes = Number(process.argv[2] ?? 10);
const PERCENT = 5;
const { lab, router } = await startGateway({ mwan3: mwan3Config([1, 2]) });
try {
  const changes = async (): Promise<string[]> => {
    const lines = (await router.must(['hagw', 'events', '--limit', '500'])).split('\n');
    return lines.filter((line) => /WAN '\w+' is/.test(line));
  };
  const before = (await changes()).length;
  await loseAt(lab, 'isp1', PERCENT, 'up');
  await loseAt(lab, 'isp2', PERCENT, 'both');
  await new Promise((resolve) => setTimeout(resolve, minutes * 60_000));
  for (const isp of ['isp1', 'isp2']) {
    const counted = /packets (\d+)/.exec(await lab.runIn(isp, ['nft', 'list', 'table', 'inet', 'loss']));
    console.log(`${isp}: ${counted?.[1]} packets dropped in ${minutes} minutes`);
  }
  const found = (await changes()).slice(before);
  console.log(`${found.length} changes of state`);
  for (const line of found) console.log(line);
} finally {
  await lab.close();
}
