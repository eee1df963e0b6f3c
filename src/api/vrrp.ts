/** Replies of `hagw.vrrp`, beside those of src/api/status.ts. */
import type { VrrpState } from './status.ts';

export interface VrrpTransitionStep {
  /** As in the handover's journal: `liberal`, `role`, `commit`, `flush`, `resync`, `bulk`, `dnsmasq`, … */
  step: string;
  ms: number;
  outcome: 'ok' | 'failed' | 'cut';
  /** What went wrong; empty else. */
  words: string;
}

/** A change of this router's role, with what was done for it. */
export interface VrrpChange {
  /** When its last step ended. */
  at: number;
  to: VrrpState;
  /** Why, as far as this router knows: a whole sentence. */
  cause: string;
  /** All steps together; null = they have not ended, or their process was killed. */
  total_ms: number | null;
  /** A newer change took over before these steps were done. */
  superseded: boolean;
  steps: VrrpTransitionStep[];
}

export interface VrrpTransitions {
  /** Oldest first, since the last boot. */
  transitions: VrrpChange[];
}
