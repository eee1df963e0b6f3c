import type { Events, Health, Status } from '../../../src/api/status.ts';
import { type Backend, BackendError, type BackendFailure } from './backend.ts';

/** JSON-RPC codes of uhttpd and ubus' status numbers, as LuCI puts them into its messages. */
const PATTERNS: readonly (readonly [RegExp, BackendFailure])[] = [
  [/-32000|ubus code 4\b/, 'service-down'],
  [/-32002|ubus code 6\b/, 'forbidden'],
  [/XHR request|HTTP error|aborted by browser|timed out/i, 'unreachable'],
];

/** LuCI's errors carry a stack after the first line; only that line is for people. */
function toBackendError(cause: unknown): BackendError {
  const message = (cause instanceof Error ? cause.message : String(cause)).split('\n')[0] ?? '';
  const kind = PATTERNS.find(([pattern]) => pattern.test(message))?.[1] ?? 'failed';
  return new BackendError(kind, message);
}

function call<T>(method: string, params: readonly string[]): (...args: readonly unknown[]) => Promise<T> {
  // nobatch: a slow neighbour in the same batch would hold ours up, and a batch is not sent from a hidden tab.
  const declared = rpc.declare({ object: 'hagw', method, params, reject: true, nobatch: true });
  return async (...args) => {
    try {
      return (await declared(...args)) as T;
    } catch (cause) {
      throw toBackendError(cause);
    }
  };
}

/** After the stream has ended (the service stopped, the way was cut), milliseconds until it is asked for again. */
const AGAIN_MS = 3000;

/**
 * Server-sent events of newer uhttpd, until the stream ends. EventSource cannot send the Authorization header, so the
 * stream is read here. Gives false where asking again is of no use: the server has no such form, or this login no right.
 */
async function readNotifications(changed: () => void, signal: AbortSignal): Promise<boolean> {
  const root = (L.env.ubuspath ?? '/ubus').replace(/\/$/, '');
  const response = await fetch(`${root}/subscribe/hagw`, {
    headers: { Authorization: `Bearer ${L.env.sessionid}` },
    signal,
  });
  if (response.status === 404 || response.body === null) return false;
  if (!response.ok || !/event-stream/.test(response.headers.get('content-type') ?? '')) {
    // JSON is a refusal: there is no such object for now (4), or no right to it (-13).
    return !/"code":\s*-13\b/.test(await response.text());
  }
  // Something may have happened before the stream was open.
  changed();
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) {
      // The service stopped, or the server: what that means, the next answer says.
      changed();
      return true;
    }
    rest += decoder.decode(value, { stream: true });
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    if (lines.some((line) => line.startsWith('data:'))) changed();
  }
}

/** Reads notifications as long as anybody wants them, over ends of the service and of the connection. */
async function keepReading(changed: () => void, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      if (!(await readNotifications(changed, signal))) return;
    } catch {
      // The connection broke, or was never there: polling tells the user, and this tries again.
    }
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}

/** The backend over LuCI's `rpc` and the login's session. */
export function createLuciBackend(): Backend {
  const status = call<Status>('status', []);
  const health = call<Health>('health', []);
  const events = call<Events>('events', ['since', 'limit']);
  const reload = call<unknown>('reload', []);
  return {
    status: () => status(),
    health: () => health(),
    events: (since, limit) => events(since, limit),
    async reload() {
      await reload();
    },
    mayWrite: L.hasViewPermission() === true,
    follow(changed) {
      const abort = new AbortController();
      void keepReading(changed, abort.signal);
      return () => abort.abort();
    },
  };
}
