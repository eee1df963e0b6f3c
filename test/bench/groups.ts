/** The register: each module of measurements has one line here. Order = order in the table. */
import { failover } from './failover.ts';
import type { BenchGroup } from './group.ts';
import { multiwanGaps } from './multiwan-gaps.ts';
import { multiwanLoad } from './multiwan-load.ts';
import { multiwanSwitch } from './multiwan-switch.ts';
import { pairBaselines, pairConnections } from './pair-connections.ts';
import { pairDynamic } from './pair-dynamic.ts';
import { pairFaults } from './pair-faults.ts';
import { service } from './service.ts';
import { sizes } from './sizes.ts';

export const GROUPS: readonly BenchGroup[] = [
  sizes,
  service,
  failover,
  pairFaults,
  pairConnections,
  pairBaselines,
  pairDynamic,
  multiwanSwitch,
  multiwanGaps,
  multiwanLoad,
];
