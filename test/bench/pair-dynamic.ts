/**
 * A WAN whose ISP gives one address to one MAC address by DHCP: the silence that a LAN client has when the active router loses its power, or
 * hands over; and when the new one knows of no lease and has to ask first, as with scripts that only start the DHCP client.
 */
import { FAULTS, type Fault } from '../lab/faults.ts';
import type { Lab } from '../lab/lab.ts';
import { createLab } from '../lab/lab.ts';
import { wansOf } from '../lab/multiwan.ts';
import { type Roles, waitForPair, waitForRole } from '../lab/pair.ts';
import { linkPartners } from '../lab/partners.ts';
import { until } from '../lab/programs.ts';
import type { BenchGroup } from './group.ts';
import { silenceAround } from './pair-faults.ts';
import { type Row, rowOf } from './rows.ts';

const RUNS = 10;
const LEASES = '/var/run/hagw/wan-leases';

const MEASURED: readonly { readonly row: string; readonly fault: Fault; readonly hasLease: boolean }[] = [
  { row: 'failover-dynamic-wan-switchover', fault: FAULTS.switchover, hasLease: true },
  { row: 'failover-dynamic-wan', fault: FAULTS.powerLoss, hasLease: true },
  { row: 'failover-dynamic-wan-without-lease', fault: FAULTS.powerLoss, hasLease: false },
];

/** The WAN is judged and the backup knows the lease; the roles may still change while it comes to that. */
function settled(lab: Lab): Promise<Roles> {
  return until('A pair whose backup knows the lease', 90_000, async () => {
    const roles = await waitForPair(lab, 10_000);
    const isKnown = (await roles.backup.exec(['test', '-s', LEASES])).code === 0;
    return isKnown && (await wansOf(roles.active))['wan1']?.state === 'online' ? roles : undefined;
  });
}

async function gapOf(lab: Lab, fault: Fault, hasLease: boolean): Promise<number> {
  const { active, backup } = await settled(lab);
  const gap = await silenceAround(lab, async () => {
    // Its service writes it again within seconds.
    if (!hasLease) await backup.must(['rm', LEASES]);
    await fault.strike(active, backup);
  });
  await waitForRole(backup, ['active']);
  await fault.repair(active, backup);
  return gap;
}

export const pairDynamic: BenchGroup = {
  names: MEASURED.map(({ row }) => row),
  async run({ say }) {
    const lab = await createLab({
      ...{ managed: true, engine: 'hagw', wans: 1, dynamicWans: ['wan1'], packages: ['hagw'] },
    });
    const link = linkPartners(lab);
    const rows: Row[] = [];
    try {
      for (const { row, fault, hasLease } of MEASURED) {
        const samples: number[] = [];
        while (samples.length < RUNS) samples.push(await gapOf(lab, fault, hasLease));
        say(`${row}: ${samples.map((sample) => sample.toFixed(3)).join(' ')}`);
        rows.push(rowOf(row, 's', samples));
      }
    } finally {
      link.stop();
      await lab.close();
    }
    return rows;
  },
};
