import { type ReadonlySignal, signal } from '@preact/signals';
import type { Health, Status, TimelineEvent } from '../../../src/api/status.ts';
import { type Backend, BackendError } from '../backend/backend.ts';

/** Events that the page keeps; older ones are in `hagw events`. */
const KEPT_EVENTS = 50;

/** What the page knows, and what can be done with it. Components read the signals and call the actions. */
export interface StatusModel {
  /** Null until the first answer. After a failure the last known state stays. */
  readonly status: ReadonlySignal<Status | null>;
  readonly health: ReadonlySignal<Health | null>;
  /** Newest first. */
  readonly events: ReadonlySignal<readonly TimelineEvent[]>;
  /** Why the last attempt failed; null after a success. */
  readonly failure: ReadonlySignal<BackendError | null>;
  /** True from a call of `reload` to its end. */
  readonly reloading: ReadonlySignal<boolean>;
  readonly mayWrite: boolean;
  /** Asks once. A call while one is under way waits for that one and then asks again. */
  refresh(): Promise<void>;
  /** Makes the service read everything anew, then refreshes. */
  reload(): Promise<void>;
}

export function createStatusModel(backend: Backend): StatusModel {
  const status = signal<Status | null>(null);
  const health = signal<Health | null>(null);
  const events = signal<readonly TimelineEvent[]>([]);
  const failure = signal<BackendError | null>(null);
  const reloading = signal(false);
  let run = '';
  let newest = 0;
  let underWay: Promise<void> | null = null;
  let again = false;

  function asFailure(cause: unknown): BackendError {
    return cause instanceof BackendError ? cause : new BackendError('failed', String(cause));
  }

  async function readEvents(): Promise<void> {
    let reply = await backend.events(newest, KEPT_EVENTS);
    if (reply.run !== run) {
      // The service started anew: its numbers begin again, ours mean nothing to it.
      if (newest > 0) reply = await backend.events(0, KEPT_EVENTS);
      run = reply.run;
      events.value = [];
    }
    newest = reply.newest;
    if (reply.events.length > 0) {
      events.value = [...reply.events].reverse().concat(events.value).slice(0, KEPT_EVENTS);
    }
  }

  async function readAll(): Promise<void> {
    try {
      const [nextStatus, nextHealth] = await Promise.all([backend.status(), backend.health(), readEvents()]);
      status.value = nextStatus;
      health.value = nextHealth;
      failure.value = null;
    } catch (cause) {
      failure.value = asFailure(cause);
    }
  }

  async function refresh(): Promise<void> {
    if (underWay !== null) {
      again = true;
      return underWay;
    }
    underWay = (async () => {
      do {
        again = false;
        await readAll();
      } while (again);
    })();
    try {
      await underWay;
    } finally {
      underWay = null;
    }
  }

  return {
    status,
    health,
    events,
    failure,
    reloading,
    mayWrite: backend.mayWrite,
    refresh,
    async reload() {
      reloading.value = true;
      try {
        await backend.reload();
        await refresh();
      } catch (cause) {
        failure.value = asFailure(cause);
      } finally {
        reloading.value = false;
      }
    },
  };
}
