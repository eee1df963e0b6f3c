/**
 * ubus as the stand-ins of procd and netifd use it. It is not the service's port `Bus`: OpenWrt's C daemons ignore
 * unknown arguments and take a wrong type for absent, answer with bare status numbers, and remove objects as they go.
 */
import type { ArgumentType, BusTable, BusValue } from '../../../src/ports/bus.ts';

export type { ArgumentType, BusTable, BusValue };

/** ubus' own numbers (ubusmsg.h). */
export const STATUS = { invalidArgument: 2, notFound: 4, notSupported: 8 } as const;

/** What a method answers: a table, or a status other than 0; `undefined` is success without data. */
export type Answer = BusTable | number | undefined;

export interface Method {
  readonly args: Readonly<Record<string, ArgumentType>>;
  handle(args: BusTable): Answer | Promise<Answer>;
}

export interface BusObject {
  notify(name: string, data: BusTable): void;
  remove(): void;
}

export interface StandInBus {
  provide(path: string, methods: Readonly<Record<string, Method>>): BusObject;
  /** Sends an event to all listeners. */
  send(name: string, data: BusTable): void;
  /** Notifications of an object, whenever it is there. */
  subscribe(path: string, onNotify: (name: string, data: BusTable) => void): void;
  /** Called once connected, when all objects are registered. */
  onConnected(run: () => void): void;
  close(): void;
}

/** The argument if it is a string, as blobmsg_parse would have it. */
export function stringArg(args: BusTable, name: string): string | undefined {
  const value = args[name];
  return typeof value === 'string' ? value : undefined;
}

export function tableArg(args: BusTable, name: string): BusTable | undefined {
  return asTable(args[name]);
}

export function asTable(value: BusValue | undefined): BusTable | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as BusTable)
    : undefined;
}

export function asList(value: BusValue | undefined): readonly BusValue[] | undefined {
  return Array.isArray(value) ? (value as readonly BusValue[]) : undefined;
}

/** The strings of a list; other members are dropped. */
export function stringsOf(value: BusValue | undefined): string[] {
  return (asList(value) ?? []).filter((item): item is string => typeof item === 'string');
}
