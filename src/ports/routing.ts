import type { KernelRule } from '../core/plan/decode-rules.ts';
import type { Family, KernelRoute } from '../core/policy/model.ts';
import type { Result } from '../lib/result.ts';
import type { KernelError } from './kernel-error.ts';

export type { KernelRule } from '../core/plan/decode-rules.ts';
export type { KernelError } from './kernel-error.ts';

/** A batch that stopped: the lines before `line` (from 1) are done, it and the rest are not. null = not known which. */
export interface BatchError extends KernelError {
  readonly line: number | null;
}

/** What changed in the kernel, as `ip monitor` labels it. `all` = it was not watched for a while. */
export type RoutingChange = 'route' | 'address' | 'link' | 'rule' | 'all';

export interface RoutingWatch {
  stop(): void;
}

/** Rules, routes and their changes by the program ip (iproute2 with JSON: OpenWrt's package ip-full). */
export interface Routing {
  /** All rules of a family, in order. Empty for a family that the kernel does not have. */
  rules(family: Family): Promise<Result<readonly KernelRule[], KernelError>>;
  /** The routes of all tables of a family. Empty for a family that the kernel does not have. */
  routes(family: Family): Promise<Result<readonly KernelRoute[], KernelError>>;
  /**
   * Runs lines (`rule add …`, `route replace …`, by words) in order, in one process, up to the first that fails. No
   * line, no process.
   */
  batch(family: Family, lines: readonly (readonly string[])[]): Promise<Result<void, BatchError>>;
  /**
   * Calls back after changes of routes, addresses, links and rules by anyone, us included: at most once in `quietMs`,
   * and no later than that after the change.
   */
  watch(changed: (what: ReadonlySet<RoutingChange>) => void, quietMs?: number): RoutingWatch;
}
