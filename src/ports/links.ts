import type { ReadError } from '../core/neighbours/read-error.ts';
import type { DeviceFacts, InterfaceFacts } from '../core/netifd/facts.ts';
import type { Result } from '../lib/result.ts';

export type { AddressFacts, DeviceFacts, InterfaceFacts, RouteFacts } from '../core/netifd/facts.ts';

/** Something changed at netifd: read again. */
export interface LinkChange {
  /** netifd's interface; null = any may have changed (netifd or the bus came back). */
  readonly interface: string | null;
  /** netifd's word (`ifup`, `ifdown`, `interface.update`, …) or `attached`. */
  readonly action: string;
}

/** Interfaces and devices as netifd has them. */
export interface Links {
  interfaces(): Promise<Result<readonly InterfaceFacts[], ReadError>>;
  devices(): Promise<Result<readonly DeviceFacts[], ReadError>>;
  /**
   * Calls back after each notification or event of netifd and after each (re)connection to it. One change may be
   * told twice; nothing is told of a device that no interface uses.
   */
  onChange(changed: (change: LinkChange) => void): void;
}
