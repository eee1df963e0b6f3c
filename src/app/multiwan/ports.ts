/** What the multi-WAN engine needs of the world beyond the rest of the service. */
import type { Counters } from '../../ports/counters.ts';
import type { Files } from '../../ports/files.ts';
import type { Prober } from '../../ports/probe.ts';
import type { Processes } from '../../ports/processes.ts';
import type { KernelPorts } from './run-plan.ts';

export interface MultiWanPorts extends KernelPorts {
  readonly files: Files;
  readonly processes: Processes;
  readonly prober: Prober;
  readonly counters: Counters;
  /** Calls `changed` when our table changed, by anyone, and `heard` at once when the kernel tells of a transaction. */
  watchNft(changed: () => void, heard: () => void): { stop(): void };
}
