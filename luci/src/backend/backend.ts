import type { Events, Health, Status } from '../../../src/api/status.ts';

/** Why a call failed, in the words that decide what the page shows. */
export type BackendFailure = 'service-down' | 'forbidden' | 'unreachable' | 'failed';

export class BackendError extends Error {
  override readonly name = 'BackendError';
  readonly kind: BackendFailure;

  constructor(kind: BackendFailure, message: string) {
    super(message);
    this.kind = kind;
  }
}

/** All that the page knows of the outside. Every call rejects with a BackendError and nothing else. */
export interface Backend {
  status(): Promise<Status>;
  health(): Promise<Health>;
  events(since: number, limit: number): Promise<Events>;
  /** Makes the service read its configuration and all states anew. Needs the write right. */
  reload(): Promise<void>;
  /** Whether this login may change anything. */
  readonly mayWrite: boolean;
  /**
   * Calls `changed` soon after the service announced a change, until the returned function is called. Where the web
   * server cannot stream, it never calls: polling is the fallback and always runs.
   */
  follow(changed: () => void): () => void;
}
