/** What `ubus call hagw plan` and `apply` say: what hagw writes for the pair into other packages' files, or would write. */

export interface PairSectionChange {
  /** File, e.g. /etc/config/firewall. */
  file: string;
  /** `TYPE NAME` of a section; empty for a file that is hagw's own as a whole. */
  section: string;
  action: 'add' | 'change' | 'remove';
  /** `option x 'y'` and `list x 'y'` as they will stand there; `-x` for an option that goes. */
  options: string[];
}

export interface PairProblem {
  severity: 'error' | 'warning';
  /** Section and option, or a file. */
  where: string;
  text: string;
}

/** How long the virtual addresses are nobody's when a router is lost (RFC 9568, 6.1). */
export interface PairBudget {
  advert_interval_ms: number;
  /** 3 × advert + skew. */
  power_loss_ms: number;
  /** skew: a router that stops says so. */
  clean_stop_ms: number;
}

export interface PairPlan {
  /** Which router of the pair the plan is for; null while that is not known. */
  router: string | null;
  /**
   * `off`: hagw does not manage the pair; `waiting`: not enough is known yet; `unchanged`: everything is as it should be; `pending`: the
   * changes below are to be made (plan); `applied`: they were made; `refused`: nothing was touched; `failed`: all files are as before.
   */
  state: 'off' | 'waiting' | 'unchanged' | 'pending' | 'applied' | 'refused' | 'failed';
  /** Why it is `off` or `waiting`; else empty. */
  reason: string;
  changes: PairSectionChange[];
  /** Services that read their files again, in this order. */
  services: string[];
  /** What it means, whole sentences. */
  effects: string[];
  problems: PairProblem[];
  budget: PairBudget | null;
}
