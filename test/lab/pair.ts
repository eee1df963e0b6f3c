/** What the pair says of itself: `ubus call hagw status` of both routers, and waiting until they have found their roles. */
import type { Status, VrrpState } from '../../src/api/status.ts';
import type { Lab } from './lab.ts';
import { LabError, until } from './programs.ts';
import type { Router } from './router.ts';
import { ROUTERS, type RouterName } from './topology.ts';

/** The reply of `ubus call hagw status`, asked with the router's own ubus. Throws LabError if it does not answer. */
export async function statusOf(router: Router): Promise<Status> {
  const status = (await router.ubus('hagw', 'status')) as Status;
  if (typeof status !== 'object' || status === null || status.schema !== 1) {
    throw new LabError(`${router.name}: 'ubus call hagw status' gave no status of schema 1.`);
  }
  return status;
}

/** What stands in the way of a router's being up, from its log, for the message when it never is. */
async function lastWords(router: Router): Promise<string> {
  const log = router.hasPower ? (await router.exec(['logread', '-l', '15'])).stdout : '';
  const words = `${router.console.trim().split('\n').slice(-15).join('\n')}\n${log}`.trim();
  return words === '' ? '' : `\n--- ${router.name}\n${words}`;
}

/**
 * Waits until the router has one of the roles by its own word, with every VRRP instance in the same state and the virtual
 * addresses where that state wants them.
 * Throws LabError with the router's last log lines.
 */
export async function waitForRole(
  router: Router,
  roles: readonly VrrpState[],
  timeoutMs = 60_000,
): Promise<Status> {
  let last = 'no answer';
  try {
    return await until(`${router.name} as ${roles.join(' or ')}`, timeoutMs, async () => {
      const status = await statusOf(router);
      const states = status.vrrp.instances.map(({ name, state }) => `${name} ${state}`);
      last = `role ${status.router.role} (${status.router.role_reason || status.router.reason}), ${states.join(', ')}`;
      const settled =
        roles.includes(status.router.role) &&
        status.vrrp.instances.length > 0 &&
        status.vrrp.instances.every(({ state }) => state === status.router.role) &&
        // Between a notification and the dump that follows it, nobody knows of the addresses.
        status.vrrp.instances.every(({ virtual_addresses }) =>
          virtual_addresses.every(({ set }) => set === (status.router.role === 'active')),
        );
      return settled ? status : undefined;
    });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new LabError(`${why} It said: ${last}.${await lastWords(router)}`);
  }
}

export interface Roles {
  readonly active: Router;
  readonly backup: Router;
  readonly status: Readonly<Record<RouterName, Status>>;
}

/** Waits until one router says that it is active and the other that it is backup. */
export async function waitForPair(lab: Lab, timeoutMs = 120_000): Promise<Roles> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const left = Math.max(1, deadline - performance.now());
    const [a, b] = await Promise.all(
      ROUTERS.map((name) => waitForRole(lab.routers[name], ['active', 'backup'], left)),
    );
    if (a !== undefined && b !== undefined && a.router.role !== b.router.role) {
      const [active, backup] = a.router.role === 'active' ? ROUTERS : ([ROUTERS[1], ROUTERS[0]] as const);
      return {
        active: lab.routers[active],
        backup: lab.routers[backup],
        status: { 'gw-a': a, 'gw-b': b },
      };
    }
    if (performance.now() >= deadline) {
      throw new LabError(`Both routers say that they are ${a?.router.role} after ${timeoutMs / 1000} s.`);
    }
  }
}
