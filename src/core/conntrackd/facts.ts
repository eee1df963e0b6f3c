/**
 * What conntrackd says of itself (`conntrackd -s`, `-s network`, `-s link`). Counters are since its start.
 * Every command of a running conntrackd exits 0 whatever happens: health shows in these counters alone.
 */

/** One cache: `internal` = states that this router handles, `external` = what it holds for the partner. */
export interface CacheFacts {
  /** null where conntrackd keeps none (DisableExternalCache: the partner's states go right into the kernel; DisableInternalCache). */
  readonly active: number | null;
  readonly created: number;
  readonly createFailed: number;
  readonly updated: number;
  readonly updateFailed: number;
  readonly destroyed: number;
  readonly destroyFailed: number;
}

/** Traffic on the dedicated link. Standing still is the only sign that the partner's conntrackd is gone. */
export interface SyncTrafficFacts {
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly packetsSent: number;
  readonly packetsReceived: number;
  readonly sendErrors: number;
  readonly receiveErrors: number;
}

/** One dedicated link of `-s link`. */
export interface SyncLinkFacts {
  readonly device: string;
  /** `UDP`, `multicast`, `TCP`, as conntrackd prints it. */
  readonly transport: string;
  /** conntrackd's word: `RUNNING`, `NO-CARRIER`, … */
  readonly status: string;
  readonly running: boolean;
  /** `ACTIVE` or `BACKUP` among several dedicated links. */
  readonly role: string;
  readonly traffic: SyncTrafficFacts;
}

export interface ConntrackFacts {
  readonly internal: CacheFacts;
  readonly external: CacheFacts;
  /** Of the active link; null if conntrackd names none. */
  readonly traffic: SyncTrafficFacts | null;
  /** `message tracking` of `-s`. */
  readonly malformedMessages: number;
  readonly lostMessages: number;
  /** `sequence tracking statistics` of `-s network`; null in a mode without them. */
  readonly packetsLost: number | null;
  readonly packetsBefore: number | null;
  readonly links: readonly SyncLinkFacts[];
  /**
   * `-s queue` and `-s runtime`, by their own labels: `netlink overrun`, `rsqueue current elements`, … Read less often. No `rsqueue`:
   * another mode than FTFW.
   */
  readonly inside?: Readonly<Record<string, number>>;
}
