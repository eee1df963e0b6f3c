/** All that the service needs of the world. `main-*` puts it together from the adapters of a runtime. */
import type { Bus } from '../ports/bus.ts';
import type { Clock, Timers } from '../ports/clock.ts';
import type { Conntrack } from '../ports/conntrack.ts';
import type { Files } from '../ports/files.ts';
import type { Handover } from '../ports/handover.ts';
import type { Leases } from '../ports/leases.ts';
import type { Links } from '../ports/links.ts';
import type { Log } from '../ports/log.ts';
import type { Mwan3 } from '../ports/mwan3.ts';
import type { PairTools } from '../ports/pair-tools.ts';
import type { Survey } from '../ports/survey.ts';
import type { Vrrp } from '../ports/vrrp.ts';
import type { MultiWanPorts } from './multiwan/ports.ts';
import type { DutyPorts } from './pair/duty.ts';

export interface ServicePorts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly files: Files;
  readonly log: Log;
  readonly bus: Bus;
  readonly links: Links;
  readonly vrrp: Vrrp;
  readonly conntrack: Conntrack;
  /** Looks at all connections; without it nobody says what would survive. */
  readonly survey?: Survey;
  readonly leases: Leases;
  readonly mwan3: Mwan3;
  /** What our own multi-WAN engine runs on; without it hagw only watches. */
  readonly multiWan?: MultiWanPorts;
  /** How this router leaves service and hears of its partner; without it, it never leaves. */
  readonly duty?: DutyPorts;
  /** The handover script, which works without us; without it nobody looks at its outcome. */
  readonly handover?: Handover;
  /** What judges and takes over the pair's files; without it they are left alone. */
  readonly pairTools?: PairTools;
}
